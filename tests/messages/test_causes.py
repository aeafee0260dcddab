"""Every message has a cause in the journal, and is heard once; whoever will be forgotten is told in words."""

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from regulars.base import clock
from regulars.features import messages, privacy
from regulars.features.messages.proofs import prove
from regulars.kernel.members.contacts import read_contacts
from regulars.kernel.nouns import Identifier
from tests.messages.conftest import MAIL, Desk
from tests.messages.sink import text_of
from tests.messages.test_apprise import Hook, run_hook
from tests.messages.test_journal import by_mail, read_all
from tests.spine.conftest import START


async def find_faults(desk: Desk) -> tuple[list[tuple[str, str]], int]:
    async with desk.shop.database.snapshot() as read:
        faults, looked = await prove(read)
    return [(fault.code, fault.sentence) for fault in faults], looked


async def test_whoever_will_be_forgotten_is_told_in_both_languages(desk: Desk) -> None:
    chinese = await desk.enrol("li@example.com")
    await desk.enrol()
    await desk.tell(chinese, language="zh-CN")
    await desk.shop.receipt(by_mail("r-1", 3000))
    await desk.gather()
    later = START + timedelta(days=800)
    await desk.shop.database.run(lambda tx: privacy.set_period_days(tx, {privacy.INACTIVE: 730}, at=START, by="test"))
    async with desk.shop.database.transaction() as tx:
        await clock.set_now(tx, later)
    warned = await privacy.clear(desk.shop.database, desk.shop.house)
    assert warned is not None
    assert warned.warned == 2
    desk.at = later.replace(hour=12)
    await read_all(desk)
    assert await desk.send() == 4
    told = {mail["To"]: (mail["Subject"], text_of(mail)) for mail in desk.sink.mails}
    subject, text = told[MAIL]
    assert subject == "Your membership at Corner Shop ends on 8 June 2028"
    assert "your points are gone" in text
    subject, text = told["li@example.com"]
    assert subject.startswith("您在街角小店的会员资格将于2028年6月8日终止")
    assert "到店消费一次" in text
    assert await find_faults(desk) == ([], 4)
    await read_all(desk)
    assert await desk.send() == 0, "once"


async def test_a_message_without_a_cause_is_found(desk: Desk) -> None:
    await desk.enrol()
    await desk.rule("receipt", "email")
    await desk.gather()
    bought = await desk.shop.receipt(by_mail("r-1", 3000))
    await read_all(desk)
    await desk.send()
    assert await find_faults(desk) == ([], 3)
    other = await desk.shop.receipt(by_mail("r-2", 10))
    async with desk.shop.database.transaction() as tx:
        # As if it had been something else.
        changed = 'replace(receipt::text, \'"kind":"purchase"\', \'"kind":"return"\')::json'
        await tx.run(f"UPDATE activity.journal SET receipt = {changed} WHERE id = $1", other.activity)
    content = {"currency": "points", "points": 1, "balance": 1, "at": START.isoformat()}
    made_up = [
        messages.Planned(member=bought.member, kind="receipt", reference=reference, content=content)
        for reference in (other.activity.hex, "nothing", "0" * 32)
    ]
    rules = {"receipt": messages.Rule(channels=("inbox",))}
    await desk.write(lambda tx: messages.queue(tx, made_up, rules, new_id=desk.shop.house.new_id, at=desk.at))  # pyright: ignore[reportArgumentType] - the one kind that is said
    faults, looked = await find_faults(desk)
    assert ([code for code, _ in faults], looked) == (["messages_i11_cause"] * 3, 6)


async def test_what_was_sent_and_never_begun_or_stands_there_twice_is_found(desk: Desk) -> None:
    await desk.enrol()
    await desk.rule("receipt", "email")
    await desk.gather()
    await desk.shop.receipt(by_mail("r-1", 3000))
    await read_all(desk)
    await desk.send()
    async with desk.shop.database.transaction() as tx:
        await tx.run("DROP INDEX messages.message_told_once")
        await tx.run("UPDATE messages.message SET language = '' WHERE channel = 'email' AND kind = 'receipt'")
        await tx.run(
            "INSERT INTO messages.message"
            " (id, member_id, kind, purpose, channel, reference, content, created_at, due_at)"
            " SELECT gen_random_uuid(), member_id, kind, purpose, channel, reference, content, created_at, due_at"
            " FROM messages.message WHERE kind = 'level' AND channel = 'inbox'"
        )
    faults, _ = await find_faults(desk)
    assert [code for code, _ in faults] == ["messages_i11_twice"] * 2
    assert {sentence.split()[-2] for _, sentence in faults} == {"2", "send"}


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
@pytest.mark.parametrize(
    ("channel", "address"), [("push", "fcm:APA91b-token_0"), ("wechat", "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o")]
)
async def test_a_member_is_reached_by_their_device_and_by_wechat(
    desk: Desk, channel: messages.Channel, address: str
) -> None:
    member = await desk.enrol(address, kind=channel)
    await desk.allow(member)
    await desk.rule("news", channel)
    async with run_hook(Hook()) as hook:
        urls = {channel: f"json://127.0.0.1:{hook.port}/{{to}}"}
        desk.settings = replace(desk.settings, smtp_url=None, messages_urls=urls)
        await desk.say(member)
        assert await desk.send() == 1
        ((path, body),) = hook.taken
    assert (path.replace("%3A", ":"), body["message"]) == (f"/{address}", "Corner Shop: Tea")
    async with desk.shop.database.snapshot() as read:
        # It is sealed like a number, and no code that proves who somebody is goes there.
        kept = await read.value("SELECT cipher FROM members.identifier WHERE member_id = $1", member)
        assert address.encode() not in kept
        assert await read_contacts(read, desk.shop.house.keyring, member) == []
        found = await read_contacts(read, desk.shop.house.keyring, member, kinds=[channel])
    assert found == [msgspec.convert({"kind": channel, "value": address}, Identifier)]
