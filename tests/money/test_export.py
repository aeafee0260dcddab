"""Postings for the finance system: they come to nothing, and lead back to the ledger's rows."""

import csv
import io
import re
from collections import defaultdict
from decimal import Decimal

import pytest

from regulars.features import money
from regulars.features.money.flows import CATEGORIES
from tests.money.story import do, estimate, take
from tests.spine.conftest import Shop, buy

ACCOUNT = r"(?:Assets|Liabilities|Equity|Income|Expenses)(?::[A-Z0-9][A-Za-z0-9-]*)+"
AMOUNT = r"-?\d+(?:\.\d+)?"
# What we write of beancount's language, line by line.
LINES = {
    "option": re.compile(r'option "(title|operating_currency)" "[^"\\]*"'),
    "open": re.compile(
        rf"(?P<date>\d{{4}}-\d\d-\d\d) open (?P<account>{ACCOUNT}) (?P<money>[A-Z]{{3}}(?:,[A-Z]{{3}})*)"
    ),
    "head": re.compile(r'(?P<date>\d{4}-\d\d-\d\d) \* "[^"\\]*" "[^"\\]*"'),
    "leg": re.compile(rf"  (?P<account>{ACCOUNT})  (?P<amount>{AMOUNT}) (?P<money>[A-Z]{{3}})"),
    "note": re.compile(r'    [a-z][a-z-]+: (?:-?\d+|"[^"\\]*")'),
    "balance": re.compile(
        rf"(?P<date>\d{{4}}-\d\d-\d\d) balance (?P<account>{ACCOUNT})  (?P<amount>{AMOUNT}) (?P<money>[A-Z]{{3}})"
    ),
    "blank": re.compile(""),
}


def read_beancount(text: str) -> dict[str, Decimal]:
    """Read it as beancount does: accounts open before use, what must balance does. Gives what stands."""
    stand: dict[str, Decimal] = defaultdict(Decimal)
    opened: dict[str, str] = {}
    date, open_sum = "", Decimal()
    for line in text.splitlines():
        kind, found = next((k, m) for k, pattern in LINES.items() if (m := pattern.fullmatch(line)))
        if kind not in {"leg", "note"}:
            assert open_sum == 0, f"the transaction before {line!r} is off by {open_sum}"
        if kind == "open":
            opened[found["account"]] = found["date"]
        elif kind == "head":
            date = found["date"]
        elif kind == "leg":
            assert opened[found["account"]] <= date
            open_sum += Decimal(found["amount"])
            stand[found["account"]] += Decimal(found["amount"])
        elif kind == "balance":
            assert found["date"] > date
            assert stand[found["account"]] == Decimal(found["amount"])
    assert open_sum == 0
    return stand


async def make_books(shop: Shop) -> money.Books:
    """Three months with something of everything."""
    await estimate(shop, 870)
    for number in range(3):
        await shop.receipt(buy(f"p{number}", 33_333, at=shop.at))
        await do(shop, "redeem", f"r{number}", currency="points", points=77)
        await do(shop, "reverse", f"v{number}", origin=f"r{number}", points=7)
        await do(shop, "donate", f"d{number}", currency="points", points=11, charity="trees")
        await do(shop, "adjust", f"a{number}", currency="points", points=-3, reason="error", by="ann")
        shop.later(days=31)
    await estimate(shop, 700, since=shop.at)
    shop.later(days=1)
    return await take(shop)


async def test_postings_come_to_nothing_and_lead_back_to_the_ledger(shop: Shop) -> None:
    books = await make_books(shop)
    transactions = money.post(books.forwards, money=books.money)
    assert {leg.role for each in transactions for leg in each.legs} >= {
        "issued", "funded", "redeemed", "donated", "adjusted", "expired", "ahead", "restated", "liability", "rounding",
    }  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(money.write_csv(transactions), newline="")))
    assert sum(Decimal(row["debit"] or 0) - Decimal(row["credit"] or 0) for row in rows) == 0
    assert all((row["debit"] == "") or (row["credit"] == "") for row in rows)
    # Rows and points of each kind are those of the ledger.
    async with shop.database.snapshot() as read:
        kept = await read.rows(
            "SELECT 'issued' AS role, count(*) AS rows, sum(amount) AS points FROM ledger.lot"
            " WHERE currency = 'points' AND funder = 'house'"
            " UNION ALL SELECT CASE WHEN e.kind IN ('redeem', 'reverse') THEN 'redeemed' WHEN e.kind = 'expire'"
            " THEN 'expired' WHEN e.kind = 'donate' THEN 'donated' ELSE 'adjusted' END, count(*), sum(a.amount)"
            " FROM ledger.allocation AS a JOIN ledger.entry AS e USING (member_id, currency, account, version)"
            " JOIN ledger.lot AS l ON l.member_id = a.member_id AND l.currency = a.currency AND l.number = a.lot"
            " WHERE l.funder = 'house' AND l.currency = 'points' GROUP BY 1"
        )
    for row in kept:
        ours = [r for r in rows if (r["category"], r["funder"], r["currency"]) == (row["role"], "house", "points")]
        assert sum(int(r["rows"]) for r in ours) == row["rows"] > 0
        assert sum(int(r["points"]) for r in ours) == row["points"]


async def test_beancount_is_well_formed_and_its_balances_hold(shop: Shop) -> None:
    books = await make_books(shop)
    stand = read_beancount(money.write_beancount(money.post(books.forwards, money=books.money)))
    assert sum(stand.values()) == 0
    for funder, account in (
        ("house", "Liabilities:Loyalty:Points:House"),
        ("dairy-board", "Liabilities:Loyalty:Points:Dairy-board"),
    ):
        last = next(f for f in books.forwards if (f.month, f.funder, f.currency) == (books.last, funder, "points"))
        assert -stand[account] * 100 == last.closing.liability_micro // 10**6
    assert abs(stand["Expenses:Loyalty:Rounding"]) < Decimal("0.30")


def forward(micro: int, month: str = "2026-03", *, funder: str = "house", before: int = 0) -> money.Forward:
    empty = {"points": 0, "value_micro": 0, "ahead_micro": 0}
    return money.Forward(
        currency="points",
        funder=funder,
        month=month,
        rate_permille=1000,
        estimate=1,
        opening=money.Stand(deferred_micro=before, **empty),
        movements=tuple(
            money.Movement(
                category=category, parts=int(category == "issued"), points=0, value_micro=0,
                deferred_micro=micro if category == "issued" else 0,
            )
            for category in CATEGORIES
        ),
        ahead_micro=0,
        restated_micro=0,
        closing=money.Stand(deferred_micro=before + micro, **empty),
    )  # fmt: skip


@pytest.mark.parametrize(("name", "written"), [("=1+1", "'=1+1"), ("@x", "'@x"), ("-a", "'-a"), ('a"b,c', 'a"b,c')])
def test_no_text_runs_as_a_formula(name: str, written: str) -> None:
    text = money.write_csv(money.post([forward(5 * 10**6, funder=name)], money="EUR"))
    assert text.count("\r\n") == text.count("\n") == 3
    (first, *_) = csv.DictReader(io.StringIO(text, newline=""))
    assert (first["funder"], first["debit"], first["date"]) == (written, "0.05", "2026-03-31")


@pytest.mark.parametrize(
    ("minor", "currency", "written"),
    [
        (15_668, "CNY", "156.68"),
        (-5, "USD", "-0.05"),
        (0, "USD", "0.00"),
        (1_234, "JPY", "1234"),
        (-1_234, "KWD", "-1.234"),
    ],
)
def test_money_is_written_with_its_decimals(minor: int, currency: str, written: str) -> None:
    assert money.format_minor(minor, currency) == written


def test_accounts_have_the_names_of_the_house() -> None:
    names = dict.fromkeys(money.ACCOUNTS, "Expenses:Other") | {"liability": "Liabilities:L-{funder}-{currency}"}
    (made,) = money.post([forward(7 * 10**6)], money="EUR", accounts=names)
    assert [(leg.account, leg.minor) for leg in made.legs] == [
        ("Expenses:Other", 7),
        ("Liabilities:L-House-Points", -7),
    ]


def test_a_month_in_which_nothing_moved_has_no_postings() -> None:
    assert money.post([forward(0)], money="EUR") == []


def test_small_amounts_add_up_over_months() -> None:
    # Four tenths of a cent, three months long: the third makes a cent of them.
    months = [forward(400_000, f"2026-0{n + 1}", before=400_000 * n) for n in range(3)]
    legs = [(each.month, leg.role, leg.minor) for each in money.post(months, money="EUR") for leg in each.legs]
    assert legs == [("2026-03", "issued", 1), ("2026-03", "liability", -1)]
