"""A basket is shown before it is paid for, with the reason for each offer; and a receipt is explained afterwards."""

from datetime import timedelta
from typing import Any

from regulars.base import clock
from regulars.kernel import program, spine
from tests.http.conftest import PROGRAM
from tests.http.site import Purchase, Site
from tests.http.test_tiers import LEVELS

MORE = """
  - id: big
    mechanic: spend
    on: [purchase]
    settings: {currency: points, points: 1, per_minor: 500, minimum_minor: 5000}
  - id: tea
    mechanic: bonus
    on: [purchase]
    settings: {currency: points, points: 5, each: money, step_minor: 1500}
"""


def ask(purchase: dict[str, Any]) -> dict[str, Any]:
    return {"activities": [purchase]}


async def test_a_preview_is_what_is_then_recorded(site: Site, purchase: Purchase) -> None:
    bought = purchase()
    shown = await site.client.post("/v1/previews", json=ask(bought))
    assert shown.status_code == 200, shown.text
    (result,) = shown.json()["results"]
    assert (result["status"], result["newcomer"]) == ("accepted", True)
    assert (
        await site.client.post("/v1/members/lookup", json={"identifier": bought["member"]["identifier"]})
    ).status_code == 404
    recorded = (await site.client.post("/v1/activities", json=bought)).json()
    for name in ("points", "balances", "discounts", "reasons", "program"):
        assert result["receipt"][name] == recorded[name]
    (again,) = (await site.client.post("/v1/previews", json=ask(bought))).json()["results"]
    assert again["status"] == "repeated"


async def test_each_offer_says_why(site: Site, purchase: Purchase) -> None:
    (result,) = (await site.client.post("/v1/previews", json=ask(purchase()))).json()["results"]
    (base,) = result["offers"]
    assert (base["offer"], base["fired"], base["decided"]) == ("base", True, "")
    assert sum(base["points"].values()) > 0
    checkin = {**purchase(), "kind": "purchase", "lines": []}
    (result,) = (await site.client.post("/v1/previews", json=ask(checkin))).json()["results"]
    (base,) = result["offers"]
    assert (base["fired"], base["decided"]) == (False, "mechanic")


async def test_a_basket_is_told_what_to_add(site: Site, purchase: Purchase) -> None:
    async with site.database.transaction() as tx:
        now = await clock.now(tx)
        document = program.parse(PROGRAM + MORE + LEVELS)
        await spine.publish(tx, document, live_from=now - timedelta(days=100), by="a test", at=now)
    (result,) = (await site.client.post("/v1/previews", json=ask(purchase(minor=1250)))).json()["results"]
    needs = {offer["offer"]: offer["gates"][-1]["needs"] for offer in result["offers"]}
    assert needs == {"base": {}, "big": {"missing_minor": 3750}, "tea": {"missing_minor": 250}, "club": {}, "tiers": {}}
    club, tiers = result["levels"]
    assert (club["trait"], club["level"], club["next_level"]) == ("club", "guest", "friend")
    assert club["missing"] == [{"money": 3750}, {"visits": 3}]
    assert (tiers["level"], tiers["next_level"], tiers["missing"]) == (None, "gold", [{"points": 88}])
    # With what was missing, and in one preview after the other.
    both = {"activities": [purchase("1", minor=1250), purchase("2", minor=3750)]}
    _, second = (await site.client.post("/v1/previews", json=both)).json()["results"]
    assert [level["level"] for level in second["levels"]] == ["friend", None]
    whole = (await site.client.post("/v1/previews", json=ask(purchase(minor=5000)))).json()["results"][0]
    assert [offer["fired"] for offer in whole["offers"]] == [True, True, True, True, False]


async def test_a_refusal_is_shown_in_its_place(site: Site, purchase: Purchase) -> None:
    unheard = {**purchase(), "kind": "juggle"}
    (result,) = (await site.client.post("/v1/previews", json=ask(unheard))).json()["results"]
    assert result["status"] == "refused"
    assert result["problem"]["code"] == "activity_kind_unknown"


async def test_a_receipt_is_explained(site: Site, purchase: Purchase) -> None:
    first = (await site.client.post("/v1/activities", json=purchase())).json()
    await site.client.post("/v1/activities", json=purchase())
    address = f"/v1/members/{first['member']}/activities/{first['activity']}/explanation"
    answered = await site.client.get(address)
    assert answered.status_code == 200, answered.text
    explained = answered.json()
    assert explained["exact"]
    assert explained["receipt"] == first
    (base,) = explained["offers"]
    assert base["fired"]
    assert [gate["gate"] for gate in base["gates"]] == ["kind", "mechanic"]
    unknown = await site.client.get(f"/v1/members/{first['member']}/activities/{first['member']}/explanation")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "activity_unknown")
