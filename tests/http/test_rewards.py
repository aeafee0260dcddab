"""Rewards over HTTP: the catalogue, what a member can have and why not, orders, and stock."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from regulars.base import clock
from regulars.features.rewards.catalogue import choose_language
from regulars.kernel import program, spine
from tests.http.conftest import PROGRAM
from tests.http.site import Purchase, Site

NOBODY = "01890a5d-ac96-774b-bcce-b302099a8057"
CATALOGUE = """
  - id: mug-offer
    mechanic: rewards
    on: [reward, reward_state]
    settings:
      reward: mug
      title: {en: A mug, zh-CN: 马克杯}
      text: {en: Holds coffee., zh-CN: 可盛咖啡。}
      image: /images/mug.png
      price:
        - {currency: points, points: 100}
        - {currency: points, points: 20, cash_minor: 500}
      stock: true
      collect_days: 7
  - id: tea-offer
    mechanic: rewards
    on: [reward]
    audience: {traits: {vip: [true]}}
    settings:
      reward: tea
      title: {en: A cup of tea, zh-CN: 一杯茶}
      sort: service
      price: [{currency: points, points: 5}]
      fulfilment: at_once
  - id: gone-offer
    mechanic: rewards
    on: [reward]
    schedule: {until: 2020-12-31}
    settings:
      reward: gone
      title: {en: Gone, zh-CN: 已下架}
      price: [{currency: points, points: 5}]
"""


@pytest.fixture
async def shelf(site: Site) -> Site:
    """The site, with a catalogue."""
    await publish(site, CATALOGUE)
    return site


async def publish(site: Site, offers: str, *, days: int = 100) -> None:
    async with site.database.transaction() as tx:
        now = await clock.now(tx)
        text = PROGRAM.replace("offers:", "catalog: {traits: [vip]}\noffers:") + offers
        await spine.publish(tx, program.parse(text), live_from=now - timedelta(days=days), by="a test", at=now)


async def buy(site: Site, purchase: Purchase, points: int) -> str:
    answer = await site.client.post("/v1/activities", json={"activities": [purchase("r-1", minor=points * 100)]})
    return answer.json()["results"][0]["receipt"]["member"]


async def put(site: Site, amount: int, reward: str = "mug") -> tuple[int, dict[str, Any]]:
    answer = await site.client.put(f"/v1/rewards/{reward}/stock", json={"amount": amount})
    return answer.status_code, answer.json()


async def send(site: Site, member: str, id_: str, kind: str, **fields: Any) -> tuple[int, dict[str, Any]]:  # noqa: ANN401
    sent = {
        "id": id_,
        "source": "app",
        "kind": kind,
        "occurred_at": datetime.now(tz=UTC).isoformat(),
        "member": {"id": member},
        **fields,
    }
    answer = await site.client.post("/v1/activities", json=sent)
    return answer.status_code, answer.json()


async def get(site: Site, path: str, **headers: str) -> dict[str, Any]:
    answer = await site.client.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_catalogue_shows_what_is_in_force_and_what_is_left(shelf: Site) -> None:
    mug, tea = (await get(shelf, "/v1/rewards"))["rewards"]
    assert (mug["reward"], mug["title"], mug["text"], mug["image"]) == (
        "mug",
        "A mug",
        "Holds coffee.",
        "/images/mug.png",
    )
    assert mug["ways"][1] == {"way": 1, "currency": "points", "points": 20, "cash_minor": 500}
    assert (mug["left"], mug["collect_days"], mug["until"]) == (0, 7, None)
    assert (tea["reward"], tea["left"], tea["fulfilment"]) == ("tea", None, "at_once")
    assert await put(shelf, 20) == (200, {"reward": "mug", "amount": 20, "left": 20})
    assert (await get(shelf, "/v1/rewards"))["rewards"][0]["left"] == 20


@pytest.mark.parametrize(
    ("query", "header", "lang"),
    [
        ("", "", "en"),
        ("", "zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("", "de, en;q=0.5, zh;q=0.7", "zh-CN"),
        ("?lang=en", "zh", "en"),
        ("?lang=zh", "en", "zh-CN"),
    ],
)
async def test_the_catalogue_speaks_the_callers_language(shelf: Site, query: str, header: str, lang: str) -> None:
    answer = await shelf.client.get(f"/v1/rewards{query}", headers={"Accept-Language": header})
    assert (answer.json()["lang"], answer.headers["content-language"]) == (lang, lang)
    assert answer.json()["rewards"][0]["title"] == {"en": "A mug", "zh-CN": "马克杯"}[lang]
    assert answer.headers["vary"] == "Accept-Language"


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        ("", "en"),
        ("*", "en"),
        ("de", "en"),
        ("zh-Hant-TW", "zh-CN"),
        ("en;q=0, zh;q=0.001", "zh-CN"),
        ("zh;q=0", "en"),
        ("en;q=0.8, zh;q=0.8", "en"),
        ("zh;q=0.8, en;q=0.8", "zh-CN"),
        ("zh;q=nonsense, en;q=0.9", "zh-CN"),
        ("en;q=0.1234, zh;q=99999999999", "zh-CN"),
    ],
)
def test_languages_are_weighed(header: str, lang: str) -> None:
    assert choose_language(header) == lang


async def test_a_member_sees_what_can_be_had_and_why_not(shelf: Site, purchase: Purchase) -> None:
    member = await buy(shelf, purchase, 50)
    await put(shelf, 1)
    mug, tea = (await get(shelf, f"/v1/members/{member}/rewards"))["rewards"]
    assert [(way["available"], way["code"]) for way in mug["ways"]] == [(False, "points_not_enough"), (True, "")]
    assert mug["available"] is True
    assert (tea["available"], tea["ways"][0]["code"], tea["ways"][0]["decided"]) == (False, "not_available", "audience")
    await send(shelf, member, "o-1", "reward", ask={"reward": "mug", "way": 1})
    mug, _ = (await get(shelf, f"/v1/members/{member}/rewards", **{"Accept-Language": "zh"}))["rewards"]
    assert (mug["title"], mug["available"]) == ("马克杯", False)
    assert (mug["ways"][1]["decided"], mug["ways"][1]["reasons"]) == ("mechanic", ["out_of_stock"])


async def test_what_can_be_had_is_told_page_by_page(shelf: Site, purchase: Purchase) -> None:
    member = await buy(shelf, purchase, 50)
    first = await get(shelf, f"/v1/members/{member}/rewards?limit=1")
    second = await get(shelf, f"/v1/members/{member}/rewards?limit=1&cursor={first['next']}")
    assert [it["reward"] for page in (first, second) for it in page["rewards"]] == ["mug", "tea"]
    assert second["next"] is None


async def test_a_reward_is_redeemed_followed_and_cancelled(shelf: Site, purchase: Purchase) -> None:
    member = await buy(shelf, purchase, 200)
    await put(shelf, 20)
    status, receipt = await send(shelf, member, "o-1", "reward", ask={"reward": "mug"})
    (why,) = receipt["reasons"]
    assert (status, why["code"], why["values"]["state"]) == (201, "ordered", "ordered")
    assert (await send(shelf, member, "o-2", "reward", ask={"reward": "mug", "way": 1}))[0] == 201
    assert (await send(shelf, member, "s-1", "reward_state", ask={"order": "o-2", "state": "ready"}))[0] == 201
    page = await get(shelf, f"/v1/members/{member}/orders")
    assert [(it["id"], it["state"], it["points"], it["cash_minor"]) for it in page["orders"]] == [
        ("o-2", "ready", 20, 500),
        ("o-1", "ordered", 100, 0),
    ]
    assert page["orders"][0]["collect_until"] is not None
    assert (await send(shelf, member, "c-1", "reverse", origin="o-1"))[0] == 201
    assert (await send(shelf, member, "s-2", "reward_state", ask={"order": "o-2", "state": "fulfilled"}))[0] == 201
    status, problem = await send(shelf, member, "c-2", "reverse", origin="o-2")
    assert (status, problem["code"]) == (409, "order_fulfilled")
    first = await get(shelf, f"/v1/members/{member}/orders?limit=1")
    second = await get(shelf, f"/v1/members/{member}/orders?limit=1&cursor={first['next']}&lang=zh")
    assert [(it["id"], it["state"]) for page in (first, second) for it in page["orders"]] == [
        ("o-2", "fulfilled"),
        ("o-1", "cancelled"),
    ]
    assert (second["orders"][0]["title"], second["next"]) == ("马克杯", None)
    assert (await get(shelf, "/v1/rewards"))["rewards"][0]["left"] == 19


async def test_orders_of_a_reward_that_is_gone_are_still_shown(shelf: Site, purchase: Purchase) -> None:
    member = await buy(shelf, purchase, 200)
    await put(shelf, 20)
    await send(shelf, member, "o-1", "reward", ask={"reward": "mug"})
    await publish(shelf, "", days=0)
    assert (await get(shelf, "/v1/rewards"))["rewards"] == []
    assert [it["id"] for it in (await get(shelf, f"/v1/members/{member}/orders"))["orders"]] == ["o-1"]


async def test_stock_is_set_in_all_and_never_below_what_was_ordered(shelf: Site, purchase: Purchase) -> None:
    member = await buy(shelf, purchase, 200)
    await put(shelf, 20)
    await send(shelf, member, "o-1", "reward", ask={"reward": "mug"})
    assert await put(shelf, 20) == (200, {"reward": "mug", "amount": 20, "left": 19})
    assert await put(shelf, 1) == (200, {"reward": "mug", "amount": 1, "left": 0})
    status, problem = await put(shelf, 0)
    assert (status, problem["code"]) == (409, "ceiling_too_low")


@pytest.mark.parametrize(
    ("reward", "amount", "status", "code"),
    [
        ("yacht", 1, 404, "reward_unknown"),
        ("tea", 1, 409, "reward_without_stock"),
        ("mug", -1, 422, "body_invalid"),
        ("MUG", 1, 422, "parameter_invalid"),
    ],
)
async def test_stock_that_makes_no_sense_is_refused(
    shelf: Site, reward: str, amount: int, status: int, code: str
) -> None:
    told, problem = await put(shelf, amount, reward)
    assert (told, problem["code"]) == (status, code)


@pytest.mark.parametrize("what", ["rewards", "orders"])
async def test_nobody_has_nothing(shelf: Site, what: str) -> None:
    answer = await shelf.client.get(f"/v1/members/{NOBODY}/{what}")
    assert (answer.status_code, answer.json()["code"]) == (404, "member_unknown")
    answer = await shelf.client.get(f"/v1/members/{NOBODY}/{what}?cursor=nonsense")
    assert answer.json()["code"] == "cursor_invalid"


async def test_a_programme_without_rewards_has_none(site: Site, purchase: Purchase) -> None:
    member = await buy(site, purchase, 10)
    assert (await get(site, "/v1/rewards"))["rewards"] == []
    assert (await get(site, f"/v1/members/{member}/rewards"))["rewards"] == []
    assert (await get(site, f"/v1/members/{member}/orders"))["orders"] == []


async def test_keys_need_their_scopes(shelf: Site, purchase: Purchase) -> None:
    member = await buy(shelf, purchase, 10)
    token = await shelf.issue("activities:write")
    for path in ("/v1/rewards", f"/v1/members/{member}/rewards", f"/v1/members/{member}/orders"):
        answer = await shelf.client.get(path, headers=shelf.using(token))
        assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    token = await shelf.issue("program:read", "members:read")
    answer = await shelf.client.put("/v1/rewards/mug/stock", json={"amount": 1}, headers=shelf.using(token))
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
