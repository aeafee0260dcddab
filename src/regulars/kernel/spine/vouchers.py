"""Vouchers: points that leave the member at once, for a signed promise that tills take while nobody can be asked.

A voucher is a hold with a purpose of its own. Whoever has it in hand may show it, so no other command uses or ends it:
it is used whole, by what a till tells afterwards, and what nobody told of comes back when nobody can tell any more.
A till's sale is never refused for it. Where no points stand for it any longer, the house bears the loss, and the
receipt says why.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from regulars.base.errors import Refusal
from regulars.kernel import ledger
from regulars.kernel.nouns import AMOUNT_MAX, Posted, Reason, Scalar, TraitChange
from regulars.kernel.spine.model import CurrencyNotSpendable, CurrencyUnknown
from regulars.kernel.spine.scene import Scene

__all__ = [
    "ISSUED",
    "LATE",
    "REVIEW",
    "REVOKED",
    "TWICE",
    "VOUCHER",
    "VOUCHER_CANCEL",
    "VOUCHER_USED",
    "Cancel",
    "Used",
    "Voucher",
    "VoucherEnded",
    "VoucherUnknown",
    "VoucherWorthless",
    "cancel_voucher",
    "issue_voucher",
    "use_voucher",
]

VOUCHER: Final = "voucher"
VOUCHER_USED: Final = "voucher_used"
VOUCHER_CANCEL: Final = "voucher_cancel"

ISSUED: Final = "voucher_issued"
"""Reason on a receipt: what the voucher is worth, from when, until when and where."""
CANCELLED: Final = "voucher_cancelled"
TWICE: Final = "presented_twice"
"""Reason: somebody had used it before, in `first_use`. A fraud queue reads this."""
REVIEW: Final = "review.voucher"
"""The trait of a member whose voucher was shown twice, seen wherever the member is."""
LATE: Final = "presented_late"
"""Reason: it was shown after its time."""
REVOKED: Final = "presented_after_cancel"
"""Reason: it was shown after the member had cancelled it."""


class VoucherUnknown(Refusal):
    """The member never had such a voucher."""

    code, kind = "voucher_unknown", "not_found"


class VoucherEnded(Refusal):
    """The voucher was used, or its time is over."""

    code, kind = "voucher_ended", "conflict"


class VoucherWorthless(Refusal):
    """So many points of this currency are worth no money."""

    code, kind = "voucher_worthless", "invalid"


class Voucher(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Put points into a voucher that tills take without asking."""

    currency: Annotated[str, Meta(min_length=1, max_length=64)]
    points: Annotated[int, Meta(ge=1, le=AMOUNT_MAX)]
    valid_seconds: Annotated[int, Meta(ge=60, le=30 * 86_400)] = 86_400
    """How long it may be shown."""
    settle_seconds: Annotated[int, Meta(ge=0, le=60 * 86_400)] = 7 * 86_400
    """How long after that a till may still tell that it was shown in time; then unused points come back."""
    store: Annotated[str, Meta(max_length=50)] = ""
    """The one store that takes it; empty: any."""


class Used(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tell that a till took a voucher, whole. It happened when it was shown."""

    voucher: UUID


class Cancel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Let tills refuse a voucher from now on. Its points come back when no till can tell of a use any more."""

    voucher: UUID


def issue_voucher(scene: Scene, ask: Voucher) -> list[Posted]:
    """Set the points aside, and say on the receipt what the voucher is worth."""
    worth = _worth(scene, ask)
    # Tokens count whole seconds.
    begins = scene.by.at.replace(microsecond=0)
    ends = begins + timedelta(seconds=ask.valid_seconds)
    posted = ledger.hold(
        scene.book,
        scene.member,
        (scene.member,),
        ask.currency,
        ask.points,
        until=(ends, ends + timedelta(seconds=ask.settle_seconds)),
        by=scene.by,
        purpose=ledger.VOUCHER,
    )
    _say(
        scene,
        ISSUED,
        scene.by.activity,
        {
            "worth_minor": worth,
            "money": scene.plan.document.money,
            "not_before": begins.isoformat(),
            "not_after": ends.isoformat(),
            "settle_until": (ends + timedelta(seconds=ask.settle_seconds)).isoformat(),
            "store": ask.store,
        },
    )
    return [posted]


def use_voucher(scene: Scene, ask: Used) -> list[Posted]:
    """Use what was set aside; where that is gone, book the house's loss. The sale was made either way."""
    held = _find(scene, ask.voucher)
    if held.state != "open":
        _lose(scene, held)
        return []
    shown_at = scene.fact.occurred_at
    if shown_at > held.valid_until:
        _say(scene, LATE, held.id, {"lost": 0})
    elif held.revoked_at is not None and shown_at > held.revoked_at:
        _say(scene, REVOKED, held.id, {"lost": 0})
    used = ledger.capture(
        scene.book,
        held,
        held.open,
        # The points are there, and the goods are gone: a till that looked at the wrong clock costs nobody anything.
        used_at=min(shown_at, held.valid_until),
        stamp_of=lambda owner: scene.stamp_of(owner, "pool_used"),
        at=scene.by.at,
    )
    scene.book.put_hold(replace(scene.book.holds[held.member, held.id], used_by=scene.by.activity))
    return [posted for owner, each in used for posted in scene.tell(owner, [each])]


def cancel_voucher(scene: Scene, ask: Cancel) -> list[Posted]:
    """Put a voucher on the list that tills get. No points come back yet: an offline till may have taken it already."""
    held = _find(scene, ask.voucher)
    if held.state != "open":
        message = "This voucher was used, or its time is over: there is nothing left to cancel."
        raise VoucherEnded(message, voucher=str(held.id), state=held.state)
    if held.revoked_at is None:
        scene.book.put_hold(replace(held, revoked_at=scene.by.at))
    _say(scene, CANCELLED, held.id, {"back_at": held.settle_until.isoformat()})
    return []


def _worth(scene: Scene, ask: Voucher) -> int:
    """What the points are worth in money now, in its minor units, rounded down."""
    coin = scene.plan.currencies.get(ask.currency)
    if coin is None:
        message = f"The programme has no currency {ask.currency!r}; it has {', '.join(sorted(scene.plan.currencies))}."
        raise CurrencyUnknown(message, currency=ask.currency)
    if coin.settings.kind != "spendable":
        message = f"{ask.currency} decide the level; they cannot be spent or given away."
        raise CurrencyNotSpendable(message, currency=ask.currency)
    value = coin.settings.value
    worth = 0 if value is None else ask.points * value.minor // value.per_points
    if not 0 < worth <= AMOUNT_MAX:
        message = f"{ask.points} {ask.currency} are not worth a minor unit of money, or more than can be counted."
        raise VoucherWorthless(message, currency=ask.currency, points=ask.points)
    return worth


def _find(scene: Scene, name: UUID) -> ledger.Hold:
    """Find a voucher of the member, or of one who has become part of them since, whatever became of it."""
    for (maker, id_), held in scene.book.holds.items():
        if id_ == name and held.purpose == ledger.VOUCHER and scene.today(maker) == scene.member:
            return held
    message = f"This member never had a voucher {name}."
    raise VoucherUnknown(message, voucher=str(name))


def _lose(scene: Scene, held: ledger.Hold) -> None:
    """Book what the house gave for nothing: the member keeps their points, or has paid with them once."""
    legs = (ledger.LOSS, ledger.REDEMPTION)
    scene.book.move(scene.member, held.currency, legs, held.amount, kind="loss", by=scene.by)
    lost: dict[str, Scalar] = {"lost": held.amount, "currency": held.currency}
    if held.used_by is None:
        _say(scene, LATE, held.id, lost)
    else:
        _say(scene, TWICE, held.id, {**lost, "first_use": str(held.used_by)})
        # Somebody has to look at it, whoever it was that showed the same one again.
        scene.told.append(TraitChange(name=REVIEW, value=TWICE, since=scene.by.at))


def _say(scene: Scene, code: str, voucher: UUID, values: Mapping[str, Scalar]) -> None:
    scene.reasons.append(Reason(offer="", code=code, values={"voucher": str(voucher), **values}))
