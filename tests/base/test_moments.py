"""Moments come back from PostgreSQL as they went, and PostgreSQL takes them for what they are."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from regulars.base.db import Database
from regulars.base.moments import KEPT_MAX, read_moment, write_moment

SHANGHAI = timezone(timedelta(hours=8))
BERLIN = ZoneInfo("Europe/Berlin")


@given(moment=st.datetimes(timezones=st.sampled_from([UTC, SHANGHAI, BERLIN, ZoneInfo("Asia/Kathmandu")])))
@example(moment=datetime.max.replace(tzinfo=UTC))
@example(moment=datetime.min.replace(tzinfo=UTC))
def test_a_moment_comes_back_in_utc(moment: datetime) -> None:
    try:
        expected = moment.astimezone(UTC)
    except OverflowError:  # the first and the last hours of the calendar are not there in every zone
        return
    back = read_moment(write_moment(moment))
    assert back == expected
    assert back.tzinfo is UTC


def test_an_hour_that_comes_twice_is_told_apart() -> None:
    first = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)
    second = first.replace(fold=1)
    assert read_moment(write_moment(second)) - read_moment(write_moment(first)) == timedelta(hours=1)


def test_more_moments_than_are_kept_are_right() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    moments = [start + timedelta(microseconds=number) for number in range(2 * KEPT_MAX + 1)]
    assert [read_moment(write_moment(moment)) for moment in moments] == moments


@pytest.mark.parametrize("wrong", [datetime(2026, 1, 1), "2026-01-01", 5])  # noqa: DTZ001 - what is to be refused
def test_what_has_no_zone_or_is_no_moment_is_refused(wrong: object) -> None:
    with pytest.raises((TypeError, AttributeError)):
        write_moment(wrong)  # pyright: ignore[reportArgumentType] - what is to be refused


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 11, 23, 1, 2, 3, 456_789, tzinfo=UTC), "2026-11-23 01:02:03.456789+00"),
        (datetime(2026, 11, 23, 1, 2, 3, tzinfo=SHANGHAI), "2026-11-22 17:02:03+00"),
        (datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), "1999-12-31 23:59:59.999999+00"),  # before its epoch
        (datetime(9999, 12, 31, tzinfo=UTC), "9999-12-31 00:00:00+00"),
    ],
)
async def test_postgresql_reads_and_writes_the_same(database: Database, moment: datetime, text: str) -> None:
    async with database.snapshot() as read:
        assert await read.value("SELECT cast(cast($1 AS timestamptz) AS text)", moment) == text
        assert await read.value("SELECT cast(cast($1 AS text) AS timestamptz)", text) == moment
        assert await read.value("SELECT cast($1 AS timestamptz[])", [moment, None]) == [moment, None]
