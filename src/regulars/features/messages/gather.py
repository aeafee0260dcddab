"""From the journal to what is to be said: each activity once, for the ways that the house chose."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, cast
from uuid import UUID

import msgspec
from msgspec.structs import replace

from regulars.base import clock
from regulars.base.db import Tx
from regulars.features.messages.model import KINDS, Kind, Planned, Rule
from regulars.features.messages.scene import SHOP, read_scene
from regulars.features.messages.store import (
    Queued,
    add_messages,
    begin_reading,
    has_reader,
    move_reader,
    take_reader,
)
from regulars.features.messages.template import VariableMissing
from regulars.kernel.activity import Followed
from regulars.kernel.nouns import AMOUNT_MAX
from regulars.kernel.spine import TRAITS, House, find_end, follow

__all__ = ["CAUSE", "MEMBERSHIP_ENDING", "NOTICES", "derive", "gather", "queue"]

PAGE: Final = 500
FRESH: Final = timedelta(days=3)
"""What happened longer ago is no news: a year that is brought over from another system sends nothing."""
MEMBERSHIP_ENDING: Final = "membership.ending"
CAUSE: Final = "cause"
"""Under which the content says which activity it is about, where the reference does not."""
NOTICES: Final[Mapping[str, Kind]] = {"points.ending": "ending", "points.usable": "usable"}
write_json = msgspec.json.Encoder(order="deterministic").encode


async def gather(tx: Tx, house: House, *, at: datetime) -> int:
    """Read the journal on by a page; gives how many activities were read. The first time begins at its end.

    `at` is the world's time. Somebody else who gathers is not waited for. Raises JournalRewound.
    """
    if not await has_reader(tx):
        await begin_reading(tx, await find_end(tx))
    place = await take_reader(tx)
    if place is None:
        return 0
    found, after = await follow(tx, place, most=PAGE)
    if found:
        ledger_time = await clock.now(tx)
        scene = await read_scene(tx, house, at=ledger_time)
        planned = [each for row in found for each in derive(row, scene.levels, at=ledger_time)]
        await queue(tx, planned, scene.rules, new_id=house.new_id, at=at)
    await move_reader(tx, after)
    return len(found)


async def queue(
    tx: Tx, planned: Sequence[Planned], rules: Mapping[Kind, Rule], *, new_id: Callable[[], UUID], at: datetime
) -> int:
    """Have things said, each by the ways of its kind, once; gives how many messages are new.

    Raises VariableMissing where a value is missing that the words of the kind may name.
    """
    for each in planned:
        missing = sorted(KINDS[each.kind].variables.keys() - each.content.keys() - {SHOP})
        if missing:
            message = f"A message of the kind {each.kind!r} needs {missing[0]!r}, and nobody told it."
            raise VariableMissing(message, variable=missing[0])
    queued = [
        Queued(
            id=new_id(),
            member=each.member,
            kind=each.kind,
            purpose=KINDS[each.kind].purpose,
            channel=channel,
            reference=each.reference,
            content=write_json(each.content),
            useful_until=each.useful_until,
        )
        for each in planned
        for channel in rules[each.kind].channels
    ]
    return await add_messages(tx, queued, at=at) if queued else 0


def derive(row: Followed, levels: Mapping[str, object], *, at: datetime) -> list[Planned]:
    """List what a member should be told of an activity. Pure."""
    if row.receipt.occurred_at < at - FRESH:
        return []
    return [*_derive_notice(row), *_derive_ending(row), *_derive_receipt(row), *_derive_level(row, levels)]


def _derive_notice(row: Followed) -> Iterator[Planned]:
    kind = NOTICES.get(row.receipt.kind)
    if kind is None or row.receipt.source != "clock":
        return
    told = {name: row.body.data.get(name) for name in ("currency", "points", "at")}
    content = {**cast("Mapping[str, str | int]", told), CAUSE: row.receipt.activity.hex}
    ends: datetime | None = None
    if kind == "ending":
        ends = datetime.fromisoformat(str(told["at"]))
        # The last moment at which they can be used: points that end at midnight are not there on the day after it.
        content = {**content, "at": (ends - timedelta(seconds=1)).isoformat()}
    # Several notices of the same points may come on one day, when nobody looked for long: one of them is told.
    about = f"{kind}:{told['currency']}:{told['at']}:{row.receipt.occurred_at:%Y%m%d}"
    yield Planned(member=row.receipt.member, kind=kind, reference=about, content=content, useful_until=ends)


def _derive_ending(row: Followed) -> Iterator[Planned]:
    if row.receipt.kind == MEMBERSHIP_ENDING and row.receipt.source == "clock":
        at = str(row.body.data.get("at"))
        planned = _plan(row, "membership", {"at": at})
        yield replace(planned, useful_until=datetime.fromisoformat(at))


def _derive_receipt(row: Followed) -> Iterator[Planned]:
    if row.receipt.kind != "purchase":
        return
    given: dict[str, int] = {}
    for posted in row.receipt.postings:
        if posted.kind == "issue" and posted.owner in {None, row.receipt.member}:
            given[posted.currency] = given.get(posted.currency, 0) + posted.points
    for currency, points in list(given.items())[:1]:
        content = {
            "currency": currency,
            "points": points,
            "balance": row.receipt.balances.get(currency, 0),
            "at": row.receipt.occurred_at.isoformat(),
        }
        yield _plan(row, "receipt", content)


def _derive_level(row: Followed, levels: Mapping[str, object]) -> Iterator[Planned]:
    # What is told from outside is no level, whatever it is called.
    if row.receipt.kind == TRAITS:
        return
    last = {change.name: change for change in row.receipt.traits if change.name in levels}
    for change in last.values():
        if isinstance(change.value, str):
            content = {"trait": change.name, "level": change.value, "at": change.since.isoformat()}
            yield _plan(row, "level", content, what=change.name)


def _plan(row: Followed, kind: Kind, content: Mapping[str, str | int], *, what: str = "") -> Planned:
    assert all(not isinstance(value, int) or abs(value) <= AMOUNT_MAX for value in content.values())
    return Planned(
        member=row.receipt.member,
        kind=kind,
        reference=f"{row.receipt.activity.hex}{what and ':'}{what}",
        content=content,
    )
