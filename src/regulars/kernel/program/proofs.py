"""What proves the rows of the room."""

from collections.abc import Mapping
from typing import Final

from regulars.base.db import Read
from regulars.base.faults import Fault, Proofs
from regulars.kernel.program.document import content_hash, decode
from regulars.kernel.program.life import Budgets, add_budgets
from regulars.kernel.program.model import Document, ProgramInvalid
from regulars.kernel.program.plan import Plan
from regulars.kernel.program.releases import Release, in_force
from regulars.kernel.program.store import read_story

__all__ = ["PROOFS", "VERSION_CODE", "read_budgets", "read_versions"]

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


async def read_budgets(read: Read, plans: Mapping[str, Plan]) -> tuple[set[str], Budgets]:
    """Tell which versions were ever released, and which amounts each ceiling may have by now.

    Releases of versions that are not among the `plans` are passed over.
    """
    budgets: Budgets = {}
    told: list[Release] = []
    for release in (await read_story(read)).releases:
        told.append(release)
        main, _ = in_force(told, release.live_from)
        if release.hash in plans and (main is None or main.hash in plans):
            deciding = {} if main is None else dict(plans[main.hash].ceilings)
            budgets = add_budgets(budgets, release, deciding, dict(plans[release.hash].ceilings))
    return {release.hash for release in told}, budgets
