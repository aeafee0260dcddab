"""Another system's files become members, lots, levels, codes and past purchases; twice is once; the books agree."""

from datetime import timedelta
from uuid import UUID

from regulars.features import consent
from regulars.features.coupons.wallet import read_wallet
from regulars.kernel import activity as journal
from regulars.kernel import ledger, members, spine
from regulars.kernel.activity.sold import read_sold, read_span
from regulars.kernel.nouns import Identifier
from tests.moving.conftest import AS_OF, Desk
from tests.spine.conftest import buy


async def find(desk: Desk, name: str, kind: str = "old_id") -> UUID:
    async with desk.shop.database.snapshot() as read:
        return await members.lookup(read, desk.shop.house.keyring, Identifier(kind=kind, value=name))


async def test_everything_comes_along_once(desk: Desk) -> None:
    dry = await desk.bring(dry_run=True)
    assert (dry.problems_found, [part.brought for part in dry.parts]) == (0, [3, 2, 2, 4, 2])
    async with desk.shop.database.snapshot() as read:
        assert await members.count(read) == 0, "a dry run writes nothing"

    report = await desk.bring()
    assert [(part.part, part.lines, part.brought) for part in report.parts] == [
        ("members", 3, 3),
        ("tiers", 3, 2),
        ("purchases", 2, 2),
        ("lots", 6, 4),
        ("coupons", 2, 2),
    ]
    (points,) = report.currencies
    assert (points.source_points, points.books_points, points.ended_points) == (677, 627, 50)
    assert (points.difference_points, points.difference_lots) == (0, 0)
    await check_what_came(desk)

    again = await desk.bring()
    assert [(part.brought, part.refused) for part in again.parts] == [(3, 0), (2, 0), (2, 0), (4, 0), (2, 0)]
    assert again.currencies == report.currencies
    # Had nobody kept how far it came, everything would be sent again, and found.
    async with desk.shop.database.transaction() as tx:
        await tx.run("DELETE FROM moving.part")
    anew = await desk.bring()
    assert [(part.brought, part.there, part.refused) for part in anew.parts] == [
        (0, 3, 0),
        (0, 2, 0),
        (0, 2, 0),
        (0, 4, 0),
        (0, 2, 0),
    ]
    assert anew.currencies == report.currencies
    await check_what_came(desk)
    async with desk.shop.database.snapshot() as read:
        assert (await spine.check(read)).faults == ()


async def check_what_came(desk: Desk) -> None:
    shop = desk.shop
    first, second, third = [await find(desk, name) for name in ("m1", "m2", "m3")]
    assert await find(desk, "6220000000000001", "card") == first
    assert await find(desk, "+8613800138002", "phone") == second
    async with shop.database.snapshot() as read:
        lots = await ledger.lots(read, first, most=10)
        # Of two that end together, the older is used first.
        assert [(lot.amount, lot.expires_at and lot.expires_at.isoformat()) for lot in lots] == [
            (200, "2026-07-01T00:00:00+00:00"),
            (300, "2026-07-01T00:00:00+00:00"),
        ]
        (waiting,) = await ledger.lots(read, second, most=10)
        assert (waiting.amount, waiting.usable_from.isoformat()) == (120, "2026-03-15T00:00:00+00:00")
        (endless,) = await ledger.lots(read, third, most=10)
        assert (endless.amount, endless.expires_at) == (7, None)
        assert (await members.get(read, first)).joined_at.isoformat() == "2024-05-01T00:00:00+00:00"
        known = (await members.traits_many(read, [first], since=AS_OF)).as_of(first, AS_OF)
        assert known == {"birthday": "05-17", "language": "zh-CN", "tier": "gold"}
        changes = await members.traits_many(read, [first], since=AS_OF.replace(year=2024))
        assert changes.as_of(first, AS_OF.replace(year=2025, month=5)).get("tier") is None
        assert (await read_wallet(read, shop.house.versions, first, AS_OF)).member == first
        came = await journal.of_kinds(read, ["past_purchase"], since=AS_OF.replace(year=2020), until=AS_OF)
        assert len(came) == 2
        # What is known of members begins with what they bought elsewhere.
        span = await read_span(read)
        assert span is not None
        assert len(await read_sold(read, since=span[0], until=span[1] + timedelta(seconds=1))) == 2
    assert (await shop.standing(first)).shown == 500, "a purchase of before has paid nothing"


async def test_what_came_is_used_like_anything_else(desk: Desk) -> None:
    await desk.bring()
    card = "6220000000000001"
    receipt = await desk.shop.receipt(buy("r-9", 2_000, card=card, coupons=("WELCOME-M1",)))
    assert sum(discount.amount_minor for _, discount in receipt.discounts) == 500
    other = "6220000000000002"
    refused = await desk.shop.receipt(buy("r-10", 2_000, card=other, coupons=("WELCOME-M1",)))
    taken = await desk.shop.receipt(buy("r-11", 2_000, card=other, coupons=("WELCOME-ALL",)))
    assert (refused.discounts, len(taken.discounts)) == ((), 1), "a code is its member's, or everybody's"


async def test_a_lot_that_comes_again_with_another_amount_is_refused(desk: Desk) -> None:
    await desk.bring()
    lots = (desk.folder / "lots.csv").read_text()
    desk.write(lots=lots.replace("m1,300", "m1,301"))
    report = await desk.bring()
    (points,) = report.currencies
    assert (points.source_points, points.books_points, points.refused_points) == (678, 327, 301)
    problem = desk.find("key_reused")
    assert (problem.file, problem.line) == ("lots.csv", 2)
    assert "brought before with other content" in problem.cure


CONSENTS = """
consents:
  file: agreed.csv
  member: id
  purpose: {column: what, values: {news: marketing, offers: personalisation}}
  channel: {column: how, values: {mail: email}}
  granted: {column: agreed, values: {ja: yes, nein: no}}
  told_at: at
  text: text
"""
AGREED = """id,what,how,agreed,at,text
m1,news,mail,ja,2025-05-01,v3
m1,offers,,nein,2025-05-01,
m2,news,mail,ja,2025-05-02,v3
"""


async def test_what_members_agreed_to_comes_along_with_its_proof(desk: Desk) -> None:
    desk.mapping += CONSENTS.replace("yes, nein: no", '"yes", nein: "no"')
    desk.write(agreed=AGREED + "m2,offers,,ja,2025-05-02,\n")
    await desk.bring()
    assert (desk.find("consent_unproved").line, len(desk.told)) == (5, 1)
    desk.write(agreed=AGREED)
    for brought in (3, 3):
        report = await desk.bring()
        assert (report.parts[-1].brought, report.problems_found) == (brought, 0)
    async with desk.shop.database.snapshot() as read:
        first, *rest = await consent.list_entries(read, await find(desk, "m1"))
    assert (first.purpose, first.channel, first.is_given, first.door) == ("marketing", "email", True, "import")
    assert (first.proof, len(rest)) == ("old, text v3", 1)
