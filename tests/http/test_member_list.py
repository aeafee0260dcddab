"""Members in lists: pages, what they are asked by, whom a text finds, and the file for a spreadsheet."""

import csv
import io
from datetime import timedelta
from typing import Any
from uuid import UUID

from regulars.base import clock
from regulars.kernel import ledger, members
from regulars.kernel.ledger import shown
from regulars.kernel.nouns import TraitChange
from tests.http.site import Purchase, Site, codes


async def enrol(site: Site, *identifiers: tuple[str, str]) -> str:
    told = {"identifiers": [{"kind": kind, "value": value} for kind, value in identifiers]}
    made = await site.client.post("/v1/members", json=told)
    assert made.status_code == 201, made.text
    return made.json()["id"]


async def page(site: Site, **asked: Any) -> dict[str, Any]:  # noqa: ANN401 - a query
    answer = await site.client.get("/v1/members", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(answered: dict[str, Any]) -> list[str]:
    return [each["id"] for each in answered["members"]]


async def tell(site: Site, member: str, name: str, value: str | bool | int) -> None:
    async with site.database.transaction() as tx:
        change = TraitChange(name=name, value=value, since=await clock.now(tx))
        await members.set_traits(tx, [(UUID(member), change, site.house.new_id())])


async def test_pages_go_from_the_newest_to_the_oldest(site: Site) -> None:
    enrolled = [await enrol(site) for _ in range(5)]
    first = await page(site, limit=2)
    second = await page(site, limit=2, cursor=first["next"])
    last = await page(site, limit=2, cursor=second["next"])
    assert ids(first) + ids(second) + ids(last) == enrolled[::-1]
    assert last["next"] is None
    # Whoever enrols meanwhile moves nobody from one page to another.
    await enrol(site)
    assert ids(await page(site, limit=2, cursor=first["next"])) == ids(second)


async def test_a_row_shows_what_the_member_page_shows(site: Site, purchase: Purchase) -> None:
    answer = await site.client.post("/v1/activities", json={"activities": [purchase(), purchase("r-2", minor=500)]})
    assert codes(answer.json()["results"]) == ["recorded", "recorded"]
    (row,) = (await page(site))["members"]
    view = (await site.client.get(f"/v1/members/{row['id']}")).json()
    assert row["balances"] == {each["currency"]: each["shown"] for each in view["balances"]} == {"points": 17}
    assert row["traits"] == view["traits"]
    assert row["last_purchase_at"] == answer.json()["results"][1]["receipt"]["occurred_at"]
    assert (row["state"], row["household"], row["merged_into"]) == ("active", None, None)


async def test_what_has_ended_or_is_held_is_shown_as_in_the_account(site: Site, purchase: Purchase) -> None:
    await site.client.post("/v1/activities", json={"activities": [purchase(minor=100_00)]})
    async with site.database.transaction() as tx:
        (one,) = await members.page(tx, after=UUID(int=0), most=5)
        now = await clock.now(tx)
        for at in (now, now + timedelta(days=730)):
            (standing,) = await ledger.standing(tx, one.id, at=at)
            assert (await shown.read_shown(tx, [one.id], at=at))[one.id] == {"points": standing.shown}
    assert standing.shown == 0


async def test_filters_by_state_trait_and_household(site: Site) -> None:
    gold, silver, was_gold = [await enrol(site) for _ in range(3)]
    await tell(site, gold, "tier", "gold")
    await tell(site, silver, "tier", "silver")
    await tell(site, was_gold, "tier", "gold")
    await tell(site, was_gold, "tier", "silver")
    await tell(site, silver, "segment.lapsed", value=True)
    assert ids(await page(site, trait="tier:gold")) == [gold]
    assert ids(await page(site, trait="tier:silver")) == [was_gold, silver]
    assert ids(await page(site, trait="tier:silver", limit=1)) == [was_gold]
    assert ids(await page(site, trait="segment.lapsed:true")) == [silver]
    assert ids(await page(site, trait='segment.lapsed:"true"')) == []
    assert ids(await page(site, trait="tier:silver", state="active")) == [was_gold, silver]
    assert ids(await page(site, trait="tier:silver", state="frozen")) == []
    assert ids(await page(site, state="active")) == [was_gold, silver, gold]
    async with site.database.transaction() as tx:
        await tx.run("UPDATE members.member SET state = 'frozen' WHERE id = cast($1 AS uuid)", silver)
    assert ids(await page(site, state="frozen")) == [silver]
    assert ids(await page(site, trait="tier:silver", state="frozen")) == [silver]
    assert ids(await page(site, household="01890a5d-ac96-774b-bcce-b302099a8057")) == []


async def test_a_household_is_asked_for_alone(site: Site) -> None:
    asked = {"household": "01890a5d-ac96-774b-bcce-b302099a8057", "state": "active"}
    refused = await site.client.get("/v1/members", params=asked)
    assert (refused.status_code, refused.json()["code"]) == (422, "parameter_invalid")


async def test_a_text_finds_by_every_kind_of_identifier_and_by_id(site: Site) -> None:
    known = (("card", "2469 0001"), ("phone", "+86 138 0013 8000"), ("email", "ann@example.com"), ("crm", "A-77"))
    ann, _ = await enrol(site, *known), await enrol(site, ("card", "77"))

    async def find(text: str) -> list[str]:
        answer = await site.client.post("/v1/members/search", json={"text": text})
        assert answer.status_code == 200, answer.text
        return ids(answer.json())

    for text in ("24690001", "2469-0001", "0086 138 0013 8000", " Ann@Example.com", "A-77", ann, ann.upper()):
        assert await find(text) == [ann], text
    for text in ("2469", "a-77", "example.com", "nobody", "01890a5d-ac96-774b-bcce-b302099a8057"):
        assert await find(text) == [], text


async def test_one_text_may_be_of_several_members(site: Site) -> None:
    one, two = await enrol(site, ("card", "4711")), await enrol(site, ("crm", "4711"))
    answer = await site.client.post("/v1/members/search", json={"text": "4711"})
    assert ids(answer.json()) == [two, one]


async def test_the_file_has_the_same_members(site: Site) -> None:
    one, two = await enrol(site, ("card", "1")), await enrol(site)
    await tell(site, one, "tier", "gold")
    answer = await site.client.get("/v1/members.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["id"] for row in rows] == [two, one]
    assert rows[1]["traits"] == "tier=gold"
    assert [row["id"] for row in csv.DictReader(io.StringIO(await read_csv(site, before=two)))] == [one]


async def read_csv(site: Site, **asked: str) -> str:
    return (await site.client.get("/v1/members.csv", params=asked)).text


async def test_whoever_speaks_for_a_store_gets_no_list(site: Site) -> None:
    token = await site.issue("members:read", store="s1")
    for path in ("/v1/members", "/v1/members.csv"):
        refused = await site.client.get(path, headers=site.using(token))
        assert (refused.status_code, refused.json()["code"]) == (403, "store_forbidden")
    found = await site.client.post("/v1/members/search", json={"text": "x"}, headers=site.using(token))
    assert found.json()["members"] == []
