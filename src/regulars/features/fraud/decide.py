"""What people do about a case: take it, freeze the member, clear or confirm it, and take down what the member says."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal
from uuid import UUID

from msgspec.structs import replace

from regulars.base.crypto import Keyring
from regulars.base.db import Read, Tx
from regulars.features.fraud.look import rules_now
from regulars.features.fraud.model import (
    FARM,
    NEXT,
    Appeal,
    CaseDeed,
    CaseHasNoMember,
    CaseNeedsAnother,
    CaseStateWrong,
    CaseUnknown,
    CaseWhole,
    FraudCase,
    FraudRules,
    FraudRulesChanged,
    FraudRulesInvalid,
    MemberNotFreezable,
    Notice,
)
from regulars.features.fraud.store import (
    add_appeal,
    add_deed,
    add_notice,
    add_rules,
    change_case,
    find_case,
    is_held_for_another,
    list_appeals,
    list_deeds,
    list_evidence,
    lock_case,
)
from regulars.kernel import members
from regulars.kernel.members import freezing

__all__ = ["appeal", "assign", "clear", "confirm", "freeze", "put_rules", "show_case"]

NewId = Callable[[], UUID]
Told = Literal["frozen", "thawed", "confirmed"]
TOLD: Final[Mapping[str, Told]] = MappingProxyType({"freeze": "frozen", "clear": "thawed", "confirm": "confirmed"})


async def put_rules(tx: Tx, rules: FraudRules, *, version: int, by: str, at: datetime) -> int:
    """Write other rules, from the version that was read; gives theirs.

    Raises FraudRulesChanged or FraudRulesInvalid.
    """
    names = [rule.id for rule in rules.velocity]
    if len(names) != len(set(names)) or FARM in names:
        raise FraudRulesInvalid(f"Each rule has an id of its own, and {FARM!r} is taken.")
    known, _ = await rules_now(tx)
    if known != version or not await add_rules(tx, rules, version=version + 1, by=by, at=at):
        raise FraudRulesChanged("The rules were changed meanwhile. Read them again, and send what you want.")
    return version + 1


async def show_case(read: Read, keyring: Keyring, case: UUID) -> CaseWhole:
    """Read a case with its evidence, what people did and what the member says. Raises CaseUnknown."""
    found = await find_case(read, case)
    if found is None:
        raise _unknown(case)
    return CaseWhole(
        case=found,
        evidence=tuple(await list_evidence(read, case)),
        deeds=tuple(await list_deeds(read, case)),
        appeals=tuple(await list_appeals(read, keyring, case)),
    )


async def assign(tx: Tx, case: UUID, *, to: str, by: str, at: datetime) -> FraudCase:
    """Give a case to somebody. Raises CaseUnknown or CaseStateWrong."""
    found = await _lock(tx, case, "assign")
    return await _change(tx, replace(found, assigned_to=to), "assign", by=by, reason=to, at=at)


async def freeze(tx: Tx, case: UUID, *, reason: str, by: str, at: datetime, new_id: NewId) -> FraudCase:
    """Freeze the member of a case: points are earned and not used until it is cleared. The member is to be told.

    Raises CaseUnknown, CaseStateWrong, CaseHasNoMember or MemberNotFreezable.
    """
    found = await _lock(tx, case, "freeze")
    if found.member is None:
        message = f"This case is about a {found.dimension}, and not about one member."
        raise CaseHasNoMember(message, dimension=found.dimension)
    held = found.is_holding or await is_held_for_another(tx, found.member, but=case)
    if not await freezing.freeze(tx, found.member) and not held:
        raise MemberNotFreezable("This member's points cannot be frozen: look at the member's state.")
    await _tell(tx, found, "freeze", new_id=new_id, at=at)
    fresh = replace(found, state="frozen", is_holding=True, frozen_by=by)
    return await _change(tx, fresh, "freeze", by=by, reason=reason, at=at)


async def clear(tx: Tx, case: UUID, *, reason: str, by: str, at: datetime, new_id: NewId) -> FraudCase:
    """Decide that it was nothing: a member who is frozen for this case alone may use points again.

    Raises CaseUnknown, CaseStateWrong or CaseNeedsAnother.
    """
    found = await _lock(tx, case, "clear")
    await _refuse_alone(tx, found, by)
    if found.is_holding and found.member is not None and not await is_held_for_another(tx, found.member, but=case):
        await freezing.thaw(tx, found.member)
        await _tell(tx, found, "clear", new_id=new_id, at=at)
    return await _change(tx, replace(found, state="cleared", is_holding=False), "clear", by=by, reason=reason, at=at)


async def confirm(tx: Tx, case: UUID, *, reason: str, by: str, at: datetime, new_id: NewId) -> FraudCase:
    """Decide that it was fraud: a member who is frozen stays so.

    Raises CaseUnknown, CaseStateWrong or CaseNeedsAnother.
    """
    found = await _lock(tx, case, "confirm")
    await _refuse_alone(tx, found, by)
    if found.is_holding:
        await _tell(tx, found, "confirm", new_id=new_id, at=at)
    return await _change(tx, replace(found, state="confirmed"), "confirm", by=by, reason=reason, at=at)


async def appeal(tx: Tx, keyring: Keyring, case: UUID, *, text: str, by: str, at: datetime, new_id: NewId) -> FraudCase:
    """Take down what the member says: the case is open again, and the member stays frozen until it is decided.

    Raises CaseUnknown or CaseStateWrong.
    """
    found = await _lock(tx, case, "appeal")
    await add_appeal(tx, keyring, case, Appeal(at=at, text=text), id=new_id())
    # What the member says is kept sealed, and is no reason of ours.
    return await _change(tx, replace(found, state="open"), "appeal", by=by, reason="", at=at)


async def _lock(tx: Tx, case: UUID, what: str) -> FraudCase:
    """Lock the member, and then the case. Raises CaseUnknown or CaseStateWrong."""
    found = await find_case(tx, case)
    if found is not None and found.member is not None:
        await members.lock_many(tx, [found.member])
    found = await lock_case(tx, case)
    if found is None:
        raise _unknown(case)
    if found.state not in NEXT[what]:
        raise CaseStateWrong(f"A case that is {found.state} is not what one can {what}.", state=found.state)
    return found


async def _refuse_alone(read: Read, case: FraudCase, by: str) -> None:
    _, rules = await rules_now(read)
    if rules.two_people and by in {case.frozen_by, case.assigned_to}:
        raise CaseNeedsAnother("Somebody else has to decide: the rules ask for two people.")


async def _tell(tx: Tx, case: FraudCase, what: str, *, new_id: NewId, at: datetime) -> None:
    assert case.member is not None, "only a member is told"
    await add_notice(tx, Notice(id=new_id(), member=case.member, case=case.id, what=TOLD[what], at=at))


async def _change(tx: Tx, case: FraudCase, what: str, *, by: str, reason: str, at: datetime) -> FraudCase:
    await change_case(tx, case, at=at)
    await add_deed(tx, case.id, CaseDeed(version=case.version + 1, at=at, what=what, by=by, reason=reason))
    return replace(case, version=case.version + 1, changed_at=at)


def _unknown(case: UUID) -> CaseUnknown:
    return CaseUnknown("There is no such case.", case=str(case))
