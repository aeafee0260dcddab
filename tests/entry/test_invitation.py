"""Members bring friends: a code that nobody makes up, and a newcomer who says once who sent them."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from regulars.base import clock
from regulars.kernel import program, spine
from tests.entry.guests import Guests
from tests.entry.test_mine import open_for
from tests.http.conftest import PROGRAM
from tests.http.site import Purchase

FRIENDS = """
  - id: friends
    mechanic: referrals
    on: [referred, purchase]
    settings:
      newcomer: {currency: points, points: 200}
      referrer: {currency: points, points: 300}
      within_days: 3
"""


async def publish(guests: Guests, text: str = PROGRAM + FRIENDS) -> None:
    async with guests.site.database.transaction() as tx:
        now = await clock.now(tx)
        await spine.publish(tx, program.parse(text), live_from=now - timedelta(days=100), by="a test", at=now)


async def sign_in(guests: Guests, card: str) -> tuple[str, str]:
    """Enrol somebody with a card; gives who they are, and their token."""
    member = str(await guests.enrol(("card", card)))
    return member, await open_for(guests, member)


async def read(guests: Guests, token: str) -> dict[str, Any]:
    got = await guests.send("GET", "/v1/me/invitation", by=token)
    assert got.status_code == 200, got.text
    return got.json()


async def name(guests: Guests, token: str, code: str, called: str = "r", at: str = "") -> httpx.Response:
    told = {"code": code, "id": called, "occurred_at": at or datetime.now(tz=UTC).isoformat()}
    return await guests.send("POST", "/v1/me/referrer", told, by=token)


async def test_a_friend_is_brought_once(guests: Guests) -> None:
    await publish(guests)
    (ann, anns), (_, bobs) = await sign_in(guests, "7"), await sign_in(guests, "8")
    told = await read(guests, anns)
    assert (told["running"], told["invited"], told["has_referrer"]) == (True, 0, False)
    assert (await read(guests, anns))["code"] == told["code"], "it can be printed on a card"
    at = datetime.now(tz=UTC).isoformat()
    said = [await name(guests, bobs, told["code"], at=at) for _ in range(2)]
    assert [(each.status_code, each.json()) for each in said] == [
        (201, {"has_referrer": True}),
        (200, {"has_referrer": True}),
    ], "and nothing of the friend is told"
    assert ann not in said[0].text
    await spine.bring_due(guests.site.database, guests.site.house, at=datetime.now(tz=UTC))
    assert (await read(guests, anns))["invited"] == 1
    assert (await read(guests, bobs))["has_referrer"] is True
    again = await name(guests, bobs, told["code"], called="other")
    assert (again.status_code, again.json()["code"]) == (409, "referral_twice")


async def test_nobody_brings_themselves_or_comes_too_late(guests: Guests, purchase: Purchase) -> None:
    await publish(guests)
    (_, anns), (_, bobs) = await sign_in(guests, "7"), await sign_in(guests, "8")
    code = (await read(guests, anns))["code"]
    assert (await name(guests, anns, code)).json()["code"] == "referral_self"
    body = purchase("b-1") | {"member": {"identifier": {"kind": "card", "value": "8"}}}
    bought = await guests.site.client.post("/v1/activities", json=body)
    assert bought.status_code == 201, bought.text
    late = await name(guests, bobs, code)
    assert (late.status_code, late.json()["code"]) == (409, "referral_late")
    assert (await read(guests, bobs))["has_referrer"] is False


@pytest.mark.parametrize(("start", "end"), [("", -4), ("AAAAAAAAAAA", None), ("", 3)])
async def test_a_code_that_was_changed_names_nobody(guests: Guests, start: str, end: int | None) -> None:
    await publish(guests)
    (_, anns), (_, bobs) = await sign_in(guests, "7"), await sign_in(guests, "8")
    code = (await read(guests, anns))["code"]
    refused = await name(guests, bobs, start + code[len(start) : end])
    assert (refused.status_code, refused.json()["code"]) == (422, "invitation_unknown")
    assert (await read(guests, anns))["invited"] == 0


async def test_another_members_id_is_no_code(guests: Guests) -> None:
    await publish(guests)
    (ann, _), (_, bobs) = await sign_in(guests, "7"), await sign_in(guests, "8")
    for made in (ann, base64.urlsafe_b64encode(bytes(8) + bytes.fromhex(ann.replace("-", ""))).decode()):
        assert (await name(guests, bobs, made)).json()["code"] == "invitation_unknown"


async def test_where_nothing_is_offered_for_it(guests: Guests) -> None:
    await publish(guests, PROGRAM)
    (_, anns), (_, bobs) = await sign_in(guests, "7"), await sign_in(guests, "8")
    told = await read(guests, anns)
    assert told["running"] is False
    refused = await name(guests, bobs, told["code"])
    assert refused.json()["code"] == "activity_kind_unknown", refused.text
    assert (await guests.send("GET", "/v1/me/invitation")).status_code == 401
