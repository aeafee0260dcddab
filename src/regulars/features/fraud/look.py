"""From the journal to cases: each activity is counted once, and what is too much opens a case, or adds to it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from regulars.base.db import Read, Tx
from regulars.features.fraud.model import DEFAULT, FARM, Evidence, FraudCase, FraudRules, VelocityRule
from regulars.features.fraud.signals import CLOCK, REFERRED, REFERRERS, Signal, judge_farm, read_signals
from regulars.features.fraud.store import (
    Referral,
    add_evidence,
    add_referrals,
    add_signals,
    count_evidence,
    find_last,
    find_referrers,
    grow_case,
    list_newcomers,
    measure,
    move_reader,
    open_case,
    read_rules,
    take_reader,
    witnesses,
)
from regulars.kernel import members
from regulars.kernel.activity import Followed
from regulars.kernel.spine import follow

__all__ = ["look", "rules_now"]

PAGE: Final = 500
EVIDENCE_MAX: Final = 100
ABOUT_MEMBER: Final = frozenset({"member", "card", "cashier_member"})
"""By these, what was counted is one member's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """Too much of something."""

    rule: str
    dimension: str
    subject: str
    member: UUID | None
    score: int
    measured: int
    allowed: int
    seen_at: datetime
    evidence: Sequence[Evidence]


async def rules_now(read: Read) -> tuple[int, FraudRules]:
    """Give the rules that count and their version: 1 for those that come with the program."""
    return await read_rules(read) or (1, DEFAULT)


async def look(tx: Tx, *, new_id: Callable[[], UUID], at: datetime, since: datetime | None = None) -> int:
    """Read the journal on by a page, and open cases; gives how many activities were read.

    What happened before `since` is passed over. Somebody else who looks is not waited for. Raises JournalRewound.
    """
    place = await take_reader(tx)
    if place is None:
        return 0
    found, place = await follow(tx, place, most=PAGE)
    rows = [row for row in found if row.body.source != CLOCK and (since is None or row.body.occurred_at >= since)]
    if rows:
        _, rules = await rules_now(tx)
        signals = [signal for row in rows for signal in read_signals(row)]
        await add_signals(tx, signals)
        await add_referrals(tx, [referral for row in rows if (referral := _read_referral(row)) is not None])
        for hit in [*await _find_fast(tx, rules, signals), *await _find_farms(tx, rules, rows)]:
            await _open(tx, rules, hit, new_id=new_id, at=at)
    await move_reader(tx, place)
    return len(found)


def _read_referral(row: Followed) -> Referral | None:
    receipt = row.receipt
    if receipt.kind != REFERRED:
        return None
    told = next((change.value for change in receipt.traits if change.name == REFERRERS), None)
    referrer = told.split(" ", maxsplit=1)[0] if isinstance(told, str) else ""
    return (receipt.member, UUID(referrer), row.body.occurred_at, receipt.activity) if referrer else None


async def _find_fast(read: Read, rules: FraudRules, signals: Sequence[Signal]) -> list[Hit]:
    """Find what is more than a rule allows: of each subject the worst."""
    hits: list[Hit] = []
    for rule in rules.velocity:
        if not rule.is_on:
            continue
        ends = sorted(
            {
                (signal.subject, signal.at)
                for signal in signals
                if signal.dimension == rule.per and (not rule.kinds or signal.kind in rule.kinds)
            }
        )
        if not ends:
            continue
        worst: dict[str, tuple[int, datetime]] = {}
        for subject, end, counts in await measure(read, rule, ends):
            if counts[rule.counts] > rule.more_than:
                worst[subject] = max(worst.get(subject, (0, end)), (counts[rule.counts], end))
        hits += [await _describe(read, rule, subject, count, end) for subject, (count, end) in sorted(worst.items())]
    return hits


async def _describe(read: Read, rule: VelocityRule, subject: str, count: int, end: datetime) -> Hit:
    seen = await witnesses(read, rule, subject, end, most=EVIDENCE_MAX)
    return Hit(
        rule=rule.id,
        dimension=rule.per,
        subject=subject,
        member=seen[0].member if rule.per in ABOUT_MEMBER and seen else None,
        score=rule.score,
        measured=count,
        allowed=rule.more_than,
        seen_at=end,
        evidence=seen,
    )


async def _find_farms(read: Read, rules: FraudRules, rows: Sequence[Followed]) -> list[Hit]:
    """Find farms among the referrers of whoever did something."""
    rule, hits = rules.farm, list[Hit]()
    touched = {row.receipt.member for row in rows}
    if not rule.is_on:
        return hits
    last = max(row.body.occurred_at for row in rows)
    for referrer in await find_referrers(read, touched):
        newcomers = await list_newcomers(read, referrer, since=last - timedelta(days=rule.days))
        if len(newcomers) < rule.newcomers_min:
            continue
        households = await members.households_of(read, [each.member for each in newcomers])
        known = [replace(each, household=frozenset(households.get(each.member, ()))) for each in newcomers]
        farm = judge_farm(rule, referrer, known)
        if farm is not None:
            evidence = [Evidence(activity=each.activity, member=each.member, at=each.at) for each in farm.alike]
            hits.append(
                Hit(
                    rule=FARM,
                    dimension="referrer",
                    subject=str(referrer),
                    member=referrer,
                    score=rule.score,
                    measured=len(farm.alike),
                    allowed=rule.newcomers_min - 1,
                    seen_at=max(each.at for each in farm.alike),
                    evidence=evidence[:EVIDENCE_MAX],
                )
            )
    return hits


async def _open(tx: Tx, rules: FraudRules, hit: Hit, *, new_id: Callable[[], UUID], at: datetime) -> None:
    """Open a case, or add to the one that there is. What was decided lately is left alone."""
    known = await find_last(tx, hit.rule, hit.dimension, hit.subject)
    if known is not None and known.state not in {"open", "frozen"}:
        if at < known.changed_at + timedelta(days=rules.quiet_days) or hit.seen_at <= known.seen_at:
            return
        known = None
    if known is None:
        known = FraudCase(
            id=new_id(),
            rule=hit.rule,
            dimension=hit.dimension,
            subject=hit.subject,
            member=hit.member,
            state="open",
            score=hit.score,
            measured=hit.measured,
            allowed=hit.allowed,
            opened_at=at,
            changed_at=at,
            seen_at=hit.seen_at,
            assigned_to="",
            frozen_by="",
            is_holding=False,
            version=1,
        )
        await open_case(tx, known)
    else:
        await grow_case(tx, known.id, measured=hit.measured, score=hit.score, seen_at=hit.seen_at)
    room = EVIDENCE_MAX - await count_evidence(tx, known.id)
    await add_evidence(tx, known.id, hit.evidence[: max(room, 0)])
