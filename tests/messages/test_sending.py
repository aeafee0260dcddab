"""What is due goes out once, to whom it may, in their language, while they are awake; what cannot go says why."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from regulars.features import messages
from tests.messages.conftest import MAIL, NOON, Desk
from tests.messages.sink import text_of

OTHER = "bob@example.com"


async def test_a_mail_goes_out_once(desk: Desk) -> None:
    member = await desk.enrol()
    await desk.allow(member)
    await desk.say(member, about="tea")
    await desk.say(member, about="tea")
    assert [await desk.send(), await desk.send()] == [2, 0], "one into the inbox, one by mail"
    (mail,) = desk.sink.mails
    assert (mail["To"], mail["From"], mail["Subject"]) == (MAIL, "Corner Shop <points@example.com>", "Tea")
    assert text_of(mail).startswith("Tea is on the house.\n\nCorner Shop")
    assert sorted(await desk.states()) == [("email", "sent", ""), ("inbox", "sent", "")]


async def test_what_is_due_goes_out_in_the_members_language(desk: Desk) -> None:
    wishes = {"zh-TW": "街角小店", "zh": "街角小店", "en-GB": "Corner Shop", "fr": "Corner Shop", "": "Corner Shop"}
    for number, wish in enumerate(wishes):
        member = await desk.enrol(f"{number}@example.com")
        await desk.tell(member, language=wish or "?")
        await desk.allow(member)
        await desk.say(member)
    await desk.send()
    signed = {mail["To"]: text_of(mail).split("\n\n")[1].strip() for mail in desk.sink.mails}
    assert [signed[f"{number}@example.com"] for number in range(len(wishes))] == list(wishes.values())


async def test_one_click_ends_it(desk: Desk) -> None:
    member = await desk.enrol()
    await desk.allow(member)
    await desk.say(member)
    await desk.send()
    (mail,) = desk.sink.mails
    link = mail["List-Unsubscribe"]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert b"\r\nList-Unsubscribe: %s\r\n" % link.encode() in b"\r\n" + desk.sink.raw[0], "in no other spelling"
    assert link[1:-1] in text_of(mail), "for people, too"
    token = link[1:-1].removeprefix("https://points.example.com/stop/")
    stop = messages.read_token(desk.shop.house.keyring, token)
    assert (stop.member, stop.purpose, stop.channel) == (member, "marketing", "email")
    for wrong in ("", token[:-4], "A" + token[1:], token[:8] + "AAAA" + token[12:], "é"):
        with pytest.raises(messages.StopLinkInvalid):
            messages.read_token(desk.shop.house.keyring, wrong)
    await desk.allow(member, given=False, channel="email")
    await desk.say(member)
    await desk.send()
    assert len(desk.sink.raw) == 1
    assert (await desk.states())[2:] == [("inbox", "sent", ""), ("email", "skipped", "not_allowed")]


Prepare = Callable[[Desk, Any], Any]


async def never_asked(_desk: Desk, _member: Any) -> None:  # noqa: ANN401
    return None


async def suppressed(desk: Desk, member: Any) -> None:  # noqa: ANN401
    await desk.allow(member)

    async def suppress(tx: Any) -> int:  # noqa: ANN401
        return await messages.suppress(
            tx, desk.shop.house.keyring, "email", [MAIL.upper()], "complained", by="t", at=desk.at
        )

    assert [await desk.write(suppress), await desk.write(suppress)] == [1, 0]


async def no_server(desk: Desk, member: Any) -> None:  # noqa: ANN401
    await desk.allow(member)
    desk.settings = replace(desk.settings, smtp_url=None)


async def capped(desk: Desk, member: Any) -> None:  # noqa: ANN401
    await desk.allow(member)
    await desk.rule("news", "email", cap_most=1, cap_days=7)
    await desk.say(member)
    await desk.send()
    desk.sink.raw.clear()


LEFT_OUT: list[tuple[Prepare, str]] = [
    (never_asked, "not_allowed"),
    (suppressed, "suppressed"),
    (no_server, "no_way"),
    (capped, "capped"),
]


@pytest.mark.parametrize(("prepare", "reason"), LEFT_OUT)
async def test_what_is_left_out_says_why(desk: Desk, prepare: Prepare, reason: str) -> None:
    member = await desk.enrol()
    await prepare(desk, member)
    await desk.rule("news", "email", cap_most=1, cap_days=7)
    await desk.say(member)
    assert await desk.send() == 0
    assert ((await desk.states())[-1], desk.sink.raw) == (("email", "skipped", reason), [])


async def test_who_cannot_be_reached_is_left_out(desk: Desk) -> None:
    member = await desk.enrol("4711", kind="card")
    await desk.allow(member)
    await desk.say(member)
    assert await desk.send() == 1
    assert sorted(await desk.states()) == [("email", "skipped", "no_contact"), ("inbox", "sent", "")]


async def test_a_cap_ends_with_its_days(desk: Desk) -> None:
    member = await desk.enrol()
    await desk.allow(member)
    await desk.rule("news", "email", cap_most=2, cap_days=7)
    for _ in range(5):
        await desk.say(member)
    assert await desk.send() == 2, "also of what is due at once"
    desk.at += timedelta(days=8)
    await desk.say(member)
    assert await desk.send() == 1


async def test_nobody_is_woken(desk: Desk) -> None:
    asleep, awake = await desk.enrol(), await desk.enrol(OTHER)
    await desk.tell(asleep, time_zone="Asia/Shanghai")
    desk.at = NOON.replace(hour=14)
    for member in (asleep, awake):
        await desk.allow(member)
        await desk.say(member)
    assert await desk.send() == 3, "the inbox wakes nobody; it is ten in the evening in Shanghai"
    assert desk.sink.to == [OTHER]
    desk.at += timedelta(hours=9, minutes=59)
    assert await desk.send() == 0
    desk.at += timedelta(minutes=1)
    assert await desk.send() == 1, "at eight in the morning"


async def test_a_server_that_is_away_costs_no_try(desk: Desk) -> None:
    member = await desk.enrol()
    await desk.allow(member)
    await desk.rule("news", "email")
    for _ in range(5):
        await desk.say(member)
    away = replace(desk.settings, smtp_url="smtp://127.0.0.1:1")
    there, desk.settings = desk.settings, away
    assert await desk.send() == 0
    assert {(each.state, each.tries) for each in await desk.look()} == {("waiting", 0)}
    desk.settings = there
    desk.at += timedelta(minutes=1)
    assert await desk.send() == 5
    assert len(set(desk.sink.ids)) == 5


async def test_what_is_refused_for_now_is_tried_again_and_then_given_up(desk: Desk) -> None:
    member = await desk.enrol()
    await desk.allow(member)
    await desk.rule("news", "email")
    await desk.say(member)
    desk.sink.taken = lambda _: "451 4.3.0 later, ann@example.com"
    waits: list[timedelta] = []
    (message,) = await desk.look()
    for _ in range(8):
        assert await desk.send() == 0
        (message,) = await desk.look()
        waits.append(message.due_at - desk.at)
        desk.at = max(message.due_at, desk.at)
    assert [int(each.total_seconds()) // 60 for each in waits[:7]] == [1, 5, 30, 120, 480, 1440, 1440]
    assert (message.state, message.reason, message.tries) == ("failed", "smtp 451 4.3.0", 8), "codes, and no words"
    desk.sink.taken = lambda _: "250 taken"
    assert await desk.send() == 0
    assert await desk.write(lambda tx: messages.send_again(tx, [message.id], at=desk.at)) == 1
    assert await desk.send() == 1


async def test_an_address_that_is_gone_is_left_alone(desk: Desk) -> None:
    gone, there = await desk.enrol(), await desk.enrol(OTHER)
    for member in (gone, there):
        await desk.allow(member)
        await desk.say(member)
    desk.sink.recipient = lambda to: "550 5.1.1 no such user" if to == MAIL else "250 OK"
    await desk.send()
    assert desk.sink.to == [OTHER]
    assert {(each.member, each.state, each.reason) for each in await desk.look(gone) if each.channel == "email"} == {
        (gone, "failed", "smtp 550 5.1.1")
    }
    desk.sink.recipient = lambda _: "250 OK"
    await desk.say(gone)
    await desk.send()
    assert (await desk.states())[-1] == ("email", "skipped", "suppressed")
    assert await desk.write(lambda tx: messages.lift(tx, desk.shop.house.keyring, "email", MAIL))
    await desk.say(gone)
    await desk.send()
    assert desk.sink.to == [OTHER, MAIL]


async def test_a_box_that_is_full_is_not_gone(desk: Desk) -> None:
    member = await desk.enrol()
    await desk.allow(member)
    await desk.say(member)
    desk.sink.recipient = lambda _: "552 5.2.2 full"
    await desk.send()
    desk.sink.recipient = lambda _: "250 OK"
    await desk.say(member)
    await desk.send()
    assert desk.sink.to == [MAIL]


async def test_where_nobody_can_tell_nothing_is_sent_again_unasked(desk: Desk) -> None:
    member = await desk.enrol()
    await desk.allow(member)
    await desk.rule("news", "email")
    for _ in range(3):
        await desk.say(member)
    desk.lines = 1
    desk.sink.taken = lambda number: "hang up" if number == 2 else "250 taken"
    assert await desk.send() == 2 - 1
    states = [each.state for each in await desk.look()]
    assert states == ["sent", "doubtful", "doubtful"], "the words were there, and the answer never came"
    desk.sink.taken = lambda _: "250 taken"
    desk.at += timedelta(days=1)
    assert await desk.send() == 0
    doubtful = [each.id for each in await desk.look() if each.state == "doubtful"]
    assert await desk.write(lambda tx: messages.send_again(tx, doubtful, at=desk.at)) == 2
    assert await desk.send() == 2
    assert sorted(desk.sink.ids) == sorted(each.id.hex for each in await desk.look()), "under the same names"


async def test_a_connection_is_kept_and_renewed(desk: Desk) -> None:
    member = await desk.enrol()
    await desk.allow(member)
    await desk.rule("news", "email")
    for _ in range(20):
        await desk.say(member)
    assert await desk.send() == 20
    assert desk.sink.connections == desk.lines


async def test_no_address_is_logged(
    desk: Desk, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    member = await desk.enrol()
    await desk.allow(member)
    await desk.say(member)
    desk.sink.recipient = lambda to: f"550 5.1.1 {to} is nobody"
    await desk.send()
    told = caplog.text + "".join(capsys.readouterr()) + repr(await desk.look())
    # The test's own mail server runs in this process and says what it hears; what we say is the rest.
    ours = "\n".join(line for line in told.splitlines() if "mail.log" not in line and "aiosmtpd" not in line)
    assert MAIL not in ours
    async with desk.shop.database.snapshot() as read:
        rows = await read.rows("SELECT CAST(message.* AS text) AS told FROM messages.message AS message")
        rows += await read.rows("SELECT CAST(suppressed.* AS text) AS told FROM messages.suppressed AS suppressed")
    assert MAIL not in str([row["told"] for row in rows])
