"""The day's end at a till: what it counted, closed once, printed in two languages, and known to the server."""

import asyncio
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from regulars_till import Basket, DayReport, Difference, Line, Till
from tests.http.site import BARE
from tests.till_client.engine import BASKET, CARD, Engine
from tests.till_client.test_online import COUPONS, LARGE, PAYING

pytestmark = pytest.mark.usefixtures("patient")

TEA = Basket(
    lines=(Line(sku="tea", amount_minor=1_000), Line(sku="rice", amount_minor=500)),
    member=CARD,
    coupons=("held:week:all",),
)
SOME_DAY = date(2026, 3, 1)


async def call(function: Callable[..., Any], *given: object, **more: object) -> Any:  # noqa: ANN401 - what it gives
    return await asyncio.to_thread(lambda: function(*given, **more))


async def ask(engine: Engine, method: str, path: str, body: object = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {engine.key}"}
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{engine.port}", headers=headers, verify=BARE, timeout=60
    ) as client:
        return await client.request(method, path, json=body)


async def test_a_day_online_and_offline_is_counted_to_the_last_coin(engine: Engine, folder: Path) -> None:
    await engine.start()
    with engine.open_till(folder) as till:
        await call(till.refresh)
        codes = {"batch": "letters", "codes": ["ABCD"], "valid_until": "2090-01-01T00:00:00Z"}
        assert (await ask(engine, "POST", "/v1/coupons/ten/codes", codes)).status_code == 201
        await call(till.commit, LARGE)
        await call(till.commit, COUPONS)
        sold = await call(till.commit, PAYING)
        await call(till.return_, sold.id, lines=[{"line": 1, "amount_minor": 100, "quantity_milli": 100}])
        await call(till.return_, sold.id, lines=[{"line": 1, "amount_minor": 900, "quantity_milli": 900}])
        await engine.stop()
        offline = await call(till.commit, TEA)
        assert (offline.status, offline.due_minor) == ("queued", 1_400)

        report: DayReport = await call(till.count_day, day=SOME_DAY)
        assert (report.is_closed, report.head.first, report.head.last, report.head.day) == (False, 1, 6, "2026-03-01")
        # 1,000 in all, of which points paid one half.
        assert (report.sales, report.gross_minor, report.points_minor) == (4, 100_000 + 4_000 + 1_000 + 1_500, 500)
        assert (report.discount_minor, report.due_minor) == (1_000 + 100, 100_000 + 3_000 + 500 + 1_400)
        assert (report.returns, report.returned_minor, report.pending) == (1, 100, 1)
        assert report.differences == (Difference(name="t17-5", code="return_too_large"),)
        earned = 1_000 + 30 + 5
        assert report.points["points"]["earned"] == earned
        assert (report.points["points"]["spent"], report.points["points"]["given_back"]) == (500, 100)

        closed = await call(till.close_day, SOME_DAY)
        assert (closed.head.number, closed.sales) == (1, 4)
        await engine.start()
        assert (await call(till.drain)).recorded == 1
        again = await call(till.count_day, 1)
        # What followed is known by now, and nothing else has changed.
        assert (again.pending, again.points["points"]["earned"]) == (0, earned + 14)
        assert (again.sales, again.due_minor, again.head) == (closed.sales, closed.due_minor, closed.head)
        told = (await ask(engine, "GET", "/v1/stores/367/days/2026-03-01")).json()
        (counted,) = told["reports"]
        assert {name: counted[name] for name in ("till", "first", "last", "count", "due_minor")} == {
            "till": "t17",
            "first": 1,
            "last": 6,
            "count": 4,
            "due_minor": closed.due_minor,
        }


async def test_the_next_day_begins_where_the_last_one_ended(engine: Engine, folder: Path) -> None:
    with engine.open_till(folder) as till:
        sold = await call(till.commit, BASKET)
        assert (await call(till.close_day, SOME_DAY)).head.number == 1
        await call(till.cancel, sold.id)
    # A till that is started anew knows what was closed.
    with engine.open_till(folder) as till:
        second = await call(till.close_day, SOME_DAY)
        assert (second.head.number, second.head.first, second.head.last) == (2, 2, 2)
        # All of a sale of the day before comes back.
        assert (second.sales, second.returns, second.returned_minor) == (0, 1, 1_250)
        empty = await call(till.close_day, SOME_DAY)
        assert (empty.head.number, empty.head.first, empty.head.last, empty.differences) == (3, 0, 0, ())
        with pytest.raises(KeyError):
            till.count_day(4)
        await engine.start()
        await call(till.drain)
    # The server has one word on the day, of all three.
    told = (await ask(engine, "GET", "/v1/stores/367/days/2026-03-01")).json()
    assert [(each["first"], each["last"], each["count"], each["due_minor"]) for each in told["reports"]] == [
        (1, 2, 1, 1_250)
    ]


def open_alone(folder: Path) -> Till:
    """Open a till whose server is nowhere."""
    return Till("http://127.0.0.1:9", "rk_none", till="t17", store="367", folder=folder)


def test_numbers_that_are_gone_are_told(folder: Path) -> None:
    with open_alone(folder) as till:
        for _ in range(3):
            till.commit(BASKET)
    (path,) = folder.glob("queue-*.log")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b"x" * (len(lines[1]) - 1) + b"\n" + lines[2])
    with open_alone(folder) as till:
        report = till.count_day()
    assert report.sales == 2
    assert Difference(name="t17-2", code="number_missing") in report.differences


def test_nothing_is_closed_where_nothing_can_be_written(folder: Path) -> None:
    folder.write_text("not a folder")
    with open_alone(folder) as till:
        till.commit(BASKET)
        report = till.close_day()
    assert (report.is_closed, report.unwritten, report.sales) == (False, 1, 0)


def test_it_is_printed_for_paper_and_written_for_machines(tmp_path: Path) -> None:
    with open_alone(tmp_path / "t") as till:
        till.commit(BASKET)
        report = till.close_day(SOME_DAY)
    text = report.print().splitlines()
    assert text[0] == "Day's report 1"
    assert "Paid in money                        12.50" in text
    assert "Not sent yet                             1" in text
    assert all(len(line) <= 42 for line in text)
    chinese = report.print("zh-CN", digits=0).splitlines()
    assert chinese[0] == "日结报表 1"
    assert any(line.startswith("应收金额") and line.endswith(" 1250") for line in chinese)
    told = report.to_json()
    assert {name: told[name] for name in ("number", "till", "day", "first", "last", "sales", "due_minor")} == {
        "number": 1,
        "till": "t17",
        "day": "2026-03-01",
        "first": 1,
        "last": 1,
        "sales": 1,
        "due_minor": 1_250,
    }
