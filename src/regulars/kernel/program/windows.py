"""When an offer runs within its dates: windows of local wall time, and holidays.

An instant is looked at through the clock on the wall of one time zone, never the other way round. So a window has no
hole and no seam where clocks jump: 02:15 to 02:45 does not come on the night that leaves it out, and comes twice on
the night that repeats it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from regulars.kernel.program.envelope import WEEKDAYS, Holidays, Window
from regulars.kernel.program.gates import Fact, Gate, Sight, Told

__all__ = ["HolidayGate", "ScheduleGate", "WindowGate", "bind_holidays", "open_windows"]

DAY_MINUTES: Final = 24 * 60
JUMP_MINUTES: Final = 120
"""Clocks jump by less."""
AHEAD_DAYS: Final = 800
"""How far an explanation looks for the next time at which a window opens: beyond one leap year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """One window, as minutes of the day on which it begins."""

    begin: int
    end: int
    """Beyond DAY_MINUTES: of the next morning."""
    weekdays: frozenset[int]
    """From 0, Monday. Empty here and below: any."""
    month_days: frozenset[int]
    months: frozenset[int]

    def is_open(self, wall: datetime) -> bool:
        """Whether it is open while the clock shows this."""
        minute = wall.hour * 60 + wall.minute
        if self.begin <= minute < self.end and self.falls_on(wall):
            return True
        return minute < self.end - DAY_MINUTES and self.falls_on(wall - timedelta(days=1))

    def falls_on(self, day: date) -> bool:
        """Whether it begins on this day."""
        if self.weekdays and day.weekday() not in self.weekdays:
            return False
        if self.months and day.month not in self.months:
            return False
        if not self.month_days or day.day in self.month_days:
            return True
        after = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
        return day.day - 1 - (after - timedelta(days=1)).day in self.month_days


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleGate:
    """The dates between which an offer runs, in its own time zone."""

    zone: ZoneInfo
    first: date
    last: date
    name: str = "schedule"

    def admits(self, sight: Sight) -> bool:
        """Whether the day is one of them."""
        return self.first <= sight.wall(self.zone).date() <= self.last

    def tell(self, sight: Sight) -> Told:
        """The local day; and the dates."""
        needs: dict[str, Fact] = {}
        if self.first != date.min:
            needs["from"] = self.first.isoformat()
        if self.last != date.max:
            needs["until"] = self.last.isoformat()
        values = {"date": sight.wall(self.zone).date().isoformat()}
        return _tell(self, sight, values, needs)


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowGate:
    """Open while one of the windows is."""

    zone: ZoneInfo
    hours: tuple[Hours, ...]
    name: str = "window"

    def admits(self, sight: Sight) -> bool:
        """Whether one is open."""
        wall = sight.wall(self.zone)
        return any(each.is_open(wall) for each in self.hours)

    def tell(self, sight: Sight) -> Told:
        """What the clock on the wall shows; and when one opens next."""
        wall = sight.wall(self.zone)
        opens = None if self.admits(sight) else self.find_next(wall)
        shown = {"at": wall.isoformat(timespec="minutes"), "weekday": WEEKDAYS[wall.weekday()]}
        return _tell(self, sight, shown, {} if opens is None else {"opens_at": opens.isoformat(timespec="minutes")})

    def find_next(self, wall: datetime) -> datetime | None:
        """The next instant at which a window opens, as local time; None where none does for a long while."""
        # Times of one zone are compared by what the clock shows; these are to be compared as instants.
        now = wall.astimezone(UTC)
        for ahead in range(AHEAD_DAYS):
            day = wall.date() + timedelta(days=ahead)
            found = [at for each in self.hours if each.falls_on(day) for at in self._starts(day, each, now)]
            if found:
                return min(found).astimezone(self.zone)
        return None

    def _starts(self, day: date, hours: Hours, now: datetime) -> Iterator[datetime]:
        """In UTC, the first minute from now on in which the window of a day is open: none where clocks leave it out."""
        midnight = datetime(day.year, day.month, day.day, tzinfo=self.zone)
        begin = (midnight + timedelta(minutes=hours.begin)).astimezone(UTC)
        # Where clocks jump, the first minute that they show is up to so much earlier or later.
        for minute in range(-JUMP_MINUTES, hours.end - hours.begin + JUMP_MINUTES):
            at = begin + timedelta(minutes=minute)
            if at > now and hours.is_open(at.astimezone(self.zone)):
                yield at
                return


@dataclass(frozen=True, slots=True, kw_only=True)
class HolidayGate:
    """Days of a calendar: on these only, or on any but these."""

    zone: ZoneInfo
    calendar: str
    days: frozenset[int]
    """Proleptic ordinals."""
    only: bool
    name: str = "holiday"

    def admits(self, sight: Sight) -> bool:
        """Whether the local day is one on which the offer runs."""
        return (sight.wall(self.zone).toordinal() in self.days) == self.only

    def tell(self, sight: Sight) -> Told:
        """The local day, and whether it is in the calendar; and the next day that would do."""
        today = sight.wall(self.zone).toordinal()
        values: dict[str, Fact] = {
            "date": date.fromordinal(today).isoformat(),
            "calendar": self.calendar,
            "holiday": today in self.days,
        }
        if self.only:
            later = [day for day in self.days if day >= today]
        else:
            later = [day for day in range(today, today + len(self.days) + 1) if day not in self.days]
        return _tell(self, sight, values, {"date": date.fromordinal(min(later)).isoformat()} if later else {})


def open_windows(windows: tuple[Window, ...], zone: ZoneInfo) -> WindowGate:
    """Bind an offer's windows to a time zone."""
    return WindowGate(zone=zone, hours=tuple(_measure(window) for window in windows))


def bind_holidays(holidays: Holidays, days: tuple[date, ...], zone: ZoneInfo) -> HolidayGate:
    """Bind an offer's holidays to the days of their calendar."""
    return HolidayGate(
        zone=zone,
        calendar=holidays.calendar,
        days=frozenset(day.toordinal() for day in days),
        only=holidays.days == "only",
    )


def _tell(gate: Gate, sight: Sight, values: Mapping[str, Fact], needs: Mapping[str, Fact]) -> Told:
    admits = gate.admits(sight)
    return Told(gate=gate.name, admits=admits, values=values, needs={} if admits else needs)


def _measure(window: Window) -> Hours:
    begin, end = _minute(window.start or "00:00"), _minute(window.end or "24:00")
    return Hours(
        begin=begin,
        end=end if begin < end else end + DAY_MINUTES,
        weekdays=frozenset(WEEKDAYS.index(day) for day in window.weekdays or ()),
        month_days=frozenset(window.month_days or ()),
        months=frozenset(window.months or ()),
    )


def _minute(written: str) -> int:
    hours, _, minutes = written.partition(":")
    return int(hours) * 60 + int(minutes)
