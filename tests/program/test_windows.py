"""When an offer runs: windows of local wall time, days on which clocks jump, holidays, an offer's own time zone."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from regulars.kernel.program import Plan, compile_plan, parse, rule
from regulars.kernel.program.envelope import WEEKDAYS, Window
from regulars.kernel.program.gates import Sight
from regulars.kernel.program.windows import WindowGate, open_windows
from tests.program.story import BASE, HEAD, buy, line, problems, step

CHICAGO = ZoneInfo("America/Chicago")
CALENDARS = "calendars: {us: [2017-07-04, 2017-12-25], cn: [2017-10-01]}\n"


def offer(envelope: str) -> Plan:
    """The small programme with one offer in this envelope."""
    return compile_plan(parse(CALENDARS + HEAD + BASE.replace("id: base,", f"id: base, {envelope},")))


def runs(deal: Plan, at: datetime) -> bool:
    """Whether a purchase at this time earns."""
    return bool(rule(deal, {}, step(deal, buy(line(500), at=at))).postings)


def wall(text: str, *, fold: int = 0, zone: ZoneInfo = CHICAGO) -> datetime:
    """The instant at which the clock on the wall shows this; the second one where it shows it twice."""
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("envelope", "at", "expected"),
    [
        ("windows: [{from: 07:00, until: 09:00}]", "2017-03-06T06:59:59", False),
        ("windows: [{from: 07:00, until: 09:00}]", "2017-03-06T07:00", True),
        ("windows: [{from: 07:00, until: 09:00}]", "2017-03-06T08:59:59", True),
        ("windows: [{from: 07:00, until: 09:00}]", "2017-03-06T09:00", False),
        ("windows: [{from: 07:00, until: 09:00}, {from: 17:00}]", "2017-03-06T17:00", True),
        ("windows: [{from: 07:00, until: 09:00}, {from: 17:00}]", "2017-03-06T23:59:59", True),
        ("windows: [{from: 07:00, until: 09:00}, {from: 17:00}]", "2017-03-07T00:00", False),
        ("windows: [{from: 22:00, until: 24:00}]", "2017-03-06T23:59:59", True),
        ("windows: [{from: 22:00, until: 00:00}]", "2017-03-07T00:00", False),
        ("windows: [{weekdays: [mon, wed]}]", "2017-03-06T00:00", True),
        ("windows: [{weekdays: [mon, wed]}]", "2017-03-07T12:00", False),
        # It began on Friday, and goes on into Saturday.
        ("windows: [{weekdays: [fri], from: 22:00, until: 02:00}]", "2017-03-11T01:59:59", True),
        ("windows: [{weekdays: [fri], from: 22:00, until: 02:00}]", "2017-03-11T02:00", False),
        ("windows: [{weekdays: [fri], from: 22:00, until: 02:00}]", "2017-03-10T01:00", False),
        ("windows: [{month_days: [1, 15]}]", "2017-03-15T12:00", True),
        ("windows: [{month_days: [1, 15]}]", "2017-03-16T12:00", False),
        ("windows: [{month_days: [-1]}]", "2017-02-28T12:00", True),
        ("windows: [{month_days: [-1]}]", "2016-02-28T12:00", False),
        ("windows: [{month_days: [-1]}]", "2016-02-29T12:00", True),
        ("windows: [{month_days: [-1], from: 22:00, until: 02:00}]", "2017-04-01T01:00", True),
        ("windows: [{months: [12], weekdays: [sun]}]", "2017-12-24T12:00", True),
        ("windows: [{months: [12], weekdays: [sun]}]", "2017-11-26T12:00", False),
        ("holidays: {calendar: us, days: only}", "2017-07-04T00:00", True),
        ("holidays: {calendar: us, days: only}", "2017-07-05T00:00", False),
        ("holidays: {calendar: us, days: except}", "2017-12-25T23:59", False),
        ("holidays: {calendar: us, days: except}", "2017-12-26T00:00", True),
        ("windows: [{weekdays: [tue]}], holidays: {calendar: us, days: except}", "2017-07-04T12:00", False),
        ("schedule: {from: 2017-03-07}, windows: [{weekdays: [mon]}]", "2017-03-06T12:00", False),
    ],
)
def test_it_runs_while_the_clock_on_the_wall_shows_a_time_within(envelope: str, at: str, *, expected: bool) -> None:
    assert runs(offer(envelope), wall(at)) == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2017-03-12T07:59:59+00:00", False),  # 01:59:59, the last second before 03:00
        ("2017-03-12T08:00:00+00:00", False),  # 03:00: there was no half past two
        ("2017-03-13T07:30:00+00:00", True),  # the next night there is
    ],
)
def test_a_window_in_the_hour_that_is_left_out_does_not_come_that_night(at: str, *, expected: bool) -> None:
    deal = offer("windows: [{from: 02:15, until: 02:45}]")
    assert runs(deal, datetime.fromisoformat(at)) == expected


def test_a_window_over_the_hour_that_is_left_out_is_an_hour_shorter() -> None:
    deal = offer("windows: [{from: 01:00, until: 04:00}]")
    open_minutes = [
        minute
        for minute in range(24 * 60)
        if runs(deal, datetime(2017, 3, 12, 6, tzinfo=UTC) + timedelta(minutes=minute))
    ]
    assert open_minutes == list(range(60, 180))


def test_a_window_in_the_hour_that_comes_twice_is_open_both_times() -> None:
    deal = offer("windows: [{from: 01:00, until: 01:30}]")
    assert [runs(deal, wall("2017-11-05T01:10", fold=fold)) for fold in (0, 1)] == [True, True]
    assert wall("2017-11-05T01:10", fold=1) - wall("2017-11-05T01:10", fold=0) == timedelta(hours=1)
    assert [runs(deal, wall("2017-11-05T01:40", fold=fold)) for fold in (0, 1)] == [False, False]


def test_a_window_past_midnight_ends_where_the_clock_says_so_on_the_night_of_the_jump() -> None:
    deal = offer("windows: [{weekdays: [sat], from: 22:00, until: 03:30}]")
    assert runs(deal, datetime(2017, 3, 12, 8, 29, tzinfo=UTC))  # 03:29 in Chicago, half an hour after 01:59
    assert not runs(deal, datetime(2017, 3, 12, 8, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("envelope", "at", "expected"),
    [
        # Ten in the evening in Chicago is noon of the next day in Shanghai.
        ("time_zone: Asia/Shanghai, windows: [{from: 12:00, until: 13:00}]", "2017-03-07T12:30", True),
        ("time_zone: Asia/Shanghai, windows: [{from: 12:00, until: 13:00}]", "2017-03-07T22:30", False),
        ("time_zone: Asia/Shanghai, schedule: {from: 2017-03-07, until: 2017-03-07}", "2017-03-07T00:00", True),
        ("time_zone: Asia/Shanghai, schedule: {from: 2017-03-07, until: 2017-03-07}", "2017-03-06T23:59", False),
        ("time_zone: Asia/Shanghai, schedule: {from: 2017-03-07, until: 2017-03-07}", "2017-03-07T23:59", True),
        ("time_zone: Asia/Shanghai, holidays: {calendar: cn, days: only}", "2017-10-01T00:00", True),
        ("time_zone: Asia/Shanghai, holidays: {calendar: cn, days: only}", "2017-10-02T00:00", False),
    ],
)
def test_an_offer_may_have_a_time_zone_of_its_own(envelope: str, at: str, *, expected: bool) -> None:
    assert runs(offer(envelope), wall(at, zone=ZoneInfo("Asia/Shanghai"))) == expected


minutes = st.integers(0, 24 * 60 - 1)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    begin = draw(minutes)
    end = draw(minutes.filter(lambda minute: minute != begin))
    days = st.sampled_from([*range(1, 32), *range(-31, 0)])
    return Window(
        weekdays=tuple(draw(st.sets(st.sampled_from(WEEKDAYS), min_size=1))) if draw(st.booleans()) else None,
        start=f"{begin // 60:02}:{begin % 60:02}",
        end=f"{end // 60:02}:{end % 60:02}",
        month_days=tuple(draw(st.sets(days, min_size=1))) if draw(st.booleans()) else None,
        months=tuple(draw(st.sets(st.integers(1, 12), min_size=1))) if draw(st.booleans()) else None,
    )


def spans(window: Window, day: date) -> tuple[datetime, datetime] | None:
    """What the window comes to on one day, as times that a clock on the wall may show."""
    last = (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    if window.weekdays is not None and WEEKDAYS[day.weekday()] not in window.weekdays:
        return None
    if window.months is not None and day.month not in window.months:
        return None
    if window.month_days is not None and not {day.day, day.day - last.day - 1} & set(window.month_days):
        return None
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - what the wall shows has no zone
    begin, end = (
        midnight + timedelta(hours=int(text[:2]), minutes=int(text[3:]))
        for text in (window.start or "00:00", window.end or "24:00")
    )
    return begin, end if begin < end else end + timedelta(days=1)


@given(
    window=windows(),
    at=st.datetimes(datetime(2017, 1, 1), datetime(2018, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
)
@example(window=Window(start="01:30", end="00:30"), at=datetime(2017, 3, 12, 8, tzinfo=UTC))
@example(window=Window(start="01:30", end="01:00"), at=datetime(2017, 11, 5, 7, tzinfo=UTC))
def test_it_is_open_exactly_while_the_wall_shows_a_time_of_one_of_its_days(window: Window, at: datetime) -> None:
    deal = offer("windows: [{weekdays: [mon]}]")
    gate = open_windows((window,), CHICAGO)
    sight = Sight(step(deal, buy(line(1), at=at)))
    shown = at.astimezone(CHICAGO).replace(tzinfo=None)
    both = [spans(window, shown.date() - timedelta(days=back)) for back in (0, 1)]
    assert gate.admits(sight) == any(span is not None and span[0] <= shown < span[1] for span in both)


@pytest.mark.parametrize(
    ("window", "at", "opens"),
    [
        (Window(start="07:00", end="09:00"), "2017-03-06T10:00", "2017-03-07T07:00-06:00"),
        (Window(start="07:00", end="09:00"), "2017-03-06T06:00", "2017-03-06T07:00-06:00"),
        # Half past two does not come that night.
        (Window(start="02:15", end="02:45"), "2017-03-11T12:00", "2017-03-13T02:15-05:00"),
        (Window(start="02:15", end="04:00"), "2017-03-11T12:00", "2017-03-12T03:00-05:00"),
        (Window(month_days=(29,), months=(2,)), "2017-03-01T12:00", None),
        (Window(month_days=(29,), months=(2,)), "2019-03-01T12:00", "2020-02-29T00:00-06:00"),
    ],
)
def test_it_says_when_it_opens_next(window: Window, at: str, opens: str | None) -> None:
    deal = offer("windows: [{weekdays: [mon]}]")
    gate: WindowGate = open_windows((window,), CHICAGO)
    sight = Sight(step(deal, buy(line(1), at=wall(at))))
    assert gate.tell(sight).needs == ({} if opens is None else {"opens_at": opens})


@pytest.mark.parametrize(
    ("envelope", "path", "said"),
    [
        ("windows: [{}]", "windows[0]", "this window says nothing"),
        ("windows: [{from: 7:00}]", "windows[0].from", "such as 07:30"),
        ("windows: [{from: 25:00}]", "windows[0].from", "such as 07:30"),
        ("windows: [{from: 07:00, until: 07:00}]", "windows[0]", "ends when it begins"),
        ("windows: [{from: 24:00}]", "windows[0].from", "24:00 is the end of a day"),
        ("windows: [{weekdays: [monday]}]", "windows[0].weekdays[0]", "Did you mean 'mon'?"),
        ("windows: [{weekdays: [mon, mon]}]", "windows[0].weekdays[1]", "a second time"),
        ("windows: [{month_days: [0]}]", "windows[0].month_days[0]", "count from 1"),
        ("windows: [{month_days: [30], months: [2]}]", "windows[0].month_days[0]", "none of these months has 30 days"),
        ("windows: [{months: [13]}]", "windows[0].months[0]", "the most is 12"),
        ("holidays: {calendar: usa, days: only}", "holidays.calendar", "did you mean 'us'?"),
        ("holidays: {calendar: us, days: never}", "holidays.days", "not one of: except, only"),
        ("time_zone: Asia/Shangai, windows: [{months: [1]}]", "time_zone", "did you mean 'Asia/Shanghai'?"),
        ("time_zone: Asia/Shanghai", "time_zone", "there are none"),
    ],
)
def test_what_would_never_open_is_refused_with_its_place(envelope: str, path: str, said: str) -> None:
    text = CALENDARS + HEAD + BASE.replace("id: base,", f"id: base, {envelope},")
    found = problems(text)
    assert [(where, at) for at, where, message in found if said in message] == [
        (f"offers[0].{path}", text.count("\n")),
    ], found


def test_a_calendar_names_a_day_once() -> None:
    assert problems("calendars: {us: [2017-07-04, 2017-07-04]}\n" + HEAD + BASE) == [
        (1, "calendars.us[1]", "'2017-07-04' stands here a second time (first at number 1)"),
    ]
