"""The switch: points are not used, and earned all the same."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from typer.testing import CliRunner, Result

from regulars.base import ids
from regulars.interfaces.cli import burning as commands
from regulars.kernel.members import burning
from regulars.kernel.nouns import Identifier
from tests.http.site import Purchase, Site
from tests.spine.conftest import Shop, ask, buy
from tests.staff.people import Office, code_of


async def turn_off(shop: Shop, member: UUID | None, *, hours: int = 0) -> None:
    async with shop.database.transaction() as tx:
        if hours:
            until = shop.at + timedelta(hours=hours)
            await burning.add_cooling(tx, member or UUID(int=0), id=ids.new_id(), reason="", at=shop.at, until=until)
        else:
            await burning.turn_off(tx, member, id=ids.new_id(), reason="a test", by="a test", at=shop.at)


BURNS = [
    ("redeem", {"currency": "points", "points": 10}),
    ("hold", {"currency": "points", "points": 10}),
    ("gift", {"currency": "points", "points": 10, "to": Identifier(kind="card", value="8")}),
    ("donate", {"currency": "points", "points": 10, "charity": "trees"}),
    ("voucher", {"currency": "points", "points": 10, "store": "s1", "valid_seconds": 600}),
]


@pytest.mark.parametrize(("kind", "settings"), BURNS, ids=lambda case: case if isinstance(case, str) else "")
async def test_nothing_burns_while_it_is_off_and_earning_goes_on(
    shop: Shop, kind: str, settings: dict[str, object]
) -> None:
    member = (await shop.receipt(buy("1", 5_000))).member
    await shop.receipt(buy("other", 5_000, card="8"))
    await turn_off(shop, None)
    assert await shop.refusal(ask(kind, "a", at=shop.at, **settings)) == "burning_off"
    await shop.receipt(buy("2", 1_000, at=shop.at))
    assert (await shop.standing(member)).available == 600


async def test_one_member_is_stopped_and_another_is_not(shop: Shop) -> None:
    member = (await shop.receipt(buy("1", 5_000))).member
    await shop.receipt(buy("other", 5_000, card="8"))
    await turn_off(shop, member)
    spend = {"currency": "points", "points": 10}
    assert await shop.refusal(ask("redeem", "a", at=shop.at, **spend)) == "burning_off"
    await shop.receipt(ask("redeem", "b", at=shop.at, card="8", **spend))
    async with shop.database.transaction() as tx:
        assert await burning.turn_on(tx, member, by="a test", at=shop.at)
        assert not await burning.turn_on(tx, member, by="a test", at=shop.at), "it was on again"
    await shop.receipt(ask("redeem", "c", at=shop.at, **spend))


async def test_a_day_after_a_change_passes_by_itself(shop: Shop) -> None:
    member = (await shop.receipt(buy("1", 5_000))).member
    await turn_off(shop, member, hours=24)
    spend = {"currency": "points", "points": 10}
    shop.later(hours=23)
    assert await shop.refusal(ask("redeem", "a", at=shop.at, **spend)) == "cooling_off"
    shop.later(hours=1)
    await shop.receipt(ask("redeem", "b", at=shop.at, **spend))


async def test_what_was_set_aside_before_is_paid_with(shop: Shop) -> None:
    await shop.receipt(buy("1", 5_000))
    held = await shop.receipt(ask("hold", "h", at=shop.at, currency="points", points=100))
    await turn_off(shop, None)
    captured = await shop.receipt(ask("capture", "c", at=shop.at, hold=str(held.activity)))
    assert [(each.kind, each.points) for each in captured.postings] == [("redeem", -100)]


async def test_a_household_leaves_the_points_of_the_stopped_alone(shop: Shop) -> None:
    mine = (await shop.receipt(buy("1", 1_000))).member
    theirs = (await shop.receipt(buy("2", 1_000, card="8"))).member
    await shop.share_points(mine, theirs)
    await turn_off(shop, theirs)
    spend = {"currency": "points", "pool": True}
    assert await shop.refusal(ask("redeem", "a", at=shop.at, points=150, **spend)) == "points_not_enough"
    await shop.receipt(ask("redeem", "b", at=shop.at, points=100, **spend))
    assert (await shop.standing(theirs)).available == 100


async def test_over_http_with_a_reason_seen_in_readiness(site: Site, purchase: Purchase) -> None:
    sold = await site.client.post("/v1/activities", json=purchase())
    member = sold.json()["member"]
    off = {"burning": "off", "reason": "points are used that nobody asked for"}
    turned = await site.client.put("/v1/burning", json=off)
    assert (turned.status_code, turned.json()["burning"]) == (200, "off")
    assert [(each["member"], each["reason"]) for each in turned.json()["stops"]] == [(None, off["reason"])]
    assert (await site.client.get("/readyz")).json()["burning"] == "off"
    spend = {**purchase("r-2"), "kind": "redeem", "ask": {"currency": "points", "points": 1}, "lines": []}
    refused = await site.client.post("/v1/activities", json=spend)
    assert code_of(refused) == (409, "burning_off"), refused.text
    assert off["reason"] not in refused.text, "why is for the house"
    assert (await site.client.get(f"/v1/members/{member}/burning")).json()["burning"] == "off"
    await site.client.put("/v1/burning", json={"burning": "on", "reason": "it was nothing"})
    assert (await site.client.get("/readyz")).json()["burning"] == "on"
    assert (await site.client.post("/v1/activities", json=spend)).status_code == 201
    nobody = await site.client.put(f"/v1/members/{ids.new_id()}/burning", json=off)
    assert code_of(nobody) == (404, "member_unknown")


async def test_one_person_turns_it_off_and_two_turn_it_on(office: Office) -> None:
    office.state.settings = replace(office.state.settings, four_eyes=frozenset({"burning"}))
    ann, bob = await office.work("ann@example.com", "owner"), await office.work("bob@example.com", "owner")
    off = await office.send("PUT", "/v1/burning", {"burning": "off", "reason": "a leak"}, by=ann)
    assert off.status_code == 200, off.text
    on = await office.send("PUT", "/v1/burning", {"burning": "on", "reason": "it is closed"}, by=ann)
    assert on.status_code == 202, on.text
    assert (await office.send("GET", "/readyz")).json()["burning"] == "off"
    agreed = await office.send("POST", f"/v1/approvals/{on.json()['id']}/approve", {}, by=bob)
    assert agreed.status_code == 200, agreed.text
    assert (await office.send("GET", "/readyz")).json()["burning"] == "on"


async def test_on_the_command_line(shop: Shop, database_url: str) -> None:
    member = (await shop.receipt(buy("1", 5_000))).member

    async def call(*words: str) -> Result:
        env = {"REGULARS_DATABASE_URL": database_url, "COLUMNS": "160"}
        return await asyncio.to_thread(CliRunner().invoke, commands.app, words, env=env)

    assert "are not to be used" in (await call("off", "--reason", "a leak")).stderr
    assert "were already not" in (await call("off", "--reason", "a leak")).stderr
    assert (await call("off", "--reason", "a theft", "--member", str(member))).exit_code == 0
    shown = (await call("show")).stdout
    assert "everybody's" in shown
    assert str(member) in shown
    assert (await call("on", "--reason", "closed")).exit_code == 0
    assert "everybody's" not in (await call("show")).stdout
    assert "were not turned off" in (await call("on", "--reason", "closed")).stderr
