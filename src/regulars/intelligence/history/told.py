"""What the journal tells beside sales: letters of campaigns, answers on scales, and rewards that were ordered."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import polars as pl

from regulars.base.db import Read
from regulars.kernel import activity as journal
from regulars.kernel import limits
from regulars.kernel.nouns import Body
from regulars.kernel.program.model import Document

__all__ = ["ANSWERS", "LETTERS", "REWARDS", "Told", "read_told"]

LETTERS: Final[Mapping[str, pl.DataType]] = {"campaign": pl.String(), "member": pl.String(), "day": pl.Date()}
"""Whom the house wrote to: an activity of a kind that the programme declares, with a `campaign` in its data."""
ANSWERS: Final[Mapping[str, pl.DataType]] = {
    "member": pl.String(),
    "day": pl.Date(),
    "kind": pl.String(),
    "question": pl.String(),
    "answer": pl.Int64(),
    "least": pl.Int64(),
    "most": pl.Int64(),
}
"""What members answered on scales: numbers for which the programme declares the least and the most."""
REWARDS: Final[Mapping[str, pl.DataType]] = {
    "reward": pl.String(),
    "member": pl.String(),
    "day": pl.Date(),
    "ordered": pl.Int64(),
    "in_stock": pl.Int64(),
}
"""How many of each reward a member ordered on a day, and how many are left today; null: there is no end to it."""

CAMPAIGN: Final = "campaign"
REWARD: Final = "reward"
STEPS_MAX: Final = 10
"""A scale has at most so many steps up from its least; a longer one is no opinion."""
WINDOW: Final = timedelta(days=31)
"""So much of the journal is looked at at once."""
STOCK: Final = "stock:"
Held = Mapping[UUID, str]
Scales = Mapping[str, Mapping[str, tuple[int, int]]]
"""By kind of activity and question: the least and the most."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Told:
    """The frames that are named above."""

    letters: pl.DataFrame
    answers: pl.DataFrame
    rewards: pl.DataFrame


async def read_told(read: Read, kept: Held, document: Document | None, zone: str, until: datetime) -> Told:
    """Read what was told before a moment: only activities of the kinds that tell something are read."""
    scales: Scales = {} if document is None else _find_scales(document)
    campaigns = set[str]() if document is None else {k for k, it in document.activities.items() if CAMPAIGN in it.data}
    kinds = sorted({*scales, *campaigns, REWARD})
    letters: list[tuple[str, str, date]] = []
    answers: list[tuple[str, date, str, str, int, int, int]] = []
    ordered: Counter[tuple[str, str, date]] = Counter()
    place = ZoneInfo(zone)
    since = await journal.begins(read)
    while since is not None and since < until:
        end = min(since + WINDOW, until)
        for member, body in await journal.of_kinds(read, kinds, since=since, until=end):
            who = kept.get(member)
            if who is None:
                continue
            day = body.occurred_at.astimezone(place).date()
            if body.kind in campaigns and body.data.get(CAMPAIGN) is not None:
                letters.append((str(body.data[CAMPAIGN]), who, day))
            answers += [(who, day, *answer) for answer in _list_answers(body, scales)]
            if body.kind == REWARD and isinstance(body.ask.get(REWARD), str):
                count = body.ask.get("quantity", 1)
                ordered[str(body.ask[REWARD]), who, day] += count if isinstance(count, int) else 1
        since = end
    left = await _read_stock(read, {reward for reward, _, _ in ordered}, until)
    return Told(
        letters=pl.DataFrame(letters, schema=dict(LETTERS), orient="row").sort(pl.all()),
        answers=pl.DataFrame(answers, schema=dict(ANSWERS), orient="row").sort(pl.all()),
        rewards=pl.DataFrame(
            [(reward, who, day, count, left.get(reward)) for (reward, who, day), count in ordered.items()],
            schema=dict(REWARDS),
            orient="row",
        ).sort(pl.all()),
    )


def _find_scales(document: Document) -> Scales:
    """Find the questions that are answered on a scale."""
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for kind, declared in document.activities.items():
        for name, datum in declared.data.items():
            if datum.min is not None and datum.max is not None and 0 < datum.max - datum.min <= STEPS_MAX:
                found.setdefault(kind, {})[name] = (datum.min, datum.max)
    return found


def _list_answers(body: Body, scales: Scales) -> list[tuple[str, str, int, int, int]]:
    return [
        (body.kind, name, answer, least, most)
        for name, (least, most) in scales.get(body.kind, {}).items()
        if isinstance(answer := body.data.get(name), int)
    ]


async def _read_stock(read: Read, rewards: set[str], until: datetime) -> dict[str, int]:
    """Read how many of these rewards are left; of those without a stock nothing."""
    names = {f"{STOCK}{reward}": reward for reward in sorted(rewards)}
    left = await limits.left_many(read, list(names), at=until - timedelta(microseconds=1)) if names else {}
    return {names[name]: count for name, count in left.items()}
