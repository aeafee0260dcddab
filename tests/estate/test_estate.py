"""Stores, channels and tills at the doors: known, listed, retired; and sales from places that nobody knows."""

from datetime import UTC, datetime

import pytest

from regulars.base.ids import new_id
from regulars.features import access, estate
from tests.http.site import Purchase, Site

STORE = {"name_en": "West Lake", "name_zh": "西湖店", "region": "east", "time_zone": "Asia/Shanghai"}
NOW = datetime(2026, 3, 1, tzinfo=UTC)


async def test_stores_channels_and_tills(site: Site) -> None:
    for name in ("s2", "s1"):
        made = (await site.client.put(f"/v1/stores/{name}", json=STORE)).json()
        assert (made["id"], made["name_zh"], made["is_open"]) == (name, "西湖店", True)
    again = (await site.client.put("/v1/stores/s2", json=STORE)).json()
    assert (await site.client.put("/v1/stores/s2", json=STORE)).json() == again, "said again, nothing has changed"
    page = (await site.client.get("/v1/stores", params={"limit": 1})).json()
    rest = (await site.client.get("/v1/stores", params={"cursor": page["next"]})).json()
    assert [each["id"] for each in (*page["stores"], *rest["stores"])] == ["s1", "s2"]

    assert (await site.client.put("/v1/channels/app", json={"name_zh": "应用"})).status_code == 200
    assert [each["id"] for each in (await site.client.get("/v1/channels")).json()["channels"]] == ["app"]

    for store in ("s1", "s2"):
        made = (await site.client.put(f"/v1/stores/{store}/tills/t1", json={"name": "door"})).json()
        assert (made["source"], made["retired_at"]) == (f"till/{store}", None)
    tills = (await site.client.get("/v1/tills")).json()["tills"]
    assert [(each["store"], each["id"]) for each in tills] == [("s1", "t1"), ("s2", "t1")]


async def test_a_tills_keys_end_with_it(site: Site) -> None:
    await site.client.put("/v1/stores/s1", json=STORE)
    for till in ("t1", "t2"):
        await site.client.put(f"/v1/stores/s1/tills/{till}", json={})
    tokens = {}
    for till in ("t1", "t2"):
        async with site.database.transaction() as tx:
            await estate.check_till(tx, store="s1", till=till)
            issued = await access.issue_key(
                tx, id=new_id(), name=till, scopes=["activities:write"], at=NOW, store="s1", till=till
            )
        tokens[till] = site.using(issued.token)
    told = {"first": 0, "last": 0, "count": 0, "gross_minor": 0, "due_minor": 0}
    other = await site.client.post("/v1/tills/t2/days/2026-03-01", json=told, headers=tokens["t1"])
    assert (other.status_code, other.json()["code"]) == (403, "store_forbidden")
    retired = (await site.client.post("/v1/stores/s1/tills/t2/retire")).json()
    assert retired["keys_revoked"] == 1
    assert (await site.client.post("/v1/stores/s1/tills/t2/retire")).json()["till"]["retired_at"] == (
        retired["till"]["retired_at"]
    )
    for till, status in (("t1", 200), ("t2", 401)):
        answer = await site.client.post(f"/v1/tills/{till}/days/2026-03-01", json=told, headers=tokens[till])
        assert answer.status_code == status
    async with site.database.snapshot() as read:
        with pytest.raises(estate.TillRetired):
            await estate.check_till(read, store="s1", till="t2")
        with pytest.raises(estate.TillUnknown):
            await estate.check_till(read, store="s1", till="t3")
    assert (await site.client.put("/v1/stores/s1/tills/t2", json={})).json()["retired_at"] is None


async def test_a_sale_from_an_unknown_store_is_taken_and_the_store_listed(site: Site, purchase: Purchase) -> None:
    await site.client.put("/v1/stores/s1", json=STORE)
    sent = [purchase("a"), purchase("b", store="s9", channel="kiosk"), purchase("c", store="s9")]
    answer = await site.client.post("/v1/activities", json={"activities": sent})
    assert [each["status"] for each in answer.json()["results"]] == ["recorded"] * 3
    places = (await site.client.get("/v1/estate/unknown")).json()["places"]
    assert [(each["what"], each["id"], each["activities"]) for each in places] == [
        ("store", "s9", 2),
        ("channel", "kiosk", 1),
    ]


async def test_what_is_refused(site: Site) -> None:
    nowhere = await site.client.put("/v1/stores/s1", json={"time_zone": "Mars/Olympus"})
    assert (nowhere.status_code, nowhere.json()["code"]) == (422, "zone_unknown")
    homeless = await site.client.put("/v1/stores/s1/tills/t1", json={})
    assert (homeless.status_code, homeless.json()["code"]) == (404, "store_unknown")
    missing = await site.client.post("/v1/stores/s1/tills/t1/retire")
    assert (missing.status_code, missing.json()["code"]) == (404, "till_unknown")


def test_a_list_of_stores() -> None:
    lines = ["id,name_en,name_zh,time_zone,open\n", "s1,West Lake,西湖店,,\n", "s2,,,Europe/Paris,no\n"]
    west, paris = estate.read_list(lines, time_zone="Asia/Shanghai", at=NOW)
    assert (west.name_zh, west.time_zone, west.is_open) == ("西湖店", "Asia/Shanghai", True)
    assert (paris.time_zone, paris.is_open) == ("Europe/Paris", False)


BROKEN = [
    (["name_en\n", "x\n"], "the column id is missing"),
    (["id,shoe\n"], "there is no column shoe"),
    (["id\n", "s1\n", "s1\n"], "Line 3: the store 's1' is there twice"),
    (["id,time_zone\n", "s1,Mars\n"], "Line 2: 'Mars' is no time zone"),
    (["id,open\n", "s1,perhaps\n"], "Line 2: open is yes or no"),
    (["id,region\n", ",x\n"], "Line 2: id is ''"),
    (["id\n", "s1,x\n"], "Line 2"),
    (["id\n", '"s1\n'], "this is not CSV"),
]


@pytest.mark.parametrize(("lines", "said"), BROKEN)
def test_a_list_that_cannot_be_read(lines: list[str], said: str) -> None:
    with pytest.raises(estate.ListInvalid) as raised:
        estate.read_list(lines, time_zone="UTC", at=NOW)
    assert said in raised.value.detail


async def test_a_key_needs_the_store_of_its_till(site: Site) -> None:
    async with site.database.transaction() as tx:
        with pytest.raises(access.KeyUnusable):
            await access.issue_key(tx, id=new_id(), name="t", scopes=["activities:write"], at=NOW, till="t1")
