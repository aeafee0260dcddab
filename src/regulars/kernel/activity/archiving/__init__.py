"""Closed months of the journal: what is written into files, and what may then live there alone."""

from regulars.kernel.activity.archiving.store import (
    ArchivePart,
    Place,
    Words,
    add_part,
    digest_part,
    drop_words,
    find_months,
    list_parts,
    list_places,
    next_number,
    read_words,
)

__all__ = [
    "ArchivePart",
    "Place",
    "Words",
    "add_part",
    "digest_part",
    "drop_words",
    "find_months",
    "list_parts",
    "list_places",
    "next_number",
    "read_words",
]
