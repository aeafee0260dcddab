"""The only SQL of the lists; it reads, and never writes."""

import re
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Final
from uuid import UUID

import msgspec

from regulars.base.crypto import Keyring
from regulars.base.db import Read
from regulars.base.sql import parse
from regulars.kernel.members.model import Member, State
from regulars.kernel.members.resolve import resolve_many
from regulars.kernel.members.store import look_many
from regulars.kernel.nouns import Identifier, Scalar

__all__ = ["QUERIES", "Wanted", "estimate", "list_newest", "search"]

ROOM: Final = "regulars.kernel.members"
FILE_NAME: Final = "listing.sql"
KINDS_MAX: Final = 64
"""Kinds of identifiers that are tried with what somebody typed."""
LAST: Final = UUID(int=2**128 - 1)
ID: Final = re.compile(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")

# The file lies with the room's others, for it names the room's schema.
QUERIES: Final = parse(files(ROOM).joinpath(FILE_NAME).read_text(encoding="utf-8"), source=f"{ROOM}/{FILE_NAME}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which members are listed: all that is said must hold; a household is named alone."""

    state: State | None = None
    trait: tuple[str, Scalar] | None = None
    """Name and value, as they hold now."""
    household: UUID | None = None

    def __post_init__(self) -> None:
        """A household is small, and is listed whole."""
        assert self.household is None or (self.state is None and self.trait is None)


async def list_newest(
    read: Read, wanted: Wanted, *, before: UUID | None = None, at: datetime, most: int
) -> list[Member]:
    """List members whose ids come before one of them, the newest first. One statement."""
    place = {"before": LAST if before is None else before, "most": most}
    trait = {} if wanted.trait is None else _write_trait(wanted.trait, at)
    if wanted.household is not None:
        rows = await QUERIES.rows(read, "of_household", household=wanted.household, **place)
    elif wanted.trait is None and wanted.state is None:
        rows = await QUERIES.rows(read, "newest", **place)
    elif wanted.trait is None:
        rows = await QUERIES.rows(read, "of_state", state=wanted.state, **place)
    elif wanted.state in {None, "active"}:
        rows = await QUERIES.rows(read, "of_trait", state=wanted.state, **trait, **place)
    else:
        rows = await QUERIES.rows(read, "of_state_and_trait", state=wanted.state, **trait, **place)
    return [
        Member(
            id=row["id"],
            state=row["state"],
            region=row["region"],
            household_id=row["household_id"],
            joined_at=row["joined_at"],
            merged_into=row["merged_into"],
        )
        for row in rows
    ]


async def search(read: Read, keyring: Keyring, text: str, *, at: datetime) -> list[Member]:
    """Find whom a text is of: a member's id, or an identifier of any kind, exactly. By id, the newest first.

    Whoever was merged is answered as the member that was kept. Three statements, and one for each merge in a row.
    """
    refs: list[UUID | Identifier] = [
        Identifier(kind=row["kind"], value=text) for row in await QUERIES.rows(read, "kinds", most=KINDS_MAX)
    ]
    if ID.fullmatch(text.strip()):
        refs.append(UUID(text.strip()))
    found = await resolve_many(read, keyring, refs, auto_enrol=False, new_ids=(), at=at, source="")
    known = await look_many(read, [each for each in found if isinstance(each, UUID)])
    return [known[each] for each in sorted(known, reverse=True)]


async def estimate(read: Read) -> int | None:
    """Estimate how many members there are, whatever their state; None where nobody knows."""
    rows = await QUERIES.value(read, "estimate")
    return int(rows) if rows >= 0 else None


def _write_trait(trait: tuple[str, Scalar], at: datetime) -> dict[str, object]:
    name, value = trait
    return {"trait": name, "value": msgspec.json.encode(value).decode(), "at": at}
