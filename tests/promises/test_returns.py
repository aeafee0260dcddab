"""Whatever a programme says: a purchase that comes back line by line ends where one does that comes back at once."""

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from regulars.kernel import ledger, members, spine
from regulars.kernel.nouns import Activity, Identifier, Receipt, Returned
from tests.promises.market import OPENS, Crowd, choose_deals, open_market, vary
from tests.spine.conftest import Shop

DEALS = choose_deals()
PAIRS = 20
BOUGHT = 4


def give_to(fact: Activity, card: str) -> Activity:
    """The same, done by somebody else."""
    return msgspec.structs.replace(fact, member=Identifier(kind="card", value=card), source=f"till-{card}")


def bring_back(sold: Activity, number: int, returned: Sequence[Returned], at: datetime) -> Activity:
    return msgspec.structs.replace(
        sold,
        id=f"{sold.id}-back-{number}",
        kind="return",
        occurred_at=at,
        origin=sold.id,
        lines=(),
        coupons=(),
        returned=tuple(returned),
    )


def cut(sold: Activity, chance: random.Random) -> list[Returned]:
    """All lines of a purchase, some of them in two parts, in any order."""
    parts: list[Returned] = []
    for number, line in enumerate(sold.lines, start=1):
        minor = chance.randint(0, line.amount_minor) if chance.random() < 0.5 else line.amount_minor
        milli = line.quantity_milli * minor // line.amount_minor if line.amount_minor else line.quantity_milli
        parts.append(Returned(line=number, amount_minor=minor, quantity_milli=milli))
        if minor < line.amount_minor:
            rest = Returned(
                line=number, amount_minor=line.amount_minor - minor, quantity_milli=line.quantity_milli - milli
            )
            parts.append(rest)
    chance.shuffle(parts)
    return parts


def add_up(receipts: Sequence[Receipt]) -> dict[str, Counter[Any]]:
    """What came of all of them together."""
    sums: dict[str, Counter[Any]] = {"points": Counter(), "grants": Counter(), "freed": Counter()}
    for receipt in receipts:
        for it in receipt.postings:
            sums["points"][it.offer, it.currency] += it.points
        for it in receipt.grants:
            sums["grants"][it.kind, it.what] += it.count
        for it in receipt.freed:
            sums["freed"][it.ceiling] += it.amount
    return {name: Counter({key: count for key, count in each.items() if count}) for name, each in sums.items()}


async def look(shop: Shop, receipt: Receipt) -> tuple[dict[str, int], dict[str, Any]]:
    """What a member holds, and is."""
    async with shop.database.snapshot() as read:
        held = await ledger.standing(read, receipt.member, at=shop.at)
        told = await members.traits_many(read, [receipt.member], since=shop.at)
    return {it.currency: it.shown for it in held}, dict(told.as_of(receipt.member, shop.at))


async def record(shop: Shop, facts: Sequence[Activity]) -> dict[tuple[str, str], list[Receipt]]:
    """Record all at once; gives the receipts by card and kind."""
    found = defaultdict[tuple[str, str], list[Receipt]](list)
    for fact, outcome in zip(facts, await shop.send(*facts), strict=True):
        assert outcome.receipt is not None, outcome.refusal
        assert isinstance(fact.member, Identifier)
        found[fact.member.value, fact.kind].append(outcome.receipt)
    return found


@pytest.mark.parametrize("name", sorted(DEALS))
async def test_lines_that_come_back_one_by_one_are_the_whole(name: str, server_url: str, template: str) -> None:
    chance = random.Random(f"{name} returns")
    deal = vary(DEALS[name], chance, shared=False)
    crowd = Crowd(deal, chance)
    bought, backs, more = list[Activity](), list[Activity](), list[Activity]()
    last = OPENS + timedelta(days=PAIRS)
    for pair in range(PAIRS):
        at = OPENS + timedelta(hours=7 * pair)
        baskets = [
            msgspec.structs.replace(crowd.buy(at, "x"), occurred_at=at + timedelta(days=day), coupons=())
            for day in range(BOUGHT)
        ]
        sold = chance.choice(baskets[1:])
        for card, parts in ((f"a{pair}", [[]]), (f"b{pair}", [[part] for part in cut(sold, chance)])):
            bought += [give_to(fact, card) for fact in baskets]
            backs += [bring_back(give_to(sold, card), number, part, last) for number, part in enumerate(parts)]
            again = msgspec.structs.replace(baskets[0], id="more", occurred_at=last + timedelta(days=1))
            more.append(give_to(again, card))
    async with open_market(server_url, template, deal) as shop:
        shop.at = last
        first = await record(shop, bought)
        back = await record(shop, backs)
        shop.at += timedelta(days=1)
        after = await record(shop, more)
        taken = 0
        for pair in range(PAIRS):
            one, other = [
                [
                    add_up(back[card, "return"]),
                    add_up(after[card, "purchase"]),
                    await look(shop, first[card, "purchase"][0]),
                ]
                for card in (f"a{pair}", f"b{pair}")
            ]
            assert one == other, [fact for fact in backs if fact.member == Identifier(kind="card", value=f"b{pair}")]
            taken += len(add_up(back[f"a{pair}", "return"])["points"])
        assert taken > PAIRS // 2
        await spine.bring_due(shop.database, shop.house, at=shop.at)
        async with shop.database.snapshot() as read:
            assert (await spine.check(read)).faults == ()
