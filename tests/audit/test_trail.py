"""Who did what is noted with what was done, and nothing personal with it."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from regulars.features import audit
from regulars.interfaces.http.kit import door_of
from regulars.interfaces.http.trail import ASKING, JOURNALLED, SAFE
from tests.audit.conftest import Watched
from tests.http.site import Purchase, Site
from tests.settled import settle
from tests.staff.people import PASSWORD, Office

STORE = {"name_en": "West Lake", "time_zone": "Asia/Shanghai"}
PHONE = "+8613800138000"


async def test_a_change_of_configuration_tells_before_and_after(site: Site, trail: Watched) -> None:
    for name in ("West Lake", "East Lake"):
        sent = await site.client.put("/v1/stores/367", json={**STORE, "name_en": name}, headers={"X-Reason": "moved"})
        assert sent.status_code == 200
    first, second = await trail.list(what="put_store", object="367")
    assert first["changes"]["name_en"] == [None, "West Lake"]
    assert set(second["changes"]) == {"name_en", "changed_at"}
    assert second["changes"]["name_en"] == ["West Lake", "East Lake"]
    told = {"actor_kind": "key", "actor_name": "a test", "route": "PUT /v1/stores/{store}", "reason": "moved"}
    assert second.items() >= {**told, "outcome": "done", "status": 200, "code": "", "network": "127.0.0.0/24"}.items()
    assert second["agent"].startswith("python-httpx")
    assert second["request_id"]


async def test_what_is_refused_is_noted_with_its_code(site: Site, trail: Watched) -> None:
    await site.client.put("/v1/stores/9", json={**STORE, "time_zone": "Mars/Olympus"})
    await site.client.put("/v1/stores/9", json=STORE, headers=site.using(await site.issue("estate:read")))
    await site.client.put("/v1/stores/9", content=b"{", headers={"Content-Type": "application/json"})
    found = await trail.list(object="9")
    assert [(each["outcome"], each["status"], each["code"]) for each in found] == [
        ("refused", 422, "zone_unknown"),
        ("refused", 403, "scope_missing"),
        ("refused", 400, "json_invalid"),
    ]


async def test_a_write_that_cannot_be_noted_does_not_happen(site: Site) -> None:
    async with site.database.transaction() as tx:
        await tx.run("ALTER TABLE audit.entry ADD CONSTRAINT full_up CHECK (what <> 'put_store')")
    failed = await site.client.put("/v1/stores/367", json=STORE)
    assert failed.status_code == 500
    async with site.database.snapshot() as read:
        assert await read.value("SELECT count(*) FROM estate.store") == 0


async def test_a_read_of_personal_data_that_cannot_be_noted_is_not_answered(site: Site) -> None:
    made = await site.client.post("/v1/members", json={"identifiers": [{"kind": "phone", "value": PHONE}]})
    assert made.status_code == 201
    async with site.database.transaction() as tx:
        await tx.run("ALTER TABLE audit.entry ADD CONSTRAINT full_up CHECK (what <> 'look_up_member')")
    failed = await site.client.post("/v1/members/lookup", json={"identifier": {"kind": "phone", "value": PHONE}})
    assert failed.status_code == 500
    assert made.json()["id"] not in failed.text


async def test_looking_somebody_up_is_noted_with_whom_and_not_by_what(site: Site, trail: Watched) -> None:
    made = await site.client.post("/v1/members", json={"identifiers": [{"kind": "phone", "value": PHONE}]})
    await site.client.post("/v1/members/lookup", json={"identifier": {"kind": "phone", "value": PHONE}})
    await site.client.post("/v1/members/lookup", json={"identifier": {"kind": "phone", "value": "+8613800138999"}})
    found = await trail.list(what="look_up_member")
    assert [(each["object"], each["code"]) for each in found] == [(made.json()["id"], ""), ("", "member_unknown")]
    async with site.database.snapshot() as read:
        whole = await read.value("SELECT string_agg(entry::text, ' ') FROM audit.entry AS entry")
    assert "13800" not in whole


async def test_a_members_page_is_noted_where_a_person_reads_it(office: Office, trail: Watched) -> None:
    site = office.site
    member = (await site.client.post("/v1/members", json={})).json()["id"]
    ann = await office.work("ann@example.com", "owner")
    await site.client.get(f"/v1/members/{member}")
    await office.send("GET", f"/v1/members/{member}", by=ann)
    (noted,) = await trail.list(what="read_member_view", object=member)
    assert (noted["actor_kind"], noted["actor_id"], noted["actor_name"]) == ("staff", str(ann.id), "Ann Lee")


async def test_signing_in_is_noted_whether_it_went_well_or_not(office: Office, trail: Watched) -> None:
    ann = await office.join("ann@example.com", "owner")
    await office.first("ann@example.com", "wrong horse battery staple")
    await office.sign_in(ann)
    found = await trail.list()
    signing = [each for each in found if each["route"].endswith(("/v1/session", "/v1/session/second"))]
    assert [(each["actor_kind"], each["outcome"], each["code"]) for each in signing] == [
        ("nobody", "refused", "sign_in_refused"),
        ("nobody", "done", ""),
        ("staff", "done", ""),
    ]
    assert signing[2]["actor_id"] == str(ann.id)
    async with office.site.database.snapshot() as read:
        whole = await read.value("SELECT string_agg(entry::text, ' ') FROM audit.entry AS entry")
    for secret in ("ann@example.com", PASSWORD, "wrong horse", ann.token, ann.secret):
        assert secret not in whole


async def test_what_two_people_do_names_both(office: Office, trail: Watched) -> None:
    ann, bo = await office.work("ann@example.com", "owner"), await office.work("bo@example.com", "owner")
    office.state.settings = replace(office.state.settings, four_eyes=frozenset({"keys"}))
    asked = await office.send("POST", "/v1/keys", {"name": "web shop", "scopes": ["estate:read"]}, by=ann)
    assert asked.status_code == 202
    agreed = await office.send("POST", f"/v1/approvals/{asked.json()['id']}/approve", {"note": "as we said"}, by=bo)
    assert agreed.json()["status"] == 201, agreed.text
    waited, issued = await trail.list(what="issue_api_key")
    assert (waited["outcome"], waited["object"], waited["agreed_by"]) == ("waiting", asked.json()["id"], None)
    assert (issued["outcome"], issued["actor_id"], issued["agreed_by"]) == ("done", str(ann.id), str(bo.id))
    assert issued["changes"]["scopes"] == [None, ["estate:read"]]
    (approved,) = await trail.list(what="approve")
    assert (approved["actor_id"], approved["reason"]) == (str(bo.id), "as we said")
    assert agreed.json()["answer"]["token"] not in str(await trail.list())


async def test_an_account_that_changes_tells_no_names(office: Office, trail: Watched) -> None:
    ann, bo = await office.work("ann@example.com", "owner"), await office.work("bo@example.com", "owner")
    invited = await office.send(
        "POST", "/v1/staff", {"email": "cy@example.com", "name": "Cy Wu", "roles": ["analyst"]}, by=ann
    )
    account = invited.json()["account"]["id"]
    changed = await office.send("PUT", f"/v1/staff/{account}/roles", {"roles": ["auditor"]}, by=bo)
    assert changed.status_code == 200, changed.text
    (made,) = await trail.list(what="invite_staff")
    assert (made["object"], made["actor_id"]) == (account, str(ann.id))
    assert made["changes"]["email"] == [None, "changed"]
    assert made["changes"]["name"] == [None, "changed"]
    (roles,) = await trail.list(what="change_staff_roles")
    assert roles["changes"] == {"roles": [["analyst"], ["auditor"]]}


async def test_activities_are_the_journals_and_found_by_the_person(
    office: Office, trail: Watched, purchase: Purchase
) -> None:
    cy = await office.work("cy@example.com", "store", store="s1")
    sent = await office.send("POST", "/v1/activities", purchase("a", store="s1"), by=cy)
    assert sent.status_code == 201
    assert (await office.send("POST", "/v1/activities", purchase("b", store="s2"), by=cy)).status_code == 403
    await settle(office.site.database)
    while await office.site.database.run(audit.gather_acts):
        continue
    (act,) = (await office.site.client.get("/v1/audit/activities", params={"actor": str(cy.id)})).json()["acts"]
    assert (act["name"], act["kind"], act["member"]) == ("a", "purchase", sent.json()["member"])
    (forbidden,) = await trail.list(what="record_activities")
    assert (forbidden["code"], forbidden["actor_id"]) == ("store_forbidden", str(cy.id))


def list_writes(site: Site) -> list[tuple[str, str]]:
    assert isinstance(site.app, FastAPI)
    found = []
    for context in iter_route_contexts(site.app.routes):
        declared, path = door_of(context.endpoint), str(context.path)
        writes = set(context.methods or ()) - SAFE
        if writes and declared is not None and declared.scope is not None and path not in JOURNALLED | ASKING:
            found += [(method, path) for method in writes]
    return found


async def test_every_route_that_writes_leaves_an_entry(site: Site, trail: Watched) -> None:
    """Even one that is only tried: so a route that is new is noted without anybody thinking of it."""
    writes = list_writes(site)
    assert len(writes) > 30
    for number, (method, path) in enumerate(writes):
        made = path
        for name in ("member", "account", "approval", "session", "webhook", "case", "hold"):
            made = made.replace(f"{{{name}}}", str(UUID(int=number + 1)))
        await site.client.request(
            method, made.replace("{", "").replace("}", ""), headers={"X-Request-Id": f"w-{number}"}
        )
    async with site.database.snapshot() as read:
        noted = {row["request_id"] for row in await read.rows("SELECT request_id FROM audit.entry")}
    silent = [write for number, write in enumerate(writes) if f"w-{number}" not in noted]
    assert silent == []


async def test_nobody_fills_the_trail_without_being_let_in(site: Site, trail: Watched) -> None:
    for token in ("x", "rk_aaaaaaaaaa_bb"):
        refused = await site.client.put("/v1/stores/1", json=STORE, headers=site.using(token))
        assert refused.status_code == 401
    assert await trail.list() == []


NETWORKS = [
    ("203.0.113.77", "203.0.113.0/24"),
    ("2001:db8:aaaa:bbbb::1", "2001:db8:aaaa::/48"),
    ("::ffff:203.0.113.77", "203.0.113.0/24"),
    ("unix", ""),
]


@pytest.mark.parametrize(("address", "network"), NETWORKS)
def test_of_an_address_the_network_is_kept(address: str, network: str) -> None:
    assert audit.name_network(address) == network


CHANGES: list[tuple[Any, Any, dict[str, Any]]] = [
    ({"a": 1, "b": 2}, {"a": 1, "b": 3}, {"b": (2, 3)}),
    (None, {"a": {"b": 1}}, {"a.b": (None, 1)}),
    ({"a": {"token": "x"}}, {"a": {"token": "y"}}, {"a.token": ("changed", "changed")}),
    ({"email": "a@b"}, None, {"email": ("changed", None)}),
    ({"name": "Ann"}, {"name": "Bo"}, {"name": ("changed", "changed")}),
    ({"text": "x"}, {"text": "x" * 201}, {"text": ("changed", "changed")}),
    ({"a": 1}, {"a": 1}, {}),
]


@pytest.mark.parametrize(("before", "after", "told"), CHANGES)
def test_a_difference_tells_nothing_personal(before: Any, after: Any, told: dict[str, Any]) -> None:  # noqa: ANN401
    assert audit.compare(before, after, hidden=frozenset({"name"})) == told
