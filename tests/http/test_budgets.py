"""What a console reads and sets beside the programme: budgets, the policy, one store."""

from datetime import timedelta

from regulars.base import clock
from regulars.kernel import program, spine
from tests.http.conftest import PROGRAM
from tests.http.site import Purchase, Site

BOUND = PROGRAM.replace("    settings:", "    budget: {points: 15, money_minor: 1000}\n    settings:")


async def test_what_is_left_of_a_budget(site: Site, purchase: Purchase) -> None:
    assert (await site.client.get("/v1/program/budgets")).json()["budgets"] == []
    async with site.database.transaction() as tx:
        now = await clock.now(tx)
        await spine.publish(tx, program.parse(BOUND), live_from=now - timedelta(days=1), by="a test", at=now)
    assert (await site.client.post("/v1/activities", json=purchase("r-1", minor=1000))).status_code == 201
    told = (await site.client.get("/v1/program/budgets")).json()
    assert [(it["offer"], it["unit"], it["amount"], it["used"], it["left"]) for it in told["budgets"]] == [
        ("base", "points", 15, 10, 5),
        ("base", "money", 1000, 10, 990),
    ]
    assert told["money"] == "CNY"


async def test_the_policy_is_set_and_kept(site: Site) -> None:
    answer = await site.client.put("/v1/program/policy", json={"review": True, "simulation": False})
    assert (answer.status_code, answer.json()) == (200, {"review": True, "simulation": False})
    assert (await site.client.get("/v1/programs")).json()["policy"] == {"review": True, "simulation": False}
    text = PROGRAM.replace("points: 1, per_minor: 100", "points: 2, per_minor: 100")
    drafted = (await site.client.post("/v1/programs", json={"text": text})).json()["hash"]
    refused = await site.client.post(f"/v1/programs/{drafted}/publish", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "review_missing")
    weak = site.using(await site.issue("program:draft", "program:release"))
    answer = await site.client.put("/v1/program/policy", json={"review": False, "simulation": False}, headers=weak)
    assert answer.json()["code"] == "scope_missing"


async def test_one_store_is_read_with_its_tills(site: Site) -> None:
    assert (await site.client.get("/v1/stores/s1")).json()["code"] == "store_unknown"
    store = {"name_en": "West Lake", "name_zh": "西湖店", "region": "east", "time_zone": "Asia/Shanghai"}
    assert (await site.client.put("/v1/stores/s1", json=store)).status_code == 200
    assert (await site.client.put("/v1/stores/s1/tills/1", json={"name": "Door"})).status_code == 200
    told = (await site.client.get("/v1/stores/s1")).json()
    assert (told["store"]["name_zh"], [it["id"] for it in told["tills"]]) == ("西湖店", ["1"])
