"""What happened: the journal, the names it came in under, its stored answers, and what is due later."""

from regulars.kernel.activity.store import (
    Known,
    Past,
    Recorded,
    Waiting,
    add_dues,
    answers_to,
    append,
    count_by_kind,
    due_members,
    end_dues,
    find_keys,
    open_dues,
    originals,
    receipts,
    record,
    since,
)

__all__ = [
    "Known",
    "Past",
    "Recorded",
    "Waiting",
    "add_dues",
    "answers_to",
    "append",
    "count_by_kind",
    "due_members",
    "end_dues",
    "find_keys",
    "open_dues",
    "originals",
    "receipts",
    "record",
    "since",
]
