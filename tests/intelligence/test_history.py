"""A history is the same whoever gives it; what cannot be is left out and counted; nothing later is ever seen."""

from datetime import date, timedelta

import polars as pl

from regulars.base.db import Database
from regulars.intelligence.history import journey_week, read_journey, read_shop
from regulars.kernel.nouns import Activity, Identifier, Line
from tests.intelligence.makers import START, make_history, make_line
from tests.spine.conftest import START as OPENED
from tests.spine.conftest import Shop


def test_a_line_that_cannot_be_is_left_out_and_counted() -> None:
    fine = [make_line("a", START + timedelta(days=number)) for number in range(300)]
    wrong = [
        make_line("a", START, paid=-5),
        make_line("b", START, paid=10**12),
        make_line("c", START, quantity=0),
        make_line("d", START, paid_minor=None),
    ]
    history = make_history([*fine, *wrong])
    assert history.lines.height == 300
    assert history.left_out == {"no amount or time": 1, "negative amount": 1, "absurd amount": 1, "no quantity": 1}


def test_lines_are_the_same_in_whatever_order_they_came() -> None:
    lines = [make_line(member, START + timedelta(days=day)) for member in "cab" for day in (3, 1, 2)]
    one, other = make_history(lines), make_history(lines[::-1])
    assert one.lines.equals(other.lines)
    assert one.members["member"].to_list() == ["a", "b", "c"]


def test_nothing_of_the_day_or_later_is_known_before_it() -> None:
    cut = START + timedelta(days=5)
    lines = [make_line("early", START), make_line("late", cut), make_line("late", cut + timedelta(days=1))]
    past = make_history(lines).before(cut)
    assert past.last == START
    assert past.members["member"].to_list() == ["early"]


def test_a_member_joined_when_they_bought_first_whatever_was_written_down() -> None:
    told = pl.DataFrame({"member": ["a", "z"], "joined": [START + timedelta(days=9), START], "age": ["30", None]})
    history = make_history([make_line("a", START)], members=told)
    assert history.members.rows() == [("a", START, "30"), ("z", START, None)]


def test_the_journey_has_local_days_and_no_fuel() -> None:
    history = read_journey()
    assert (history.first, history.last) == (date(2017, 1, 1), date(2017, 12, 31))
    assert history.members.height == 2_469
    assert "FUEL" not in history.lines["department"].unique().to_list()
    assert history.lines["quantity"].min() == 1
    # By UTC some of the sales of New Year's Eve would be of the year after.
    assert history.lines.select(pl.col("at").max().dt.year()).item() == 2018
    assert history.displays is not None
    assert history.displays.select(pl.col("week").max()).collect().item() == journey_week(53)
    assert history.spending["paid_minor"].sum() > history.lines["paid_minor"].sum()


def buy(card: str, number: int) -> Activity:
    return Activity(
        id=f"{card}-{number}",
        source="till",
        kind="purchase",
        occurred_at=OPENED + timedelta(days=number),
        member=Identifier(kind="card", value=card),
        store="s1",
        lines=(Line(sku="milk", amount_minor=300, categories=("FOOD", "DAIRY"), shelf_discount_minor=20),),
    )


async def test_a_shop_that_never_had_a_package_is_read_from_its_journal(shop: Shop) -> None:
    shop.at += timedelta(days=9)
    await shop.publish()
    await shop.send(buy("1", 0), buy("1", 3), buy("2", 1))
    history = await read_shop(shop.database)
    assert history.lines.select("sku", "category", "department", "paid_minor", "discount_minor").unique().rows() == [
        ("milk", "DAIRY", "FOOD", 300, 20)
    ]
    assert history.lines.height == 3
    assert history.members.height == 2
    assert history.currency == "USD"
    assert history.returns is None


async def test_what_came_back_is_apart(shop: Shop) -> None:
    shop.at += timedelta(days=9)
    await shop.publish()
    await shop.send(buy("1", 0))
    back = Activity(
        id="back",
        source="till",
        kind="return",
        origin="1-0",
        occurred_at=shop.at - timedelta(days=1),
        member=Identifier(kind="card", value="1"),
    )
    await shop.send(back)
    history = await read_shop(shop.database)
    assert history.lines["paid_minor"].to_list() == [300]
    assert history.returns is not None
    assert history.returns.select("sku", "paid_minor").rows() == [("milk", 300)]


async def test_an_empty_shop_is_no_error(database: Database) -> None:
    history = await read_shop(database)
    assert history.lines.height == 0
    assert history.first == history.last


async def test_what_an_erased_member_bought_is_gone(shop: Shop) -> None:
    shop.at += timedelta(days=9)
    await shop.publish()
    first = await shop.receipt(buy("1", 0))
    await shop.send(buy("2", 1))
    async with shop.database.transaction() as tx:
        await tx.run("UPDATE members.member SET state = 'erased', wrapped_key = NULL WHERE id = $1", first.member)
    history = await read_shop(shop.database)
    assert history.lines.height == 1
    assert str(first.member) not in history.members["member"].to_list()
    assert history.left_out == {"erased member": 1}
