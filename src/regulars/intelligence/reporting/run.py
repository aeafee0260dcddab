"""All steps, one after the other; a step that cannot say anything stops no other."""

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from typing import Final

import polars as pl

from regulars.intelligence.boosting import Shelf
from regulars.intelligence.evaluation import Insight, Progress, Section, Step, stay_silent
from regulars.intelligence.history import History

__all__ = ["Made", "Run", "digest_history", "run_steps"]

SAMPLE: Final = (
    *("lines", "members", "other", "returns", "campaigns", "targets", "coupons", "redemptions"),
    *("points", "given", "discounts", "levels", "trials", "assigned", "answers", "rewards"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a step came to."""

    name: str
    version: str
    section: Section
    figures: Mapping[str, float]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Run:
    """What all steps came to, as of a day."""

    day: date
    steps: tuple[Made, ...]
    traits: pl.DataFrame
    """One row a member, a column for each trait of all steps."""
    versions: Mapping[str, str]
    """By trait: the version of what says so."""


def run_steps(
    history: History,
    day: date,
    steps: Sequence[Step],
    progress: Progress = stay_silent,
    *,
    shelf: Shelf | None = None,
) -> Run:
    """Take each step over what is dated before the day; with a shelf, from what earlier runs learned."""
    past = history.before(day)
    made: list[Made] = []
    traits = past.members.select("member").sort("member")
    versions: dict[str, str] = {}
    for number, step in enumerate(steps):
        progress(step.name, number, len(steps))
        began = time.perf_counter()
        if shelf is None or step.resume is None:
            insight = step.run(past, day, progress)
        else:
            insight = step.resume(past, day, progress, shelf)
        made.append(_make(step, insight, time.perf_counter() - began))
        if insight.traits is not None:
            names = [name for name in insight.traits.columns if name != "member"]
            assert not versions.keys() & set(names), "two steps tell one trait"
            versions |= dict.fromkeys(names, insight.version)
            traits = traits.join(insight.traits, on="member", how="left", maintain_order="left")
    progress("done", len(steps), len(steps))
    return Run(day=day, steps=tuple(made), traits=traits, versions=versions)


def _make(step: Step, insight: Insight, seconds: float) -> Made:
    return Made(
        name=step.name,
        version=insight.version,
        section=insight.section,
        figures=dict(insight.figures),
        seconds=round(seconds, 3),
    )


def digest_history(history: History, day: date, steps: Sequence[Step]) -> str:
    """Give a digest of all that a run as of this day looks at: with the same one, nothing new can come out.

    What steps do is part of it, by the version of this software.
    """
    past = history.before(day)
    names = " ".join(step.name for step in steps)
    whole = hashlib.sha256(f"{day.isoformat()} {version('regulars')} {names}".encode())
    for name in SAMPLE:
        frame = getattr(past, name)
        if frame is not None:
            marks = frame.hash_rows()
            whole.update(f"{name}:{frame.height}:{marks.sum()}".encode())
    return whole.hexdigest()
