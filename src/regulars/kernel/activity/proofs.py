"""What proves the rows of the room."""

from typing import Final
from uuid import UUID

from regulars.base.db import Read
from regulars.base.faults import Fault, Proofs

__all__ = ["KEY_CODE", "PROOFS", "SEAL_CODE", "find_doubtful", "list_programs"]

PROOFS: Final = Proofs("regulars.kernel.activity")
"""Most of them take `unsealed`: the activities that they leave out."""
SEAL_CODE: Final = "activity_i8_seal"
KEY_CODE: Final = "activity_i8_key"


async def find_doubtful(read: Read) -> tuple[list[Fault], dict[UUID, UUID]]:
    """Find activities that are not named as they should be, or no longer say what was sealed.

    Gives the faults, and of the latter sort (activity to member) those that no other proof can read.
    """
    faults: list[Fault] = []
    unsealed: dict[UUID, UUID] = {}
    for row in await PROOFS.queries.rows(read, "doubtful"):
        who = f"Activity {row['id']} of member {row['member_id']}"
        if not row["is_sealed"]:
            unsealed[row["id"]] = row["member_id"]
            faults.append(Fault(code=SEAL_CODE, rule="I8", sentence=f"{who} no longer says what was sealed."))
        elif row["key_member"] is None:
            faults.append(Fault(code=KEY_CODE, rule="I8", sentence=f"{who} has no key."))
        elif row["key_member"] != row["member_id"]:
            sentence = f"{who} has the key of member {row['key_member']}."
            faults.append(Fault(code=KEY_CODE, rule="I8", sentence=sentence))
        else:
            faults.append(Fault(code=KEY_CODE, rule="I8", sentence=f"{who} has a key with another digest."))
    return faults, unsealed


async def list_programs(read: Read) -> set[str]:
    """List the programme versions that decided anything; an empty name where none had to."""
    return {row["program"] for row in await PROOFS.queries.rows(read, "programs")}
