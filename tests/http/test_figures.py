"""Figures: every activity is counted once, on its own day, and the sums are those of the ledger."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from regulars.features import daybook
from regulars.features.daybook.figures import count_moves, tell_change
from regulars.features.daybook.restored import settle as count_anew
from regulars.kernel import spine
from tests.http.site import Purchase, Site
from tests.settled import settle
from tests.spine.conftest import LEVELS, PROGRAM, Shop, buy
from tests.spine.conftest import shop as shop  # noqa: PLC0414 - a fixture of another room

TODAY = datetime.now(tz=UTC)
Fetch = Callable[..., Any]


async def gather(site: Site) -> int:
    read = 0
    await settle(site.database)
    while page := await site.database.run(lambda tx: daybook.gather(tx, site.house.versions)):
        read += page
    return read


async def figures(site: Site, query: str = "") -> Any:  # noqa: ANN401 - JSON
    return (await site.client.get(f"/v1/figures{query}")).json()


def values(view: Any, name: str = "value") -> dict[str, int | None]:  # noqa: ANN401 - JSON
    return {it["id"]: it[name] for it in view["figures"]}


@pytest.fixture
async def sold(site: Site, purchase: Purchase) -> Site:
    """Two members: one bought today, one today and nine days ago in another store."""
    ago = (TODAY - timedelta(days=9)).isoformat()
    for body in (
        purchase("r-1", minor=1000, card="1"),
        purchase("r-2", minor=3000, card="2"),
        purchase("r-3", minor=2000, card="2", store="s2", occurred_at=ago),
    ):
        assert (await site.client.post("/v1/activities", json=body)).status_code == 201
    return site


async def test_what_happened_is_counted_once(sold: Site) -> None:
    # What others on this server have not ended yet would hide it: nobody reads past them.
    await settle(sold.database)
    behind = await figures(sold)
    assert (behind["is_behind"], values(behind)["purchases"]) == (True, 0)
    assert await gather(sold) == 3
    assert await gather(sold) == 0
    view = await figures(sold)
    assert view["is_behind"] is False
    expected = {
        "active": 2,
        "newcomers": 2,
        "purchases": 3,
        "sales": 6000,
        "basket": 2000,
        "repeat": 500,
        "issued": 60,
        "redeemed": 0,
        "expired": 0,
        "circulation": 0,
        "outstanding": 60,
        "liability": 60,
        "up": 0,
        "down": 0,
    }
    assert values(view) == expected
    assert all(it["means"]["en"] and it["name"]["zh-CN"] for it in view["figures"])
    assert [it["id"] for it in view["left_out"]] == ["member_share"]
    assert sum(it["values"]["sales"] for it in view["series"]) == 6000
    assert view["series"][-1]["values"]["outstanding"] == 60


async def test_a_span_is_laid_beside_the_one_before(sold: Site) -> None:
    await gather(sold)
    until = (TODAY + timedelta(days=2)).date()
    view = await figures(sold, f"?from={until - timedelta(days=6)}&to={until}&compare=previous&grain=day")
    assert (view["before_until"], view["grain"], len(view["series"])) == (view["first"], "day", 6)
    assert (values(view)["sales"], values(view, "before")["sales"]) == (4000, 2000)
    assert values(view, "change_permille")["sales"] == 1000
    assert view["told"]["en"] == "Sales to members rose most: by 100 % against the period before."
    assert view["told"]["zh-CN"] == "变化最大的是会员销售额：与对比期相比上升 100 %。"


async def test_a_span_that_is_one_period_is_counted_once(sold: Site) -> None:
    await gather(sold)
    day = TODAY.date()
    view = await figures(sold, f"?from={day - timedelta(days=1)}&to={day + timedelta(days=2)}&grain=month")
    assert values(view)["purchases"] == sum(it["values"]["purchases"] for it in view["series"]) == 2


async def test_parts_add_up_to_the_whole(sold: Site) -> None:
    await gather(sold)
    stores = (await sold.client.get("/v1/figures/by/store?compare=year")).json()
    assert [(it["key"], it["values"]) for it in stores["parts"]] == [
        ("s1", {"members": 2, "purchases": 2, "sales": 4000}),
        ("s2", {"members": 1, "purchases": 1, "sales": 2000}),
    ]
    offers = (await sold.client.get("/v1/figures/by/offer")).json()
    assert [(it["key"], it["values"]) for it in offers["parts"]] == [("base", {"points": 60, "times": 3})]


async def test_a_return_is_taken_off(sold: Site) -> None:
    back = {
        "id": "back-1",
        "source": "till",
        "kind": "return",
        "occurred_at": TODAY.isoformat(),
        "member": {"identifier": {"kind": "card", "value": "2"}},
        "origin": "r-2",
        "returned": [{"line": 1, "amount_minor": 3000}],
        "store": "s1",
    }
    answer = await sold.client.post("/v1/activities", json=back)
    assert answer.status_code == 201, answer.text
    await gather(sold)
    told = values(await figures(sold))
    assert (told["sales"], told["issued"], told["outstanding"], told["purchases"]) == (3000, 30, 30, 3)


async def test_spans_and_currencies_that_are_none(site: Site) -> None:
    for query, code in (
        ("?from=2026-03-01&to=2026-03-01", "span_invalid"),
        ("?from=0001-01-01&to=9999-12-31", "span_invalid"),
        ("?from=2000-01-01&to=2026-01-01&grain=day", "span_invalid"),
        ("?currency=shells", "figures_currency_unknown"),
        ("?compare=never", "parameter_invalid"),
        ("/by/moon", "parameter_invalid"),
    ):
        assert (await figures(site, query))["code"] == code, query


async def test_the_sums_are_those_of_the_ledger_and_may_be_made_anew(shop: Shop) -> None:
    await shop.publish(PROGRAM + LEVELS)
    await shop.send(*(buy(f"b-{n}", 1000 * n, card=str(n)) for n in range(1, 6)))
    await shop.send(buy("b-9", 2500, card="1"))
    for _ in range(2):
        await settle(shop.database)
        while await shop.database.run(lambda tx: daybook.gather(tx, shop.house.versions)):
            pass
        shop.later(days=200)
        await spine.bring_due(shop.database, shop.house, at=shop.at)
    await settle(shop.database)
    while await shop.database.run(lambda tx: daybook.gather(tx, shop.house.versions)):
        pass
    async with shop.database.snapshot() as read:
        ends = date(2100, 1, 1)
        held = await daybook.sum_points_before(read, "points", ends)
        books = await read.value(
            "SELECT sum(balance) FROM ledger.account WHERE currency = 'points' AND account IN ('points', 'arrears')"
        )
        assert (held, books) == (0, 0), "all has ended, here and there"
        kinds = {it.kind for it in await daybook.list_points(read, "points", date(2000, 1, 1), ends)}
        assert kinds == {"issue", "expire"}
        flows = await daybook.list_flows(read, date(2000, 1, 1), ends)
        before = await daybook.list_visits(read, [(date(2000, 1, 1), ends)])
    moves = [(it.before, it.after, it.members) for it in flows if it.trait == "tier"]
    assert count_moves(moves, ["green", "gold"])[0] >= 1
    await shop.database.run(count_anew)
    while await shop.database.run(lambda tx: daybook.gather(tx, shop.house.versions)):
        pass
    async with shop.database.snapshot() as read:
        assert await daybook.list_visits(read, [(date(2000, 1, 1), ends)]) == before
        assert await daybook.list_flows(read, date(2000, 1, 1), ends) == flows


BESIDE = [
    ((date(2026, 3, 1), date(2026, 4, 1)), "previous", (date(2026, 2, 1), date(2026, 3, 1))),
    ((date(2026, 1, 1), date(2027, 1, 1)), "previous", (date(2025, 1, 1), date(2026, 1, 1))),
    ((date(2026, 3, 5), date(2026, 3, 12)), "previous", (date(2026, 2, 26), date(2026, 3, 5))),
    ((date(2028, 2, 29), date(2028, 3, 1)), "year", (date(2027, 2, 28), date(2027, 3, 1))),
]


@pytest.mark.parametrize(("span", "compare", "before"), BESIDE)
def test_what_a_span_is_laid_beside(span: daybook.Span, compare: daybook.Compare, before: daybook.Span) -> None:
    assert daybook.lay_beside(span, compare) == before


def test_periods_cover_a_span_without_a_gap() -> None:
    span = (date(2026, 1, 30), date(2026, 4, 3))
    for grain, count in (("day", 63), ("week", 10), ("month", 4)):
        periods = daybook.split(span, grain)  # pyright: ignore[reportArgumentType] - each is a grain
        assert (periods[0][0], periods[-1][1], len(periods)) == (*span, count)
        assert all(one[1] == other[0] for one, other in pairwise(periods))


def test_nothing_is_told_of_what_was_not() -> None:
    nothing = dict.fromkeys((it.id for it in daybook.FIGURES), 0)
    assert tell_change(nothing, nothing)["en"].startswith("There is nothing")
    some = dict.fromkeys(nothing, 50)
    assert tell_change(some, some)["en"].startswith("Nothing has changed")
    assert (
        tell_change(some | {"active": 40}, some)["en"] == "Active members fell most: by 20 % against the period before."
    )
