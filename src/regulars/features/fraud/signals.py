"""What an activity is counted by, and whether newcomers look like a farm. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.features.fraud.model import Dimension, FarmRule
from regulars.kernel.activity import Followed

__all__ = ["CLOCK", "REFERRED", "REFERRERS", "Farm", "Newcomer", "Signal", "judge_farm", "read_signals"]

CLOCK: Final = "clock"
REFERRED: Final = "referred"
REFERRERS: Final = "referrers"
"""The trait of a newcomer that tells who sent them: the nearest first."""
ADJUST: Final = "adjust"
SUBJECT_MAX: Final = 200
TILL: Final = re.compile(r"(?P<till>.+)-\d+")
"""Tills name what they do `<till>-<number>`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """An activity as it is counted by one thing."""

    dimension: Dimension
    subject: str
    at: datetime
    seq: int
    member: UUID
    activity: UUID
    kind: str
    till: str
    device: str
    address: str
    points: int
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """Somebody who was sent, and what they did since."""

    member: UUID
    activity: UUID
    """That told who sent them."""
    at: datetime
    purchases: int
    least_minor: int
    devices: frozenset[str] = field(default_factory=frozenset[str])
    addresses: frozenset[str] = field(default_factory=frozenset[str])
    household: frozenset[UUID] = field(default_factory=frozenset[UUID])
    """Members who share the household."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Farm:
    """Newcomers of one referrer who look alike."""

    newcomers: int
    alike: tuple[Newcomer, ...]


def read_signals(row: Followed) -> list[Signal]:
    """List by what an activity is counted: its member always, and what it tells of till, cashier, card and device."""
    body, receipt = row.body, row.receipt
    told = {name: _text(body.data.get(name)) for name in ("card", "till", "cashier", "device", "address", "staff")}
    till = told["till"] or _find_till(body.source, body.id)
    member, cashier = str(receipt.member), told["cashier"] or told["staff"]
    subjects: dict[Dimension, str] = {
        "member": member,
        "card": told["card"],
        "till": f"{body.store}/{till}" if till else "",
        "cashier": cashier,
        "cashier_member": f"{cashier} {member}" if cashier else "",
        "device": told["device"],
        "address": told["address"],
        "staff": (_text(body.ask.get("by")) or told["staff"]) if receipt.kind == ADJUST else told["staff"],
    }
    points = sum(abs(each.points) for each in receipt.postings if each.kind in {"issue", ADJUST})
    return [
        Signal(
            dimension=dimension,
            subject=subject[:SUBJECT_MAX],
            at=body.occurred_at,
            seq=row.seq,
            member=receipt.member,
            activity=receipt.activity,
            kind=receipt.kind,
            till=subjects["till"],
            device=told["device"],
            address=told["address"],
            points=points,
            amount_minor=sum(line.amount_minor for line in body.lines),
        )
        for dimension, subject in subjects.items()
        if subject
    ]


def judge_farm(rule: FarmRule, referrer: UUID, newcomers: Sequence[Newcomer]) -> Farm | None:
    """Tell which newcomers look alike, where there are so many of them that it is a farm; None where it is not."""
    if len(newcomers) < rule.newcomers_min:
        return None
    devices = _count(each.devices for each in newcomers)
    addresses = _count(each.addresses for each in newcomers)
    family = {referrer, *(each.member for each in newcomers)}
    once = [each.least_minor for each in newcomers if each.purchases == 1]
    limit = min(once, default=0) * (100 + rule.near_percent) // 100
    alike = tuple(
        each
        for each in newcomers
        if any(devices[name] > 1 for name in each.devices)
        or any(addresses[name] > 1 for name in each.addresses)
        or not each.household.isdisjoint(family - {each.member})
        or (each.purchases == 1 and each.least_minor <= limit)
    )
    enough = len(alike) >= rule.newcomers_min and 100 * len(alike) >= rule.alike_percent * len(newcomers)
    return Farm(newcomers=len(newcomers), alike=alike) if enough else None


def _count(names: Iterable[frozenset[str]]) -> Mapping[str, int]:
    return Counter(name for each in names for name in each)


def _find_till(source: str, name: str) -> str:
    found = TILL.fullmatch(name) if source.split("/", maxsplit=1)[0] == "till" else None
    return "" if found is None else found["till"]


def _text(value: object) -> str:
    return "" if value is None or isinstance(value, bool) else str(value).strip()
