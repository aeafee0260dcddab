"""What opens a case, what people do about it, and what the member feels of it."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from regulars.base.db import Tx
from regulars.features import fraud
from tests.fraud.conftest import Desk
from tests.spine.conftest import START, Shop, ask, buy

MINUTE = timedelta(minutes=1)


async def sell(shop: Shop, count: int, *, minutes: int = 60, who: str = "7", begin: int = 0, **data: str) -> UUID:
    """Sell to a card so often, so far apart; gives its member."""
    facts = [
        buy(
            f"{who}-{data}-{begin + number}",
            1000,
            card=who,
            at=START + (begin + number) * minutes * MINUTE,
            store="s1",
            data=data,
        )
        for number in range(count)
    ]
    shop.at = max(shop.at, facts[-1].occurred_at)
    outcomes = await shop.send(*facts)
    assert outcomes[-1].receipt is not None, outcomes[-1].refusal
    return outcomes[-1].receipt.member


def only(*rules: fraud.VelocityRule, **more: bool | int) -> fraud.FraudRules:
    return replace(fraud.DEFAULT, velocity=rules, **more)


# Rule, what is sold, how many cases: one more than is allowed is too much.
SALES: list[tuple[str, list[tuple[int, int, str, dict[str, str]]], int]] = [
    ("member_too_often", [(15, 60, "a", {})], 0),
    ("member_too_often", [(16, 60, "a", {})], 1),
    ("member_too_often", [(16, 100, "a", {})], 0),  # sixteen in 25 hours
    ("one_card_at_one_cashier", [(13, 600, "a", {"cashier": "c1"})], 1),
    ("one_card_at_one_cashier", [(12, 600, "a", {"cashier": "c1"}), (12, 600, "a", {"cashier": "c2"})], 0),
    ("member_at_many_tills", [(1, 5, "a", {"till": f"t{number}"}) for number in range(7)], 1),
    ("member_at_many_tills", [(7, 5, "a", {"till": "t1"})], 0),
    ("device_of_many", [(1, 5, f"m{number}", {"device": "d"}) for number in range(6)], 1),
    ("device_of_many", [(1, 5, f"m{number}", {"device": "d"}) for number in range(5)], 0),
    ("card_too_often", [(8, 60, "a", {"card": "x"}), (8, 60, "b", {"card": "x"})], 1),  # one card, two members
]


@pytest.mark.parametrize(("rule", "sales", "count"), SALES)
async def test_one_more_than_allowed(
    desk: Desk, rule: str, sales: Sequence[tuple[int, int, str, dict[str, str]]], count: int
) -> None:
    for place, (many, minutes, who, data) in enumerate(sales):
        begin = place if many == 1 else 0
        await sell(desk.shop, many, minutes=minutes, who=who, begin=begin, **data)
    assert len([case for case in await desk.look() if case.rule == rule]) == count


async def test_more_of_the_same_is_the_same_case(desk: Desk) -> None:
    member = await sell(desk.shop, 16)
    (case,) = await desk.look()
    await sell(desk.shop, 4, begin=16)
    (again,) = await desk.look()
    assert (again.id, case.measured, again.measured, again.member) == (case.id, 16, 20, member)
    assert {each.member for each in (await desk.show(case)).evidence} == {member}
    assert len((await desk.show(case)).evidence) == 20


async def test_a_frozen_member_earns_and_uses_nothing_until_it_is_cleared(desk: Desk) -> None:
    shop = desk.shop
    member = await sell(shop, 16)
    (case,) = await desk.look()
    frozen = await desk.do("freeze", case)
    assert (frozen.state, frozen.is_holding, frozen.frozen_by) == ("frozen", True, "ann")
    assert await shop.refusal(ask("redeem", "r1", at=shop.at, currency="points", points=5)) == "member_frozen"
    assert (await shop.receipt(buy("after", 1000, at=shop.at))).postings
    cleared = await desk.do("clear", frozen, by="bo")
    assert (cleared.state, cleared.is_holding) == ("cleared", False)
    assert (await shop.receipt(ask("redeem", "r2", at=shop.at, currency="points", points=5))).member == member
    async with shop.database.snapshot() as read:
        notices = await fraud.list_notices(read, member)
    assert [each.what for each in notices] == ["frozen", "thawed"]
    deeds = (await desk.show(case)).deeds
    assert [(each.what, each.by, each.reason) for each in deeds] == [
        ("freeze", "ann", "because"),
        ("clear", "bo", "because"),
    ]


async def test_whoever_is_frozen_for_two_things_is_let_go_after_both(desk: Desk) -> None:
    await sell(desk.shop, 16, cashier="c1")
    first, second = await desk.look()
    await desk.do("freeze", first)
    await desk.do("freeze", second)
    await desk.do("clear", first)
    at = desk.shop.at
    assert await desk.shop.refusal(ask("redeem", "r1", at=at, currency="points", points=5)) == "member_frozen"
    await desk.do("clear", second)
    assert (await desk.shop.receipt(ask("redeem", "r1", at=at, currency="points", points=5))).postings


async def test_what_the_member_says_opens_it_again_and_is_kept_sealed(desk: Desk) -> None:
    await sell(desk.shop, 16)
    (case,) = await desk.look()
    confirmed = await desk.do("confirm", await desk.do("freeze", case))
    assert (confirmed.state, confirmed.is_holding) == ("confirmed", True)
    opened = await desk.appeal(confirmed, "I run a canteen")
    assert (opened.state, opened.is_holding) == ("open", True), "frozen until somebody decides"
    assert [each.text for each in (await desk.show(case)).appeals] == ["I run a canteen"]
    async with desk.shop.database.snapshot() as read:
        kept = bytes(await read.value("SELECT text_wrapped FROM fraud.appeal"))
    assert b"canteen" not in kept
    await desk.do("clear", opened)
    at = desk.shop.at
    assert (await desk.shop.receipt(ask("redeem", "r1", at=at, currency="points", points=5))).postings


async def test_two_people_where_the_rules_ask_for_them(desk: Desk) -> None:
    assert await desk.put(replace(fraud.DEFAULT, two_people=True)) == 2
    await sell(desk.shop, 16)
    (case,) = await desk.look()
    frozen = await desk.do("freeze", case, by="ann")
    for what in ("clear", "confirm"):
        with pytest.raises(fraud.CaseNeedsAnother):
            await desk.do(what, frozen, by="ann")
    assert (await desk.do("confirm", frozen, by="bo")).state == "confirmed"


async def test_what_was_cleared_is_not_brought_up_again_for_a_while(desk: Desk) -> None:
    await sell(desk.shop, 16)
    (case,) = await desk.look()
    await desk.do("clear", case)
    await sell(desk.shop, 4, begin=16)
    assert await desk.look() == []
    desk.shop.later(days=31)
    await sell(desk.shop, 16, begin=24 * 32)
    (fresh,) = await desk.look()
    assert fresh.id != case.id


# What is done, in which state, and what stands against it.
WRONG = [
    ("freeze", ["freeze"]),
    ("freeze", ["clear"]),
    ("clear", ["clear"]),
    ("confirm", ["clear"]),
    ("clear", ["confirm"]),
]


@pytest.mark.parametrize(("what", "before"), WRONG)
async def test_not_in_every_state(desk: Desk, what: str, before: Sequence[str]) -> None:
    await sell(desk.shop, 16)
    (case,) = await desk.look()
    for each in before:
        await desk.do(each, case)
    with pytest.raises(fraud.CaseStateWrong):
        await desk.do(what, case)


async def test_a_device_cannot_be_frozen(desk: Desk) -> None:
    for number in range(6):
        await sell(desk.shop, 1, who=f"m{number}", device="d")
    (case,) = await desk.look()
    assert (case.dimension, case.subject, case.member) == ("device", "d", None)
    with pytest.raises(fraud.CaseHasNoMember):
        await desk.do("freeze", case)


async def test_whoever_left_cannot_be_frozen(desk: Desk) -> None:
    member = await sell(desk.shop, 16)
    (case,) = await desk.look()
    async with desk.shop.database.transaction() as tx:
        await tx.run("UPDATE members.member SET state = 'closed' WHERE id = $1", member)
    with pytest.raises(fraud.MemberNotFreezable):
        await desk.do("freeze", case)


async def test_corrections_by_one_person_are_counted(desk: Desk) -> None:
    rule = fraud.VelocityRule(
        id="large", per="staff", counts="points", kinds=("adjust",), more_than=100, minutes=1440, score=5
    )
    await desk.put(only(rule))
    await sell(desk.shop, 1)
    at = desk.shop.at
    for number, (by, points) in enumerate([("ann", 60), ("ann", 40), ("bo", 90)]):
        told = {"currency": "points", "points": points, "reason": "sorry", "by": by}
        assert (await desk.shop.receipt(ask("adjust", f"a{number}", at=at, **told))).postings
    assert await desk.look() == []
    await desk.shop.receipt(ask("adjust", "a9", at=at, currency="points", points=-1, reason="sorry", by="ann"))
    (case,) = await desk.look()
    assert (case.subject, case.measured) == ("ann", 101)


async def test_rules_are_written_from_the_version_that_was_read(desk: Desk) -> None:
    rule = fraud.DEFAULT.velocity[0]
    assert await desk.put(only(rule), 1) == 2
    with pytest.raises(fraud.FraudRulesChanged):
        await desk.put(only(rule), 1)
    with pytest.raises(fraud.FraudRulesInvalid):
        await desk.put(only(rule, rule), 2)
    async with desk.shop.database.snapshot() as read:
        assert await fraud.rules_now(read) == (2, only(rule))


async def test_what_is_turned_off_is_not_looked_for(desk: Desk) -> None:
    await desk.put(only(*(replace(rule, is_on=False) for rule in fraud.DEFAULT.velocity)))
    await sell(desk.shop, 40, cashier="c1")
    assert await desk.look() == []


async def test_who_looks_is_not_waited_for_and_nothing_is_counted_twice(desk: Desk) -> None:
    shop = desk.shop
    await sell(shop, 16)

    async def both(tx: Tx) -> int:
        first = await fraud.look(tx, new_id=shop.house.new_id, at=shop.at)
        other = await shop.database.run(lambda two: fraud.look(two, new_id=shop.house.new_id, at=shop.at))
        assert other == 0
        return first

    await shop.database.run(both)
    (case,) = await desk.look()
    assert case.measured == 16


def newcomer(number: int, **told: object) -> fraud.Newcomer:
    fields = {"purchases": 3, "least_minor": 100 * number + 100}
    return fraud.Newcomer(
        member=UUID(int=number + 1),
        activity=UUID(int=1000 + number),
        at=START,
        **{**fields, **told},  # pyright: ignore[reportArgumentType] - as the cases say
    )


FAMILY = frozenset(UUID(int=number + 1) for number in range(10))
# Ten newcomers each, and how many look alike.
FARMS: list[tuple[str, list[fraud.Newcomer], int]] = [
    ("strangers", [newcomer(number) for number in range(10)], 0),
    ("one phone", [newcomer(number, devices=frozenset({"d"})) for number in range(10)], 10),
    ("a phone each", [newcomer(number, devices=frozenset({f"d{number}"})) for number in range(10)], 0),
    ("one address", [newcomer(number, addresses=frozenset({"a"})) for number in range(12)], 12),
    ("one household", [newcomer(number, household=FAMILY - {UUID(int=number + 1)}) for number in range(10)], 10),
    ("just enough", [newcomer(number, purchases=1, least_minor=3000 + 10 * number) for number in range(10)], 10),
    ("once, each more", [newcomer(number, purchases=1, least_minor=3000 + 400 * number) for number in range(10)], 0),
    ("nine", [newcomer(number, devices=frozenset({"d"})) for number in range(9)], 0),
    (
        "seven of ten",
        [newcomer(number, devices=frozenset({"d"} if number < 7 else ())) for number in range(10)],
        0,
    ),
    (
        "ten of fifteen",
        [newcomer(number, devices=frozenset({"d"} if number < 10 else ())) for number in range(15)],
        0,
    ),
    (
        "eleven of fifteen",
        [newcomer(number, devices=frozenset({"d"} if number < 11 else ())) for number in range(15)],
        11,
    ),
]


@pytest.mark.parametrize(("what", "newcomers", "alike"), FARMS, ids=[each[0] for each in FARMS])
def test_a_farm_is_many_who_look_alike(what: str, newcomers: list[fraud.Newcomer], alike: int) -> None:
    found = fraud.judge_farm(fraud.FarmRule(), UUID(int=999), newcomers)
    assert (0 if found is None else len(found.alike)) == alike, what
