"""Tell members' traits: as facts, by the one path that everything takes which rules may read."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
import polars as pl

from regulars.base.db import Database
from regulars.intelligence.reporting.run import Run
from regulars.kernel import program, spine
from regulars.kernel.nouns import Activity, Scalar

__all__ = ["SOURCE", "Counted", "tell_members"]

SOURCE: Final = "insight"
KIND: Final = "traits"
BATCH: Final = 500

Advance = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What was told."""

    told: Mapping[str, int]
    """By trait: how many members."""
    unknown: tuple[str, ...]
    """Traits that the programme has no use for: they are in none of its catalogues."""
    refused: Mapping[str, int]
    """By code."""


async def tell_members(
    database: Database, house: spine.House, run: Run, *, at: datetime, advance: Advance = lambda _read, _made: None
) -> Counted:
    """Date what was found out from `at` on. Only traits of the programme's catalogue are told; each is told once.

    What is so already is not dated again, so a second run of a day changes nothing.
    """
    async with database.snapshot() as read:
        versions = await house.versions.read(read)
        moment = versions.moment_at(at)
        document = None
        if moment is not None and moment.main is not None:
            document = await program.read_document(read, moment.main.hash)
    known = frozenset[str]() if document is None else frozenset(program.describe_outside(document))
    names = [name for name in run.traits.columns if name != "member"]
    told, refused = Counter[str](), Counter[str]()
    rows = run.traits.select("member", *(name for name in names if name in known))
    done = 0
    for facts in _list_batches(rows, run, at):
        outcomes = await spine.record(database, house, facts)
        for fact, outcome in zip(facts, outcomes, strict=True):
            if outcome.refusal is None:
                told.update(fact.ask.keys())
            else:
                refused[outcome.refusal.code] += 1
        done += len(facts)
        advance(done, done)
    return Counted(told=told, unknown=tuple(name for name in names if name not in known), refused=refused)


def _list_batches(rows: pl.DataFrame, run: Run, at: datetime) -> Iterator[list[Activity]]:
    batch: list[Activity] = []
    for row in rows.iter_rows(named=True):
        member = row.pop("member")
        # No score takes back an older one: of whom nothing can be said, nothing holds any more.
        ask: dict[str, Scalar] = dict(row)
        if ask:
            batch.append(_tell(member, ask, run, at))
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _tell(member: str, ask: Mapping[str, Scalar], run: Run, at: datetime) -> Activity:
    versions = " ".join(sorted({run.versions[name] for name in ask if run.versions[name]}))
    digest = hashlib.sha256(msgspec.json.encode((member, at, ask, versions), order="sorted")).hexdigest()
    return Activity(
        id=f"{run.day.isoformat()}-{digest[:32]}",
        source=SOURCE,
        kind=KIND,
        occurred_at=at,
        member=UUID(member),
        ask=ask,
        data={"versions": versions},
    )
