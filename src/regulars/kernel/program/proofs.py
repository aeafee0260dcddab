"""What proves the rows of the room."""

from typing import Final

from regulars.base.db import Read
from regulars.base.faults import Fault, Proofs
from regulars.kernel.program.document import content_hash, decode
from regulars.kernel.program.model import Document, ProgramInvalid

__all__ = ["PROOFS", "VERSION_CODE", "list_releases", "read_versions"]

PROOFS: Final = Proofs("regulars.kernel.program")
VERSION_CODE: Final = "program_i12_version"


async def read_versions(read: Read) -> tuple[dict[str, Document], dict[str, Fault]]:
    """Read every version by its name, and find those that are no longer what their name says."""
    sound: dict[str, Document] = {}
    faults: dict[str, Fault] = {}
    for row in await PROOFS.queries.rows(read, "versions"):
        name = row["hash"]
        try:
            document = decode(row["document"])
        except ProgramInvalid:
            document = None
        if document is not None and content_hash(document) == name:
            sound[name] = document
        else:
            sentence = f"The programme version {name} is no longer what was published under that name."
            faults[name] = Fault(code=VERSION_CODE, rule="I12", sentence=sentence)
    return sound, faults


async def list_releases(read: Read) -> list[str]:
    """List the versions in the order in which they were released."""
    return [row["hash"] for row in await PROOFS.queries.rows(read, "releases")]
