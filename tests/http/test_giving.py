"""Given by hand: a coupon that only one member can use, and an address that is looked up among those left alone."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from regulars.base import clock
from regulars.base.crypto import Tampered
from regulars.base.db import Database
from regulars.base.ids import new_id
from regulars.base.settings import Settings
from regulars.features.coupons.own import place_of
from regulars.features.staff.roles import scopes_of
from regulars.interfaces.http.app import app
from regulars.kernel import program, spine
from tests.http.conftest import PROGRAM
from tests.http.site import Purchase, Site, run_site
from tests.http.test_coupons import CINEMA, COUPONS

REASON = "a spoilt cake"


@pytest.fixture
async def shop(database: Database, house: spine.House, settings: Settings) -> AsyncGenerator[Site]:
    async with database.transaction() as tx:
        now = await clock.now(tx)
        document = program.parse(PROGRAM + COUPONS + CINEMA)
        await spine.publish(tx, document, live_from=now - timedelta(days=365), by="a test", at=now)
    async for each in run_site(database, house, app(settings, database, house)):
        yield each


async def give(site: Site, member: str | UUID, key: str = "", **body: object) -> Any:  # noqa: ANN401 - of the client
    headers = {"Idempotency-Key": key} if key else {}
    told = {"coupon": "ten", "reason": REASON, **body}
    return await site.client.post(f"/v1/members/{member}/coupons", json=told, headers=headers)


async def buy(site: Site, sent: dict[str, Any], *coupons: str) -> Any:  # noqa: ANN401 - any JSON
    answered = await site.client.post("/v1/activities", json=sent | {"coupons": list(coupons)})
    assert answered.status_code == 201, answered.text
    return answered.json()


async def wallet(site: Site, member: str) -> Any:  # noqa: ANN401 - any JSON
    return (await site.client.get(f"/v1/members/{member}/coupons")).json()["own_codes"]


def code_of(answered: Any) -> tuple[int, str]:  # noqa: ANN401 - of the client
    return answered.status_code, answered.json().get("code", "")


async def test_a_coupon_that_is_given_is_good_for_that_member_once(shop: Site, purchase: Purchase) -> None:
    member = (await buy(shop, purchase("1", minor=1000)))["member"]
    given = await give(shop, member, "cake-1")
    assert given.status_code == 201, given.text
    told = given.json()
    assert (told["member"], told["title"]["en"], told["batch"]) == (member, "Ten percent off", "by-hand")
    again = await give(shop, member, "cake-1")
    assert again.json() == told, "sent again it is the same code"
    seen = await wallet(shop, member)
    assert [(each["code"], each["state"], each["batch"]) for each in seen] == [(told["code"], "usable", "by-hand")]
    others = await buy(shop, purchase("2", minor=2000, card="2469 0002"), told["code"])
    assert others["discounts"] == [], "nobody else can use it"
    mine = await buy(shop, purchase("3", minor=2000), told["code"])
    assert [each["amount_minor"] for each in mine["discounts"]] == [200]
    assert (await buy(shop, purchase("4", minor=2000), told["code"]))["discounts"] == [], "it was used"
    (ten,) = [each for each in (await shop.client.get("/v1/coupons")).json()["coupons"] if each["coupon"] == "ten"]
    assert ten["lists"] == [{"batch": "by-hand", "codes": 1, "used_up": 1}]
    trail = (await shop.client.get("/v1/audit", params={"what": "give_coupon"})).json()["entries"]
    assert {(each["object"], each["reason"], each["outcome"]) for each in trail} == {(member, REASON, "done")}
    assert told["code"] not in str(trail)
    assert [each["state"] for each in await wallet(shop, member)] == ["used"]
    assert await wallet(shop, others["member"]) == []


async def test_codes_for_one_member_are_kept_sealed_and_those_for_anybody_are_not(
    shop: Site, purchase: Purchase, house: spine.House
) -> None:
    member = (await buy(shop, purchase("1", minor=1000)))["member"]
    for name, body in (("mine", {"codes": ["BIRTHDAY-17"], "member": member}), ("all", {"codes": ["SUMMER-17"]})):
        added = await shop.client.post("/v1/coupons/ten/codes", json={"batch": name, **body})
        assert added.status_code == 201, added.text
    given = (await give(shop, member, valid_until="2090-01-01T00:00:00Z")).json()["code"]
    assert {each["code"] for each in await wallet(shop, member)} == {"BIRTHDAY-17", given}
    ended = await shop.client.post("/v1/coupons/ten/lists/mine/end")
    assert ended.json() == {"ended": 1}
    assert [(each["code"], each["state"]) for each in await wallet(shop, member)] == [
        (given, "usable"),
        ("BIRTHDAY-17", "ended"),
    ]
    async with shop.database.snapshot() as read:
        rows = await read.rows("SELECT digest, sealed, member_id FROM limits.code")
    assert [row["member_id"] for row in rows if row["sealed"] is None] == [None]
    for row in rows:
        assert b"17" not in (row["sealed"] or b"")
    mine = next(row for row in rows if row["sealed"] is not None)
    another = next(row["digest"] for row in rows if row["digest"] != mine["digest"])
    with pytest.raises(Tampered):
        house.keyring.unwrap(mine["sealed"], place_of(another))


async def test_of_whoever_is_forgotten_no_code_is_kept(shop: Site, purchase: Purchase) -> None:
    member = (await buy(shop, purchase("1", minor=1000)))["member"]
    await give(shop, member)
    shown = (await shop.client.get(f"/v1/members/{member}/erasure")).json()
    assert [(each["what"], each["name"], each["count"]) for each in shown["others"]] == [("coupon", "ten", 1)]
    done = await shop.client.post(f"/v1/members/{member}/erasure", json={"confirm": shown["confirm"]})
    assert (done.status_code, done.json()["forgotten"]["coupons"]) == (200, 1), done.text
    async with shop.database.snapshot() as read:
        (row,) = await read.rows("SELECT sealed FROM limits.code")
    assert row["sealed"] is None


async def test_what_cannot_be_given_is_refused_and_no_code_is_made(shop: Site, purchase: Purchase) -> None:
    member = (await buy(shop, purchase("1", minor=1000)))["member"]
    kept = (await buy(shop, purchase("2", minor=1000, card="2469 0002")))["member"]
    asked = {"by": "a test", "reason": "one person"}
    merged = purchase("m") | {"kind": "merge", "lines": [], "to": {"id": member}, "ask": asked}
    await buy(shop, merged | {"member": {"id": kept}})
    assert code_of(await give(shop, member)) == (409, "member_merged")
    assert code_of(await give(shop, new_id())) == (404, "member_unknown")
    assert code_of(await give(shop, kept, coupon="twenty")) == (404, "coupon_unknown")
    assert code_of(await give(shop, kept, coupon="cinema")) == (422, "codes_invalid")
    assert code_of(await give(shop, kept, valid_until="2020-01-01T00:00:00Z")) == (422, "codes_invalid")
    assert code_of(await give(shop, kept, reason="")) == (422, "body_invalid")
    assert all(each["lists"] == [] for each in (await shop.client.get("/v1/coupons")).json()["coupons"])


def test_the_desk_gives_coupons_and_a_till_does_not() -> None:
    assert "coupons:give" in scopes_of(["service_desk"])
    assert "coupons:give" not in scopes_of(["store", "marketer", "auditor"])


async def test_an_address_is_looked_up_among_those_left_alone(shop: Site) -> None:
    async def find(address: str, channel: str = "email") -> Any:  # noqa: ANN401 - any JSON
        body = {"address": address, "channel": channel}
        return await shop.client.post("/v1/messages/suppressions/find", json=body)

    body = {"addresses": ["Ann@Example.com"], "reason": "complained"}
    assert (await shop.client.post("/v1/messages/suppressions", json=body)).json() == {"changed": 1}
    assert (await find("ann@example.com")).json() == {"reason": "complained"}
    assert (await find("bo@example.com")).json() == {"reason": None}
    assert (await find("+86 138 0013 8000", "sms")).json() == {"reason": None}
    assert code_of(await find("no address")) == (422, "identifier_invalid")
