"""What the server tells tills of its offers: only what a till can judge alone."""

from datetime import timedelta

import httpx

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
LEFT_OUT = {
    "codes": write("codes", everybody="false"),
    "cheapest": write("cheapest", effect="{type: cheapest}"),
    "points": write("points", effect="{type: points, currency: points, times: 2}"),
    "but": write("but", lines="{exclude: {skus: [gin]}}"),
    "pair": write("pair", lines="{minimum_milli: 2000}"),
    "when": write("when", "when: basket.total >= 100"),
    "hours": write("hours", "windows: [{from: '09:00', until: '10:00'}]"),
    "some": write("some", "audience: {channels: [app]}"),
    "once": write("once", "limits: [{times: 1, per: member, period: day}]"),
    "group": write("group", "stacking: {group: g, mode: exclusive}"),
    "over": write("over", "schedule: {until: 2026-01-01}"),
}


async def test_tills_are_told_what_they_can_judge_alone(engine: Engine) -> None:
    await change(engine.database, PROGRAM + "".join((*TOLD.values(), *LEFT_OUT.values())), since=timedelta(days=1))
    await engine.start()
    headers = {"Authorization": f"Bearer {engine.key}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{engine.port}", headers=headers) as client:
        told = (await client.get("/v1/tills/offers")).raise_for_status().json()
    offers = {each["id"]: each for each in told["offers"]}
    assert set(offers) == {"week", *TOLD}
    half, cash, spring = (offers[name] for name in TOLD)
    assert (half["coupon"], half["permille"], half["max_minor"], half["minor"]) == ("held:half:all", 500, 900, None)
    assert (half["skus"], half["since"], half["until"]) == (["tea"], None, None)
    assert (cash["minor"], cash["permille"], cash["stores"], cash["minimum_minor"]) == (250, None, ["s1"], 2_000)
    # Days of the shop, as moments: the last of them is given whole.
    assert (spring["since"], spring["until"]) == ("2025-12-31T16:00:00Z", "2090-12-31T16:00:00Z")
