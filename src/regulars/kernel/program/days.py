"""Local days: the programme's time zone, and what a currency's dates mean in it.

A day is its proleptic ordinal. Where a clock jumps, a day still starts once: at the first instant of that date.
"""

import calendar
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from regulars.kernel.program.model import (
    UNTIL_EVENT,
    CalendarEnd,
    Catalog,
    Currency,
    Document,
    Expiry,
    FixedEnd,
    Inactivity,
    Never,
    Pending,
    Rolling,
)
from regulars.kernel.program.reading import Found, Path

__all__ = ["Calendar", "Dates", "add_months", "check_regions", "date_currency", "settle_region"]

YEAR_MAX: Final = 9998
"""An end later than this is no end: the largest dates leave room for time zones."""
REGIONS_MAX: Final = 200

Dates = Callable[[int], tuple[datetime | None, datetime | None]]
"""From the local day of an activity: usable from, expires at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The days of one time zone."""

    zone: ZoneInfo

    def day_of(self, at: datetime) -> int:
        """The ordinal of the local date at an instant."""
        return at.astimezone(self.zone).toordinal()

    def start_of(self, day: int) -> datetime:
        """The first instant of a local day, in UTC."""
        local = date.fromordinal(day)
        return datetime(local.year, local.month, local.day, tzinfo=self.zone).astimezone(UTC)


def add_months(day: date, months: int) -> date:
    """The same day of the month later, or that month's last day where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def end_month(day: date) -> date:
    """The last day of its month."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def date_currency(currency: Currency, zone: Calendar) -> Dates:
    """Make the function that dates a currency's lots. It remembers recent days, as most activities share one."""
    pending = currency.pending

    def find_dates(day: int) -> tuple[datetime | None, datetime | None]:
        usable = None
        if pending is not None and pending.until is not None:
            usable = UNTIL_EVENT
        elif pending is not None and pending.days:
            usable = zone.start_of(day + pending.days)
        last = find_last_day(currency, date.fromordinal(day))
        return usable, None if last is None else zone.start_of(last.toordinal() + 1)

    return lru_cache(maxsize=1024)(find_dates)


def find_last_day(currency: Currency, day: date) -> date | None:
    """The last local day on which a lot of this currency can be used; None where it does not end."""
    match currency.expiry:
        case Never():
            return None
        case FixedEnd(date=last):
            return last
        case CalendarEnd(grace_months=grace):
            months, last_of = grace, date(day.year, 12, 31)
        case Inactivity(months=months):
            last_of = day
        case Rolling(days=None, months=count):
            months, last_of = count or 0, day
        case Rolling(days=days):
            ordinal = day.toordinal() + (days or 0)
            if ordinal > date(YEAR_MAX, 12, 31).toordinal():
                return None
            months, last_of = 0, date.fromordinal(ordinal)
    if last_of.year + months // 12 >= YEAR_MAX:
        return None
    last = add_months(last_of, months)
    rounds = isinstance(currency.expiry, CalendarEnd) or (
        isinstance(currency.expiry, Rolling) and currency.expiry.round_to == "month_end"
    )
    return end_month(last) if rounds else last


def settle_region(currency: Currency, region: str) -> Currency:
    """The currency as it is in the stores of one region."""
    return replace(currency, expiry=currency.regions.get(region, currency.expiry), regions={})


def check_regions(document: Document) -> list[Found]:
    """Find what is wrong with regions: stores in two of them, ends in regions that nobody named or that cannot be."""
    found = list(_check_stores(document.catalog))
    for name, currency in document.currencies.items():
        path: Path = ("currencies", name, "regions")
        for region, expiry in currency.regions.items():
            if region not in document.catalog.regions:
                message = f"there is no region '{region}' in catalog.regions"
                found.append(Found(path=(*path, region), message=message, at_key=True))
            found += [Found(path=(*path, region), message=message) for message in _check_end(expiry, currency.pending)]
            if isinstance(expiry, Inactivity) != isinstance(currency.expiry, Inactivity):
                # An activity in one region must not depend on which of a member's points were earned in another.
                message = "points end by inactivity in every region or in none; only the months may differ"
                found.append(Found(path=(*path, region), message=message))
    return found


def _check_stores(catalog: Catalog) -> Iterator[Found]:
    if len(catalog.regions) > REGIONS_MAX:
        message = f"{len(catalog.regions)} regions; at most {REGIONS_MAX} fit"
        yield Found(path=("catalog", "regions"), message=message)
    homes: dict[str, str] = {}
    for region, stores in catalog.regions.items():
        for index, store in enumerate(stores):
            path: Path = ("catalog", "regions", region, index)
            if catalog.stores is not None and store not in catalog.stores:
                yield Found(path=path, message=f"the store '{store}' is not among catalog.stores")
            if store in homes:
                yield Found(path=path, message=f"the store '{store}' stands in the region '{homes[store]}' already")
            homes.setdefault(store, region)


def _check_end(expiry: Expiry, pending: Pending | None) -> Iterator[str]:
    """Say what keeps an end from being one, in the words used for the currency's own."""
    if isinstance(expiry, Rolling) and (expiry.days is None) == (expiry.months is None):
        yield "a rolling end needs either 'days' or 'months'"
    waits = 0 if pending is None else pending.days or 0
    if isinstance(expiry, Rolling) and expiry.days is not None and waits > expiry.days:
        yield f"points that wait {waits} days would end after {expiry.days}, before anyone could use them"
    if isinstance(expiry, FixedEnd) and expiry.date >= date(9999, 1, 1):
        yield "write {model: never} for points that do not end"
