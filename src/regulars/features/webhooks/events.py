"""What an activity means to others: events with our ids, kinds, points and reasons, and nothing personal. Pure.

Nothing here knows a feature: the kinds follow from what a receipt holds. `<kind>.recorded` for the activity itself,
`points.<what>` for what it moved, `<trait>.changed` for what it set, `<thing>.granted` and `<thing>.withdrawn` for
what it gave out. A kind with a full stop in it, such as `points.ending`, is an event by its own name.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

import msgspec

from regulars.features.webhooks.model import Event
from regulars.kernel.activity import Followed
from regulars.kernel.nouns import Posted
from regulars.kernel.spine import TRAITS

__all__ = ["TEST", "derive", "make_test"]

TEST: Final = "webhook.test"
ID_BYTES: Final = 6
VERBS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "issue": "issued",
        "redeem": "redeemed",
        "expire": "expired",
        "return": "returned",
        "reverse": "reversed",
        "hold": "held",
        "release": "released",
        "prolong": "prolonged",
        "adjust": "adjusted",
        "gift": "given",
        "donate": "donated",
        "convert": "converted",
        "activate": "activated",
        "opening": "opened",
        "merge": "merged",
        "unmerge": "parted",
        "reinstate": "reinstated",
    }
)
"""How the ledger's words read when it is done. Others are said as they are."""
SET_ASIDE: Final = frozenset({"hold", "release", "prolong", "activate"})
"""What is said of points without any coming or going."""
write_json = msgspec.json.Encoder(order="deterministic").encode


def derive(row: Followed) -> list[Event]:
    """List the events of an activity, each kind once."""
    receipt = row.receipt
    base: dict[str, Any] = {"activity": receipt.activity, "member": receipt.member, "kind": receipt.kind}
    found: dict[str, dict[str, Any]] = {}
    noticed = "." in receipt.kind
    found[receipt.kind if noticed else f"{receipt.kind}.recorded"] = {
        "source": receipt.source,
        "occurred_at": receipt.occurred_at,
        "program": receipt.program,
        "points": _sum_points([posted for posted in receipt.postings if posted.kind not in SET_ASIDE]),
        "balances": receipt.balances,
        "reasons": sorted({reason.code for reason in receipt.reasons}),
        # What the clock itself says of a notice is ours: points, currency, time.
        **({"notice": dict(row.body.data)} if noticed and receipt.source == "clock" else {}),
        **({"other": receipt.other} if receipt.other is not None else {}),
    }
    for kind in dict.fromkeys(posted.kind for posted in receipt.postings):
        parts = [posted for posted in receipt.postings if posted.kind == kind]
        found[f"points.{VERBS.get(kind, kind)}"] = {"points": _sum_points(parts), "balances": receipt.balances}
    for change in receipt.traits:
        # What a retailer tells of a member may be personal: then only that it changed is told.
        value = {} if receipt.kind == TRAITS else {"value": change.value}
        found[f"{change.name}.changed"] = {"trait": change.name, "since": change.since, **value}
    for kind, given in (("granted", 1), ("withdrawn", -1)):
        for what in dict.fromkeys(each.kind for each in receipt.grants if each.count * given > 0):
            parts = [each for each in receipt.grants if each.kind == what and each.count * given > 0]
            items = [{"what": part.what, "count": abs(part.count)} for part in parts]
            found[f"{what}.{kind}"] = {"items": items}
    return [_make(row, kind, {**base, **data}) for kind, data in found.items()]


def make_test(id_: UUID, endpoint: UUID, at: datetime) -> Event:
    """Make an event that tells nothing but that it arrived."""
    body = {"type": TEST, "timestamp": at, "data": {"webhook": endpoint}}
    return Event(id=f"evt_{id_.hex}", member=id_, seq=0, kind=TEST, at=at, body=write_json(body).decode())


def _make(row: Followed, kind: str, data: Mapping[str, Any]) -> Event:
    receipt = row.receipt
    body = {"type": kind, "timestamp": receipt.recorded_at, "data": data}
    # Named by what it is and not by its place, so that it keeps its name when there are more kinds one day.
    word = hashlib.sha256(kind.encode()).digest()[:ID_BYTES].hex()
    return Event(
        id=f"evt_{receipt.activity.hex}_{word}",
        member=receipt.member,
        seq=row.seq,
        kind=kind,
        at=receipt.recorded_at,
        body=write_json(body).decode(),
    )


def _sum_points(postings: Sequence[Posted]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for posted in postings:
        sums[posted.currency] = sums.get(posted.currency, 0) + posted.points
    return sums
