"""Coupons over HTTP: lists of codes, their ends, and what a member holds."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

import pytest

from regulars.base import clock
from regulars.base.db import Database
from regulars.base.settings import Settings
from regulars.interfaces.http.app import app
from regulars.kernel import program, spine
from tests.http.conftest import PROGRAM
from tests.http.site import Purchase, Site, run_site

COUPONS = """
  - id: ten
    mechanic: coupons
    on: [purchase]
    settings:
      coupon: ten
      title: {en: Ten percent off, zh-CN: 九折券}
      effect: {type: percent, permille: 100}
  - id: next-time
    mechanic: gifts
    on: [purchase]
    settings:
      {kind: coupon, what: ten, title: {en: Ten percent next time, zh-CN: 下次九折}, lines: {minimum_minor: 5000}}
"""
CINEMA = """
  - id: cinema
    mechanic: coupons
    on: [purchase]
    settings:
      coupon: cinema
      title: {en: A ticket, zh-CN: 电影票}
      effect: {type: partner, partner: {en: Roxy, zh-CN: 罗西影院}}
  - id: film
    mechanic: gifts
    on: [purchase]
    settings: {kind: coupon, what: cinema, title: {en: A ticket, zh-CN: 电影票}, lines: {minimum_minor: 5000}}
"""


@pytest.fixture
async def coupons(database: Database, house: spine.House, settings: Settings) -> AsyncGenerator[Site]:
    async with database.transaction() as tx:
        now = await clock.now(tx)
        document = program.parse(PROGRAM + COUPONS)
        await spine.publish(tx, document, live_from=now - timedelta(days=365), by="a test", at=now)
    async for each in run_site(database, house, app(settings, database, house)):
        yield each


async def add(site: Site, **body: object) -> Any:  # noqa: ANN401 - an answer of the client
    return await site.client.post("/v1/coupons/ten/codes", json={"batch": "spring", **body})


async def test_codes_are_made_used_counted_and_ended(coupons: Site, purchase: Purchase) -> None:
    made = await add(coupons, make=1000)
    assert made.status_code == 201, made.text
    codes = made.json()["codes"]
    assert len(set(codes)) == 1000
    bought = await coupons.client.post("/v1/activities", json=purchase("1", minor=2000) | {"coupons": [codes[0]]})
    receipt = bought.json()
    assert (receipt["discounts"][0]["amount_minor"], len(receipt["coupons"])) == (200, 1)
    assert codes[0] not in bought.text
    shown = (await coupons.client.get("/v1/coupons")).json()
    assert shown["coupons"] == [
        {
            "coupon": "ten",
            "title": {"en": "Ten percent off", "zh-CN": "九折券"},
            "lists": [{"batch": "spring", "codes": 1000, "used_up": 1}],
            "partner_lists": [],
        }
    ]
    ended = await coupons.client.post("/v1/coupons/ten/lists/spring/end")
    assert (ended.status_code, ended.json()) == (200, {"ended": 1000})
    assert (await coupons.client.post("/v1/coupons/ten/lists/spring/end")).json() == {"ended": 0}
    refused = await coupons.client.post("/v1/activities", json=purchase("2", minor=2000) | {"coupons": [codes[1]]})
    assert [reason["code"] for reason in refused.json()["reasons"] if not reason["offer"]] == ["coupon_refused"]


async def test_a_preview_is_a_quote(coupons: Site, purchase: Purchase) -> None:
    await add(coupons, codes=["WELCOME-2027"], uses=500)
    asked = purchase("1", minor=2000) | {"coupons": ["welcome2027"]}
    seen = await coupons.client.post("/v1/previews", json={"activities": [asked]})
    assert seen.status_code == 200, seen.text
    there = (await coupons.client.post("/v1/activities", json=asked)).json()
    (shown,) = seen.json()["results"]
    assert shown["receipt"]["discounts"] == there["discounts"]
    assert shown["receipt"]["balances"] == there["balances"]


async def test_a_member_sees_what_they_hold(coupons: Site, purchase: Purchase) -> None:
    bought = (await coupons.client.post("/v1/activities", json=purchase("1", minor=5000))).json()
    assert bought["grants"] == [{"kind": "coupon", "what": "ten", "count": 1}]
    held = (await coupons.client.get(f"/v1/members/{bought['member']}/coupons")).json()
    (coupon,) = held["coupons"]
    assert (coupon["coupon"], coupon["state"], coupon["title"]["zh-CN"]) == ("ten", "usable", "九折券")
    used = await coupons.client.post("/v1/activities", json=purchase("2", minor=1000) | {"coupons": [coupon["name"]]})
    assert used.json()["coupons"] == [coupon["name"]]
    held = (await coupons.client.get(f"/v1/members/{bought['member']}/coupons")).json()
    assert [each["state"] for each in held["coupons"]] == ["used"]


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/v1/coupons/nothing/codes", {"batch": "b", "make": 1}, 404, "coupon_unknown"),
        ("/v1/coupons/ten/codes", {"batch": "b", "codes": ["abc"]}, 422, "codes_invalid"),
        ("/v1/coupons/ten/codes", {"batch": "b", "codes": ["ABCD", "ab-cd"]}, 409, "code_exists"),
        ("/v1/coupons/ten/codes", {"batch": "b", "make": 1, "codes": ["ABCD"]}, 422, "body_invalid"),
        ("/v1/coupons/ten/codes", {"batch": "b"}, 422, "body_invalid"),
        ("/v1/coupons/ten/codes", {"batch": "b", "make": 100_001}, 422, "body_invalid"),
        (
            "/v1/coupons/ten/codes",
            {"batch": "b", "make": 1, "member": "01890a5d-ac96-774b-bcce-b302099a8057"},
            404,
            "member_unknown",
        ),
        ("/v1/coupons/ten/lists/nothing/end", {}, 404, "coupon_unknown"),
    ],
)
async def test_what_cannot_be_is_refused(
    coupons: Site, path: str, body: dict[str, object], status: int, code: str
) -> None:
    refused = await coupons.client.post(path, json=body)
    assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text


async def test_a_list_sent_again_is_not_doubled(coupons: Site) -> None:
    assert (await add(coupons, make=3)).status_code == 201
    again = await add(coupons, make=3)
    assert (again.status_code, again.json()["code"]) == (409, "batch_exists")


async def test_codes_of_a_partner_are_added_handed_out_and_shown(
    coupons: Site, purchase: Purchase, caplog: pytest.LogCaptureFixture
) -> None:
    async with coupons.database.transaction() as tx:
        now = await clock.now(tx)
        document = program.parse(PROGRAM + COUPONS + CINEMA)
        await spine.publish(tx, document, live_from=now - timedelta(days=300), by="a test", at=now)
    address = "/v1/coupons/cinema/partner-codes"
    added = await coupons.client.post(address, json={"batch": "may", "codes": ["ROXY-1", "ROXY-2"]})
    assert (added.status_code, added.json()) == (201, {"coupon": "cinema", "batch": "may", "added": 2, "left": 2})
    for codes, status, code in (
        (["ROXY-2", "ROXY-3"], 409, "pool_codes_known"),
        (["ROXY-3", "ROXY-3"], 422, "codes_invalid"),
    ):
        refused = await coupons.client.post(address, json={"batch": "june", "codes": codes})
        assert (refused.status_code, refused.json()["code"]) == (status, code)
        assert "ROXY" not in refused.text
    bought = await coupons.client.post("/v1/activities", json=purchase("1", minor=5000))
    assert "ROXY" not in bought.text
    wallet = (await coupons.client.get(f"/v1/members/{bought.json()['member']}/coupons")).json()
    assert [(it["coupon"], it["code"], it["batch"]) for it in wallet["partner_codes"]] == [("cinema", "ROXY-1", "may")]
    shown = {it["coupon"]: it["partner_lists"] for it in (await coupons.client.get("/v1/coupons")).json()["coupons"]}
    assert shown["cinema"] == [{"batch": "may", "codes": 2, "handed": 1, "left": 1, "valid_until": None}]
    ended = await coupons.client.post("/v1/coupons/cinema/partner-lists/may/end")
    assert ended.json() == {"ended": 1}
    assert "ROXY" not in caplog.text
