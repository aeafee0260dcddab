"""Over HTTP: a voucher is issued and checked, tills get keys, codes name members, and may be asked for."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from regulars.base import clock
from regulars.base.db import Database
from regulars.base.settings import Settings
from regulars.interfaces.http.app import app, list_scopes
from regulars.interfaces.http.shown import VOUCHES
from regulars.kernel import spine
from tests.http.site import Purchase, Site, codes, run_site


def now(**span: int) -> str:
    return (datetime.now(tz=UTC) + timedelta(**span)).isoformat()


def wanted(points: int = 500, **others: object) -> dict[str, Any]:
    return {"source": "app", "occurred_at": now(), "currency": "points", "points": points, **others}


def told(kind: str, name: str, member: dict[str, Any], **ask: object) -> dict[str, Any]:
    return {"id": name, "source": "till", "kind": kind, "occurred_at": now(), "member": member, "ask": ask}


@pytest.fixture
async def member(site: Site, purchase: Purchase) -> str:
    """A member with a thousand points."""
    answer = await site.client.post("/v1/activities", json=purchase(minor=100_000))
    return str(answer.json()["member"])


async def make_code(site: Site, member: str) -> dict[str, Any]:
    answer = await site.client.post(f"/v1/members/{member}/code")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def show(code: str) -> dict[str, Any]:
    return {"identifier": {"kind": "code", "value": code}}


async def send(site: Site, *activities: dict[str, Any]) -> list[str]:
    answer = await site.client.post("/v1/activities", json={"activities": list(activities)})
    return codes(answer.json()["results"])


async def test_a_voucher_from_issue_to_use(site: Site, member: str) -> None:
    body, named = wanted(store="s1"), {"Idempotency-Key": "v-1"}
    first = await site.client.post(f"/v1/members/{member}/vouchers", json=body, headers=named)
    again = await site.client.post(f"/v1/members/{member}/vouchers", json=body, headers=named)
    assert (first.status_code, again.status_code, first.json()) == (201, 200, again.json())
    voucher = first.json()
    assert (voucher["worth_minor"], voucher["money"], voucher["store"], voucher["points"]) == (500, "CNY", "s1", 500)
    assert len(voucher["token"]) == 179

    check = {"token": voucher["token"], "store": "s1"}
    good = (await site.client.post("/v1/vouchers/check", json=check)).json()
    assert {name: voucher[name] for name in good} == good
    elsewhere = await site.client.post("/v1/vouchers/check", json={**check, "store": "s2"})
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (409, "voucher_elsewhere")
    forged = await site.client.post("/v1/vouchers/check", json={**check, "token": voucher["token"][:-2] + "xA"})
    assert (forged.status_code, forged.json()["code"]) == (422, "voucher_invalid")

    owner = {"id": good["member"]}
    uses = [told("voucher_used", name, owner, voucher=voucher["voucher"]) for name in ("u1", "u2")]
    assert await send(site, uses[0], uses[1], uses[0]) == ["recorded", "recorded", "repeated"]
    used = await site.client.post("/v1/vouchers/check", json=check)
    assert (used.status_code, used.json()["code"]) == (409, "voucher_ended")
    keys = (await site.client.get("/v1/tills/keys")).json()
    assert keys["revoked"] == [voucher["voucher"]]
    assert keys["complete"] is True
    assert [(key["ends"], len(key["key"])) for key in keys["keys"]] == [(None, 43)]


async def test_a_voucher_needs_its_scope_and_its_store(site: Site, member: str) -> None:
    body, named = wanted(), {"Idempotency-Key": "v-1"}
    poor = site.using(await site.issue("activities:write"))
    refused = await site.client.post(f"/v1/members/{member}/vouchers", json=body, headers=named | poor)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    used = await site.client.post(
        "/v1/activities", json=told("voucher_used", "u", {"id": member}, voucher=member), headers=poor
    )
    assert used.json()["context"]["scope"] == "points:voucher_used"
    nothing = await site.client.post(f"/v1/members/{member}/vouchers", json=wanted(2_000), headers=named)
    assert (nothing.status_code, nothing.json()["code"]) == (409, "points_not_enough")


async def test_a_code_names_its_member_also_when_it_is_told_later(site: Site, member: str, purchase: Purchase) -> None:
    code = await make_code(site, member)
    sale = {**purchase("r-2"), "member": show(code["code"])}
    receipt = (await site.client.post("/v1/activities", json=sale)).json()
    assert receipt["member"] == member
    again = await site.client.post("/v1/activities", json=sale)
    assert (again.status_code, again.json()) == (200, receipt)
    late = {**purchase("r-3"), "member": show(code["code"]), "occurred_at": now(seconds=150)}
    early = {**purchase("r-4"), "member": show(code["code"]), "occurred_at": now(seconds=-120)}
    broken = {**purchase("r-5"), "member": show(code["code"][:-2] + "AA")}
    nobody = {**purchase("r-6"), "member": show("nonsense")}
    assert await send(site, late, early, broken, nobody) == ["code_stale", "code_stale", "code_invalid", "code_invalid"]


async def test_one_code_earns_again_and_uses_points_once(site: Site, member: str, purchase: Purchase) -> None:
    ref = show((await make_code(site, member))["code"])
    redeem = [told("redeem", name, ref, currency="points", points=10) for name in ("x1", "x2")]
    assert await send(site, *redeem, redeem[0]) == ["recorded", "code_replayed", "repeated"]
    assert await send(site, *({**purchase(name), "member": ref} for name in ("r-2", "r-3"))) == ["recorded"] * 2


async def test_a_code_is_looked_up_and_not_used_up(site: Site, member: str) -> None:
    shown = show((await make_code(site, member))["code"])
    for _ in range(2):
        found = await site.client.post("/v1/members/lookup", json=shown)
        assert (found.status_code, found.json()) == (200, {"member": member})
    redeem = [told("redeem", name, shown, currency="points", points=10) for name in ("x1", "x2")]
    assert await send(site, *redeem) == ["recorded", "code_replayed"]
    # Who they are is still told; that their points were used is another matter.
    assert (await site.client.post("/v1/members/lookup", json=shown)).status_code == 200
    forged = show(shown["identifier"]["value"][:-3] + "AAA")
    assert (await site.client.post("/v1/members/lookup", json=forged)).json()["code"] == "code_invalid"
    async with site.database.transaction() as tx:
        await clock.set_now(tx, await clock.now(tx) + timedelta(minutes=3))
    assert (await site.client.post("/v1/members/lookup", json=shown)).json()["code"] == "code_stale"


async def test_what_was_shown_twice_is_listed_and_marks_its_member(site: Site, member: str) -> None:
    path = f"/v1/members/{member}/vouchers"
    vouchers = [
        (await site.client.post(path, json=wanted(100), headers={"Idempotency-Key": f"v-{n}"})).json()["voucher"]
        for n in range(2)
    ]
    owner = {"id": member}

    def use(name: str, place: int, store: str) -> dict[str, Any]:
        return {**told("voucher_used", name, owner, voucher=vouchers[place]), "store": store, "data": {"till": "=t7"}}

    assert await send(site, use("u1", 0, "s1"), use("u2", 1, "s1")) == ["recorded"] * 2
    assert "review.voucher" not in (await site.client.get(f"/v1/members/{member}")).json()["traits"]
    assert (await site.client.get("/v1/vouchers/conflicts")).json() == {"conflicts": [], "next": None}
    again = [use("u3", 0, "s2"), use("u4", 1, "s1"), use("u5", 1, "s2")]
    assert await send(site, *again) == ["recorded"] * 3
    assert (await site.client.get(f"/v1/members/{member}")).json()["traits"]["review.voucher"] == "presented_twice"

    page = (await site.client.get("/v1/vouchers/conflicts?limit=2")).json()
    assert [each["id"] for each in page["conflicts"]] == ["u5", "u4"]
    rest = (await site.client.get("/v1/vouchers/conflicts", params={"cursor": page["next"]})).json()
    (first,) = rest["conflicts"]
    assert rest["next"] is None
    facts = {"id": "u3", "code": "presented_twice", "voucher": vouchers[0], "member": member, "lost": 100}
    assert {name: first[name] for name in facts} == facts
    for query, names in {
        "store=s2": ["u5", "u3"],
        f"member={member}&store=s1": ["u4"],
        "code=presented_late": [],
        "first=2090-01-01": [],
        "last=2020-01-01": [],
    }.items():
        found = (await site.client.get(f"/v1/vouchers/conflicts?{query}")).json()["conflicts"]
        assert [each["id"] for each in found] == names, query
    bound = site.using(await site.issue("reconciliation:read", store="s2"))
    found = (await site.client.get("/v1/vouchers/conflicts", headers=bound)).json()["conflicts"]
    assert [each["store"] for each in found] == ["s2", "s2"]
    refused = await site.client.get("/v1/vouchers/conflicts?store=s1", headers=bound)
    assert refused.json()["code"] == "store_forbidden"
    text = (await site.client.get("/v1/vouchers/conflicts/export?store=s1")).text.splitlines()
    assert len(text) == 2
    assert text[0].startswith("code,voucher,member,activity,source,id,store,till,")
    assert ",till,u4,s1,'=t7," in text[1]
    async with site.database.snapshot() as read:
        assert (await spine.check(read)).is_sound


async def test_a_code_enrols_and_is_kept_by_nobody(site: Site, member: str) -> None:
    code = (await make_code(site, member))["code"]
    enrolled = await site.client.post("/v1/members", json={"identifiers": [{"kind": "code", "value": code}]})
    assert enrolled.json()["code"] == "identifier_invalid"
    missing = await site.client.post("/v1/members/019562d4-7c00-7000-8000-000000000001/code")
    assert (missing.status_code, missing.json()["code"]) == (404, "member_unknown")


@pytest.fixture
async def strict(database: Database, house: spine.House, settings: Settings, published: None) -> AsyncGenerator[Site]:
    """A site where points are used only by whoever proves who they are."""
    async for each in run_site(database, house, app(replace(settings, burn_needs_code=True), database, house)):
        # Whoever has that scope need not be shown anything: they know the member.
        scopes = [scope for scope in list_scopes() if scope != VOUCHES]
        each.client.headers["Authorization"] = f"Bearer {await each.issue(*scopes)}"
        yield each


async def test_a_number_alone_earns_and_uses_nothing(strict: Site, purchase: Purchase) -> None:
    phone = {"identifier": {"kind": "phone", "value": "+86 138 0013 8000"}}
    sale = await strict.client.post("/v1/activities", json={**purchase(minor=100_000), "member": phone})
    member = sale.json()["member"]
    redeem = {"currency": "points", "points": 10}
    by_phone, by_id = told("redeem", "x1", phone, **redeem), told("redeem", "x2", {"id": member}, **redeem)
    reward = {**told("reward", "x3", phone, reward="tea"), "store": "s1"}
    assert await send(strict, by_phone, by_id, reward) == ["burn_needs_code"] * 3
    code = (await make_code(strict, member))["code"]
    assert await send(strict, told("redeem", "x1", show(code), **redeem)) == ["recorded"]
    trusted = strict.using(await strict.issue(*list_scopes()))
    vouched = await strict.client.post("/v1/activities", json=by_id, headers=trusted)
    assert vouched.status_code == 201


async def test_a_voucher_asks_for_the_code_of_its_own_member(strict: Site, purchase: Purchase) -> None:
    members = [
        (await strict.client.post("/v1/activities", json=purchase(card, minor=100_000, card=card))).json()["member"]
        for card in ("11", "22")
    ]
    path, named = f"/v1/members/{members[0]}/vouchers", {"Idempotency-Key": "v-1"}
    without = await strict.client.post(path, json=wanted(), headers=named)
    assert (without.status_code, without.json()["code"]) == (403, "burn_needs_code")
    shown = [(await make_code(strict, each))["code"] for each in members]
    other = await strict.client.post(path, json=wanted(member_code=shown[1]), headers=named)
    assert (other.status_code, other.json()["code"]) == (422, "code_invalid")
    voucher = (await strict.client.post(path, json=wanted(member_code=shown[0]), headers=named)).json()
    # A till that took it tells of it by the member whom the token names: the promise was proved when it was made.
    used = told("voucher_used", "u", {"id": members[0]}, voucher=voucher["voucher"])
    assert await send(strict, used) == ["recorded"]
