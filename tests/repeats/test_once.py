"""A write under a name is done once, answered again to the byte, and never mistaken for another."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from regulars.base import clock
from regulars.features.repeats import fingerprint
from regulars.features.repeats.store import claim
from regulars.interfaces.http.app import list_routers
from regulars.interfaces.http.kit import door_of
from tests.http.site import Site

PHONE = "+8613800138000"
BODY: dict[str, Any] = {"identifiers": [{"kind": "phone", "value": PHONE}]}


async def enrol(site: Site, body: dict[str, Any], key: str, **headers: str) -> httpx.Response:
    return await site.client.post("/v1/members", json=body, headers={"Idempotency-Key": key, **headers})


async def count_members(site: Site) -> int:
    async with site.database.snapshot() as read:
        return await read.value("SELECT count(*) FROM members.member")


async def test_it_is_done_once_and_answered_again(site: Site) -> None:
    before = await count_members(site)
    first = await enrol(site, {}, "k 1")
    again = await enrol(site, {}, "k 1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["location"] == first.headers["location"]
    assert (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"]) == (None, "true")
    other = await enrol(site, {}, "k 2")
    assert other.json()["id"] != first.json()["id"]
    unnamed = await site.client.post("/v1/members", json={})
    assert "idempotent-replayed" not in unnamed.headers
    assert await count_members(site) == before + 3


async def test_another_request_under_the_name_is_refused(site: Site) -> None:
    await enrol(site, BODY, "k")
    other = await enrol(site, {}, "k")
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert other.json()["context"] == {"key": "k"}
    path = "/v1/coupons/ten/codes"
    elsewhere = await site.client.post(path, json=BODY, headers={"Idempotency-Key": "k"})
    assert elsewhere.json()["code"] == "body_invalid"
    codes = {"batch": "b", "make": 2, "valid_until": "2090-01-01T00:00:00Z"}
    elsewhere = await site.client.post(path, json=codes, headers={"Idempotency-Key": "k"})
    assert elsewhere.json()["code"] == "key_reused"
    # The same, written another way, is the same.
    text = f'{{ "identifiers" : [ {{ "value": "{PHONE}", "kind": "phone" }} ] }}'
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    again = await site.client.post("/v1/members", content=text, headers=headers)
    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")


async def test_a_name_is_its_callers_own(site: Site) -> None:
    first = await enrol(site, {}, "k")
    token = await site.issue("members:write")
    other = await enrol(site, {}, "k", **site.using(token))
    assert other.status_code == 201
    assert other.json()["id"] != first.json()["id"]


async def test_what_is_refused_leaves_nothing(site: Site) -> None:
    await enrol(site, BODY, "first")
    refused = await enrol(site, BODY, "k")
    assert refused.json()["code"] == "identifier_taken"
    refused = await enrol(site, BODY, "k")
    assert "idempotent-replayed" not in refused.headers
    assert (await enrol(site, {}, "k")).status_code == 201


async def test_at_once_it_is_done_once(site: Site) -> None:
    before = await count_members(site)
    answers = await asyncio.gather(*(enrol(site, {}, "k") for _ in range(8)))
    done = [each for each in answers if each.status_code == 201]
    assert {each.json()["code"] for each in answers if each.status_code != 201} <= {"key_in_progress"}
    assert len({each.content for each in done}) == 1
    assert await count_members(site) == before + 1
    async with site.database.transaction() as tx:
        (caller,) = await tx.rows("SELECT caller FROM repeats.answer")
        assert await claim(tx, (caller["caller"], "k"))
        early = await enrol(site, {}, "k")
    assert (early.status_code, early.json()["code"], early.json()["retryable"]) == (409, "key_in_progress", True)
    assert (await enrol(site, {}, "k")).content == done[0].content


async def test_codes_that_are_told_once_are_told_to_whoever_missed_them(site: Site) -> None:
    body = {"batch": "b", "make": 3, "valid_until": "2090-01-01T00:00:00Z"}
    answers = [
        await site.client.post("/v1/coupons/ten/codes", json=body, headers={"Idempotency-Key": "k"}) for _ in range(2)
    ]
    assert [each.status_code for each in answers] == [201, 201]
    codes = answers[0].json()["codes"]
    assert answers[1].json()["codes"] == codes
    # Nobody who reads the table reads them.
    async with site.database.snapshot() as read:
        (row,) = await read.rows("SELECT wrapped || sealed AS kept FROM repeats.answer")
    assert not [code for code in codes if code.encode() in row["kept"]]
    assert len(row["kept"]) > sum(len(code) for code in codes)


async def test_names_are_forgotten_after_400_days(site: Site) -> None:
    first = await enrol(site, {}, "k")
    for days, is_known in ((399, True), (2, False)):
        async with site.database.transaction() as tx:
            await clock.set_now(tx, await clock.now(tx) + timedelta(days=days))
        again = await enrol(site, {}, "k")
        assert (again.json()["id"] == first.json()["id"]) is is_known
    async with site.database.snapshot() as read:
        assert await read.value("SELECT count(*) FROM repeats.answer") == 1


@pytest.mark.parametrize("name", ["", "x" * 129, "käse".encode().decode("latin-1")])
async def test_a_name_that_is_none_is_refused(site: Site, name: str) -> None:
    headers = [(b"Idempotency-Key", name.encode("latin-1"))]
    answer = await site.client.post("/v1/members", json={}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "parameter_invalid")


def test_requests_are_told_apart() -> None:
    same = fingerprint("POST", "/a", b'{"x": 1, "y": 2}')
    assert same == fingerprint("POST", "/a", b'{"y":2,"x":1}')
    others = [("PUT", "/a", b'{"x":1,"y":2}'), ("POST", "/b", b'{"x":1,"y":2}'), ("POST", "/a", b'{"x":1,"y":3}')]
    assert len({same, *(fingerprint(*each) for each in others), fingerprint("POST", "/a", b"")}) == 5


def test_what_cannot_be_named_otherwise_takes_a_key() -> None:
    keyed = {
        route.path
        for router in list_routers()
        for route in router.routes
        if isinstance(route, APIRoute) and (door := door_of(route.endpoint)) is not None and door.keyed
    }
    assert {"/v1/members", "/v1/coupons/{coupon}/codes", "/v1/programs/{version}/publish"} <= keyed
