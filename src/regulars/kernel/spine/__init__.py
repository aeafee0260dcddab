"""The one path in: lock, read once, fold, write once. Every change to what a member holds comes through here.

`record_many` is the path; `batch.py` is the fold of one fact after another; the rooms know nothing of each other.
"""

from regulars.kernel.spine.check import Report, check
from regulars.kernel.spine.codes import digest_code, digest_code_each
from regulars.kernel.spine.commands import COMMANDS
from regulars.kernel.spine.explaining import ActivityUnknown, Explained, explain_receipt, list_past
from regulars.kernel.spine.following import (
    JournalRewound,
    Place,
    carry_over,
    carry_reader,
    find_end,
    find_place,
    follow,
    is_after,
    settle_journal,
)
from regulars.kernel.spine.house import House
from regulars.kernel.spine.jobs import Job, Workplace
from regulars.kernel.spine.model import (
    ActivityDiffers,
    ActivityInFuture,
    ActivityTooLate,
    KindUnknown,
    MemberClosed,
    Outcome,
    PurchaseOfAnother,
    PurchaseUnknown,
    ReturnTooLarge,
    SourceReserved,
)
from regulars.kernel.spine.notices import find_notices
from regulars.kernel.spine.preview import Previewed, preview, preview_apart
from regulars.kernel.spine.profile import TRAITS
from regulars.kernel.spine.record import BATCH_MAX, bring_due, record, record_many, record_together
from regulars.kernel.spine.rehearsal import ALONE, Past, Rehearsed, find_scarce, rehearse
from regulars.kernel.spine.release import AlreadyDecided, publish, retire, roll_back, start_pilot
from regulars.kernel.spine.standing import EVERYWHERE, find_plan

__all__ = [
    "ALONE",
    "BATCH_MAX",
    "COMMANDS",
    "EVERYWHERE",
    "TRAITS",
    "ActivityDiffers",
    "ActivityInFuture",
    "ActivityTooLate",
    "ActivityUnknown",
    "AlreadyDecided",
    "Explained",
    "House",
    "Job",
    "JournalRewound",
    "KindUnknown",
    "MemberClosed",
    "Outcome",
    "Past",
    "Place",
    "Previewed",
    "PurchaseOfAnother",
    "PurchaseUnknown",
    "Rehearsed",
    "Report",
    "ReturnTooLarge",
    "SourceReserved",
    "Workplace",
    "bring_due",
    "carry_over",
    "carry_reader",
    "check",
    "digest_code",
    "digest_code_each",
    "explain_receipt",
    "find_end",
    "find_notices",
    "find_place",
    "find_plan",
    "find_scarce",
    "follow",
    "is_after",
    "list_past",
    "preview",
    "preview_apart",
    "publish",
    "record",
    "record_many",
    "record_together",
    "rehearse",
    "retire",
    "roll_back",
    "settle_journal",
    "start_pilot",
]
