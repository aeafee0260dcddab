"""A member at the service desk: the overview, what happened, by what they are found, and corrections by two people."""

from datetime import UTC, datetime
from typing import Any

import pytest

from regulars.base.ids import new_id
from regulars.features import entrance
from regulars.kernel.members import contacts
from tests.http.site import Purchase, Site

NOBODY = "01890a5d-ac96-774b-bcce-b302099a8057"
CARD = {"kind": "card", "value": "2469 0001"}
MAIL = {"kind": "email", "value": "ann@example.com"}
PHONE = {"kind": "phone", "value": "+86 138 0013 8000"}


async def enrol(site: Site, *identifiers: dict[str, str]) -> str:
    made = await site.client.post("/v1/members", json={"identifiers": list(identifiers)})
    assert made.status_code == 201, made.text
    return made.json()["id"]


async def get(site: Site, path: str, **asked: Any) -> dict[str, Any]:  # noqa: ANN401 - a query
    answer = await site.client.get(path, params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def post(site: Site, path: str, body: object = None, **headers: str) -> tuple[int, dict[str, Any]]:
    answer = await site.client.post(path, json=body, headers=headers)
    return answer.status_code, answer.json()


def code_of(answered: tuple[int, dict[str, Any]]) -> tuple[int, str]:
    return answered[0], answered[1].get("code", "")


async def adjust(site: Site, member: str, points: int) -> None:
    fact = {
        "id": f"adjust-{points}",
        "source": "desk",
        "kind": "adjust",
        "occurred_at": datetime.now(tz=UTC).isoformat(),
        "member": {"id": member},
        "ask": {"currency": "points", "points": points, "reason": "a spoilt cake", "by": "Bo"},
    }
    assert (await post(site, "/v1/activities", fact))[0] == 201


@pytest.fixture
async def ann(site: Site, purchase: Purchase) -> str:
    """A member with a card, two purchases and a correction."""
    member = await enrol(site, CARD)
    for name, minor in (("r-1", 12_500), ("r-2", 2_500)):
        sent = await site.client.post("/v1/activities", json=purchase(name, minor=minor))
        assert sent.status_code == 201, sent.text
    await adjust(site, member, 30)
    return member


async def test_an_overview_says_what_the_pages_behind_it_say(site: Site, ann: str) -> None:
    over = await get(site, f"/v1/members/{ann}/overview")
    view = await get(site, f"/v1/members/{ann}")
    assert {**over["member"], "as_of": ""} == {**view, "as_of": ""}
    assert [each["available"] for each in over["member"]["balances"]] == [180]
    account = await get(site, f"/v1/members/{ann}/account")
    assert over["holds"] == account["holds"] == []
    assert over["consents"] == (await get(site, f"/v1/members/{ann}/consents"))["standings"]
    assert (over["burning"]["burning"], over["coupons"], over["orders_waiting"], over["household"]) == (
        "on",
        0,
        0,
        None,
    )
    assert over["activities"] == (await get(site, f"/v1/members/{ann}/activities", limit=10))["activities"]


async def test_of_nobody_there_is_no_overview(site: Site) -> None:
    for what in ("overview", "activities"):
        answer = await site.client.get(f"/v1/members/{NOBODY}/{what}")
        assert (answer.status_code, answer.json()["code"]) == (404, "member_unknown")


async def test_activities_page_from_the_last_to_the_first(site: Site, ann: str) -> None:
    first = await get(site, f"/v1/members/{ann}/activities", limit=2)
    rest = await get(site, f"/v1/members/{ann}/activities", limit=2, cursor=first["next"])
    both = first["activities"] + rest["activities"]
    assert [each["receipt"]["id"] for each in both] == ["adjust-30", "r-2", "r-1"]
    assert rest["next"] is None
    correction, bought, _ = both
    assert correction["ask"]["reason"] == "a spoilt cake"
    assert (bought["total_minor"], bought["lines"], bought["store"]) == (2_500, 1, "s1")
    only = await get(site, f"/v1/members/{ann}/activities", kind="adjust")
    assert [each["receipt"]["kind"] for each in only["activities"]] == ["adjust"]


async def test_a_new_card_finds_the_member_and_the_lost_one_no_more(site: Site, ann: str) -> None:
    status, added = await post(site, f"/v1/members/{ann}/identifiers", {"identifier": {"kind": "card", "value": "77"}})
    assert (status, added["cooling"]) == (201, False)
    lost, fresh = added["member"]["identifiers"]
    assert (lost["value"], fresh["value"]) == ("••••0001", "••••7")
    status, removed = await post(site, f"/v1/members/{ann}/identifiers/{lost['id']}/remove")
    assert (status, removed["signed_out"]) == (200, 0)
    assert [each["id"] for each in removed["member"]["identifiers"]] == [fresh["id"]]
    assert code_of(await post(site, "/v1/members/lookup", {"identifier": CARD})) == (404, "member_unknown")
    found = await post(site, "/v1/members/lookup", {"identifier": {"kind": "card", "value": "77"}})
    assert found[1]["member"] == ann
    again = await post(site, f"/v1/members/{ann}/identifiers/{lost['id']}/remove")
    assert code_of(again) == (404, "identifier_unknown")
    # Whoever finds the card may have it: it is nobody's.
    assert await enrol(site, CARD) != ann


async def test_an_identifier_of_another_is_neither_taken_nor_removed(site: Site, ann: str) -> None:
    other = await enrol(site, MAIL)
    refused = await post(site, f"/v1/members/{ann}/identifiers", {"identifier": MAIL})
    assert code_of(refused) == (409, "identifier_taken")
    (theirs,) = (await get(site, f"/v1/members/{other}"))["identifiers"]
    refused = await post(site, f"/v1/members/{ann}/identifiers/{theirs['id']}/remove")
    assert code_of(refused) == (404, "identifier_unknown")


async def test_a_second_contact_lets_points_rest_and_a_first_one_does_not(site: Site, ann: str) -> None:
    _, first = await post(site, f"/v1/members/{ann}/identifiers", {"identifier": MAIL})
    assert first["cooling"] is False
    _, same = await post(site, f"/v1/members/{ann}/identifiers", {"identifier": MAIL})
    assert same["cooling"] is False, "they had it"
    _, second = await post(site, f"/v1/members/{ann}/identifiers", {"identifier": PHONE})
    assert second["cooling"] is True
    stops = (await get(site, f"/v1/members/{ann}/burning"))["stops"]
    assert [each["cause"] for each in stops] == ["cooling"]


async def test_without_the_address_whoever_was_signed_in_is_out(site: Site) -> None:
    member = await enrol(site, CARD, MAIL)
    async with site.database.transaction() as tx:
        one = await contacts.read_contacts(tx, site.house.keyring, type(new_id())(member))
        assert [each.kind for each in one] == ["email"]
        _, token = await entrance.open_session(
            tx, type(new_id())(member), id=new_id(), at=datetime.now(tz=UTC), agent=""
        )
    (mail,) = [each for each in (await get(site, f"/v1/members/{member}"))["identifiers"] if each["kind"] == "email"]
    _, removed = await post(site, f"/v1/members/{member}/identifiers/{mail['id']}/remove")
    assert removed["signed_out"] == 1
    me = await site.client.get("/v1/me", headers=site.using(token))
    assert (me.status_code, me.json()["code"]) == (401, "member_session_invalid")


async def test_a_name_makes_one_of_two_sendings(site: Site, ann: str) -> None:
    body = {"identifier": {"kind": "card", "value": "77"}}
    sent = [await post(site, f"/v1/members/{ann}/identifiers", body, **{"Idempotency-Key": "k"}) for _ in range(2)]
    assert sent[0] == sent[1]


async def test_the_counter_does_not_say_who_somebody_is(site: Site, ann: str) -> None:
    token = await site.issue("members:read", "members:write")
    answer = await site.client.post(
        f"/v1/members/{ann}/identifiers", json={"identifier": MAIL}, headers=site.using(token)
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
