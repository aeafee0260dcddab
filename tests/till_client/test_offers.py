"""What the server tells tills of its offers: only what a till can judge alone."""

from datetime import time, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest

from regulars_till import Basket, Line
from regulars_till.clock import read_moment
from regulars_till.offers import find_discounts, read_extract
from tests.http.site import BARE
from tests.till_client.engine import PROGRAM, Engine, change

COUPON = """
  - id: {id}
    mechanic: coupons
    on: [purchase]
    settings:
      coupon: {id}
      title: {{en: Off, zh-CN: 优惠}}
      effect: {effect}
      everybody: {everybody}
      lines: {lines}
    {envelope}
"""
TENTH = "{type: percent, permille: 100}"


def write(id_: str, envelope: str = "", *, effect: str = TENTH, lines: str = "{}", everybody: str = "true") -> str:
    return COUPON.format(id=id_, effect=effect, lines=lines, everybody=everybody, envelope=envelope)


TOLD = {
    "half": write("half", effect="{type: percent, permille: 500, max_minor: 900}", lines="{skus: [tea]}"),
    "cash": write("cash", effect="{type: amount, minor: 250}", lines="{minimum_minor: 2000, stores: [s1]}"),
    "spring": write("spring", "schedule: {from: 2026-01-01, until: 2090-12-31}"),
}
GUARDED = {
    "but": write("but", lines="{exclude: {skus: [gin]}}"),
    "pair": write("pair", lines="{minimum_milli: 2000}"),
    "hours": write("hours", "windows: [{from: '09:00', until: '10:30', weekdays: [mon, tue]}]"),
    "some": write("some", "audience: {channels: [app], stores: [s1]}"),
    "berlin": write("berlin", "time_zone: Europe/Berlin\n    windows: [{from: '22:00', until: '02:00'}]"),
}
LEFT_OUT = {
    "codes": write("codes", everybody="false"),
    "cheapest": write("cheapest", effect="{type: cheapest}"),
    "points": write("points", effect="{type: points, currency: points, times: 2}"),
    "gold": write("gold", "audience: {share: {permille: 100, salt: x}}"),
    "when": write("when", "when: basket.total >= 100"),
    "once": write("once", "limits: [{times: 1, per: member, period: day}]"),
    "group": write("group", "stacking: {group: g, mode: exclusive}"),
    "over": write("over", "schedule: {until: 2026-01-01}"),
}


async def test_tills_are_told_what_they_can_judge_alone(engine: Engine) -> None:
    all_ = (*TOLD.values(), *GUARDED.values(), *LEFT_OUT.values())
    await change(engine.database, PROGRAM + "".join(all_), since=timedelta(days=1))
    await engine.start()
    headers = {"Authorization": f"Bearer {engine.key}"}
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{engine.port}", headers=headers, verify=BARE, timeout=60
    ) as client:
        told = (await client.get("/v1/tills/offers")).raise_for_status().json()
    offers = {each["id"]: each for each in told["offers"]}
    assert set(offers) == {"week", *TOLD}
    half, cash, spring = (offers[name] for name in TOLD)
    assert (half["coupon"], half["permille"], half["max_minor"], half["minor"]) == ("held:half:all", 500, 900, None)
    assert (half["skus"], half["since"], half["until"]) == (["tea"], None, None)
    assert (cash["minor"], cash["permille"], cash["stores"], cash["minimum_minor"]) == (250, None, ["s1"], 2_000)
    # Days of the shop, as moments: the last of them is given whole.
    assert (spring["since"], spring["until"]) == ("2025-12-31T16:00:00Z", "2090-12-31T16:00:00Z")

    guarded = {each["id"]: each for each in told["guarded"]}
    assert set(guarded) == set(GUARDED)
    assert (guarded["but"]["exclude_skus"], guarded["but"]["open"]) == (["gin"], None)
    assert (guarded["pair"]["minimum_milli"], guarded["pair"]["places"]) == (2_000, None)
    assert (guarded["some"]["places"], guarded["some"]["channels"]) == (["s1"], ["app"])
    as_of = read_moment(told["as_of"])
    for name, zone, begins, lasts, days in (
        ("hours", "Asia/Shanghai", time(9), timedelta(minutes=90), {0, 1}),
        ("berlin", "Europe/Berlin", time(22), timedelta(hours=4), set(range(7))),
    ):
        spans = [(read_moment(begin), read_moment(end)) for begin, end in guarded[name]["open"]]
        assert all(as_of <= begin < end <= as_of + timedelta(days=14) for begin, end in spans)
        # The first may be open already, and the last is perhaps cut off; the others are whole.
        whole = [(begin.astimezone(ZoneInfo(zone)), end) for begin, end in spans[1:-1]]
        assert {begin.weekday() for begin, _ in whole} <= days
        assert len(whole) >= 2 * len(days) - 2
        assert all(begin.time() == begins and end - begin == lasts for begin, end in whole)


GUARD = {
    "id": "guarded",
    "coupon": "held:guarded:all",
    "permille": 100,
    "exclude_skus": ["gin"],
    "exclude_brands": ["Dear"],
    "minimum_milli": 2_000,
    "places": ["s1"],
    "channels": ["store"],
    "open": [["2026-03-01T09:00:00Z", "2026-03-01T10:00:00Z"], ["2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z"]],
}
TEA, GIN = Line(sku="tea", amount_minor=1_000), Line(sku="gin", amount_minor=5_000)
DEAR = Line(sku="tea", amount_minor=2_000, brand="Dear")


@pytest.mark.parametrize(
    ("lines", "channel", "store", "at", "off"),
    [
        ((TEA, GIN, TEA), "store", "s1", "2026-03-01T09:00:00Z", 200),
        ((TEA, DEAR, TEA), "store", "s1", "2026-03-02T09:59:59Z", 200),
        # One piece of it is too few, and what is left out counts for nothing.
        ((TEA, GIN, DEAR), "store", "s1", "2026-03-01T09:00:00Z", 0),
        ((TEA, TEA), "app", "s1", "2026-03-01T09:00:00Z", 0),
        ((TEA, TEA), "store", "s2", "2026-03-01T09:00:00Z", 0),
        # The first moment that is no part of it.
        ((TEA, TEA), "store", "s1", "2026-03-01T10:00:00Z", 0),
        ((TEA, TEA), "store", "s1", "2026-03-03T09:30:00Z", 0),
    ],
)
def test_a_till_looks_at_all_that_is_said(lines: tuple[Line, ...], channel: str, store: str, at: str, off: int) -> None:
    extract = read_extract({"as_of": "2026-03-01T00:00:00Z", "program": "x", "offers": [], "guarded": [GUARD]})
    basket = Basket(lines=lines, channel=channel, coupons=("held:guarded:all",))
    found = find_discounts(extract, basket, read_moment(at), store=store)
    assert sum(each.amount_minor for each in found) == off
