"""The journal is what is told: receipts, levels, points that will end; each once, and nothing of long ago."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from regulars.base import clock
from regulars.features import messages
from regulars.kernel import spine
from regulars.kernel.nouns import Activity, Identifier
from tests.messages.conftest import MAIL, Desk
from tests.messages.sink import text_of
from tests.spine.conftest import START, Shop, buy


async def read_all(desk: Desk) -> None:
    """Read the journal to its end."""
    while await desk.gather():
        pass


def by_mail(name: str, amount: int, *, days: int = 0) -> Activity:
    """A purchase of whoever shows the address."""
    told = Identifier(kind="email", value=MAIL)
    return msgspec.structs.replace(buy(name, amount, at=START - timedelta(days=days)), member=told)


async def test_a_purchase_and_a_level_are_told_once(desk: Desk) -> None:
    await desk.enrol()
    await desk.rule("receipt", "email")
    await desk.rule("level", "email", quiet_from=0, quiet_until=0)
    await desk.gather()
    await desk.shop.receipt(by_mail("r-1", 3000))
    await read_all(desk)
    await read_all(desk)
    assert await desk.send() == 2
    told = {mail["Subject"]: text_of(mail).split("\n\n")[0] for mail in desk.sink.mails}
    assert told == {
        "300 Points from Corner Shop": "On 1 March 2026 you received 300 Points at Corner Shop.",
        "Your level at Corner Shop: Gold": "Since 1 March 2026 your level at Corner Shop is Gold.",
    }


async def test_points_that_will_end_are_told_while_there_is_time(desk: Desk) -> None:
    await desk.enrol()
    await desk.gather()
    await desk.shop.receipt(by_mail("r-1", 3000))
    later = START + timedelta(days=94)
    async with desk.shop.database.transaction() as tx:
        await clock.set_now(tx, later)
    assert await spine.find_notices(desk.shop.database, desk.shop.house, at=later) > 0
    desk.at = later + timedelta(hours=3)
    await read_all(desk)
    ending = [each for each in await desk.look() if each.kind == "ending" and each.channel == "email"]
    told = {(each.content["currency"], each.content["points"]): each.useful_until for each in ending}
    assert len(told) == len(ending), "the notices of thirty days and of seven came on one day, and are one mail"
    assert told["points", 300] == datetime(2026, 6, 10, tzinfo=UTC)
    await desk.send()
    assert "300 Points end on 9 June 2026" in [mail["Subject"] for mail in desk.sink.mails]


async def test_a_notice_that_comes_too_late_is_not_sent(desk: Desk) -> None:
    await test_points_are_queued(desk)
    desk.at = START + timedelta(days=200)
    assert await desk.send() == 0
    assert {each.reason for each in await desk.look()} == {"too_late"}


async def test_points_are_queued(desk: Desk) -> None:
    member = await desk.enrol()
    content = {"currency": "points", "points": 5, "at": (START + timedelta(days=100)).isoformat()}
    planned = messages.Planned(
        member=member, kind="ending", reference="x", content=content, useful_until=START + timedelta(days=100)
    )
    await desk.write(
        lambda tx: messages.queue(tx, [planned], messages.DEFAULTS, new_id=desk.shop.house.new_id, at=desk.at)
    )
    assert len(await desk.look()) == 2


async def test_what_lacks_a_value_is_refused_before_it_waits(desk: Desk) -> None:
    member = await desk.enrol()
    with pytest.raises(messages.VariableMissing, match="'text'"):
        await desk.say(member, title="Tea")
    assert await desk.look() == []


async def test_a_year_that_is_brought_over_sends_nothing(desk: Desk) -> None:
    await desk.enrol()
    await desk.rule("receipt", "email")
    await desk.gather()
    await desk.shop.receipt(by_mail("r-1", 3000, days=20))
    await read_all(desk)
    assert await desk.look() == []


async def test_what_was_before_the_first_reading_is_not_told(desk: Desk) -> None:
    await desk.enrol()
    await desk.rule("receipt", "email")
    await desk.shop.receipt(by_mail("r-1", 3000))
    await read_all(desk)
    assert await desk.look() == []


async def test_whoever_was_merged_hears_as_who_was_kept(desk: Desk, shop: Shop) -> None:
    gone = await desk.enrol("old@example.com")
    kept = await desk.enrol()
    for member in (gone, kept):
        await desk.allow(member)
    await desk.rule("news", "email")
    await desk.say(gone)
    merge = Activity(
        id="m",
        source="desk",
        kind="merge",
        occurred_at=shop.at,
        member=kept,
        to=gone,
        ask={"by": "t", "reason": "same"},
    )
    await shop.receipt(merge)
    assert await desk.send() == 1
    assert desk.sink.to in ([MAIL], ["old@example.com"])
