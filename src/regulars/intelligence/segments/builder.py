"""Segments that people write: a condition in CEL over what is known of each member, with its size and worth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from regulars.kernel.program.conditions import (
    TEXT,
    TRUTH,
    WHOLE,
    Record,
    Shape,
    View,
    compile_condition,
    make_environment,
)

__all__ = ["Segment", "Segments", "build_segments", "describe_metrics"]

ROOT: Final = "member"
THOUSAND: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """What a condition comes to."""

    name: str
    condition: str
    size: int
    share_permille: int
    """Of all members who are known."""
    paid_minor: int
    """What its members spent, as far as is told."""
    value_minor: int
    """What they are expected to spend; 0 where nothing is foretold."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Segments:
    """Several, and how they overlap."""

    segments: tuple[Segment, ...]
    overlaps: Mapping[tuple[str, str], int]
    """Members who are in both, by two names."""
    members: pl.DataFrame
    """member, and `segment.NAME` for each: true or false."""


def describe_metrics(told: pl.DataFrame) -> Mapping[str, Shape]:
    """Say what conditions may name: the columns of a frame that are whole numbers, text or true and false."""
    shapes: dict[str, Shape] = {}
    for name, kind in told.schema.items():
        # A point would be read as a part of a part.
        if name == "member" or "." in name:
            continue
        if kind.is_integer():
            shapes[name] = WHOLE
        elif kind == pl.String:
            shapes[name] = TEXT
        elif kind == pl.Boolean:
            shapes[name] = TRUTH
    return shapes


def build_segments(told: pl.DataFrame, conditions: Mapping[str, str]) -> Segments:
    """Judge conditions such as `member.visits_28 >= 4 && member.stage == "loyal"` for each row.

    `told` has `member` and columns that conditions may name. What is not known of somebody counts as 0, as empty, or as
    false, and so do fractions: they are no part of the language. Raises ConditionInvalid.
    """
    shapes = describe_metrics(told)
    environment = make_environment({ROOT: Record(what="a member", fields=shapes)})
    compiled = {name: compile_condition(text, environment, gives="bool") for name, text in conditions.items()}
    verdicts: dict[str, list[bool]] = {name: [] for name in conditions}
    for row in told.select(list(shapes)).iter_rows(named=True):
        view = View(environment, {ROOT: row})
        for name, condition in compiled.items():
            verdicts[name].append(condition.judge(view))
    marked = told.with_columns(
        pl.Series(f"segment.{name}", verdict, dtype=pl.Boolean) for name, verdict in verdicts.items()
    )
    return Segments(
        segments=tuple(_measure(marked, name, text) for name, text in conditions.items()),
        overlaps=_overlap(marked, list(conditions)),
        members=marked.select("member", *(f"segment.{name}" for name in conditions)),
    )


def _measure(marked: pl.DataFrame, name: str, condition: str) -> Segment:
    inside = marked.filter(pl.col(f"segment.{name}"))
    return Segment(
        name=name,
        condition=condition,
        size=inside.height,
        share_permille=inside.height * THOUSAND // max(marked.height, 1),
        paid_minor=_sum(inside, "paid"),
        value_minor=_sum(inside, "value_minor"),
    )


def _sum(inside: pl.DataFrame, column: str) -> int:
    return int(inside[column].fill_null(0).sum()) if column in inside.columns else 0


def _overlap(marked: pl.DataFrame, names: Sequence[str]) -> dict[tuple[str, str], int]:
    return {
        (one, other): int((marked[f"segment.{one}"] & marked[f"segment.{other}"]).sum())
        for number, one in enumerate(names)
        for other in names[number + 1 :]
    }
