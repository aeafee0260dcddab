"""What the books say of members, in frames: points by day, what offers gave, levels, and whom chance held out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import polars as pl

from regulars.base.db import Read
from regulars.kernel import members, program
from regulars.kernel.ledger import money
from regulars.kernel.ledger.sums import sum_up
from regulars.kernel.program.audience import number_of
from regulars.kernel.program.envelope import PERMILLE, Share

__all__ = ["ASSIGNED", "GIVEN", "LEVELS", "POINTS", "TRIALS", "Books", "read_books"]

POINTS: Final[Mapping[str, pl.DataType]] = {
    "member": pl.String(),
    "day": pl.Date(),
    "currency": pl.String(),
    "what": pl.String(),
    "points": pl.Int64(),
    "worth_micro": pl.Int64(),
}
"""What moved points, signed as members see it. `what` is `issued`, `used`, `ended` or `other` (returned, handed on,
corrected); worth is in millionths of a minor unit."""
GIVEN: Final[Mapping[str, pl.DataType]] = {
    "offer": pl.String(),
    "currency": pl.String(),
    "start": pl.Date(),
    "until": pl.Date(),
    "times": pl.Int64(),
    "points": pl.Int64(),
    "worth_micro": pl.Int64(),
}
"""What each offer issued in a span, what returns took back taken off."""
LEVELS: Final[Mapping[str, pl.DataType]] = {
    "member": pl.String(),
    "trait": pl.String(),
    "value": pl.String(),
    "day": pl.Date(),
}
"""What the programme's own offers said of members, from that day on."""
TRIALS: Final[Mapping[str, pl.DataType]] = {"offer": pl.String(), "start": pl.Date(), "end": pl.Date()}
"""Offers that run for a share of members which chance chose, and the days on which they do. No end: it goes on."""
ASSIGNED: Final[Mapping[str, pl.DataType]] = {"offer": pl.String(), "member": pl.String(), "treated": pl.Boolean()}
"""Whom chance let have an offer, and whom it held out. Those who have another share of the same draw are in neither."""

FIRST: Final = UUID(int=0)
ISSUE: Final = "issue"
USES: Final = frozenset({"redeem", "reverse", "donate", "convert"})
ENDS: Final = frozenset({"expire", "forfeit"})
SPAN: Final = timedelta(days=365)
TEXTS: Final = (str, bool)

ISSUED: Final = "issued"
USED: Final = "used"
ENDED: Final = "ended"
OTHER: Final = "other"
Move = tuple[str, date, str, str]
Held = Mapping[UUID, str]
"""Whose purchases count as whose."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Books:
    """The frames that are named above."""

    points: pl.DataFrame
    given: pl.DataFrame
    levels: pl.DataFrame
    trials: pl.DataFrame
    assigned: pl.DataFrame


async def read_books(read: Read, kept: Held, zone: str, *, last: date, until: datetime) -> Books:
    """Read what happened before a moment; what offers issued, in the year up to the day `last`.

    Members are looked at in windows, however many there are.
    """
    place = ZoneInfo(zone)
    day = last + timedelta(days=1)
    since = datetime.combine(day - SPAN, time.min, place)
    moves = _Moves(zone=place, kept=kept)
    issued: dict[tuple[str, str], tuple[int, int, int]] = {}
    levels: list[tuple[str, str, str, date]] = []
    own = await _list_own_traits(read, until)
    after = FIRST
    while window := await money.list_members(read, after=after):
        after = window[-1]
        await _add_points(read, window, until, moves)
        sums = await sum_up(read, window, since=since, until=until, zone=zone)
        for key, points in sums.points.items():
            before = issued.get(key, (0, 0, 0))
            here = (sums.times[key], points, sums.worth[key])
            issued[key] = (before[0] + here[0], before[1] + here[1], before[2] + here[2])
    for each in _list_windows(list(kept)):
        history = await members.traits_many(read, each, since=datetime.min.replace(tzinfo=UTC))
        levels += [
            (kept[member], change.name, str(change.value), change.since.astimezone(place).date())
            for member in each
            for change in history.changes_of(member)
            if change.name in own and isinstance(change.value, TEXTS) and change.since < until
        ]
    trials, assigned = await _draw_trials(read, kept, until)
    return Books(
        points=pl.DataFrame(
            [(*key, points, moves.worth[key]) for key, points in moves.points.items()],
            schema=dict(POINTS),
            orient="row",
        ).sort(pl.all()),
        given=pl.DataFrame(
            [(*offer, since.date(), day, *sums) for offer, sums in issued.items()],
            schema=dict(GIVEN),
            orient="row",
        ).sort(pl.all()),
        levels=pl.DataFrame(levels, schema=dict(LEVELS), orient="row").sort("member", "trait", "day"),
        trials=trials,
        assigned=assigned,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moves:
    """Points and their worth by (member, day, currency, what)."""

    zone: ZoneInfo
    kept: Held
    points: Counter[Move] = field(default_factory=Counter[Move])
    worth: Counter[Move] = field(default_factory=Counter[Move])

    def add_lot(self, lot: money.IssuedLot) -> None:
        """Add what was issued."""
        self._add(lot.member, lot.issued_at, lot.currency, ISSUED if lot.kind == ISSUE else OTHER, lot.amount, lot)

    def add_part(self, part: money.LotPart, lot: money.IssuedLot) -> None:
        """Add what was taken from a lot or given back to it."""
        if part.account != "points":
            # Points that had ended unused were taken back after all: fewer ended, and members see nothing of it.
            self._add(part.member, part.at, part.currency, ENDED, -part.amount, lot)
            return
        what = USED if part.kind in USES else ENDED if part.kind in ENDS else OTHER
        self._add(part.member, part.at, part.currency, what, part.amount, lot)

    def _add(self, member: UUID, at: datetime, currency: str, what: str, points: int, lot: money.IssuedLot) -> None:  # noqa: PLR0917 - the parts of a key
        # Points of who was forgotten are those of nobody, and still points.
        key = self.kept.get(member, ""), at.astimezone(self.zone).date(), currency, what
        self.points[key] += points
        self.worth[key] += points * lot.value_micro


async def _add_points(read: Read, window: Sequence[UUID], until: datetime, moves: _Moves) -> None:
    """Add what moved the points of some members."""
    lots = {lot.key: lot for lot in await money.read_lots(read, window, until=until)}
    for lot in lots.values():
        moves.add_lot(lot)
    for key, parts in (await money.read_parts(read, window, until=until)).items():
        for part in parts:
            moves.add_part(part, lots[key])


def _list_windows(ids: Sequence[UUID]) -> list[Sequence[UUID]]:
    return [ids[at : at + money.MEMBERS_MAX] for at in range(0, len(ids), money.MEMBERS_MAX)]


async def _list_own_traits(read: Read, until: datetime) -> frozenset[str]:
    """Name the traits that the programme's own offers set: levels and badges."""
    versions = await program.Versions().read(read)
    hashes = {moment.main.hash for moment in versions.moments if moment.main and moment.live_from < until}
    found: set[str] = set()
    for each in sorted(hashes):
        found |= program.list_set_traits(await program.read_document(read, each))
    return frozenset(found)


async def _draw_trials(read: Read, kept: Held, until: datetime) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Say who was held out of which offer: by the same numbers that the rules go by."""
    versions = await program.Versions().read(read)
    spans: dict[str, tuple[Share, date, date | None]] = {}
    shares: dict[str, set[tuple[int, int]]] = {}
    for moment in versions.moments:
        if moment.main is None or moment.live_from >= until:
            continue
        document = await program.read_document(read, moment.main.hash)
        live = moment.live_from.astimezone(ZoneInfo(document.time_zone)).date()
        for offer in document.offers:
            share = None if offer.audience is None else offer.audience.share
            if share is None or share.permille >= PERMILLE:
                continue
            schedule = offer.schedule
            first = live if schedule is None or schedule.first is None else max(live, schedule.first)
            known = spans.get(offer.id)
            # Drawn anew under the same name, it is another trial, which begins then.
            start = first if known is None or known[0] != share else known[1]
            spans[offer.id] = (share, start, None if schedule is None else schedule.last)
            shares.setdefault(share.salt, set()).add((share.start, share.start + share.permille))
    people = sorted({UUID(member) for member in kept.values()})
    rows: list[tuple[str, str, bool]] = []
    for offer, (share, _, _) in sorted(spans.items()):
        for member in people:
            number = number_of(member, share.salt)
            treated = share.start <= number < share.start + share.permille
            if treated or not any(low <= number < high for low, high in shares[share.salt]):
                rows.append((offer, str(member), treated))
    trials = [(offer, start, end) for offer, (_, start, end) in sorted(spans.items())]
    return (
        pl.DataFrame(trials, schema=dict(TRIALS), orient="row"),
        pl.DataFrame(rows, schema=dict(ASSIGNED), orient="row"),
    )
