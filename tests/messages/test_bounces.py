"""What comes back is heeded, if it is of a mail of ours: nobody turns off others' mail with an invented report."""

from uuid import UUID

import pytest

from regulars.base.ids import new_id
from regulars.features import messages
from regulars.features.messages.letter import name_message
from tests.messages.conftest import MAIL, Desk

REPORT = """From: mailer-daemon@mx.example.com
To: points@example.com
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Sorry.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; {to}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 no such user

--b
Content-Type: {part}

From: points@example.com
Message-ID: {name}
Subject: Tea

--b--
"""


def write(message: UUID, *, action: str = "failed", status: str = "5.1.1", headers: bool = False) -> bytes:
    part = "text/rfc822-headers" if headers else "message/rfc822"
    name = name_message(message, "points@example.com")
    return REPORT.format(to=MAIL, action=action, status=status, part=part, name=name).replace("\n", "\r\n").encode()


async def send_one(desk: Desk) -> UUID:
    member = await desk.enrol()
    await desk.allow(member)
    await desk.rule("news", "email")
    await desk.say(member)
    assert await desk.send() == 1
    return member


async def take(desk: Desk, mail: bytes) -> bool:
    bounce = messages.read_bounce(mail)
    return await desk.write(lambda tx: messages.take_bounce(tx, desk.shop.house.keyring, bounce, by="t", at=desk.at))


@pytest.mark.parametrize("headers", [True, False])
async def test_an_address_that_bounces_is_left_alone(desk: Desk, headers: bool) -> None:
    member = await send_one(desk)
    (message,) = await desk.look()
    mail = write(message.id, headers=headers)
    assert [await take(desk, mail), await take(desk, mail)] == [True, False]
    assert await desk.states() == [("email", "failed", "bounced")]
    await desk.say(member)
    assert await desk.send() == 0
    assert (await desk.states())[-1] == ("email", "skipped", "suppressed")


@pytest.mark.parametrize(("action", "status"), [("delayed", "4.4.7"), ("failed", "4.2.2"), ("delivered", "2.0.0")])
async def test_what_is_only_late_changes_nothing(desk: Desk, action: str, status: str) -> None:
    await send_one(desk)
    (message,) = await desk.look()
    assert not await take(desk, write(message.id, action=action, status=status))
    assert await desk.states() == [("email", "sent", "")]


async def test_a_report_of_what_we_did_not_send_changes_nothing(desk: Desk) -> None:
    member = await send_one(desk)
    assert not await take(desk, write(new_id()))
    await desk.say(member)
    assert await desk.send() == 1


@pytest.mark.parametrize(
    "mail",
    [
        b"",
        b"hello",
        b"\xff\xfe",
        write(new_id()).replace(b"Final-Recipient", b"X"),
        write(new_id()).replace(b"Message-ID", b"X"),
    ],
)
def test_what_is_no_report_is_refused(mail: bytes) -> None:
    with pytest.raises(messages.BounceUnreadable):
        messages.read_bounce(mail)
