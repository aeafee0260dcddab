"""Members see where they stand and what the programme has for them: their own, in words, and nobody else's."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from regulars.base import clock
from regulars.base.ids import new_id
from regulars.features import entrance
from regulars.kernel import program, spine
from tests.entry.guests import MAIL, Guests
from tests.http.conftest import PROGRAM
from tests.http.site import Purchase
from tests.staff.people import code_of

NOBODYS = "01890a5d-ac96-774b-bcce-b302099a8057"
OFFERS = """
  - id: tiers
    mechanic: tiers
    on: [purchase]
    settings:
      counts: points
      levels:
        - {id: silver, name: {en: Silver, zh-CN: 银卡}, at: 100}
        - {id: gold, name: {en: Gold, zh-CN: 金卡}, at: 1000}
  - id: silver-days
    name: {en: Silver days, zh-CN: 银卡日}
    mechanic: multiplier
    on: [purchase]
    audience: {traits: {tier: [silver]}}
    settings: {currency: points, times: 2}
  - id: gold-days
    name: {en: Gold days, zh-CN: 金卡日}
    mechanic: multiplier
    on: [purchase]
    audience: {traits: {tier: [gold]}}
    settings: {currency: points, times: 3}
  - id: come-back
    name: {en: We missed you, zh-CN: 好久不见}
    mechanic: bonus
    on: [purchase]
    audience: {segments: [lapsed]}
    settings: {currency: points, points: 50}
  - id: big
    name: {en: Big basket, zh-CN: 大单奖励}
    mechanic: bonus
    on: [purchase]
    when: basket.total >= 100000
    settings: {currency: points, points: 50}
  - id: over
    mechanic: bonus
    on: [purchase]
    schedule: {until: 2001-01-01}
    settings: {currency: points, points: 50}
  - id: mug-offer
    mechanic: rewards
    on: [reward, reward_state]
    settings:
      reward: mug
      title: {en: A mug, zh-CN: 马克杯}
      price: [{currency: points, points: 100}, {currency: points, points: 500}]
  - id: piano-offer
    mechanic: rewards
    on: [reward]
    settings:
      reward: piano
      title: {en: A piano, zh-CN: 钢琴}
      price: [{currency: points, points: 100000}]
  - id: club
    mechanic: challenges
    on: [purchase, challenge_join]
    settings:
      challenge: club
      title: {en: Club, zh-CN: 俱乐部}
      currency: points
      opt_in: true
      counts: {of: activities}
      goals: [{id: ten, at: 10, points: 5}]
  - id: loyal
    mechanic: badges
    on: [badge]
    settings: {badge: loyal, title: {en: Loyal, zh-CN: 常客}}
"""


async def publish(guests: Guests) -> None:
    async with guests.site.database.transaction() as tx:
        now = await clock.now(tx)
        text = PROGRAM.replace("offers:", "catalog: {segments: [lapsed]}\noffers:") + OFFERS
        await spine.publish(tx, program.parse(text), live_from=now - timedelta(days=100), by="a test", at=now)


async def open_for(guests: Guests, member: str) -> str:
    """Sign a member in without a code: how that is done has tests of its own."""
    async with guests.site.database.transaction() as tx:
        _, token = await entrance.open_session(tx, type(new_id())(member), id=new_id(), at=guests.at, agent="")
    return token


@pytest.fixture
async def token(guests: Guests, purchase: Purchase) -> str:
    """A member with 250 points, who is signed in."""
    await publish(guests)
    await guests.enrol(("email", MAIL), ("card", "2469 0001"))
    sold = await guests.site.client.post("/v1/activities", json=purchase(minor=25_000))
    assert sold.status_code == 201, sold.text
    return await open_for(guests, sold.json()["member"])


async def get(guests: Guests, token: str, path: str, **headers: str) -> dict[str, Any]:
    answer = await guests.send("GET", path, by=token, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_account_and_what_ends_when(guests: Guests, token: str, purchase: Purchase) -> None:
    account = await get(guests, token, "/v1/me/account")
    assert [each["available"] for each in account["balances"]] == [250]
    await guests.site.client.post("/v1/activities", json=purchase("r-2", minor=100))
    (ending,) = (await get(guests, token, "/v1/me/endings"))["endings"]
    lots = (await get(guests, token, "/v1/me/lots"))["lots"]
    assert {each["expires_at"] for each in lots} == {ending["ends_at"]}
    # Silver now, and so twice as many for the second.
    assert (ending["points"], ending["usable"]) == (sum(each["remaining"] for each in lots), True)
    ends = datetime.fromisoformat(ending["ends_at"]).astimezone(UTC) + timedelta(hours=8)
    assert ending["last_day"] == str((ends - timedelta(days=1)).date()), "the day before, in Shanghai"


async def test_the_ladder(guests: Guests, token: str) -> None:
    (ladder,) = (await get(guests, token, "/v1/me/tiers"))["sets"]
    assert (ladder["level"], ladder["next_level"], ladder["missing"]) == ("silver", "gold", [{"points": 750}])
    assert [each["name"]["zh-CN"] for each in ladder["levels"]] == ["银卡", "金卡"]


async def test_offers_that_may_concern_a_member_and_why(guests: Guests, token: str) -> None:
    found = await get(guests, token, "/v1/me/offers", **{"Accept-Language": "zh-CN"})
    assert [each["offer"] for each in found["offers"]] == ["silver-days", "base", "big"]
    first, base, _ = found["offers"]
    assert (first["name"], first["running"]) == ("银卡日", True)
    assert first["for_me"] == [{"code": "level", "values": {"tier": "silver"}}]
    assert base["for_me"] == []
    assert all(each["text"] for each in found["offers"])
    english = await get(guests, token, "/v1/me/offers?lang=en", **{"Accept-Language": "zh-CN"})
    assert english["offers"][0]["name"] == "Silver days"
    assert not set(first["text"]) & set(english["offers"][0]["text"])


async def test_of_a_segment_no_more_is_told_than_that_one_was_chosen(guests: Guests, token: str) -> None:
    me = (await get(guests, token, "/v1/me"))["member"]["id"]
    told = {"source": "crm", "occurred_at": guests.at.isoformat(), "traits": {"segment.lapsed": True}}
    headers = {"Idempotency-Key": "a"}
    put = await guests.site.client.put(f"/v1/members/{me}/traits", json=told, headers=headers)
    assert put.status_code == 201, put.text
    offers = {each["offer"]: each for each in (await get(guests, token, "/v1/me/offers"))["offers"]}
    assert offers["come-back"]["for_me"] == [{"code": "chosen", "values": {}}]


async def test_rewards_say_what_can_be_had_and_what_is_missing(guests: Guests, token: str) -> None:
    page = await get(guests, token, "/v1/me/rewards?lang=zh-CN")
    mug, piano = page["rewards"]
    assert (mug["reward"]["title"], mug["available"], mug["missing"]) == ("马克杯", True, 0)
    assert [way["available"] for way in mug["ways"]] == [True, False]
    assert (piano["available"], piano["missing"]) == (False, 100_000 - 250)
    asked = {
        "id": "a",
        "kind": "reward",
        "occurred_at": datetime.now(tz=UTC).isoformat(),
        "ask": {"reward": "mug", "way": 0, "quantity": 1},
    }
    done = await guests.send("POST", "/v1/me/activities", asked, by=token)
    assert done.status_code == 201, done.text
    (order,) = (await get(guests, token, "/v1/me/orders?lang=en"))["orders"]
    assert (order["reward"], order["title"], order["points"]) == ("mug", "A mug", 100)


async def test_a_member_joins_a_challenge_once(guests: Guests, token: str) -> None:
    (club,) = (await get(guests, token, "/v1/me/challenges"))["challenges"]
    assert (club["challenge"], club["is_in"]) == ("club", False)
    asked = {"challenge": "club", "id": "j", "occurred_at": datetime.now(tz=UTC).isoformat()}
    joined = [await guests.send("POST", "/v1/me/challenges/join", asked, by=token) for _ in range(2)]
    assert [each.status_code for each in joined] == [201, 200]
    (club,) = (await get(guests, token, "/v1/me/challenges"))["challenges"]
    assert club["is_in"] is True
    asked |= {"id": "k", "challenge": "chess"}
    unknown = await guests.send("POST", "/v1/me/challenges/join", asked, by=token)
    assert unknown.status_code == 409, unknown.text


async def test_badges_and_picks(guests: Guests, token: str) -> None:
    (badge,) = (await get(guests, token, "/v1/me/badges"))["badges"]
    assert (badge["badge"], badge["since"]) == ("loyal", None)
    assert (await get(guests, token, "/v1/me/picks"))["picks"] == []


async def test_receipts_with_lines_and_why(guests: Guests, token: str, purchase: Purchase) -> None:
    store = {"name_en": "The corner", "name_zh": "街角", "time_zone": "Asia/Shanghai"}
    assert (await guests.site.client.put("/v1/stores/s1", json=store)).status_code == 200
    await guests.site.client.post("/v1/activities", json=purchase("r-2", minor=40_000))
    asked = {
        "id": "b-1",
        "source": "till",
        "kind": "return",
        "occurred_at": datetime.now(tz=UTC).isoformat(),
        "member": {"identifier": {"kind": "card", "value": "2469 0001"}},
        "store": "s1",
        "origin": "r-1",
    }
    sent = await guests.site.client.post("/v1/activities", json=asked)
    assert sent.status_code == 201, sent.text
    first = await get(guests, token, "/v1/me/receipts?limit=2&lang=zh-CN")
    rest = await get(guests, token, f"/v1/me/receipts?limit=2&cursor={first['next']}")
    assert [each["id"] for each in first["receipts"] + rest["receipts"]] == ["b-1", "r-2", "r-1"]
    assert rest["next"] is None
    returned, bought = first["receipts"]
    assert (returned["total_minor"], returned["origin"], returned["earned"]) == (25_000, "r-1", {"points": -250})
    assert (bought["total_minor"], bought["lines"], bought["earned"]) == (40_000, 1, {"points": 800})
    assert bought["used"] == {}
    assert bought["receipt"]["activity"] == bought["activity"]
    assert bought["store_name"] == "街角"
    why = await get(guests, token, f"/v1/me/receipts/{bought['activity']}?lang=en")
    assert (why["lines"][0]["sku"], why["total_minor"], why["store_name"]) == ("tea", 40_000, "The corner")
    back = await get(guests, token, f"/v1/me/receipts/{returned['activity']}")
    assert (back["returned"][0]["amount_minor"], back["offers"]) == (25_000, [])
    fired = {each["offer"]: each for each in why["offers"] if each["fired"]}
    assert fired["base"]["points"] == {"points": 400}
    assert fired["silver-days"]["points"] == {"points": 400}
    others = {each["offer"]: each for each in why["offers"] if not each["fired"]}
    assert others["big"]["needs"] == {"basket.total": ">= 100000"}
    assert others["big"]["name"]["en"] == "Big basket"
    assert not {"come-back", "gold-days"} & set(others), "whom else the shop thinks of is its own affair"


async def test_nobody_sees_a_receipt_of_another(guests: Guests, token: str, purchase: Purchase) -> None:
    sold = await guests.site.client.post("/v1/activities", json=purchase("r-9", card="2469 0002"))
    for activity in (sold.json()["activity"], NOBODYS):
        answer = await guests.send("GET", f"/v1/me/receipts/{activity}", by=token)
        assert code_of(answer) == (404, "activity_unknown")
    assert len((await get(guests, token, "/v1/me/receipts"))["receipts"]) == 1


async def test_the_household_tells_of_the_others_only_that_they_are_there(guests: Guests, token: str) -> None:
    assert code_of(await guests.send("GET", "/v1/me/household", by=token)) == (404, "household_unknown")
    me = (await get(guests, token, "/v1/me"))["member"]["id"]
    other = await guests.enrol(("card", "77"))
    fact = {
        "id": "h-1",
        "source": "desk",
        "kind": "household_join",
        "occurred_at": datetime.now(tz=UTC).isoformat(),
        "member": {"id": str(other)},
        "to": {"id": me},
    }
    sent = await guests.site.client.post("/v1/activities", json=fact)
    assert sent.status_code == 201, sent.text
    home = await get(guests, token, "/v1/me/household")
    assert [each["is_me"] for each in home["members"]] == [True, False]
    assert [each["available"] for each in home["pools"]] == [250]
    assert str(other) not in str(home)


async def test_the_file_is_for_whoever_has_just_proved_who_they_are(guests: Guests, token: str) -> None:
    told = await get(guests, token, "/v1/me/file")
    assert MAIL in str(told["document"])
    lines = await guests.send("GET", "/v1/me/file.csv", by=token)
    assert (lines.status_code, MAIL in lines.text) == (200, True)
    guests.later(minutes=6)
    for path in ("/v1/me/file", "/v1/me/file.csv"):
        assert code_of(await guests.send("GET", path, by=token)) == (403, "presence_needed")


async def test_a_voucher_is_made_once_and_only_by_whoever_is_there(guests: Guests, token: str) -> None:
    asked = {"id": "v", "occurred_at": datetime.now(tz=UTC).isoformat(), "currency": "points", "points": 100}
    made = [await guests.send("POST", "/v1/me/vouchers", asked, by=token) for _ in range(2)]
    assert [each.status_code for each in made] == [201, 200]
    assert (made[0].json(), made[0].json()["worth_minor"]) == (made[1].json(), 100)
    assert (await get(guests, token, "/v1/me/vouchers"))["vouchers"] == [made[0].json()]
    more = await guests.send("POST", "/v1/me/vouchers", asked | {"id": "w", "points": 10_000}, by=token)
    assert (more.status_code, more.json()["code"]) == (409, "points_not_enough")
    guests.later(minutes=30)
    late = await guests.send("POST", "/v1/me/vouchers", asked | {"id": "x"}, by=token)
    assert (late.status_code, late.json()["code"]) == (403, "presence_needed")
