"""How much an activity adds to what is counted, and how much of that a return takes away again.

What a return takes is never stored: it is what the whole of the purchase counts less what the rest of it counts, so any
sequence of partial returns that brings everything back takes exactly everything.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from regulars.features.tiers.model import Categories, Fact, Kinds, Measure, Points, Spend, Visits
from regulars.kernel.nouns import AMOUNT_MAX, Activity, Line, Original, Step
from regulars.kernel.program import Picker, Selection

__all__ = ["Gauges", "count_return", "count_step", "make_gauges", "name_series"]

Adds = dict[str, int]
"""By series: how much is added; negative where a return takes away."""
Gauge = Callable[[Activity], int]
"""How much an activity counts, with those of its lines that are not back."""

ANYTHING: Final = Selection()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauges:
    """Everything that is counted, as functions."""

    points: tuple[tuple[str, str], ...]
    """(measure, currency)."""
    others: tuple[tuple[str, Kinds, Gauge], ...]
    categories: tuple[tuple[str, Kinds, frozenset[str]], ...]
    uncounted: frozenset[str]
    """Kinds of activity that only speak of levels."""


def name_series(measure: str, category: str) -> str:
    """Name the series that counts one category. No measure's name has a slash."""
    return f"{measure}/{category}"


def make_gauges(measures: Mapping[str, Measure], uncounted: frozenset[str]) -> Gauges:
    """Turn measures into functions, once per version."""
    points: list[tuple[str, str]] = []
    others: list[tuple[str, Kinds, Gauge]] = []
    categories: list[tuple[str, Kinds, frozenset[str]]] = []
    for name, measure in measures.items():
        match measure:
            case Points():
                points.append((name, measure.currency))
            case Spend():
                others.append((name, measure.kinds, _gauge_spend(measure)))
            case Visits():
                others.append((name, measure.kinds, _gauge_visits(measure)))
            case Fact():
                others.append((name, measure.kinds, _gauge_fact(measure)))
            case Categories():
                categories.append((name, measure.kinds, frozenset(measure.among)))
    return Gauges(points=tuple(points), others=tuple(others), categories=tuple(categories), uncounted=uncounted)


def count_step(gauges: Gauges, step: Step) -> Adds:
    """Say what an activity adds, by series."""
    adds = _count_points(gauges, step)
    activity = step.activity
    if activity.kind in gauges.uncounted or not (gauges.others or gauges.categories):
        return adds
    kind = activity.kind
    for name, kinds, gauge in gauges.others:
        if (not kinds or kind in kinds) and (amount := gauge(activity)):
            adds[name] = amount
    for name, kinds, among in gauges.categories:
        if not kinds or kind in kinds:
            for category in _find_categories(among, activity.lines):
                adds[name_series(name, category)] = 1
    return adds


def count_return(gauges: Gauges, step: Step, original: Original) -> Adds:
    """Say what a return takes away, by series, as negative amounts."""
    adds = _count_points(gauges, step)
    bought = original.activity
    before = msgspec.structs.replace(bought, lines=_leave(bought, original.returned_minor, original.returned_milli))
    minor, milli = dict(original.returned_minor), dict(original.returned_milli)
    for part in step.activity.returned:
        minor[part.line] = minor.get(part.line, 0) + part.amount_minor
        milli[part.line] = milli.get(part.line, 0) + part.quantity_milli
    after = msgspec.structs.replace(bought, lines=_leave(bought, minor, milli) if step.activity.returned else ())
    # A purchase that was told without its lines comes back at once or not at all; points already taken say: it did.
    was_gone = not before.lines if bought.lines else bool(original.taken)
    for name, kinds, gauge in gauges.others:
        if kinds and bought.kind not in kinds:
            continue
        amount = (gauge(after) if after.lines else 0) - (0 if was_gone else gauge(before))
        if amount:
            adds[name] = amount
    for name, kinds, among in gauges.categories:
        if not kinds or bought.kind in kinds:
            for category in _find_categories(among, before.lines) - _find_categories(among, after.lines):
                adds[name_series(name, category)] = -1
    return adds


def _count_points(gauges: Gauges, step: Step) -> Adds:
    adds: Adds = {}
    for name, currency in gauges.points:
        points = sum([it.award.points for it in step.given if it.award.currency == currency])
        if points:
            adds[name] = points
    return adds


def _leave(bought: Activity, minor: Mapping[int, int], milli: Mapping[int, int]) -> tuple[Line, ...]:
    """The lines of a purchase that are not back, shortened to what is left. A line for money is gone with its money."""
    left: list[Line] = []
    for number, line in enumerate(bought.lines, start=1):
        if number not in minor and number not in milli:
            left.append(line)
            continue
        amount = max(line.amount_minor - minor.get(number, 0), 0)
        quantity = max(line.quantity_milli - milli.get(number, 0), 0)
        if amount or (quantity and not line.amount_minor):
            left.append(msgspec.structs.replace(line, amount_minor=amount, quantity_milli=quantity))
    return tuple(left)


def _gauge_spend(measure: Spend) -> Gauge:
    if measure.lines == ANYTHING:
        return lambda activity: sum([line.amount_minor for line in activity.lines])
    picker = Picker.build(measure.lines)
    return lambda activity: picker.pick(activity).amount_minor


def _gauge_visits(measure: Visits) -> Gauge:
    if measure.lines == ANYTHING:
        # What was told without lines is a visit, too.
        return lambda _: 1
    picker = Picker.build(measure.lines)
    return lambda activity: int(picker.pick(activity).missing is None)


def _gauge_fact(measure: Fact) -> Gauge:
    name = measure.name

    def gauge(activity: Activity) -> int:
        told = activity.data.get(name)
        # What is no count says nothing: a till's mistake must not stop a purchase.
        return told if isinstance(told, int) and not isinstance(told, bool) and 0 < told <= AMOUNT_MAX else 0

    return gauge


def _find_categories(among: frozenset[str], lines: Sequence[Line]) -> frozenset[str]:
    return among.intersection([category for line in lines for category in line.categories])
