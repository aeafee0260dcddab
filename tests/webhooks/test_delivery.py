"""From what was recorded to what somebody else's server got."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import pairwise

import pytest
import standardwebhooks

from regulars.base.db import Tx
from regulars.base.errors import Refusal
from regulars.base.ids import new_id
from regulars.features import webhooks
from regulars.features.webhooks.store import forget, lock_reader
from regulars.interfaces.cli.check import check_books
from regulars.kernel import spine
from tests.spine.conftest import LEVELS, PROGRAM, START, ask, buy
from tests.webhooks.conftest import Hooks
from tests.webhooks.receiver import Received


def fail(kind: str) -> Callable[[Received], int]:
    return lambda told: 500 if told.kind == kind else 204


async def test_what_happened_arrives_signed_and_with_nothing_personal(hooks: Hooks) -> None:
    made = await hooks.add()
    bought = await hooks.shop.receipt(buy("r-1", 500, card="2469 0001", data={"note": "for Ann"}))
    await hooks.gather()
    assert await hooks.deliver() == 2
    first, second = hooks.receiver.received
    assert (first.kind, second.kind) == ("purchase.recorded", "points.issued")
    standardwebhooks.Webhook(made.secret).verify(first.body, first.headers)
    data = first.json["data"]
    assert (data["activity"], data["member"]) == (str(bought.activity), str(bought.member))
    assert data["points"] == {"points": 50, "stars": 5}
    assert not any(word in first.body + second.body for word in (b"2469", b"Ann", b"r-1"))
    # Both are parts of one trace, which the receipt names.
    traces = [each.headers["traceparent"].split("-") for each in (first, second)]
    assert [(each[0], each[1], each[3]) for each in traces] == [("00", bought.activity.hex, "01")] * 2
    assert len({each[2] for each in traces}) == 2
    assert [each.state for each in await hooks.deliveries(made)] == ["delivered", "delivered"]
    assert await hooks.prove() == []


async def test_a_changed_message_is_not_ours(hooks: Hooks) -> None:
    made = await hooks.add("purchase.*")
    await hooks.shop.receipt(buy("r-1", 500))
    await hooks.gather()
    await hooks.deliver()
    (told,) = hooks.receiver.received
    ours = standardwebhooks.Webhook(made.secret)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        ours.verify(told.body.replace(b"50", b"51"), told.headers)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        ours.verify(told.body, {**told.headers, "webhook-id": "evt_other"})
    # Kept and sent again an hour later by somebody else: too old.
    stale = str(int(told.headers["webhook-timestamp"]) - 3600)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        ours.verify(told.body, {**told.headers, "webhook-timestamp": stale})


@pytest.mark.parametrize(
    ("kinds", "arriving"),
    [
        (("*",), ["purchase.recorded", "points.issued"]),
        (("points.*",), ["points.issued"]),
        (("*.recorded", "tier.changed"), ["purchase.recorded"]),
        (("purchase",), []),  # A kind of activity is no kind of event.
    ],
)
async def test_only_what_was_asked_for_is_sent(hooks: Hooks, kinds: tuple[str, ...], arriving: list[str]) -> None:
    await hooks.add(*kinds)
    await hooks.shop.receipt(buy("r-1", 500))
    await hooks.gather()
    await hooks.deliver()
    assert [each.kind for each in hooks.receiver.received] == arriving
    assert await hooks.prove() == []


async def test_what_was_before_it_is_not_told(hooks: Hooks) -> None:
    await hooks.shop.receipt(buy("r-1", 500))
    await hooks.settle()
    await hooks.add("*.recorded")
    await hooks.shop.receipt(buy("r-2", 500, card="8"))
    await hooks.gather()
    await hooks.deliver()
    assert len(hooks.receiver.received) == 1
    assert await hooks.prove() == []


async def test_a_failure_holds_back_later_ones_of_the_same_member_only(hooks: Hooks) -> None:
    await hooks.add("*.recorded")
    slow = (await hooks.shop.receipt(buy("r-1", 500, card="7"))).member
    for number in range(2, 5):
        await hooks.shop.receipt(buy(f"r-{number}", number * 100, card="7"))
        await hooks.shop.receipt(buy(f"s-{number}", number * 100, card="8"))
    hooks.receiver.answer = lambda told: 503 if told.member == str(slow) else 204
    await hooks.gather(7)
    await hooks.deliver()
    members = [each.member for each in hooks.receiver.received]
    assert members.count(str(slow)) == 1
    assert len(members) == 4
    hooks.receiver.received.clear()
    hooks.receiver.answer = lambda _: 200
    hooks.later(minutes=1)
    assert await hooks.deliver() == 4
    balances = [each.json["data"]["balances"]["points"] for each in hooks.receiver.received]
    assert balances == sorted(balances), "one member's events come in the order in which they happened"
    assert await hooks.prove() == []


async def test_one_endpoint_does_not_wait_for_another(hooks: Hooks) -> None:
    bad, good = await hooks.add("*.recorded", url=hooks.receiver.url + "?bad"), await hooks.add("*.recorded")
    hooks.receiver.answer = lambda told: 500 if told.path.endswith("bad") else 204
    await hooks.shop.receipt(buy("r-1", 500))
    await hooks.gather()
    await hooks.deliver()
    assert [each.state for each in await hooks.deliveries(bad)] == ["waiting"]
    assert [each.state for each in await hooks.deliveries(good)] == ["delivered"]


async def test_it_is_tried_again_with_the_same_id_until_it_is_given_up(hooks: Hooks) -> None:
    made = await hooks.add("purchase.recorded")
    hooks.receiver.answer = lambda _: 500
    await hooks.shop.receipt(buy("r-1", 500))
    await hooks.gather()
    began = hooks.at
    times: list[timedelta] = []
    while hooks.at - began < timedelta(days=4):
        if await hooks.deliver():
            times.append(hooks.at - began)
        hooks.later(seconds=5 + int((hooks.at - began).total_seconds() / 50))
        if (await hooks.deliveries(made))[0].state != "waiting":
            break
    (delivery,) = await hooks.deliveries(made)
    assert (delivery.state, delivery.reason, delivery.attempts) == ("failed", "gave_up", len(times))
    assert len({each.id for each in hooks.receiver.received}) == 1
    assert len({each.headers["webhook-timestamp"] for each in hooks.receiver.received}) == len(times)
    assert timedelta(days=2, hours=12) < times[-1] <= timedelta(days=3)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert len(gaps) > 9
    assert all(later > earlier for earlier, later in pairwise(gaps[:9])), "each wait is longer than the one before"


async def test_a_day_of_waiting_is_honoured_and_more_is_not(hooks: Hooks) -> None:
    made = await hooks.add("purchase.recorded")
    hooks.receiver.answer = lambda _: b"HTTP/1.1 429 No\r\nRetry-After: 7200\r\nContent-Length: 0\r\n\r\n"
    await hooks.shop.receipt(buy("r-1", 500))
    await hooks.gather()
    await hooks.deliver()
    hooks.later(minutes=119)
    assert await hooks.deliver() == 0
    hooks.later(minutes=1)
    hooks.receiver.answer = lambda _: b"HTTP/1.1 503 No\r\nRetry-After: 999999\r\nContent-Length: 0\r\n\r\n"
    assert await hooks.deliver() == 1
    hooks.later(days=1)
    hooks.receiver.answer = lambda _: 200
    assert await hooks.deliver() == 1
    assert (await hooks.deliveries(made))[0].attempts == 3


@pytest.mark.parametrize(
    ("tries", "chance", "asked", "seconds"),
    [
        (1, 0, 0, 4),
        (1, 999, 0, 6),
        (2, 500, 0, 30.0),
        (9, 0, 0, 23_040),
        (50, 0, 0, 23_040),
        (1, 0, 60, 60),
        (9, 0, 60, 23_040),
        (1, 0, 10**9, 86_400),
    ],
)
def test_waits_grow_and_are_spread(tries: int, chance: int, asked: int, seconds: float) -> None:
    waited = webhooks.wait_after(tries, chance=chance, asked_seconds=asked).total_seconds()
    assert abs(waited - seconds) < seconds / 500


async def test_gone_disables_at_once_and_what_waits_is_kept(hooks: Hooks) -> None:
    made = await hooks.add("*.recorded")
    hooks.receiver.answer = lambda _: 410
    for number in range(2):
        await hooks.shop.receipt(buy(f"r-{number}", 500))
    await hooks.gather(2)
    await hooks.deliver()
    now = await hooks.get(made)
    assert (now.is_enabled, now.reason, now.version) == (False, "gone", 2)
    assert [(each.state, each.reason) for each in await hooks.deliveries(made)] == [("failed", "gone"), ("waiting", "")]
    hooks.later(days=10)
    assert await hooks.deliver() == 0
    # Told where it is now, and enabled: what waited is sent.
    hooks.receiver.answer = lambda _: 204
    await change(hooks, now, is_enabled=True)
    assert await hooks.deliver() == 1
    assert await hooks.prove() == []


async def change(hooks: Hooks, now: webhooks.Webhook, *, is_enabled: bool, kinds: tuple[str, ...] = ()) -> None:
    told = webhooks.Webhook(
        id=now.id,
        url=now.url,
        description=now.description,
        kinds=kinds or now.kinds,
        is_enabled=is_enabled,
        reason="" if is_enabled else "asked",
        failing_since=None,
        version=now.version,
        created_at=now.created_at,
        changed_at=now.changed_at,
    )
    await hooks.write(lambda tx: webhooks.change(tx, hooks.policy, told, at=hooks.at))


async def test_three_days_of_nothing_but_failures_disable(hooks: Hooks) -> None:
    made = await hooks.add("*.recorded")
    hooks.receiver.answer = lambda _: 500
    for day in range(4):
        await hooks.shop.receipt(buy(f"r-{day}", 500, card=f"{day}"))
        await hooks.gather()
        assert (await hooks.get(made)).is_enabled
        await hooks.deliver()
        if day < 3:
            hooks.later(days=1)
    now = await hooks.get(made)
    assert (now.is_enabled, now.reason) == (False, "failing")
    assert now.failing_since is not None


async def test_one_success_in_three_days_keeps_it(hooks: Hooks) -> None:
    made = await hooks.add("*.recorded")
    for day in range(5):
        hooks.receiver.answer = fail("purchase.recorded") if day != 2 else lambda _: 200
        await hooks.shop.receipt(buy(f"r-{day}", 500, card=f"{day}"))
        await hooks.gather()
        await hooks.deliver()
        hooks.later(days=1)
    assert (await hooks.get(made)).is_enabled


async def test_kinds_that_are_asked_for_later_are_told_from_then_on(hooks: Hooks) -> None:
    made = await hooks.add("points.*")
    await hooks.shop.receipt(buy("r-1", 500))
    await hooks.gather()
    await change(hooks, await hooks.get(made), is_enabled=True, kinds=("*.recorded",))
    await hooks.shop.receipt(buy("r-2", 500))
    await hooks.gather()
    await hooks.deliver()
    assert [each.kind for each in hooks.receiver.received] == ["points.issued", "purchase.recorded"]
    assert await hooks.prove() == []


async def test_the_version_read_must_be_the_version_changed(hooks: Hooks) -> None:
    made = await hooks.add()
    await change(hooks, made.webhook, is_enabled=False)
    with pytest.raises(webhooks.WebhookChanged):
        await change(hooks, made.webhook, is_enabled=True)
    with pytest.raises(webhooks.WebhookChanged):
        await hooks.write(lambda tx: webhooks.remove(tx, made.webhook.id, version=1))
    await hooks.write(lambda tx: webhooks.remove(tx, made.webhook.id, version=2))
    with pytest.raises(webhooks.WebhookUnknown):
        await hooks.get(made)


async def test_after_a_rotation_both_secrets_sign_and_then_one(hooks: Hooks) -> None:
    made = await hooks.add("*.recorded")

    async def rotate() -> str:
        rotated = await hooks.write(
            lambda tx: webhooks.rotate_secret(
                tx, hooks.shop.house.keyring, made.webhook.id, overlap_hours=24, at=hooks.at
            )
        )
        return rotated.secret

    async def count(*secrets: str) -> list[bool]:
        await hooks.shop.receipt(buy(f"r-{len(hooks.receiver.received)}", 500))
        await hooks.gather()
        await hooks.deliver()
        told = hooks.receiver.received[-1]
        return [is_signed(told, secret) for secret in secrets]

    second = await rotate()
    assert await count(made.secret, second) == [True, True]
    third = await rotate()
    assert await count(made.secret, second, third) == [False, True, True]
    hooks.later(hours=25)
    assert await count(made.secret, second, third) == [False, False, True]


def is_signed(told: Received, secret: str) -> bool:
    """As the specification says it; the package refuses times that a test turned ahead."""
    signed = f"{told.id}.{told.headers['webhook-timestamp']}.".encode() + told.body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    made = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return f"v1,{made}" in told.headers["webhook-signature"].split(" ")


async def test_secrets_are_sealed_and_never_shown(hooks: Hooks) -> None:
    made = await hooks.add()
    async with hooks.shop.database.snapshot() as read:
        rows = await read.rows("SELECT sealed FROM webhooks.secret")
    assert base64.b64decode(made.secret.removeprefix("whsec_")) not in bytes(rows[0]["sealed"])
    assert made.secret not in repr(made)


async def test_a_test_event_is_sent_once_and_waits_for_nobody(hooks: Hooks) -> None:
    made = await hooks.add("purchase.recorded")
    hooks.receiver.answer = lambda _: 500
    await hooks.shop.receipt(buy("r-1", 500))
    await hooks.gather()
    await hooks.deliver()
    await hooks.write(lambda tx: webhooks.send_test(tx, made.webhook.id, new_id=hooks.shop.house.new_id(), at=hooks.at))
    await hooks.deliver()
    last = (await hooks.deliveries(made))[-1]
    assert (last.kind, last.state, last.reason, last.member) == (webhooks.TEST, "failed", "test_failed", None)
    assert hooks.receiver.received[-1].json["data"] == {"webhook": str(made.webhook.id)}


async def test_what_failed_is_sent_again_one_or_all(hooks: Hooks) -> None:
    made = await hooks.add("*.recorded")
    hooks.receiver.answer = lambda _: 410
    for number in range(2):
        await hooks.shop.receipt(buy(f"r-{number}", 500, card=f"{number}"))
    await hooks.gather(2)
    await hooks.deliver()
    await change(hooks, await hooks.get(made), is_enabled=True)
    assert [each.state for each in await hooks.deliveries(made)] == ["failed", "failed"]
    hooks.receiver.answer = lambda _: 204
    event = (await hooks.deliveries(made))[0].event
    again = await hooks.write(lambda tx: webhooks.replay_event(tx, made.webhook.id, event, at=hooks.at))
    assert (again, await hooks.deliver()) == (1, 1)
    assert hooks.receiver.received[-1].id == event
    assert await hooks.write(lambda tx: webhooks.replay_failed(tx, made.webhook.id, at=hooks.at)) == 1
    assert await hooks.deliver() == 1
    assert [each.state for each in await hooks.deliveries(made)] == ["delivered", "delivered"]
    with pytest.raises(webhooks.WebhookEventUnknown):
        await hooks.write(lambda tx: webhooks.replay_event(tx, made.webhook.id, "evt_none", at=hooks.at))


async def test_all_since_a_time_is_told_again_also_what_was_before_the_endpoint(hooks: Hooks) -> None:
    await hooks.shop.receipt(buy("r-1", 500))
    hooks.shop.later(days=1)
    await hooks.shop.receipt(buy("r-2", 500))
    made = await hooks.add("*.recorded")
    hooks.shop.later(days=1)
    await hooks.shop.receipt(buy("r-3", 500))
    await hooks.gather()
    await hooks.deliver()
    sent = [each.id for each in hooks.receiver.received]
    assert len(sent) == 1
    since = START + timedelta(hours=12)
    await hooks.write(lambda tx: webhooks.replay_since(tx, made.webhook.id, since, new_id=hooks.shop.house.new_id()))
    assert await hooks.gather(2) == 2
    assert await hooks.deliver() == 2
    again = [each.id for each in hooks.receiver.received[1:]]
    assert sorted(again)[1:] == sent or set(sent) < set(again)
    assert await hooks.prove() == []


async def test_a_redirect_is_a_failure_and_is_not_followed(hooks: Hooks) -> None:
    made = await hooks.add("*.recorded")
    place = f"{hooks.receiver.url}/elsewhere"
    hooks.receiver.answer = lambda _: f"HTTP/1.1 307 Go\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n".encode()
    await hooks.shop.receipt(buy("r-1", 500))
    await hooks.gather()
    await hooks.deliver()
    assert [each.path for each in hooks.receiver.received] == ["/hooks"]
    (delivery,) = await hooks.deliveries(made)
    async with hooks.shop.database.snapshot() as read:
        (attempt,) = await webhooks.list_attempts(read, [delivery.id])
    assert (attempt.number, attempt.status, attempt.error, delivery.state) == (1, 307, "", "waiting")


async def test_what_is_due_twice_is_gathered_once(hooks: Hooks) -> None:
    made = await hooks.add()
    await hooks.shop.receipt(buy("r-1", 500))
    await hooks.shop.receipt(ask("redeem", "d-1", at=hooks.shop.at, currency="points", points=20))
    await hooks.gather(2)
    before = await hooks.deliveries(made)
    async with hooks.shop.database.transaction() as tx:
        await tx.run("UPDATE webhooks.reader SET low = 3, high = 3, seq = 0")
    await hooks.gather(2)
    assert await hooks.deliveries(made) == before
    kinds = [each.kind for each in before]
    assert kinds == ["purchase.recorded", "points.issued", "redeem.recorded", "points.redeemed"]


async def test_the_proof_sees_what_is_missing_and_who_is_stuck(hooks: Hooks) -> None:
    await hooks.add("*.recorded")
    await hooks.shop.receipt(buy("r-1", 500))
    await hooks.gather()
    assert await hooks.prove() == []
    async with hooks.shop.database.transaction() as tx:
        await tx.run("DELETE FROM webhooks.lane")
    assert await hooks.prove() == ["webhooks_i11_lane"]
    async with hooks.shop.database.transaction() as tx:
        await tx.run("DELETE FROM webhooks.delivery")
    assert await hooks.prove() == ["webhooks_i11_delivery"]
    report = await check_books(hooks.shop.database)
    assert [fault.code for fault in report.faults] == ["webhooks_i11_delivery"]
    assert report.rows["webhooks"] == 1


async def test_a_place_beyond_this_database_is_refused(hooks: Hooks) -> None:
    await hooks.add()
    async with hooks.shop.database.transaction() as tx:
        await tx.run("UPDATE webhooks.reader SET low = low + 1000000, high = high + 1000000")
    with pytest.raises(Refusal) as refused:
        await hooks.gather()
    assert refused.value.code == "journal_rewound"


async def test_what_ended_long_ago_is_forgotten_and_the_proof_knows(hooks: Hooks) -> None:
    made = await hooks.add("*.recorded")
    await hooks.shop.receipt(buy("r-1", 500, card="1"))
    await hooks.gather()
    await hooks.deliver()
    hooks.later(days=20)
    await hooks.shop.receipt(buy("r-2", 500, card="2"))
    hooks.receiver.answer = lambda _: 500
    await hooks.shop.receipt(buy("r-3", 500, card="3"))
    await hooks.gather(2)
    await hooks.deliver()
    kept = await hooks.deliveries(made)
    before = hooks.at - timedelta(days=10)

    async def drop(tx: Tx) -> int:
        await lock_reader(tx)
        return await forget(tx, before=before, most=100)

    assert await hooks.write(drop) == 1
    assert await hooks.deliveries(made) == kept[1:]
    async with hooks.shop.database.snapshot() as read:
        assert len(await read.rows("SELECT id FROM webhooks.event")) == 2
    assert await hooks.prove() == []
    assert await hooks.write(drop) == 0


async def test_two_at_once_send_nothing_twice(hooks: Hooks) -> None:
    await hooks.add("*.recorded")
    for number in range(40):
        await hooks.shop.receipt(buy(f"r-{number}", 500, card=f"{number % 10}"))
    await hooks.gather(40)
    sent = await asyncio.gather(hooks.deliver(), hooks.deliver(), hooks.deliver())
    assert sum(sent) == 40
    ids = [each.id for each in hooks.receiver.received]
    assert len(ids) == len(set(ids)) == 40
    assert await hooks.prove() == []


async def test_a_number_that_is_seen_late_is_not_left_out(hooks: Hooks) -> None:
    # Numbers are given before transactions end: the first to begin may be the last to be seen.
    await hooks.add("*.recorded")
    shop, house = hooks.shop, hooks.shop.house
    async with shop.database.transaction() as slow:
        await spine.record_many(slow, house, [buy("r-1", 500, card="1")], shop.at)
        await shop.receipt(buy("r-2", 700, card="2"))
        assert await hooks.write(lambda tx: webhooks.gather(tx, new_id=new_id, at=hooks.at)) == 0
    assert await hooks.gather(2) == 2
    await hooks.deliver()
    assert len(hooks.receiver.received) == 2
    assert await hooks.prove() == []


async def test_what_is_told_while_the_last_of_a_lane_ends_is_sent(hooks: Hooks) -> None:
    made = await hooks.add("*.recorded")
    await hooks.shop.receipt(buy("r-1", 500))
    await hooks.gather()
    arrived, go_on = asyncio.Event(), asyncio.Event()

    class Waiting(webhooks.Post):
        async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> webhooks.Answer:
            arrived.set()
            await go_on.wait()
            return await super().send(url, headers, body)

    sending = asyncio.create_task(hooks.deliver(Waiting(hooks.policy)))
    await arrived.wait()
    await hooks.shop.receipt(buy("r-2", 500))
    await hooks.gather()
    go_on.set()
    assert await sending == 2
    assert [each.state for each in await hooks.deliveries(made)] == ["delivered", "delivered"]
    assert await hooks.prove() == []


async def test_whoever_is_too_slow_has_lost_the_lane(hooks: Hooks) -> None:
    made = await hooks.add("*.recorded")
    await hooks.shop.receipt(buy("r-1", 500))
    await hooks.gather()

    class Slow(webhooks.Post):
        async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> webhooks.Answer:  # noqa: ARG002
            # The lease ends, and another one sends it.
            hooks.later(minutes=2)
            assert await hooks.deliver() == 1
            return webhooks.Answer(status=500)

    await hooks.deliver(Slow(hooks.policy))
    (delivery,) = await hooks.deliveries(made)
    assert (delivery.state, delivery.attempts) == ("delivered", 1)
    assert await hooks.prove() == []


@pytest.mark.parametrize(
    ("kinds", "kind", "fits"),
    [
        (("*",), "tier.changed", True),
        (("tier.*",), "tier.changed", True),
        (("tier.*",), "tiers.changed", False),
        (("*.changed",), "tier.changed", True),
        (("tier",), "tier.changed", False),
        (("a.b", "tier.changed"), "tier.changed", True),
        (("tier.change.",), "tier.changed", False),
        (("t*.ch*d",), "tier.changed", True),
    ],
)
def test_which_kinds_fit(kinds: tuple[str, ...], kind: str, fits: bool) -> None:
    assert webhooks.fits(kinds, kind) is fits


async def test_kinds_follow_from_what_a_receipt_holds(hooks: Hooks) -> None:
    told = PROGRAM.replace("PRODUCE]}", "PRODUCE], traits: [birthday]}") + LEVELS
    await hooks.shop.publish(told, live_from=START - timedelta(days=300))
    await hooks.add()
    await hooks.shop.receipt(buy("r-1", 3000))
    await hooks.shop.receipt(ask("traits", "t-1", at=START, birthday="05-17"))
    await hooks.gather(2)
    await hooks.deliver()
    by_kind = {each.kind: each.json["data"] for each in hooks.receiver.received}
    assert by_kind["tier.changed"]["value"] == "gold"
    # What was told of a member from outside may be personal.
    assert by_kind["birthday.changed"].keys() == {"activity", "member", "kind", "trait", "since"}
    assert b"05-17" not in b"".join(each.body for each in hooks.receiver.received)
