"""What needs two people waits for the second, is done exactly as it was asked, under both names, and once."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import pytest

from regulars.base.db import Database
from regulars.base.settings import Settings
from regulars.interfaces.http.app import app
from regulars.kernel import spine
from tests.http.site import Purchase, Site, run_site
from tests.staff.people import Office, Person, code_of

LARGE = 5_000
"""More than a person may correct alone."""


@pytest.fixture
async def site(database: Database, house: spine.House, settings: Settings, published: None) -> AsyncGenerator[Site]:
    four_eyes = replace(settings, four_eyes=frozenset({"adjustments", "publishing", "keys", "mass"}))
    async for each in run_site(database, house, app(four_eyes, database, house)):
        yield each


async def meet(office: Office) -> tuple[Person, Person]:
    return await office.work("ann@example.com", "owner"), await office.work("bo@example.com", "owner")


def correct(purchase: Purchase, name: str, points: int, **ask: object) -> dict[str, Any]:
    told = {"currency": "points", "points": points, "reason": "a complaint", "by": "x", **ask}
    return purchase(name, kind="adjust", lines=[], ask=told)


async def count_journal(office: Office) -> list[str]:
    async with office.site.database.snapshot() as read:
        return [str(row["body"]) for row in await read.rows("SELECT body FROM activity.journal ORDER BY seq")]


async def test_a_large_correction_is_done_when_somebody_else_agrees(office: Office, purchase: Purchase) -> None:
    ann, bo = await meet(office)
    small = await office.send("POST", "/v1/activities", correct(purchase, "small", 10), by=ann)
    assert small.status_code == 201, "below the limit one is enough"
    large = correct(purchase, "large", LARGE)
    asked = await office.send("POST", "/v1/activities", large, by=ann)
    waiting = asked.json()
    assert (asked.status_code, waiting["state"], waiting["action"]) == (202, "waiting", "adjustments")
    assert asked.headers["location"] == f"/v1/approvals/{waiting['id']}"
    assert len(await count_journal(office)) == 1, "nothing is done yet"
    again = await office.send("POST", "/v1/activities", large, by=ann)
    assert again.json()["id"] == waiting["id"], "sent again, it is the same request"

    own = await office.send("POST", f"/v1/approvals/{waiting['id']}/approve", {}, by=ann)
    assert code_of(own) == (403, "approval_by_oneself")
    seen = (await office.send("GET", f"/v1/approvals/{waiting['id']}", by=bo)).json()
    assert seen["body"]["ask"]["points"] == LARGE
    done = await office.send("POST", f"/v1/approvals/{waiting['id']}/approve", {"note": "I know her"}, by=bo)
    assert (done.json()["status"], done.json()["approval"]["state"]) == (201, "done")
    _, body = await count_journal(office)
    assert str(ann.id) in body
    assert f'"approved_by":"{bo.id}"' in body.replace(" ", "")
    late = await office.send("POST", f"/v1/approvals/{waiting['id']}/approve", {}, by=bo)
    assert code_of(late) == (409, "approval_over")
    assert len(await count_journal(office)) == 2


async def test_of_many_who_agree_at_once_one_does_it(office: Office, purchase: Purchase) -> None:
    ann, bo = await meet(office)
    asked = await office.send("POST", "/v1/keys", {"name": "shop", "scopes": ["members:read"]}, by=ann)
    path = f"/v1/approvals/{asked.json()['id']}/approve"
    answers = await asyncio.gather(*(office.send("POST", path, {}, by=bo) for _ in range(5)))
    assert sorted(each.status_code for each in answers) == [200, 409, 409, 409, 409]
    keys = (await office.send("GET", "/v1/keys", by=ann)).json()["keys"]
    assert [each["name"] for each in keys].count("shop") == 1


async def test_a_key_is_made_by_two_and_works(office: Office) -> None:
    ann, bo = await meet(office)
    asked = await office.send("POST", "/v1/keys", {"name": "shop", "scopes": ["program:read"]}, by=ann)
    assert asked.status_code == 202
    done = await office.send("POST", f"/v1/approvals/{asked.json()['id']}/approve", {}, by=bo)
    token = done.json()["answer"]["token"]
    assert (await office.send("GET", "/v1/program", by=token)).status_code == 200
    async with office.site.database.snapshot() as read:
        rows = [[*row.values()] for row in await read.rows("SELECT * FROM staff.approval")]
    assert token not in str(rows), "what is shown once is kept nowhere"


async def test_nobody_hands_out_more_than_they_have_not_with_two_either(office: Office) -> None:
    ann = await office.work("ann@example.com", "owner")
    dev = await office.work("dev@example.com", "developer")
    body = {"name": "shop", "scopes": ["points:adjust", "estate:read"]}
    asked = await office.send("POST", "/v1/keys", body, by=dev)
    done = await office.send("POST", f"/v1/approvals/{asked.json()['id']}/approve", {}, by=ann)
    assert (done.status_code, done.json()["status"], done.json()["answer"]["code"]) == (200, 403, "scope_missing")
    assert (done.json()["approval"]["state"], done.json()["approval"]["outcome_code"]) == ("failed", "scope_missing")


async def test_who_decides_needs_the_scope_as_well(office: Office) -> None:
    ann = await office.work("ann@example.com", "owner")
    di = await office.work("di@example.com", "service_desk")
    asked = (await office.send("POST", "/v1/keys", {"name": "shop", "scopes": ["members:read"]}, by=ann)).json()
    refused = await office.send("POST", f"/v1/approvals/{asked['id']}/approve", {}, by=di)
    assert (code_of(refused), refused.json()["context"]) == ((403, "scope_missing"), {"scope": "keys:write"})
    assert code_of(await office.send("GET", f"/v1/approvals/{asked['id']}", by=di)) == (403, "scope_missing")
    listed = (await office.send("GET", "/v1/approvals?state=waiting", by=di)).json()["approvals"]
    assert [each["id"] for each in listed] == [asked["id"]], "that there is one is no secret"


async def test_a_request_can_be_refused_or_taken_back_and_is_then_over(office: Office) -> None:
    ann, bo = await meet(office)
    for who in (ann, bo):
        asked = (await office.send("POST", "/v1/keys", {"name": "shop", "scopes": ["members:read"]}, by=ann)).json()
        refused = await office.send("POST", f"/v1/approvals/{asked['id']}/refuse", {"note": "no"}, by=who)
        assert (refused.json()["state"], refused.json()["decided_by"]) == ("refused", str(who.id))
        over = await office.send("POST", f"/v1/approvals/{asked['id']}/approve", {}, by=bo)
        assert code_of(over) == (409, "approval_over")


async def test_after_a_week_nobody_can_agree_any_more(office: Office) -> None:
    ann, bo = await meet(office)
    asked = (await office.send("POST", "/v1/keys", {"name": "shop", "scopes": ["members:read"]}, by=ann)).json()
    office.later(days=7)
    await office.sign_in(bo)
    assert code_of(await office.send("POST", f"/v1/approvals/{asked['id']}/approve", {}, by=bo)) == (
        409,
        "approval_over",
    )
    assert (await office.send("GET", "/v1/approvals?state=waiting", by=bo)).json()["approvals"] == []
    (ended,) = (await office.send("GET", "/v1/approvals", by=bo)).json()["approvals"]
    assert ended["state"] == "ended"


async def test_who_was_disabled_meanwhile_gets_nothing_done(office: Office) -> None:
    ann, bo = await meet(office)
    asked = (await office.send("POST", "/v1/keys", {"name": "shop", "scopes": ["members:read"]}, by=ann)).json()
    await office.send("POST", f"/v1/staff/{ann.id}/disable", by=bo)
    void = await office.send("POST", f"/v1/approvals/{asked['id']}/approve", {}, by=bo)
    assert code_of(void) == (409, "approval_void")


async def test_a_machine_neither_asks_nor_agrees(office: Office, purchase: Purchase) -> None:
    ann, _ = await meet(office)
    machine = office.site.client
    forged = correct(purchase, "large", LARGE, approved_by="the boss")
    assert code_of(await machine.post("/v1/activities", json=forged)) == (403, "person_needed")
    assert code_of(await machine.post("/v1/activities", json={"activities": [forged]})) == (403, "person_needed")
    written = {**forged, "ask": {**forged["ask"], "points": float(LARGE)}}
    assert code_of(await machine.post("/v1/activities", json=written)) == (403, "person_needed")
    assert (await machine.post("/v1/activities", json=correct(purchase, "small", 10))).status_code == 201
    asked = (await office.send("POST", "/v1/keys", {"name": "shop", "scopes": ["members:read"]}, by=ann)).json()
    assert code_of(await machine.post(f"/v1/approvals/{asked['id']}/approve", json={})) == (403, "person_needed")


async def test_a_version_is_published_by_two(office: Office) -> None:
    ann, bo = await meet(office)
    (version,) = (await office.send("GET", "/v1/programs", by=ann)).json()["versions"]
    asked = await office.send("POST", f"/v1/programs/{version['hash']}/publish", {}, by=ann)
    assert (asked.status_code, asked.json()["action"]) == (202, "publishing")
    done = await office.send("POST", f"/v1/approvals/{asked.json()['id']}/approve", {}, by=bo)
    assert done.json()["status"] == 200, done.text


async def test_very_many_commands_at_once_are_a_mass_operation(office: Office, purchase: Purchase) -> None:
    ann, _ = await meet(office)
    many = [correct(purchase, f"c{each}", 1) for each in range(101)]
    asked = await office.send("POST", "/v1/activities", {"activities": many}, by=ann)
    assert (asked.status_code, asked.json()["action"]) == (202, "mass")
    few = await office.send("POST", "/v1/activities", {"activities": many[:100]}, by=ann)
    assert few.status_code == 200


async def test_what_was_begun_by_a_server_that_died_can_be_done_again(office: Office) -> None:
    ann, bo = await meet(office)
    asked = (await office.send("POST", "/v1/keys", {"name": "shop", "scopes": ["members:read"]}, by=ann)).json()
    async with office.site.database.transaction() as tx:
        await tx.run(
            "UPDATE staff.approval SET state = 'approved', decided_by = $1, decided_at = $2, taken_until = $2",
            bo.id,
            office.at,
        )
    path = f"/v1/approvals/{asked['id']}/approve"
    assert code_of(await office.send("POST", path, {}, by=bo)) == (409, "approval_over"), "it may still be at it"
    office.later(minutes=2)
    assert (await office.send("POST", path, {}, by=bo)).json()["status"] == 201
