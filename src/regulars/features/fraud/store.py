"""The only SQL of the room."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from regulars.base import sql
from regulars.base.crypto import Keyring
from regulars.base.db import Read, Record, Tx
from regulars.features.fraud.model import (
    Appeal,
    CaseDeed,
    Evidence,
    FraudCase,
    FraudRules,
    Notice,
    VelocityRule,
)
from regulars.features.fraud.signals import Newcomer, Signal
from regulars.kernel.spine import Place

__all__ = [
    "Measured",
    "Referral",
    "add_appeal",
    "add_deed",
    "add_evidence",
    "add_notice",
    "add_referrals",
    "add_rules",
    "add_signals",
    "change_case",
    "count_evidence",
    "find_case",
    "find_last",
    "find_referrers",
    "forget_appeals",
    "forget_members",
    "forget_signals",
    "grow_case",
    "is_held_for_another",
    "list_appeals",
    "list_cases",
    "list_deeds",
    "list_evidence",
    "list_newcomers",
    "list_notices",
    "lock_case",
    "measure",
    "move_reader",
    "open_case",
    "place_of",
    "read_rules",
    "take_reader",
    "witnesses",
]

queries: Final = sql.load(__package__ or __name__)
write_json: Final = msgspec.json.Encoder(order="deterministic").encode
read_document: Final = msgspec.json.Decoder(FraudRules).decode
NEWCOMERS_MAX: Final = 1_000

Measured = tuple[str, datetime, dict[str, int]]
"""Subject, the moment at which the window ends, and by what is counted: how much."""
Referral = tuple[UUID, UUID, datetime, UUID]
"""Newcomer, referrer, when, the activity that told of it."""


async def read_rules(read: Read) -> tuple[int, FraudRules] | None:
    """Give the rules that count, with their version; None where nobody wrote any."""
    row = await queries.row(read, "rules")
    return None if row is None else (row["version"], read_document(row["document"]))


async def add_rules(tx: Tx, rules: FraudRules, *, version: int, by: str, at: datetime) -> bool:
    """Write a version of the rules; False where somebody else wrote it first."""
    document = write_json(rules).decode()
    return await queries.row(tx, "add_rules", version=version, document=document, by=by, at=at) is not None


async def take_reader(tx: Tx) -> Place | None:
    """Lock the place up to which the journal was read; None where somebody else has it."""
    row = await queries.row(tx, "take_reader")
    return None if row is None else Place(low=row["low"], high=row["high"], seq=row["seq"])


async def move_reader(tx: Tx, place: Place) -> None:
    """Note how far the journal was read."""
    await queries.run(tx, "move_reader", low=place.low, high=place.high, seq=place.seq)


async def add_signals(tx: Tx, signals: Sequence[Signal]) -> None:
    """Write what activities are counted by. One statement; none for none."""
    if signals:
        columns: dict[str, list[Any]] = {
            "dimensions": [each.dimension for each in signals],
            "subjects": [each.subject for each in signals],
            "ats": [each.at for each in signals],
            "seqs": [each.seq for each in signals],
            "members": [each.member for each in signals],
            "activities": [each.activity for each in signals],
            "kinds": [each.kind for each in signals],
            "tills": [each.till for each in signals],
            "devices": [each.device for each in signals],
            "addresses": [each.address for each in signals],
            "points": [each.points for each in signals],
            "amounts": [each.amount_minor for each in signals],
        }
        await queries.run(tx, "add_signals", **columns)


async def measure(read: Read, rule: VelocityRule, ends: Sequence[tuple[str, datetime]]) -> list[Measured]:
    """Count what there is in the windows that end at these moments of these subjects. One statement."""
    rows = await queries.rows(
        read,
        "measure",
        dimension=rule.per,
        subjects=[subject for subject, _ in ends],
        ats=[at for _, at in ends],
        minutes=rule.minutes,
        kinds=list(rule.kinds),
    )
    names = ("activities", "points", "tills", "members")
    return [(row["subject"], row["at"], {name: row[name] for name in names}) for row in rows]


async def witnesses(read: Read, rule: VelocityRule, subject: str, until: datetime, *, most: int) -> list[Evidence]:
    """List the last activities that a window counts."""
    rows = await queries.rows(
        read,
        "witnesses",
        dimension=rule.per,
        subject=subject,
        until=until,
        minutes=rule.minutes,
        kinds=list(rule.kinds),
        most=most,
    )
    return [_evidence(row) for row in rows]


async def add_referrals(tx: Tx, referrals: Sequence[Referral]) -> None:
    """Write who sent whom. One statement; none for none."""
    if referrals:
        columns: dict[str, list[Any]] = {
            "newcomers": [each[0] for each in referrals],
            "referrers": [each[1] for each in referrals],
            "ats": [each[2] for each in referrals],
            "activities": [each[3] for each in referrals],
        }
        await queries.run(tx, "add_referrals", **columns)


async def find_referrers(read: Read, members: Collection[UUID]) -> list[UUID]:
    """Find who sent any of these members."""
    rows = await queries.rows(read, "referrers_of", members=list(members))
    return sorted(row["referrer_id"] for row in rows)


async def list_newcomers(read: Read, referrer: UUID, *, since: datetime) -> list[Newcomer]:
    """List whom a referrer sent, the last first, with what they did."""
    return [
        Newcomer(
            member=row["newcomer_id"],
            activity=row["activity_id"],
            at=row["at"],
            purchases=row["purchases"],
            least_minor=row["least_minor"],
            devices=frozenset(row["devices"]),
            addresses=frozenset(row["addresses"]),
        )
        for row in await queries.rows(read, "newcomers", referrer=referrer, since=since, most=NEWCOMERS_MAX)
    ]


async def find_last(read: Read, rule: str, dimension: str, subject: str) -> FraudCase | None:
    """Find the case of a subject that was opened last."""
    row = await queries.row(read, "find_last", rule=rule, dimension=dimension, subject=subject)
    return None if row is None else _case(row)


async def open_case(tx: Tx, case: FraudCase) -> None:
    """Write a case that is new."""
    await queries.run(
        tx,
        "open",
        id=case.id,
        rule=case.rule,
        dimension=case.dimension,
        subject=case.subject,
        member=case.member,
        score=case.score,
        measured=case.measured,
        allowed=case.allowed,
        at=case.opened_at,
        seen_at=case.seen_at,
    )


async def grow_case(tx: Tx, case: UUID, *, measured: int, score: int, seen_at: datetime) -> None:
    """Note that more was seen of the same."""
    await queries.run(tx, "grow", id=case, measured=measured, score=score, seen_at=seen_at)


async def add_evidence(tx: Tx, case: UUID, evidence: Iterable[Evidence]) -> None:
    """Add activities to a case; what it has already stays."""
    each = list(evidence)
    await queries.run(
        tx,
        "add_evidence",
        id=case,
        activities=[item.activity for item in each],
        members=[item.member for item in each],
        ats=[item.at for item in each],
    )


async def count_evidence(read: Read, case: UUID) -> int:
    """Count the activities of a case."""
    return int(await queries.value(read, "count_evidence", id=case))


async def list_evidence(read: Read, case: UUID) -> list[Evidence]:
    """List the activities of a case, the oldest first."""
    return [_evidence(row) for row in await queries.rows(read, "evidence", id=case)]


async def list_deeds(read: Read, case: UUID) -> list[CaseDeed]:
    """List what people did about a case."""
    return [
        CaseDeed(version=row["version"], at=row["at"], what=row["what"], by=row["done_by"], reason=row["reason"])
        for row in await queries.rows(read, "deeds", id=case)
    ]


async def list_appeals(read: Read, keyring: Keyring, case: UUID) -> list[Appeal]:
    """List what the member says, opened."""
    return [
        Appeal(at=row["at"], text=keyring.unwrap(row["text_wrapped"], place_of(row["id"])).decode())
        for row in await queries.rows(read, "appeals", id=case)
    ]


async def find_case(read: Read, case: UUID) -> FraudCase | None:
    """Find a case."""
    row = await queries.row(read, "find", id=case)
    return None if row is None else _case(row)


async def lock_case(tx: Tx, case: UUID) -> FraudCase | None:
    """Lock a case, after its member."""
    row = await queries.row(tx, "lock", id=case)
    return None if row is None else _case(row)


async def list_cases(
    read: Read, *, states: Sequence[str], assigned: str, member: UUID | None, after: tuple[int, UUID], most: int
) -> list[FraudCase]:
    """List cases, what weighs most first, after a score and an id."""
    rows = await queries.rows(
        read,
        "list",
        states=list(states),
        assigned=assigned,
        member=member,
        score=after[0],
        before=after[1],
        most=most,
    )
    return [_case(row) for row in rows]


async def change_case(tx: Tx, case: FraudCase, *, at: datetime) -> None:
    """Write the state of a case that is locked; its version grows by one."""
    await queries.run(
        tx,
        "change",
        id=case.id,
        state=case.state,
        assigned_to=case.assigned_to,
        frozen_by=case.frozen_by,
        is_holding=case.is_holding,
        at=at,
    )


async def add_deed(tx: Tx, case: UUID, deed: CaseDeed) -> None:
    """Write what somebody did."""
    told = {"what": deed.what, "by": deed.by, "reason": deed.reason}
    await queries.run(tx, "add_deed", id=case, version=deed.version, at=deed.at, **told)


async def add_appeal(tx: Tx, keyring: Keyring, case: UUID, appeal: Appeal, *, id: UUID) -> None:  # noqa: A002
    """Write what the member says, sealed."""
    wrapped = keyring.wrap(appeal.text.encode(), place_of(id))
    await queries.run(tx, "add_appeal", id=id, suspicion=case, at=appeal.at, text_wrapped=wrapped)


async def add_notice(tx: Tx, notice: Notice) -> None:
    """Write what a member is to be told."""
    told = {"id": notice.id, "member": notice.member, "suspicion": notice.case, "what": notice.what}
    await queries.run(tx, "add_notice", **told, at=notice.at)


async def list_notices(read: Read, member: UUID) -> list[Notice]:
    """List what a member is to be told, the oldest first."""
    return [
        Notice(id=row["id"], member=row["member_id"], case=row["suspicion_id"], what=row["what"], at=row["at"])
        for row in await queries.rows(read, "notices", member=member)
    ]


async def is_held_for_another(read: Read, member: UUID, *, but: UUID) -> bool:
    """Say whether a member is frozen for another case as well."""
    return bool(await queries.value(read, "is_held_for_another", member=member, but=but))


async def forget_signals(tx: Tx, *, before: datetime) -> int:
    """Forget what no window reaches any more; gives how much."""
    return int((await queries.run(tx, "forget_signals", before=before)).split()[-1])


async def forget_members(tx: Tx, members: Sequence[UUID]) -> int:
    """Delete what members were counted by, and what they said to cases; gives how many rows."""
    signals = await queries.rows(tx, "drop_signals_of", members=members)
    return len(signals) + len(await queries.rows(tx, "drop_appeals_of", members=members))


async def forget_appeals(tx: Tx, before: datetime, spared: Sequence[UUID], most: int) -> int:
    """Delete what members said to cases that were decided before a moment; gives how many."""
    return len(await queries.rows(tx, "drop_old_appeals", before=before, spared=spared, most=most))


def place_of(appeal: UUID) -> bytes:
    """What the text of an appeal is sealed to."""
    return b"fraud/appeal/" + appeal.bytes


def _evidence(row: Record) -> Evidence:
    return Evidence(activity=row["activity_id"], member=row["member_id"], at=row["at"])


def _case(row: Record) -> FraudCase:
    return FraudCase(
        id=row["id"],
        rule=row["rule"],
        dimension=row["dimension"],
        subject=row["subject"],
        member=row["member_id"],
        state=row["state"],
        score=row["score"],
        measured=row["measured"],
        allowed=row["allowed"],
        opened_at=row["opened_at"],
        changed_at=row["changed_at"],
        seen_at=row["seen_at"],
        assigned_to=row["assigned_to"],
        frozen_by=row["frozen_by"],
        is_holding=row["is_holding"],
        version=row["version"],
    )
