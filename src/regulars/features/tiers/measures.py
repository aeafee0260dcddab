"""How much an activity adds to what is counted, and how much of that a return takes away again.

What a return takes is never stored: it is what the whole of the purchase counts less what the rest of it counts, so any
sequence of partial returns that brings everything back takes exactly everything.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from regulars.features.tiers.model import Categories, Fact, Kinds, Lines, Measure, Points, Spend, Visits
from regulars.kernel.nouns import AMOUNT_MAX, Activity, Line, Original, Step

__all__ = ["Gauges", "count_return", "count_step", "make_gauges", "name_series"]

Adds = dict[str, int]
"""By series: how much is added; negative where a return takes away."""
Gauge = Callable[[Activity, Sequence[Line]], int]
"""(activity, the lines of it that are not back): how much that counts."""
Pick = Callable[[Line], bool]

ALL_LINES: Final = Lines()


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
    kind, lines = activity.kind, activity.lines
    for name, kinds, gauge in gauges.others:
        if (not kinds or kind in kinds) and (amount := gauge(activity, lines)):
            adds[name] = amount
    for name, kinds, among in gauges.categories:
        if not kinds or kind in kinds:
            for category in _find_categories(among, lines):
                adds[name_series(name, category)] = 1
    return adds


def count_return(gauges: Gauges, step: Step, original: Original) -> Adds:
    """Say what a return takes away, by series, as negative amounts."""
    adds = _count_points(gauges, step)
    bought = original.activity
    before = _leave(bought, original.returned_minor, original.returned_milli)
    minor, milli = dict(original.returned_minor), dict(original.returned_milli)
    for part in step.activity.returned:
        minor[part.line] = minor.get(part.line, 0) + part.amount_minor
        milli[part.line] = milli.get(part.line, 0) + part.quantity_milli
    after = _leave(bought, minor, milli) if step.activity.returned else []
    # A purchase that was told without its lines comes back at once or not at all; points already taken say: it did.
    was_gone = not before if bought.lines else bool(original.taken)
    for name, kinds, gauge in gauges.others:
        if kinds and bought.kind not in kinds:
            continue
        had = 0 if was_gone else gauge(bought, before)
        amount = (gauge(bought, after) if after else 0) - had
        if amount:
            adds[name] = amount
    for name, kinds, among in gauges.categories:
        if not kinds or bought.kind in kinds:
            for category in _find_categories(among, before) - _find_categories(among, after):
                adds[name_series(name, category)] = -1
    return adds


def _count_points(gauges: Gauges, step: Step) -> Adds:
    adds: Adds = {}
    for name, currency in gauges.points:
        points = sum([it.award.points for it in step.given if it.award.currency == currency])
        if points:
            adds[name] = points
    return adds


def _leave(bought: Activity, minor: Mapping[int, int], milli: Mapping[int, int]) -> list[Line]:
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
    return left


def _gauge_spend(measure: Spend) -> Gauge:
    if measure.lines == ALL_LINES:
        return lambda _, lines: sum([line.amount_minor for line in lines])
    pick = _pick_lines(measure.lines)
    return lambda _, lines: sum([line.amount_minor for line in lines if pick(line)])


def _gauge_visits(measure: Visits) -> Gauge:
    least = measure.minimum_minor
    if measure.lines == ALL_LINES:
        # What was told without lines is a visit, too, unless it must come to something.
        return lambda _, lines: int(not least or sum([line.amount_minor for line in lines]) >= least)
    pick = _pick_lines(measure.lines)

    def gauge(_: Activity, lines: Sequence[Line]) -> int:
        picked = [line.amount_minor for line in lines if pick(line)]
        return int(bool(picked) and sum(picked) >= least)

    return gauge


def _gauge_fact(measure: Fact) -> Gauge:
    name = measure.name

    def gauge(activity: Activity, _lines: Sequence[Line]) -> int:
        told = activity.data.get(name)
        # What is no count says nothing: a till's mistake must not stop a purchase.
        return told if isinstance(told, int) and not isinstance(told, bool) and 0 < told <= AMOUNT_MAX else 0

    return gauge


def _pick_lines(lines: Lines) -> Pick:
    categories, brands, skus = frozenset(lines.categories), frozenset(lines.brands), frozenset(lines.skus)
    no_categories, no_brands = frozenset(lines.not_categories), frozenset(lines.not_brands)
    no_skus = frozenset(lines.not_skus)

    def pick(line: Line) -> bool:
        return (
            (not categories or not categories.isdisjoint(line.categories))
            and (not brands or line.brand in brands)
            and (not skus or line.sku in skus)
            and (not no_categories or no_categories.isdisjoint(line.categories))
            and line.brand not in no_brands
            and line.sku not in no_skus
        )

    return pick


def _find_categories(among: frozenset[str], lines: Sequence[Line]) -> frozenset[str]:
    return among.intersection([category for line in lines for category in line.categories])
