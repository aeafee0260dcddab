"""Codes ahead: a device keeps them, and each is good at its own time alone."""

import itertools
from datetime import datetime, timedelta

import pytest

from regulars.base import clock
from regulars.features import signing
from tests.entry.guests import MAIL, Guests
from tests.http.site import Purchase
from tests.staff.people import code_of


@pytest.fixture
async def token(guests: Guests) -> str:
    await guests.enrol(("email", MAIL), ("card", "2469 0001"))
    return await guests.sign_in()


async def test_each_code_of_an_hour_is_good_at_its_time(guests: Guests, token: str, purchase: Purchase) -> None:
    made = (await guests.send("POST", "/v1/me/codes?minutes=60", by=token)).json()
    codes = made["codes"]
    shown = [datetime.fromisoformat(each["shown_from"]) for each in codes]
    assert len({each["code"] for each in codes}) == 120
    assert {later - earlier for earlier, later in itertools.pairwise(shown)} == {timedelta(seconds=30)}
    member = (await guests.send("GET", "/v1/me", by=token)).json()["member"]["id"]

    async def find(code: str) -> object:
        sought = {"identifier": {"kind": "code", "value": code}}
        answered = await guests.site.client.post("/v1/members/lookup", json=sought)
        return answered.json().get("member") or answered.json()["code"]

    assert await find(codes[0]["code"]) == member
    assert await find(codes[-1]["code"]) == "code_stale", "it is not an hour later yet"
    # A till without a line: told later, by when it was shown.
    sold = purchase(
        occurred_at=codes[0]["shown_from"], member={"identifier": {"kind": "code", "value": codes[0]["code"]}}
    )
    told = await guests.site.client.post("/v1/activities", json=sold)
    assert (told.status_code, told.json()["member"]) == (201, member)


async def test_a_key_that_begins_meanwhile_signs_what_is_shown_from_then_on(guests: Guests, token: str) -> None:
    keyring = guests.site.house.keyring
    async with guests.site.database.transaction() as tx:
        now = await clock.now(tx)
        await signing.list_keys(tx, keyring, at=now - timedelta(days=1))
        await signing.rotate(tx, keyring, at=now, since=now + timedelta(minutes=10))
    codes = (await guests.send("POST", "/v1/me/codes?minutes=20", by=token)).json()["codes"]
    async with guests.site.database.snapshot() as read:
        keys = await signing.find_public(read)
    assert len(keys) == 2
    for each in codes:
        read_back = signing.read_code(each["code"], keys, at=datetime.fromisoformat(each["shown_from"]))
        assert read_back.issued_at == datetime.fromisoformat(each["shown_from"])


async def test_a_programme_is_named_to_its_member(guests: Guests, token: str) -> None:
    told = (await guests.send("GET", "/v1/me/program", by=token)).json()
    assert (told["money"], told["name"]["zh-CN"]) == ("CNY", "街角小店")
    assert told["currencies"] == [
        {
            "currency": "points",
            "kind": "spendable",
            "name": {"en": "Points", "zh-CN": "积分"},
            "scale": 0,
            "worth": {"minor": 1, "per_points": 1},
        }
    ]
    assert code_of(await guests.site.client.get("/v1/me/program")) == (403, "member_needed")
    assert code_of(await guests.send("POST", "/v1/me/codes?minutes=0", by=token)) == (422, "parameter_invalid")
