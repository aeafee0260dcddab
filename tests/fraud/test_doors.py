"""Fraud over HTTP and on the command line."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from regulars.base.db import Database
from tests.cli.calls import Shell
from tests.cli.conftest import shell
from tests.fraud.conftest import look_through
from tests.http.conftest import house, published, purchase, settings, site
from tests.http.site import Purchase, Site

__all__ = ["house", "published", "purchase", "settings", "shell", "site"]


async def sell(site: Site, purchase: Purchase, count: int, **more: Any) -> str:  # noqa: ANN401 - any field
    """Sell to one card every minute; gives the member."""
    begin = datetime.now(tz=UTC) - timedelta(hours=2)
    facts = [
        purchase(f"r{n}", occurred_at=(begin + n * timedelta(minutes=1)).isoformat(), **more) for n in range(count)
    ]
    sent = await site.client.post("/v1/activities", json={"activities": facts})
    await look_through(site.database, site.house, at=datetime.now(tz=UTC))
    return sent.json()["results"][0]["receipt"]["member"]


async def test_a_case_from_the_queue_to_its_end(site: Site, purchase: Purchase) -> None:
    member = await sell(site, purchase, 16)
    (case,) = (await site.client.get("/v1/fraud/cases")).json()["cases"]
    assert (case["rule"], case["member"], case["state"]) == ("member_too_often", member, "open")
    at = f"/v1/fraud/cases/{case['id']}"
    taken = await site.client.post(f"{at}/assign", json={})
    assert taken.json()["assigned_to"]
    me = taken.json()["assigned_to"]
    assert (await site.client.get("/v1/fraud/cases", params={"assigned": me})).json()["cases"] == [taken.json()]
    frozen = await site.client.post(f"{at}/freeze", json={"reason": "16 in a quarter of an hour"})
    assert (frozen.status_code, frozen.json()["state"]) == (200, "frozen")
    ask = {"currency": "points", "points": 1}
    burn = await site.client.post("/v1/activities", json=purchase("b", kind="redeem", lines=[], ask=ask))
    assert (burn.status_code, burn.json()["code"]) == (409, "member_frozen")
    assert (await site.client.post("/v1/activities", json=purchase("c"))).status_code == 201, "earning goes on"
    said = await site.client.post(f"{at}/appeal", json={"text": "I run a canteen"})
    assert said.json()["state"] == "open"
    cleared = await site.client.post(f"{at}/clear", json={"reason": "a canteen"})
    assert cleared.json()["state"] == "cleared"
    whole = (await site.client.get(at)).json()
    assert [each["what"] for each in whole["deeds"]] == ["assign", "freeze", "appeal", "clear"]
    assert [each["text"] for each in whole["appeals"]] == ["I run a canteen"]
    assert len(whole["evidence"]) == 16
    assert (await site.client.get("/v1/fraud/cases")).json()["cases"] == []
    again = await site.client.post(f"{at}/clear", json={"reason": "again"})
    assert (again.status_code, again.json()["code"]) == (409, "fraud_case_state")


async def test_what_is_done_about_a_case_is_in_the_audit(site: Site, purchase: Purchase) -> None:
    await sell(site, purchase, 16)
    (case,) = (await site.client.get("/v1/fraud/cases")).json()["cases"]
    await site.client.post(f"/v1/fraud/cases/{case['id']}/freeze", json={"reason": "too often"})
    await site.client.post(f"/v1/fraud/cases/{case['id']}/appeal", json={"text": "I run a canteen"})
    found = (await site.client.get("/v1/audit", params={"object": case["id"]})).json()["entries"]
    assert [(each["what"], each["reason"]) for each in found] == [
        ("appeal_fraud_case", ""),
        ("freeze_fraud_case", "too often"),
    ]


async def test_rules_are_changed_from_the_version_that_was_read(site: Site) -> None:
    read = await site.client.get("/v1/fraud/rules")
    assert read.headers["etag"] == '"1"'
    rules = read.json()["rules"]
    sent = {**rules, "two_people": True, "velocity": [{**rules["velocity"][0], "more_than": 5}]}
    changed = await site.client.put("/v1/fraud/rules", json=sent, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    late = await site.client.put("/v1/fraud/rules", json=sent, headers={"If-Match": '"1"'})
    assert (late.status_code, late.json()["code"]) == (409, "fraud_rules_changed")
    (noted,) = (await site.client.get("/v1/audit", params={"what": "put_fraud_rules", "outcome": "done"})).json()[
        "entries"
    ]
    assert noted["changes"]["two_people"] == [False, True]
    assert noted["changes"]["velocity.one_card_at_one_cashier.more_than"] == [12, 5]


async def test_pages_follow_each_other(site: Site, purchase: Purchase) -> None:
    await sell(site, purchase, 16, data={"cashier": "c1", "card": "x"})
    seen: list[tuple[int, str]] = []
    query: dict[str, str] | None = {"limit": "1"}
    while query:
        page = (await site.client.get("/v1/fraud/cases", params=query)).json()
        seen += [(each["score"], each["rule"]) for each in page["cases"]]
        query = {"limit": "1", "cursor": page["next"]} if page["next"] else None
    assert [score for score, _ in seen] == [90, 60, 60]
    assert len({rule for _, rule in seen}) == 3


async def test_what_there_is_not(site: Site) -> None:
    unknown = await site.client.get(f"/v1/fraud/cases/{UUID(int=7)}")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "fraud_case_unknown")


async def test_the_command_line_lists_what_waits(
    database: Database, site: Site, purchase: Purchase, shell: Shell
) -> None:
    await sell(site, purchase, 16)
    looked = await asyncio.to_thread(shell, "fraud", "look")
    assert "Cases that wait for somebody: 1." in looked.said
    listed = await asyncio.to_thread(shell, "fraud", "cases", "--json")
    assert [each["rule"] for each in listed.value] == ["member_too_often"]
