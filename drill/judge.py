"""What must hold when the drill is over: tills' own records beside the books."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import asyncpg  # pyright: ignore[reportMissingTypeStubs]

from drill.till import QUEUE, read_journal
from regulars.base.db import Database, Read
from regulars.kernel import activity as journal
from regulars.kernel import ledger, spine
from regulars.kernel.nouns import Receipt
from regulars_till.records import read_records
from regulars_till.server import HARD_SECONDS

__all__ = ["Report", "judge", "read_sent"]

SCHEDULING_SECONDS: Final = 0.5
"""How much later than it wished a thread may run on a machine with more programs than cores."""
SOURCE: Final = "till/s1"
DISPUTED: Final = "charged_differs"
SHOWN_MAX: Final = 20
PAID_MAX: Final = 100
"""Points that a customer wished to pay with."""
TOGETHER: Final = 500


@dataclass(slots=True, kw_only=True)
class Report:
    """How the drill went."""

    faults: list[str] = field(default_factory=list[str])
    sold: Counter[str] = field(default_factory=Counter[str])
    """Sales by how they ended at the till."""
    levels: Counter[str] = field(default_factory=Counter[str])
    longest_seconds: float = 0.0
    """The longest commit, but for waiting for the disk."""
    longest_sync_seconds: float = 0.0
    returns: int = 0
    paid: int = 0
    """Sales that points paid for in part."""
    disputed: int = 0
    """Sales whose points the server took while the till never heard it: put aside for people, as they must be."""
    vouchers: int = 0
    conflicts: int = 0
    points: int = 0
    facts: dict[str, Any] = field(default_factory=dict[str, Any])

    def write(self) -> str:
        """Write it for people."""
        rows = {
            "sales": f"{sum(self.sold.values())} ({_count(self.sold)})",
            "levels seen": _count(self.levels),
            "longest commit": f"{self.longest_seconds:.2f} s, and {self.longest_sync_seconds:.2f} s for the disk",
            "taken back": str(self.returns),
            "paid with points": f"{self.paid}, of which {self.disputed} put aside",
            "vouchers used": str(self.vouchers),
            "presented twice": str(self.conflicts),
            "points earned": f"{self.points:,}",
            **{name: str(value) for name, value in self.facts.items()},
            "result": "passed" if not self.faults else "FAILED",
        }
        lines = [f"{name:<18} {value}" for name, value in rows.items()]
        return "\n".join([*lines, *(f"  - {fault}" for fault in self.faults[:SHOWN_MAX])])


async def judge(
    database: Database,
    url: str,
    tills: Sequence[Path],
    *,
    sales: int,
    vouchers: Mapping[UUID, UUID],
    doubled: frozenset[UUID],
    report: Report,
) -> None:
    """Compare. `vouchers` are those that were issued, with their members."""
    sent = {name: record for folder in tills for name, record in read_sent(folder).items()}
    for folder in tills:
        _judge_till(folder, sent, report)
    if sum(report.sold.values()) != sales:
        report.faults.append(f"{sum(report.sold.values())} of {sales} baskets were sold")
    await _judge_names(url, sent, report)
    async with database.snapshot() as read:
        receipts = await _read_receipts(read, sent)
        for name, record in sent.items():
            if record["activity"]["kind"] == "purchase" and name in receipts:
                _judge_earn(name, int(record["due_minor"]), receipts[name], report)
            elif record["activity"]["kind"] == "return" and name in receipts:
                _judge_return(name, receipts[name], receipts.get((SOURCE, record["activity"]["origin"])), report)
        await _judge_vouchers(read, list(receipts.values()), vouchers, doubled, report)
        checked = await spine.check(read)
    report.faults += [f"check: {fault}" for fault in checked.faults]


def read_sent(folder: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """Read what a till has on its disk, by the name that the server knows it by: the last word of each."""
    found: dict[int, dict[str, Any]] = {}
    for path in sorted((folder / QUEUE).glob("queue-*.log")):
        for span in read_records(path.read_bytes()).spans:
            if "n" in span.values:
                found[span.values["n"]] = span.values
    return {(each["activity"]["source"], each["activity"]["id"]): each for each in found.values()}


def _judge_till(folder: Path, sent: Mapping[tuple[str, str], dict[str, Any]], report: Report) -> None:
    """What a till was told that it sold is on its disk; no sale took too long; nothing was put aside."""
    for told in read_journal(folder):
        if told["event"] == "drained":
            aside = dict(told["aside"])
            report.disputed += aside.pop(DISPUTED, 0)
            if aside:
                report.faults.append(f"{folder.name} put aside {aside}")
        if told["event"] == "end" and "voucher" in told and told["status"] != "taken":
            report.faults.append(f"{folder.name} did not take a voucher: {told['status']}")
        if told["event"] == "end" and "voucher" not in told:
            # Of one that was killed just there it is the number of a sale, or of a voucher.
            record = sent.get((SOURCE, told["id"]))
            if record is None:
                report.faults.append(f"{told['id']} was sold and is not on its disk")
            elif record["activity"]["kind"] == "purchase":
                _judge_sale(told, record, report)


def _judge_sale(told: Mapping[str, Any], record: Mapping[str, Any], report: Report) -> None:
    report.sold[told["status"]] += 1
    if told["status"] == "found":
        return
    report.levels[told["level"]] += 1
    wished = record.get("order", {}).get("pay") is not None
    if told["due_minor"] != record["due_minor"] and not (wished and told["due_minor"] < record["due_minor"]):
        report.faults.append(f"{told['id']} was charged {told['due_minor']} and noted as {record['due_minor']}")
    seconds = told["seconds"] - told["sync_seconds"]
    report.longest_seconds = max(report.longest_seconds, seconds)
    report.longest_sync_seconds = max(report.longest_sync_seconds, told["sync_seconds"])
    if seconds > HARD_SECONDS + SCHEDULING_SECONDS:
        report.faults.append(f"{told['id']} took {seconds:.2f} s")


async def _judge_names(url: str, sent: Mapping[tuple[str, str], Any], report: Report) -> None:
    connection = await asyncpg.connect(url)
    try:
        # A quote is written too, while it is kept; that is no sale.
        rows = await connection.fetch(
            "SELECT key.source, key.id FROM activity.key AS key"
            " INNER JOIN activity.journal AS journal"
            " ON key.member_id = journal.member_id AND key.activity_id = journal.id"
            " WHERE key.source LIKE 'till/%' AND journal.kind <> 'quote'"
        )
    finally:
        await connection.close()
    booked = {(row["source"], row["id"]) for row in rows}
    report.faults += [f"{name[1]} is not in the books" for name in sorted(sent.keys() - booked)]
    report.faults += [f"{name[1]} was never sold" for name in sorted(booked - sent.keys())]


async def _read_receipts(read: Read, sent: Mapping[tuple[str, str], Any]) -> dict[tuple[str, str], Receipt]:
    names = sorted(sent)
    found: dict[tuple[str, str], Receipt] = {}
    for start in range(0, len(names), TOGETHER):
        known = await journal.find_keys(read, names[start : start + TOGETHER])
        found.update({name: each.receipt for name, each in known.items()})
    return found


def _judge_earn(name: tuple[str, str], due_minor: int, receipt: Receipt, report: Report) -> None:
    """The programme gives a point for each minor unit that was paid in money, and takes one for each that was not."""
    points = sum(posted.points for posted in receipt.postings if posted.kind == "issue")
    used = -sum(posted.points for posted in receipt.postings if posted.kind == "redeem")
    report.points += points
    report.paid += used > 0
    if used > PAID_MAX or points != due_minor - used:
        report.faults.append(f"{name[1]} was sold for {due_minor} and earned {points}")


def _judge_return(name: tuple[str, str], receipt: Receipt, bought: Receipt | None, report: Report) -> None:
    """All that a sale earned is taken back with it, once."""
    report.returns += 1
    earned = 0 if bought is None else sum(each.points for each in bought.postings if each.kind == "issue")
    taken = -sum(posted.points for posted in receipt.postings if posted.kind == "return")
    if taken != earned:
        report.faults.append(f"{name[1]} took {taken} points back of {earned}")


async def _judge_vouchers(
    read: Read,
    receipts: Sequence[Receipt],
    vouchers: Mapping[UUID, UUID],
    doubled: frozenset[UUID],
    report: Report,
) -> None:
    found = [
        (await ledger.voucher_states(read, member, [voucher])).get(voucher) for voucher, member in vouchers.items()
    ]
    states = Counter(found)
    report.vouchers = states["captured"]
    if states != Counter(captured=len(vouchers)):
        report.faults.append(f"vouchers are {dict(states)}")
    twice = [
        UUID(str(why.values["voucher"])) for each in receipts for why in each.reasons if why.code == "presented_twice"
    ]
    report.conflicts = len(twice)
    if sorted(twice) != sorted(doubled):
        report.faults.append(f"{len(twice)} conflicts were reported where {len(doubled)} vouchers were shown twice")


def _count(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
