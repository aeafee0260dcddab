"""Tasks and their outcomes, steps of a run and what they tell. Values only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import polars as pl
from msgspec import Struct

from regulars.base.errors import Refusal
from regulars.intelligence.boosting import Shelf
from regulars.intelligence.history import History

__all__ = [
    "Chart",
    "Insight",
    "Outcome",
    "Paired",
    "Progress",
    "Section",
    "Series",
    "Step",
    "Table",
    "Task",
    "TaskUnknown",
    "Words",
    "stay_silent",
]

Progress = Callable[[str, int, int], None]
"""Told what is being done, how far it is, and of how much."""
Words = Mapping[Literal["en", "zh"], str]
"""One sentence in both languages."""


class TaskUnknown(Refusal):
    """No room has a task of this name."""

    code, kind = "insight_task_unknown", "not_found"


def stay_silent(_what: str, _done: int, _total: int) -> None:
    """Tell nobody how far it is."""


class Paired(Struct, frozen=True, kw_only=True):
    """How much better (above 0) or worse than the baseline on the same cases, and how sure that is."""

    difference: float
    """The mean over cases of ours minus the baseline's; for an error, of the baseline's minus ours."""
    standard_error: float
    cases: int

    @property
    def is_clear(self) -> bool:
        """Whether it is beyond twice its standard error."""
        return self.difference > 2 * self.standard_error


class Outcome(Struct, frozen=True, kw_only=True):
    """What came of a task at a cutoff."""

    task: str
    cutoff: date
    metrics: Mapping[str, float]
    baseline: Mapping[str, float]
    """The same metrics for the strong baseline on the same cases."""
    paired: Mapping[str, Paired] = {}
    """By metric."""
    counts: Mapping[str, int] = {}
    """How many cases, rows, members, …"""
    notes: tuple[str, ...] = ()
    """What was left out, which model was chosen and why."""
    seconds: float = 0.0
    peak_mebibytes: int = 0
    """Of the whole process, as far as the system tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something that is predicted, and how well. A room's `task.py` lists its own in `TASKS`."""

    name: str
    evaluate: Callable[[History, date, Progress], Outcome]
    """Gets the whole history; what a model sees is `history.before(cutoff)`. `seconds` and `peak_mebibytes` of the
    outcome are filled in by whoever asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One line or one row of bars of a chart; the places of x are shared by all series of it."""

    name: Words
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A picture of the report."""

    title: Words
    kind: Literal["line", "bar"]
    x: tuple[str | Words, ...]
    series: tuple[Series, ...]
    unit: Words = field(default_factory=lambda: {"en": "", "zh": ""})


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of the report, as they are to be read: numbers are written out."""

    title: Words
    columns: tuple[Words, ...]
    rows: tuple[tuple[str | Words, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What a step tells a manager: what happened, who, why, what to do, how sure."""

    title: Words
    tells: tuple[Words, ...] = ()
    """The few sentences that are read first."""
    to_do: tuple[Words, ...] = ()
    how_sure: tuple[Words, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    left_out: tuple[Words, ...] = ()
    """What could not be said, and why."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Insight:
    """What a step found out as of a day."""

    section: Section
    version: str = ""
    """Of the model that says so: a name and a number, such as `value-1`."""
    traits: pl.DataFrame | None = None
    """One row a member: `member`, and a column for each trait (text, whole number or truth value). Null: nothing that
    could be supported is said of them. A fraction is written as a whole number of hundredths or thousandths."""
    figures: Mapping[str, float] = field(default_factory=dict[str, float])
    """The numbers of the section, for machines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A part of `insight run`. A room's `run.py` lists its own in `STEPS`; they are taken in the order of rooms."""

    name: str
    run: Callable[[History, date, Progress], Insight]
    """Gets the history before the day, and the day."""
    resume: Callable[[History, date, Progress, Shelf], Insight] | None = None
    """The same with what earlier runs learned at hand: it learns anew only where that is old, refused or has drifted.
    None where learning takes no time worth saving."""
    traits: tuple[str, ...] = ()
    """Names of what it tells of members, for those who ask for one of them only."""
    order: int = 50
    """Where it stands in the report: lower first."""
