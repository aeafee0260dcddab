"""Local days: when points become usable, and the last day on which they are."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest

from regulars.kernel.program import UNTIL_EVENT, Calendar
from regulars.kernel.program.days import add_months, date_currency
from regulars.kernel.program.model import Currency, Expiry, Pending

CHICAGO = Calendar(zone=ZoneInfo("America/Chicago"))


def settle(expiry: str, day: date, zone: Calendar = CHICAGO, pending: Pending | None = None) -> tuple[object, object]:
    currency = Currency(
        kind="spendable",
        name={"en": "P", "zh-CN": "分"},
        expiry=msgspec.json.decode(expiry, type=Expiry),
        pending=pending,
    )
    return date_currency(currency, zone)(day.toordinal())


@pytest.mark.parametrize(
    ("expiry", "earned", "last"),
    [
        ('{"model": "never"}', date(2017, 3, 5), None),
        ('{"model": "rolling", "days": 30}', date(2017, 3, 5), date(2017, 4, 4)),
        ('{"model": "rolling", "months": 1}', date(2017, 1, 31), date(2017, 2, 28)),
        ('{"model": "rolling", "months": 1}', date(2016, 1, 31), date(2016, 2, 29)),
        ('{"model": "rolling", "months": 12}', date(2016, 2, 29), date(2017, 2, 28)),
        ('{"model": "rolling", "months": 12, "round_to": "month_end"}', date(2017, 3, 5), date(2018, 3, 31)),
        ('{"model": "rolling", "days": 1, "round_to": "month_end"}', date(2017, 12, 31), date(2018, 1, 31)),
        ('{"model": "fixed", "date": "2017-06-30"}', date(2017, 3, 5), date(2017, 6, 30)),
        ('{"model": "calendar_end"}', date(2017, 3, 5), date(2017, 12, 31)),
        ('{"model": "calendar_end", "grace_months": 2}', date(2017, 3, 5), date(2018, 2, 28)),
        ('{"model": "inactivity", "months": 18}', date(2017, 3, 31), date(2018, 9, 30)),
        ('{"model": "rolling", "months": 1200}', date(9900, 1, 1), None),  # later than any date: no end
    ],
)
def test_last_day_counts_to_its_end(expiry: str, earned: date, last: date | None) -> None:
    _, expires_at = settle(expiry, earned)
    if last is None:
        assert expires_at is None
        return
    assert isinstance(expires_at, datetime)
    local = expires_at.astimezone(CHICAGO.zone)
    assert local.date().toordinal() == last.toordinal() + 1
    assert (local.hour, local.minute) == (0, 0)


@pytest.mark.parametrize(
    ("zone", "day", "start"),
    [
        ("America/Chicago", date(2017, 3, 12), datetime(2017, 3, 12, 6, tzinfo=UTC)),
        ("America/Chicago", date(2017, 3, 13), datetime(2017, 3, 13, 5, tzinfo=UTC)),  # the day before had 23 hours
        ("America/Chicago", date(2017, 11, 6), datetime(2017, 11, 6, 6, tzinfo=UTC)),
        ("America/Sao_Paulo", date(2017, 10, 15), datetime(2017, 10, 15, 3, tzinfo=UTC)),  # had no midnight
        ("Asia/Shanghai", date(2017, 10, 15), datetime(2017, 10, 14, 16, tzinfo=UTC)),
    ],
)
def test_day_starts_once_where_the_clock_jumps(zone: str, day: date, start: datetime) -> None:
    calendar = Calendar(zone=ZoneInfo(zone))
    assert calendar.start_of(day.toordinal()) == start
    assert calendar.day_of(start) == day.toordinal()


def test_day_of_is_the_local_date() -> None:
    assert CHICAGO.day_of(datetime(2017, 3, 6, 5, 59, tzinfo=UTC)) == date(2017, 3, 5).toordinal()
    assert CHICAGO.day_of(datetime(2017, 3, 6, 6, 0, tzinfo=UTC)) == date(2017, 3, 6).toordinal()


def test_points_wait_for_days_or_for_an_event() -> None:
    never = '{"model": "never"}'
    usable, _ = settle(never, date(2017, 3, 5), pending=Pending(days=14))
    assert usable == datetime(2017, 3, 19, 5, tzinfo=UTC)
    assert settle(never, date(2017, 3, 5), pending=Pending(until="delivery")) == (UNTIL_EVENT, None)
    assert settle(never, date(2017, 3, 5), pending=Pending(days=0)) == (None, None)


def test_months_from_every_day_of_two_years_stay_in_the_month_that_is_meant() -> None:
    for ordinal in range(date(2015, 1, 1).toordinal(), date(2017, 1, 1).toordinal()):
        day = date.fromordinal(ordinal)
        for months in (0, 1, 2, 12, 13, 24):
            later = add_months(day, months)
            assert (later.year - day.year) * 12 + later.month - day.month == months
            assert later.day <= day.day
