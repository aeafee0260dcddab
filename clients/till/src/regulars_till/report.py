"""The day's report: what a till sold, took back and took as money, what customers earned, and what is not settled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    from regulars_till.basket import Json
    from regulars_till.queue import Entry

__all__ = ["DayReport", "Difference", "Head", "count", "read_facts"]

KNOWN = frozenset({"recorded", "repeated"})
MOVES = {"issue": "earned", "redeem": "spent", "return": "taken_back", "reverse": "given_back"}
"""What the report calls what the ledger did."""
WIDTH = 42
MISSING = "number_missing"
WIDE = 0x2E80
"""From here on letters take two columns."""

WORDS: Mapping[str, tuple[str, str]] = {
    "closed": ("Day's report", "日结报表"),
    "open": ("Not closed yet", "尚未日结"),
    "till": ("Till", "收银机"),
    "store": ("Store", "门店"),
    "day": ("Business date", "营业日"),
    "numbers": ("Numbers", "流水号"),
    "sales": ("Sales", "销售笔数"),
    "gross": ("At shelf prices", "标价合计"),
    "discount": ("Taken off", "优惠"),
    "by_points": ("Paid with points", "积分抵扣"),
    "due": ("Paid in money", "应收金额"),
    "vouchers": ("Vouchers taken", "收取代金券"),
    "returns": ("Returns", "退货笔数"),
    "returned": ("Given back", "退款金额"),
    "earned": ("earned", "获得"),
    "spent": ("used", "使用"),
    "taken_back": ("taken back", "收回"),
    "given_back": ("given back", "退回"),
    "pending": ("Not sent yet", "待上传"),
    "unwritten": ("On paper", "纸质凭证"),
    "differences": ("To be looked at", "待处理差异"),
    "none": ("none", "无"),
}


@dataclass(frozen=True)
class Head:
    """Which report it is, and of what."""

    number: int
    """Counted up with each day that is closed; 0 while it is not."""
    till: str
    store: str
    source: str
    day: str
    """The business date, such as 2026-03-01."""
    at: str
    """When it was made."""
    first: int
    """The till's numbers of what it did, from ..."""
    last: int
    """... to; both 0 where it did nothing."""


@dataclass(frozen=True)
class Difference:
    """Something that somebody has to look at."""

    name: str
    """The till's name of it."""
    code: str
    """`number_missing` (damaged, or never finished), or the code with which the server refused it."""
    amount_minor: int = 0


@dataclass(frozen=True)
class DayReport:
    """What a till did. Amounts are whole numbers of the smallest coin."""

    head: Head
    sales: int = 0
    gross_minor: int = 0
    """At the prices on the shelf."""
    discount_minor: int = 0
    points_minor: int = 0
    """Paid with points."""
    due_minor: int = 0
    """Paid in money, vouchers included."""
    vouchers: int = 0
    vouchers_minor: int = 0
    returns: int = 0
    returned_minor: int = 0
    points: Mapping[str, Mapping[str, int]] = field(default_factory=dict[str, Mapping[str, int]])
    """By currency: `earned`, `spent`, `taken_back` and `given_back`, as far as the server has said it."""
    pending: int = 0
    """What the server does not know yet: its points will follow."""
    unwritten: int = 0
    """Sales on paper, which have no number."""
    differences: tuple[Difference, ...] = ()
    told_gross_minor: int = 0
    """Before discounts as the server knows the sales: what was settled at the till came to it without them."""

    @property
    def is_closed(self) -> bool:
        """Whether the day was closed with it."""
        return self.head.number > 0

    def to_json(self) -> dict[str, Any]:
        """Write it for a machine."""
        told = asdict(self)
        return {**told.pop("head"), **told, "is_closed": self.is_closed}

    def print(self, language: str = "en", *, digits: int = 2) -> str:
        """Write it for paper: lines of 42 columns. `digits` is how many of an amount stand behind the point."""

        def say(word: str) -> str:
            return WORDS[word][1 if language.startswith("zh") else 0]

        def money(minor: int) -> str:
            whole, part = divmod(abs(minor), 10**digits)
            return f"{'-' if minor < 0 else ''}{whole}{f'.{part:0{digits}d}' if digits else ''}"

        head = self.head
        title = f"{say('closed')} {head.number}" if self.is_closed else say("open")
        rows = [
            (say("till"), head.till),
            *([(say("store"), head.store)] if head.store else []),
            (say("day"), head.day),
            (say("numbers"), f"{head.first}-{head.last}" if head.last else say("none")),
            ("", ""),
            (say("sales"), str(self.sales)),
            (say("gross"), money(self.gross_minor)),
            (say("discount"), money(-self.discount_minor)),
            (say("by_points"), money(-self.points_minor)),
            (say("due"), money(self.due_minor)),
            (f"{say('vouchers')} ({self.vouchers})", money(self.vouchers_minor)),
            (say("returns"), str(self.returns)),
            (say("returned"), money(-self.returned_minor)),
            ("", ""),
            *((f"{name}: {say(what)}", str(said)) for name, each in self.points.items() for what, said in each.items()),
            (say("pending"), str(self.pending)),
            *([(say("unwritten"), str(self.unwritten))] if self.unwritten else []),
            (say("differences"), str(len(self.differences)) if self.differences else say("none")),
            *((f"  {each.name}", f"{each.code} {money(each.amount_minor)}") for each in self.differences),
        ]
        return "\n".join([title, *(_lay(*row) for row in rows), ""])


def read_facts(told: Json) -> dict[str, Any]:
    """Take out of a receipt, or of an answer to an order, what the day's report needs; without what is not there."""
    receipt: Any = told.get("receipt", told)
    facts: dict[str, Any] = {}
    try:
        for each in receipt.get("points", ()):
            move = MOVES.get(str(each["kind"]))
            if move is not None:
                sums = facts.setdefault(move, {})
                sums[str(each["currency"])] = sums.get(str(each["currency"]), 0) + abs(int(each["points"]))
        totals: Any = told.get("totals", {})
        facts.update(
            {name: int(totals[name]) for name in ("gross_minor", "points_minor", "due_minor") if name in totals}
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        # The sale counts all the same; a report must not fail for an answer of another make.
        return {"unread": True}
    return facts


def count(
    head: Head, entries: Sequence[Entry], all_entries: Callable[[], Sequence[Entry]], *, unwritten: int
) -> DayReport:
    """Count the records of a day. `all_entries` gives those of before, too, where something bought then comes back."""
    report = DayReport(head=head, unwritten=unwritten, pending=sum(not each.how for each in entries))
    differences = list(_find_missing(head, entries))
    points: dict[str, dict[str, int]] = {}
    for entry in entries:
        kind = str(entry.values["activity"]["kind"])
        if entry.how and entry.how not in KNOWN:
            amount = int(entry.values.get("due_minor", 0)) or int(entry.values.get("worth_minor", 0))
            differences.append(Difference(name=_name(head, entry.number), code=entry.how, amount_minor=amount))
        _add_points(points, entry.told)
        if kind == "purchase":
            report = _add_sale(report, entry)
        elif kind == "voucher_used":
            worth = int(entry.values.get("worth_minor", 0))
            report = replace(report, vouchers=report.vouchers + 1, vouchers_minor=report.vouchers_minor + worth)
        elif kind == "return" and (not entry.how or entry.how in KNOWN):
            amount = _reckon_return(entry, all_entries)
            report = replace(report, returns=report.returns + 1, returned_minor=report.returned_minor + amount)
    return replace(report, points=points, differences=tuple(differences))


def _lay(left: str, right: str) -> str:
    """Lay a row over the width of the paper; what is Chinese takes two columns."""
    wide = sum(2 if ord(letter) >= WIDE else 1 for letter in left + right)
    return f"{left}{' ' * max(1, WIDTH - wide)}{right}".rstrip()


def _name(head: Head, number: int) -> str:
    return f"{head.till}-{number}"


def _find_missing(head: Head, entries: Sequence[Entry]) -> list[Difference]:
    known = {each.number for each in entries}
    wanted = range(head.first, head.last + 1) if head.last else ()
    return [Difference(name=_name(head, number), code=MISSING) for number in wanted if number not in known]


def _add_points(points: dict[str, dict[str, int]], told: Json) -> None:
    for what in MOVES.values():
        for currency, some in told.get(what, {}).items():
            sums = points.setdefault(currency, dict.fromkeys(MOVES.values(), 0))
            sums[what] += some


def _add_sale(report: DayReport, entry: Entry) -> DayReport:
    lines: Sequence[Json] = entry.values["activity"]["lines"]
    priced = sum(int(line["amount_minor"]) for line in lines)
    shelf = priced + sum(int(line.get("coupon_discount_minor", 0)) for line in lines)
    due = _due_of(entry)
    gross = int(entry.told.get("gross_minor", shelf))
    by_points = int(entry.told.get("points_minor", 0))
    return replace(
        report,
        sales=report.sales + 1,
        gross_minor=report.gross_minor + gross,
        discount_minor=report.discount_minor + gross - by_points - due,
        points_minor=report.points_minor + by_points,
        due_minor=report.due_minor + due,
        told_gross_minor=report.told_gross_minor + int(entry.told.get("gross_minor", priced)),
    )


def _due_of(entry: Entry) -> int:
    return int(entry.told.get("due_minor", entry.values["due_minor"]))


def _reckon_return(entry: Entry, all_entries: Callable[[], Sequence[Entry]]) -> int:
    """Say what was given back: what the lines say, or all that was left of the sale."""
    activity = entry.values["activity"]
    if "returned" in activity:
        return sum(int(line["amount_minor"]) for line in activity["returned"])
    before = [each for each in all_entries() if each.number < entry.number]
    paid = sum(_due_of(each) for each in before if each.values["activity"].get("id") == activity["origin"])
    back = sum(
        int(line["amount_minor"])
        for each in before
        if each.values["activity"].get("origin") == activity["origin"] and (not each.how or each.how in KNOWN)
        for line in each.values["activity"].get("returned", ())
    )
    return max(0, paid - back)
