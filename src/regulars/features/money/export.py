"""Postings for the finance system: double entry, by month, as CSV and as beancount text. Pure.

Each movement of a roll-forward is one posting against the liability. What is posted is the growth of the running sum,
rounded down to a minor unit, so that many months drift by less than one; what that leaves between the postings of a
month goes to a rounding account, and every transaction comes to nothing.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from msgspec import Struct, field

from regulars.features.money.forward import Forward
from regulars.features.money.model import MICRO, MONTHS_OF_YEAR, read_month

__all__ = ["ACCOUNTS", "Leg", "Transaction", "format_minor", "post", "write_beancount", "write_csv"]

LIABILITY: Final = "liability"
AHEAD: Final = "ahead"
RESTATED: Final = "restated"
ROUNDING: Final = "rounding"

ACCOUNTS: Final[Mapping[str, str]] = {
    LIABILITY: "Liabilities:Loyalty:{currency}:{funder}",
    "issued": "Income:Loyalty:Deferred",
    "granted": "Expenses:Loyalty:Granted",
    "funded": "Assets:Loyalty:Receivable:{funder}",
    "brought": "Equity:Loyalty:Opening",
    "redeemed": "Income:Loyalty:Redeemed",
    "donated": "Liabilities:Loyalty:Donated",
    "expired": "Income:Loyalty:Breakage",
    "forgotten": "Income:Loyalty:Forgotten",
    "returned": "Income:Loyalty:Returned",
    "settled": "Income:Loyalty:Recovered",
    "adjusted": "Expenses:Loyalty:Adjusted",
    "converted": "Equity:Loyalty:Converted",
    "received": "Equity:Loyalty:Converted",
    "transferred": "Equity:Loyalty:Transferred",
    AHEAD: "Income:Loyalty:Breakage",
    RESTATED: "Income:Loyalty:Estimates",
    ROUNDING: "Expenses:Loyalty:Rounding",
}
"""Account by role; `{currency}` and `{funder}` are filled in. Another mapping names the accounts of another house."""

DECIMALS: Final[Mapping[str, int]] = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV"), 0),
    **dict.fromkeys(("XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
"""Decimals of a currency of money (ISO 4217), where they are not two."""
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What makes a spreadsheet run a text instead of showing it."""


class Leg(Struct, frozen=True, kw_only=True):
    """One posting: debit above zero, credit below."""

    role: str
    account: str
    minor: int
    points: int = 0
    parts: int = 0
    """Rows of the ledger behind it; 0 where it follows from an estimate or from rounding."""


class Transaction(Struct, frozen=True, kw_only=True):
    """All postings of one currency and funder in a month. They come to nothing."""

    month: str
    currency: str
    funder: str
    money: str
    legs: tuple[Leg, ...]
    liability_micro: int = field(default=0)
    """What the roll-forward says is owed at the end of the month, before rounding."""


def post(forwards: Sequence[Forward], *, money: str, accounts: Mapping[str, str] = ACCOUNTS) -> list[Transaction]:
    """Make the postings of roll-forwards that begin with their first month; months in which nothing moved have none."""
    running: dict[tuple[str, str, str], int] = {}
    made: list[Transaction] = []
    for forward in sorted(forwards, key=lambda each: (each.month, each.currency, each.funder)):
        moved = [(each.category, each.deferred_micro, each.points, each.parts) for each in forward.movements]
        moved += [(AHEAD, -forward.ahead_micro, 0, 0), (RESTATED, -forward.restated_micro, 0, 0)]
        legs: list[Leg] = []
        for role, micro, points, parts in moved:
            place = (forward.currency, forward.funder, role)
            before, running[place] = running.get(place, 0), running.get(place, 0) + micro
            minor = running[place] // MICRO - before // MICRO
            if minor or parts:
                legs.append(_leg(role, forward, accounts, minor=minor, points=points, parts=parts))
        owed = forward.closing.liability_micro // MICRO - forward.opening.liability_micro // MICRO
        if owed or legs:
            legs.append(_leg(LIABILITY, forward, accounts, minor=-owed))
        if rest := sum(leg.minor for leg in legs):
            legs.append(_leg(ROUNDING, forward, accounts, minor=-rest))
        if any(leg.minor for leg in legs):
            made.append(
                Transaction(
                    month=forward.month,
                    currency=forward.currency,
                    funder=forward.funder,
                    money=money,
                    legs=tuple(legs),
                    liability_micro=forward.closing.liability_micro,
                )
            )
    assert all(sum(leg.minor for leg in each.legs) == 0 for each in made)
    return made


def _leg(
    role: str, forward: Forward, accounts: Mapping[str, str], *, minor: int, points: int = 0, parts: int = 0
) -> Leg:
    account = accounts[role].format(currency=_component(forward.currency), funder=_component(forward.funder))
    return Leg(role=role, account=account, minor=minor, points=points, parts=parts)


def _component(name: str) -> str:
    """Write an id as a part of an account's name: letters, digits and hyphens, a capital first."""
    return re.sub(r"[^A-Za-z0-9]", "-", name).capitalize() or "None"


def write_csv(transactions: Sequence[Transaction]) -> str:
    """Write postings as CSV (RFC 4180): one line each, debit and credit apart. No text can run as a formula."""
    text = io.StringIO(newline="")
    out = csv.writer(text, lineterminator="\r\n")
    out.writerow(
        ["date", "month", "currency", "funder", "category", "account", "debit", "credit", "money", "points", "rows"]
    )
    for each in transactions:
        for leg in each.legs:
            debit = format_minor(leg.minor, each.money) if leg.minor > 0 else ""
            credit = format_minor(-leg.minor, each.money) if leg.minor < 0 else ""
            words = [_last_day(each.month).isoformat(), each.month, each.currency, each.funder, leg.role, leg.account]
            numbers = [str(leg.points), str(leg.parts)]
            out.writerow([*(_disarm(word) for word in words), debit, credit, _disarm(each.money), *numbers])
    return text.getvalue()


def _disarm(word: str) -> str:
    return f"'{word}" if word.startswith(FORMULA) else word


def write_beancount(transactions: Sequence[Transaction]) -> str:
    """Write postings as beancount text: accounts opened, and the liability asserted after every month."""
    opened: dict[tuple[str, str], str] = {}
    for each in transactions:
        for leg in each.legs:
            opened.setdefault((leg.account, each.money), f"{each.month}-01")
    lines = ['option "title" "Loyalty points"']
    lines += [f'option "operating_currency" "{money}"' for money in sorted({each.money for each in transactions})]
    monies: dict[str, list[str]] = {}
    for account, money in opened:
        monies.setdefault(account, []).append(money)
    lines += ["", *(f"{opened[a, m[0]]} open {a} {','.join(m)}" for a, m in sorted(monies.items()))]
    owed: dict[tuple[str, str], int] = {}
    for each in transactions:
        last = _last_day(each.month)
        lines += ["", f'{last} * "Loyalty points" "{each.currency} funded by {each.funder}, {each.month}"']
        for leg in each.legs:
            lines.append(f"  {leg.account}  {format_minor(leg.minor, each.money)} {each.money}")
            lines += [f'    category: "{leg.role}"', f"    points: {leg.points}", f"    rows: {leg.parts}"]
            if leg.role == LIABILITY:
                place = (leg.account, each.money)
                owed[place] = owed.get(place, 0) + leg.minor
        for (account, money), minor in owed.items():
            if account in {leg.account for leg in each.legs} and money == each.money:
                lines += ["", f"{last + timedelta(days=1)} balance {account}  {format_minor(minor, money)} {money}"]
    return "\n".join(lines) + "\n"


def _last_day(month: str) -> date:
    year, index = divmod(read_month(month) + 1, MONTHS_OF_YEAR)
    return date(year, index + 1, 1) - timedelta(days=1)


def format_minor(minor: int, money: str) -> str:
    """Write an amount of money with its decimals: 15668 USD is 156.68."""
    decimals = DECIMALS.get(money, 2)
    sign, digits = "-" if minor < 0 else "", str(abs(minor)).rjust(decimals + 1, "0")
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else f"{sign}{digits}"
