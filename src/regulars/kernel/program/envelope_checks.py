"""What the envelope of an offer may not say: what would never be open, never be given, or is not there."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from regulars.kernel.program.envelope import PERMILLE, Audience, Budget, Limit, Stacking, Window
from regulars.kernel.program.model import LANGUAGES, Document, Offer
from regulars.kernel.program.reading import Found, Path
from regulars.kernel.program.shape import suggest

__all__ = [
    "check_calendars",
    "check_envelope",
    "check_money",
    "check_names",
    "check_repeats",
    "check_stacking",
    "check_zone",
]

Traits = Mapping[str, Collection[str] | None]
MONTH_DAYS: Final = {1: 31, 2: 29, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}


def check_names(names: Mapping[str, str], path: Path) -> Iterator[Found]:
    """Find languages that are missing."""
    for language in LANGUAGES:
        if language not in names:
            yield Found(path=path, message=f"the name in '{language}' is missing", at_key=True)


def check_repeats(ids: Iterable[object], path: Path, key: str | None) -> Iterator[Found]:
    """Find what stands in a list twice. `key`: the setting of an item that holds its name."""
    seen: dict[object, int] = {}
    for index, name in enumerate(ids):
        if name in seen:
            where = (*path, index) if key is None else (*path, index, key)
            yield Found(path=where, message=f"'{name}' stands here a second time (first at number {seen[name] + 1})")
        seen.setdefault(name, index)


def check_zone(name: str, path: Path) -> Iterator[Found]:
    """Find a time zone that nobody knows."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        meant = suggest(name, available_timezones())
        yield Found(path=path, message=f"'{name}' is not a time zone such as Europe/Berlin{meant}")


def check_calendars(document: Document) -> Iterator[Found]:
    """Find days that stand in a calendar twice."""
    for name, days in document.calendars.items():
        yield from check_repeats((day.isoformat() for day in days), ("calendars", name), None)


def check_envelope(offer: Offer, document: Document, traits: Traits, path: Path) -> Iterator[Found]:
    """Find everything in one offer's envelope that cannot be meant.

    `traits` are those that rules may read, each with the values that it can take (None: any).
    """
    if offer.name is not None:
        yield from check_names(offer.name, (*path, "name"))
    yield from check_repeats(offer.on, (*path, "on"), None)
    if "return" in offer.on:
        message = "a return is not judged: what a purchase gave is taken back by 'on_return'"
        yield Found(path=(*path, "on"), message=message)
    yield from _check_times(offer, document, path)
    if offer.audience is not None:
        yield from _check_audience(offer.audience, document, traits, (*path, "audience"))
    yield from _check_limits(offer.limits, (*path, "limits"))
    if offer.budget == Budget():
        message = "a budget needs 'points' or 'money_minor'"
        yield Found(path=(*path, "budget"), message=message, at_key=True)


def check_money(offer: Offer, currencies: Collection[str], document: Document, path: Path) -> Iterator[Found]:
    """Find a budget of money that nothing draws on: the offer's currencies are worth none."""
    budget = offer.budget
    if budget is None or budget.money_minor is None or not currencies:
        return
    values = [document.currencies[name].value for name in currencies if name in document.currencies]
    if all(value is None or not value.minor for value in values):
        message = (
            f"a budget of money would never be spent: {', '.join(currencies)} are worth none (give them a 'value')"
        )
        yield Found(path=(*path, "budget", "money_minor"), message=message)


def _check_times(offer: Offer, document: Document, path: Path) -> Iterator[Found]:
    if offer.time_zone is not None:
        yield from check_zone(offer.time_zone, (*path, "time_zone"))
        if offer.schedule is None and not offer.windows and offer.holidays is None:
            message = "a time zone is for the schedule, the windows and the holidays, and there are none"
            yield Found(path=(*path, "time_zone"), message=message, at_key=True)
    schedule = offer.schedule
    if schedule is not None and (schedule.first or date.min) > (schedule.last or date.max):
        message = f"it would end ({schedule.last}) before it starts ({schedule.first})"
        yield Found(path=(*path, "schedule"), message=message)
    for index, window in enumerate(offer.windows):
        yield from _check_window(window, (*path, "windows", index))
    holidays = offer.holidays
    if holidays is not None and holidays.calendar not in document.calendars:
        meant = suggest(holidays.calendar, document.calendars)
        message = f"there is no calendar '{holidays.calendar}' among the document's calendars{meant}"
        yield Found(path=(*path, "holidays", "calendar"), message=message)


def _check_limits(limits: Sequence[Limit], path: Path) -> Iterator[Found]:
    seen: dict[tuple[str, str, str], int] = {}
    for index, limit in enumerate(limits):
        if (limit.points is None) == (limit.times is None):
            yield Found(path=(*path, index), message="a limit needs either 'points' or 'times'")
            continue
        unit = "points" if limit.times is None else "times"
        key = (unit, limit.per, limit.period)
        if key in seen:
            message = (
                f"there is a limit of {unit} per {limit.per} and {limit.period} already, at number {seen[key] + 1}"
            )
            yield Found(path=(*path, index), message=message)
        seen.setdefault(key, index)


def _check_window(window: Window, path: Path) -> Iterator[Found]:
    if window == Window():
        message = "this window says nothing: it needs 'weekdays', 'from', 'until', 'month_days' or 'months'"
        yield Found(path=path, message=message)
    if window.start == "24:00":
        yield Found(path=(*path, "from"), message="24:00 is the end of a day: a window begins at 23:59 at the latest")
    elif (window.start or "00:00") == (window.end or "24:00"):
        message = "this window ends when it begins; leave out 'from' and 'until' for the whole day, or write 24:00"
        yield Found(path=path, message=message)
    for name in ("weekdays", "month_days", "months"):
        yield from check_repeats(getattr(window, name) or (), (*path, name), None)
    for index, day in enumerate(window.month_days or ()):
        if day == 0:
            message = "days of the month count from 1, or from the end with -1"
            yield Found(path=(*path, "month_days", index), message=message)
        elif all(abs(day) > MONTH_DAYS[month] for month in window.months or MONTH_DAYS):
            yield Found(path=(*path, "month_days", index), message=f"none of these months has {abs(day)} days")


def _check_audience(audience: Audience, document: Document, traits: Traits, path: Path) -> Iterator[Found]:
    if audience == Audience():
        message = "this says nothing: it needs 'traits', 'segments', 'stores', 'channels' or 'share'"
        yield Found(path=path, message=message, at_key=True)
    for trait, values in audience.traits.items():
        place = (*path, "traits", trait)
        if trait not in traits:
            message = f"the trait '{trait}' is not among what offers set and catalog.traits{suggest(trait, traits)}"
            yield Found(path=place, message=message, at_key=True)
        yield from check_repeats(values, place, None)
        known = traits.get(trait)
        for index, value in enumerate(values):
            if known is not None and value not in known:
                message = f"the trait '{trait}' is never '{value}'{suggest(str(value), known)}"
                yield Found(path=(*place, index), message=message)
    catalog = document.catalog
    lists = {
        "segments": (audience.segments, catalog.segments, "segment"),
        "stores": (audience.stores or (), catalog.stores, "store"),
        "channels": (audience.channels or (), catalog.channels, "channel"),
    }
    for name, (named, known, kind) in lists.items():
        yield from check_repeats(named, (*path, name), None)
        for index, word in enumerate(named):
            if known is not None and word not in known:
                message = f"the {kind} '{word}' is not among catalog.{name}{suggest(word, known)}"
                yield Found(path=(*path, name, index), message=message)
    share = audience.share
    if share is not None and share.start + share.permille > PERMILLE:
        message = f"numbers go up to {PERMILLE}; {share.start} and {share.permille} are more"
        yield Found(path=(*path, "share"), message=message)


def check_stacking(document: Document, phases: Mapping[str, str]) -> Iterator[Found]:
    """Find offers of one group that do not agree on what the group does. `phases`: by offer."""
    firsts: dict[str, tuple[int, Offer, Stacking]] = {}
    for index, offer in enumerate(document.offers):
        stacking = offer.stacking
        if stacking is None:
            continue
        number, first, agreed = firsts.setdefault(stacking.group, (index, offer, stacking))
        path = ("offers", index, "stacking")
        if stacking.mode != agreed.mode:
            message = f"the group '{stacking.group}' is '{agreed.mode}' by the offer '{first.id}' (number {number + 1})"
            yield Found(path=(*path, "mode"), message=f"{message}; all of a group agree")
        phase, other = phases.get(offer.id), phases.get(first.id)
        if stacking.mode != "all" and phase is not None and other is not None and phase != other:
            message = (
                f"'{offer.mechanic}' is asked in the phase '{phase}', and '{first.id}' of this group in '{other}':"
                " only offers of one phase can exclude each other"
            )
            yield Found(path=(*path, "group"), message=message)
