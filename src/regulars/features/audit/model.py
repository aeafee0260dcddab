"""The values of the room: an entry, what is kept of an address, what of configuration is told. Pure."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, cast
from uuid import UUID

import msgspec
from msgspec import Struct

__all__ = [
    "AGENT_MAX",
    "CHANGED",
    "REASON_MAX",
    "Act",
    "Change",
    "Entry",
    "Fault",
    "Noted",
    "Outcome",
    "Verdict",
    "compare",
    "name_network",
]

Outcome = Literal["done", "refused", "failed", "waiting"]
Change = tuple[Any, Any]
"""Before and after; None where there was, or is, nothing."""

AGENT_MAX: Final = 120
REASON_MAX: Final = 500
TEXT_MAX: Final = 200
"""A longer text is not told: nobody named it as short, so nobody looked at what is in it."""
CHANGED: Final = "changed"
"""Stands for a value that is personal or secret."""
IPV4_BITS: Final = 24
IPV6_BITS: Final = 48
HIDDEN: Final = frozenset(
    {
        "address",
        "agent",
        "birthday",
        "card",
        "cipher",
        "code",
        "email",
        "hash",
        "identifier",
        "identifiers",
        "key",
        "link",
        "password",
        "phone",
        "secret",
        "token",
        "value",
    }
)
"""Names of fields that are personal or secret wherever they stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """An entry that is to be written."""

    at: datetime
    actor_kind: str
    actor_id: UUID | None
    """None: nobody was let in."""
    actor_name: str
    agreed_by: UUID | None
    network: str
    agent: str
    what: str
    route: str
    object: str
    changes: Mapping[str, Change]
    reason: str
    outcome: Outcome
    status: int
    code: str
    request_id: str


class Entry(Struct, frozen=True, kw_only=True):
    """Who did what, from where, to what, why, and what came of it."""

    id: int
    at: datetime
    actor_kind: str
    """`staff`, `key`, `system`, or `nobody` where nobody was let in."""
    actor_id: UUID | None
    actor_name: str
    agreed_by: UUID | None
    """The second person, where there was one."""
    network: str
    """Where it came from, roughly: a network of /24 or /48."""
    agent: str
    """What the program said it is; cut."""
    what: str
    """The name of the route, as the reference has it, or of the command."""
    route: str
    """Method and pattern of the address."""
    object: str
    """Ids of what it was done to, as they stand in the address."""
    changes: Mapping[str, Change]
    """Of configuration, by field: before and after. `changed` stands for what is personal or secret."""
    reason: str
    outcome: Outcome
    status: int
    code: str
    """Of the refusal; empty where there was none."""
    request_id: str


class Act(Struct, frozen=True, kw_only=True):
    """An activity that a person sent. The journal has it whole."""

    actor_id: UUID
    seq: int
    at: datetime
    member: UUID
    activity: UUID
    kind: str
    source: str
    name: str


class Fault(Struct, frozen=True, kw_only=True):
    """Something that is not as it was sealed."""

    what: Literal["entry_changed", "entry_removed", "entry_inserted", "link_changed", "link_removed", "head_differs"]
    entry: int | None
    link: int | None
    """The number of the seal."""


class Verdict(Struct, frozen=True, kw_only=True):
    """What a check of the whole chain found."""

    faults: tuple[Fault, ...]
    sealed: int
    unsealed: int
    head: str
    """Number and hash of the last seal, `0:` where there is none: keep it elsewhere, and compare it later."""


def name_network(address: str) -> str:
    """Keep of an address its network only (/24, of IPv6 /48); empty for what is no address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    bits = IPV4_BITS if parsed.version == 4 else IPV6_BITS  # noqa: PLR2004 - of the protocol
    return str(ipaddress.ip_network((parsed, bits), strict=False))


def compare(before: object, after: object, *, hidden: frozenset[str] = frozenset()) -> dict[str, Change]:
    """Tell what differs between two states of configuration, by field (`a.b` for what lies deeper).

    Fields that are `hidden`, or that are personal or secret by their name, and long texts, are `changed` on both sides.
    """
    old, new = _flatten(before), _flatten(after)
    return {
        path: _hide(path, (old.get(path), new.get(path)), hidden)
        for path in sorted({*old, *new})
        if old.get(path) != new.get(path)
    }


def _flatten(value: object, path: str = "") -> dict[str, Any]:
    plain: Any = msgspec.to_builtins(value, enc_hook=str) if not path else value
    if not isinstance(plain, dict):
        return {} if plain is None and not path else {path: plain}
    found: dict[str, Any] = {}
    for name, each in cast("dict[str, Any]", plain).items():
        found |= _flatten(each, f"{path}.{name}" if path else str(name))
    return found


def _hide(path: str, change: Change, hidden: frozenset[str]) -> Change:
    names = frozenset(path.lower().split("."))
    if names & (HIDDEN | hidden) or any(len(str(side)) > TEXT_MAX for side in change):
        return (None if change[0] is None else CHANGED, None if change[1] is None else CHANGED)
    return change
