"""Members over HTTP: enrolled once, found by what they show, and shown what they hold and why."""

import re
from datetime import timedelta
from typing import Any

from regulars.base import clock
from regulars.kernel import program, spine
from tests.http.conftest import PROGRAM
from tests.http.site import Purchase, Site

CARD = {"kind": "card", "value": "2469 0001"}
PHONE = {"kind": "phone", "value": "+86 138 0013 8000"}
NOBODY = "01890a5d-ac96-774b-bcce-b302099a8057"


async def enrol(site: Site, *identifiers: dict[str, str]) -> dict[str, Any]:
    answer = await site.client.post("/v1/members", json={"identifiers": list(identifiers)})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_member_is_enrolled_and_found(site: Site) -> None:
    answer = await site.client.post("/v1/members", json={"identifiers": [CARD, PHONE]})
    member = answer.json()
    assert answer.headers["location"] == f"/v1/members/{member['id']}"
    for shown in (CARD, PHONE, {"kind": "card", "value": "24690001"}, {"kind": "phone", "value": "0086 13800138000"}):
        found = await site.client.post("/v1/members/lookup", json={"identifier": shown})
        assert found.json() == {"member": member["id"]}
    assert (await site.client.get(answer.headers["location"])).json() | {"as_of": ""} == member | {"as_of": ""}


async def test_what_a_member_shows_is_never_told_back(site: Site) -> None:
    member = await enrol(site, CARD, PHONE)
    assert [(each["kind"], each["value"]) for each in member["identifiers"]] == [
        ("card", "••••0001"),
        ("phone", "••••8000"),
    ]
    assert member["state"] == "active"
    assert member["balances"] == []
    assert member["traits"] == {}


async def test_an_identifier_belongs_to_one_member(site: Site) -> None:
    await enrol(site, CARD)
    answer = await site.client.post("/v1/members", json={"identifiers": [PHONE, CARD]})
    assert (answer.status_code, answer.json()["code"]) == (409, "identifier_taken")
    assert "2469" not in answer.text
    missing = await site.client.post("/v1/members/lookup", json={"identifier": PHONE})
    assert (missing.status_code, missing.json()["code"]) == (404, "member_unknown"), "nothing is half enrolled"


async def test_an_anonymous_member_can_be_enrolled(site: Site) -> None:
    assert (await enrol(site))["identifiers"] == []


NO_MEMBERS = [
    ({"identifiers": [{"kind": "phone", "value": "13800138000"}]}, "identifier_invalid"),
    ({"identifiers": [{"kind": "card", "value": str(number)} for number in range(33)]}, "body_invalid"),
    ({"identifiers": [{"kind": "card", "value": "1\0"}]}, "body_invalid"),
    ({"identifiers": {}}, "body_invalid"),
    ({"name": "Ana"}, "body_invalid"),
    ({"region": "a b"}, "body_invalid"),
]


async def test_what_cannot_be_a_member_is_refused(site: Site) -> None:
    for body, code in NO_MEMBERS:
        answer = await site.client.post("/v1/members", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, code)


PAGES = ["", "/statement", "/lots"]


async def test_nobody_has_nothing(site: Site) -> None:
    for path in PAGES:
        answer = await site.client.get(f"/v1/members/{NOBODY}{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "member_unknown")
        answer = await site.client.get(f"/v1/members/7{path}")
        assert (answer.status_code, answer.json()["code"]) == (422, "parameter_invalid")
        assert answer.json()["errors"][0]["path"] == "path.member"


async def buy(site: Site, purchase: Purchase, count: int) -> str:
    sent = [purchase(f"r-{number}", minor=100 * number) for number in range(1, count + 1)]
    answer = await site.client.post("/v1/activities", json={"activities": sent})
    return answer.json()["results"][0]["receipt"]["member"]


async def test_a_member_sees_what_is_held_now(site: Site, purchase: Purchase) -> None:
    member = await buy(site, purchase, 3)
    (balance,) = (await site.client.get(f"/v1/members/{member}")).json()["balances"]
    assert (balance["currency"], balance["shown"], balance["available"]) == ("points", 6, 6)
    assert (balance["pending"], balance["held"], balance["owed"]) == (0, 0, 0)
    assert balance["next_expiry_points"] == 6
    assert balance["next_expiry"] is not None


async def test_a_statement_goes_back_page_by_page_with_the_balance_and_the_reason(
    site: Site, purchase: Purchase
) -> None:
    member = await buy(site, purchase, 5)
    pages, cursor = [], None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await site.client.get(f"/v1/members/{member}/statement", params=query)).json()
        pages.append(page["entries"])
        cursor = page["next"]
        if cursor is None:
            break
    assert [len(page) for page in pages] == [2, 2, 1]
    entries = [entry for page in pages for entry in page]
    assert [(entry["points"], entry["balance"]) for entry in entries] == [(5, 15), (4, 10), (3, 6), (2, 3), (1, 1)]
    assert [entry["version"] for entry in entries] == [5, 4, 3, 2, 1]
    assert {entry["kind"] for entry in entries} == {"issue"}
    assert [(entry["source"], entry["id"]) for entry in entries[:2]] == [("till", "r-5"), ("till", "r-4")]
    assert entries[0]["offers"] == ["base"]
    assert entries[0]["reasons"][0]["offer"] == "base"
    assert entries[0]["occurred_at"].endswith("Z")


async def test_a_statement_can_be_asked_for_one_currency(site: Site, purchase: Purchase) -> None:
    member = await buy(site, purchase, 1)
    address = f"/v1/members/{member}/statement"
    assert len((await site.client.get(address, params={"currency": "points"})).json()["entries"]) == 1
    assert (await site.client.get(address, params={"currency": "stars"})).json() == {"entries": [], "next": None}


async def test_lots_are_listed_page_by_page(site: Site, purchase: Purchase) -> None:
    member = await buy(site, purchase, 3)
    first = (await site.client.get(f"/v1/members/{member}/lots", params={"limit": 2})).json()
    rest = (await site.client.get(f"/v1/members/{member}/lots", params={"cursor": first["next"]})).json()
    assert [lot["number"] for lot in first["lots"] + rest["lots"]] == [1, 2, 3]
    assert rest["next"] is None
    lot = first["lots"][0]
    assert (lot["currency"], lot["amount"], lot["remaining"], lot["usable"], lot["offer"]) == (
        "points", 1, 1, True, "base",
    )  # fmt: skip
    assert re.fullmatch(r"[0-9a-f]{64}", lot["program"])


async def test_a_lot_that_is_used_up_is_shown_when_asked_for(site: Site, purchase: Purchase) -> None:
    member = await buy(site, purchase, 1)
    back = purchase("back", kind="return", origin="r-1", lines=[])
    assert (await site.client.post("/v1/activities", json=back)).status_code == 201
    assert (await site.client.get(f"/v1/members/{member}/lots")).json()["lots"] == []
    (lot,) = (await site.client.get(f"/v1/members/{member}/lots", params={"used_up": "true"})).json()["lots"]
    assert (lot["remaining"], lot["usable"]) == (0, False)


CURSORS = [
    "x",
    "",
    "AAAA",
    "bnVsbA",
    "W10",
    "é",
    "WyJwb2ludHMiLDkyMjMzNzIwMzY4NTQ3NzU4MDhd",
    "WyJcdTAwMDAiLDFd",
    "W1tbW1tb",
]


async def test_a_cursor_of_ones_own_making_is_refused(site: Site, purchase: Purchase) -> None:
    member = await buy(site, purchase, 1)
    for cursor in CURSORS:
        for page in ("statement", "lots"):
            answer = await site.client.get(f"/v1/members/{member}/{page}", params={"cursor": cursor})
            assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid"), cursor


QUERIES = [
    ({"limit": "0"}, "query.limit"),
    ({"limit": "201"}, "query.limit"),
    ({"limit": "many"}, "query.limit"),
    ({"limit": "9" * 400}, "query.limit"),
    ({"currency": "a\0"}, "query.currency"),
    ({"currency": "points\n"}, "query.currency"),
    ({"cursor": "x" * 501}, "query.cursor"),
]


async def test_a_query_has_its_bounds(site: Site) -> None:
    for query, path in QUERIES:
        answer = await site.client.get(f"/v1/members/{NOBODY}/statement", params=query)
        assert (answer.status_code, answer.json()["code"]) == (422, "parameter_invalid")
        assert [fault["path"] for fault in answer.json()["errors"]] == [path]


async def test_an_account_is_read_of_one_moment(site: Site, purchase: Purchase) -> None:
    member = await buy(site, purchase, 3)
    before = (await site.client.get(f"/v1/members/{member}/account")).json()
    command = {
        "source": "till",
        "id": "hold-1",
        "kind": "hold",
        "occurred_at": before["as_of"],
        "member": {"id": member},
        "ask": {"currency": "points", "points": 4},
    }
    held = await site.client.post("/v1/activities", json=command)
    assert held.status_code == 201, held.text
    account = (await site.client.get(f"/v1/members/{member}/account")).json()
    assert account["sequence"] > before["sequence"]
    (balance,), (hold,) = account["balances"], account["holds"]
    assert (balance["shown"], balance["available"], balance["held"], hold["open"]) == (6, 2, 4, 4)
    assert sum(lot["remaining"] for lot in account["lots"]) + hold["open"] == balance["shown"]
    assert account["more_lots"] is False


async def test_a_gift_names_the_other_member(site: Site, purchase: Purchase) -> None:
    giver = await buy(site, purchase, 3)
    friend = (await enrol(site, PHONE))["id"]
    at = (await site.client.get(f"/v1/members/{giver}")).json()["as_of"]
    gift = {
        "source": "app",
        "id": "gift-1",
        "kind": "gift",
        "occurred_at": at,
        "member": {"id": giver},
        "to": {"identifier": PHONE},
        "ask": {"currency": "points", "points": 4},
    }
    given = await site.client.post("/v1/activities", json=gift)
    assert given.status_code == 201, given.text
    balances = [
        (await site.client.get(f"/v1/members/{each}")).json()["balances"][0]["shown"] for each in (giver, friend)
    ]
    assert balances == [2, 4]


KNOWING = PROGRAM + "catalog: {traits: [birthday, language], segments: [lapsed]}\n"


async def publish_knowing(site: Site) -> None:
    async with site.database.transaction() as tx:
        now = await clock.now(tx)
        document = program.parse(KNOWING)
        await spine.publish(tx, document, live_from=now - timedelta(days=100), by="a test", at=now)


async def test_traits_are_told_once_under_their_name(site: Site, purchase: Purchase) -> None:
    await publish_knowing(site)
    member = await buy(site, purchase, 1)
    at = (await site.client.get(f"/v1/members/{member}")).json()["as_of"]
    address, name = f"/v1/members/{member}/traits", {"Idempotency-Key": "crm 1"}
    body = {"source": "crm", "occurred_at": at, "traits": {"birthday": "05-17", "segment.lapsed": True}}
    told = await site.client.put(address, json=body, headers=name)
    assert told.status_code == 201, told.text
    assert (told.json()["kind"], told.json()["id"], told.json()["member"]) == ("traits", "crm 1", member)
    assert [(each["name"], each["value"]) for each in told.json()["traits"]] == [
        ("birthday", "05-17"),
        ("segment.lapsed", True),
    ]
    again = await site.client.put(address, json=body, headers=name)
    assert (again.status_code, again.content) == (200, told.content)
    other = await site.client.put(address, json={**body, "traits": {"language": "zh"}}, headers=name)
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    # The activity of that name is the same thing, whichever door it comes through.
    sent = {**purchase("crm 1", kind="traits", lines=[], store=""), "source": "crm", "occurred_at": at}
    sent |= {"member": {"id": member}, "ask": body["traits"]}
    assert (await site.client.post("/v1/activities", json=sent)).status_code == 200
    forgotten = {**body, "traits": {"birthday": None}}
    assert (await site.client.put(address, json=forgotten, headers={"Idempotency-Key": "2"})).status_code == 201
    traits = (await site.client.get(f"/v1/members/{member}")).json()["traits"]
    assert traits == {"birthday": None, "segment.lapsed": True}


async def test_what_cannot_be_told_of_a_member(site: Site, purchase: Purchase) -> None:
    await publish_knowing(site)
    member = await buy(site, purchase, 1)
    at = (await site.client.get(f"/v1/members/{member}")).json()["as_of"]
    good = {"source": "crm", "occurred_at": at, "traits": {"birthday": "05-17"}}
    for whose, name, body, code in [
        (member, {}, good, "parameter_invalid"),
        (member, {"Idempotency-Key": ""}, good, "parameter_invalid"),
        (NOBODY, {"Idempotency-Key": "1"}, good, "member_unknown"),
        (member, {"Idempotency-Key": "1"}, {**good, "traits": {}}, "body_invalid"),
        (member, {"Idempotency-Key": "1"}, {**good, "traits": {"birthday": {}}}, "body_invalid"),
        (member, {"Idempotency-Key": "1"}, {**good, "traits": {"birthday": "1990-05-17"}}, "ask_invalid"),
        (member, {"Idempotency-Key": "1"}, {**good, "traits": {"colour": "red"}}, "trait_unknown"),
    ]:
        answer = await site.client.put(f"/v1/members/{whose}/traits", json=body, headers=name)
        assert answer.json()["code"] == code, body
        assert "1990" not in answer.text
    only = site.using(await site.issue("members:read", "members:write", "activities:write"))
    answer = await site.client.put(f"/v1/members/{member}/traits", json=good, headers={**only, "Idempotency-Key": "1"})
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    assert (await site.client.get(f"/v1/members/{member}")).json()["traits"] == {}
