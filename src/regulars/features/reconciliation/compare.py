"""Three lists of one day laid together: what tills counted, what their file lists, what the ledger has. Pure.

The order of each list does not matter.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from regulars.features.reconciliation.model import FileSale, Found, TillReport
from regulars.kernel.activity.sales import Sale

__all__ = ["Lists", "compare", "name_wanted"]

Name = tuple[str, str]
"""(source, id)"""
CANCEL: Final = "cancel:"
"""How the return is named that undoes a whole sale: neither is in a list of what was sold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """What is laid together."""

    reports: Sequence[TillReport]
    file: Sequence[FileSale] | None
    """None: there is no file."""
    ledger: Sequence[Sale]
    """Of the store and the day."""
    elsewhere: Mapping[Name, Sale] = field(default_factory=dict[Name, Sale])
    """Of what `name_wanted` names, that which the ledger has at other places and times."""


def name_wanted(lists: Lists) -> list[Name]:
    """Name what file and tills tell of and the ledger does not have in that store on that day."""
    known = {(sale.source, sale.id) for sale in lists.ledger}
    wanted = {(sale.source, sale.id) for sale in lists.file or ()}
    wanted |= {(each.source, name) for each in lists.reports for name in _numbers(each)}
    return sorted(wanted - known)


def compare(lists: Lists) -> list[Found]:
    """Find every difference, in an order of their own."""
    listed: dict[Name, list[FileSale]] = {}
    for sale in lists.file or ():
        listed.setdefault((sale.source, sale.id), []).append(sale)
    ledger = {(sale.source, sale.id): sale for sale in lists.ledger}
    found = [*_compare_file(listed, ledger, lists.elsewhere)]
    if lists.file is not None:
        found += _find_unlisted(listed, ledger)
    found += _find_gaps(lists.reports, listed, ledger, lists.elsewhere)
    for report in lists.reports:
        found += _compare_till(report, None if lists.file is None else listed, ledger)
    found += _find_losses(lists.ledger)
    return sorted(found, key=lambda each: (each.kind, each.till, each.source, each.name))


def _compare_file(
    listed: Mapping[Name, Sequence[FileSale]], ledger: Mapping[Name, Sale], elsewhere: Mapping[Name, Sale]
) -> Iterator[Found]:
    for (source, name), rows in listed.items():
        first = min(rows, key=lambda row: (row.due_minor, row.occurred_at, row.till, row.kind))
        till = first.till or _till_of(name)
        if len(rows) > 1:
            yield Found(
                kind="doubled_in_file",
                source=source,
                name=name,
                till=till,
                expected_minor=sum(row.due_minor for row in rows),
                amount_minor=sum(row.due_minor for row in rows) - first.due_minor,
                detail=f"listed {len(rows)} times",
            )
        sale = ledger.get((source, name)) or elsewhere.get((source, name))
        if sale is None:
            # Nobody was shown: there is nobody whom the ledger should have heard of.
            if any(row.is_shown for row in rows):
                told = f"{first.kind} of {min(row.occurred_at for row in rows).isoformat()}"
                due = first.due_minor
                yield Found(
                    kind="missing_in_ledger",
                    source=source,
                    name=name,
                    till=till,
                    expected_minor=due,
                    amount_minor=due,
                    detail=told,
                )
            continue
        if (source, name) not in ledger:
            place = f"in the ledger at {sale.occurred_at.isoformat()} in the store {sale.store!r}"
            due = sale.due_minor
            yield Found(
                kind="elsewhere", source=source, name=name, till=till, ledger_minor=due, amount_minor=0, detail=place
            )
        if all(row.due_minor != sale.due_minor for row in rows):
            yield Found(
                kind="amount_differs",
                source=source,
                name=name,
                till=till,
                expected_minor=first.due_minor,
                ledger_minor=sale.due_minor,
                amount_minor=abs(first.due_minor - sale.due_minor),
            )


def _find_unlisted(listed: Mapping[Name, Sequence[FileSale]], ledger: Mapping[Name, Sale]) -> Iterator[Found]:
    """Find what the ledger has and the file does not list, of the sources that it speaks for."""
    sources = {source for source, _ in listed}
    for (source, name), sale in ledger.items():
        undone = name.removeprefix(CANCEL)
        is_undone = undone != name or (source, CANCEL + name) in ledger
        if source in sources and (source, name) not in listed and sale.kind != "voucher_used" and not is_undone:
            yield Found(
                kind="missing_in_file",
                source=source,
                name=name,
                till=_till_of(name),
                ledger_minor=sale.due_minor,
                amount_minor=sale.due_minor,
                detail=f"{sale.kind} of {sale.occurred_at.isoformat()}",
            )


def _find_gaps(reports: Iterable[TillReport], *known: Mapping[Name, object]) -> Iterator[Found]:
    for report in reports:
        for name in _numbers(report):
            if not any((report.source, name) in each for each in known):
                detail = f"the till counted from {report.first} to {report.last}"
                yield Found(kind="counter_gap", source=report.source, name=name, till=report.till, detail=detail)


def _compare_till(
    report: TillReport, listed: Mapping[Name, Sequence[FileSale]] | None, ledger: Mapping[Name, Sale]
) -> Iterator[Found]:
    """Hold what a till counted against its file, or against the ledger where there is none."""
    sold = [
        sale
        for (each, name), sale in ledger.items()
        if each == report.source and sale.kind == "purchase" and _till_of(name) == report.till
    ]
    count, due, against = len(sold), sum(sale.due_minor for sale in sold), "ledger"
    if listed is not None:
        rows = [
            min(rows, key=lambda row: row.due_minor)
            for rows in listed.values()
            if any(row.kind == "purchase" and (row.till or _till_of(row.id)) == report.till for row in rows)
        ]
        count, due, against = len(rows), sum(row.due_minor for row in rows), "file"
    source, till = report.source, report.till
    if count != report.count:
        detail = f"the till counted {report.count} sales, the {against} has {count}"
        yield Found(kind="till_count", source=source, till=till, name=f"{till}:count", detail=detail)
    if due != report.due_minor:
        yield Found(
            kind="till_sum",
            source=source,
            till=till,
            name=f"{till}:due",
            expected_minor=report.due_minor,
            ledger_minor=due,
            amount_minor=abs(due - report.due_minor),
            detail=f"what was paid, held against the {against}",
        )
    gross = sum(sale.gross_minor for sale in sold)
    # Before discounts is known of the ledger's sales only: it can be told where it has them all.
    if len(sold) == report.count and gross != report.gross_minor:
        yield Found(
            kind="till_sum",
            source=source,
            till=till,
            name=f"{till}:gross",
            expected_minor=report.gross_minor,
            ledger_minor=gross,
            amount_minor=abs(gross - report.gross_minor),
            detail="before discounts, held against the ledger",
        )


def _find_losses(ledger: Iterable[Sale]) -> Iterator[Found]:
    for sale in ledger:
        counted: Counter[str] = Counter()
        for loss in sorted(sale.losses, key=lambda each: (each.reason, each.amount_minor, each.points)):
            counted[loss.reason] += 1
            place = "" if counted[loss.reason] == 1 else f":{counted[loss.reason]}"
            yield Found(
                kind="loss",
                source=sale.source,
                name=f"{sale.id}:{loss.reason}{place}",
                till=_till_of(sale.id),
                amount_minor=loss.amount_minor,
                detail=f"{loss.reason}: {loss.points} {loss.currency}" if loss.points else loss.reason,
            )


def _numbers(report: TillReport) -> Iterator[str]:
    """Name all that a till did on a day, as it names it."""
    if report.last:
        for number in range(report.first, report.last + 1):
            yield f"{report.till}-{number}"


def _till_of(name: str) -> str:
    """Read the till out of the name of a sale; empty where the name tells none."""
    till, _, number = name.rpartition("-")
    return till if number.isdecimal() else ""
