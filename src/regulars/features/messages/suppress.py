"""Addresses that nothing is sent to: what came back, who complained, who asked. Only keyed digests are kept."""

import email
import re
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from email import policy
from email.message import EmailMessage, Message
from typing import Final
from uuid import UUID

from msgspec import Struct

from regulars.base.crypto import Keyring
from regulars.base.db import Read, Tx
from regulars.base.errors import Refusal
from regulars.features.messages.model import Channel, Suppression
from regulars.features.messages.store import find_suppressed as find_digests
from regulars.features.messages.store import mark_bounced, unsuppress
from regulars.features.messages.store import suppress as add_digests
from regulars.kernel import members
from regulars.kernel.nouns import Identifier

__all__ = [
    "Bounce",
    "BounceUnreadable",
    "find_suppressed",
    "lift",
    "read_bounce",
    "suppress",
    "take_bounce",
]

KIND_OF: Final = {"email": "email", "sms": "phone"}
OURS: Final = re.compile(r"<([0-9a-f]{32})@")
HARD: Final = re.compile(r"5\.\d{1,3}\.\d{1,3}")


class BounceUnreadable(Refusal):
    """This mail is no report of a delivery, or of none of our messages."""

    code, kind = "bounce_unreadable", "invalid"


class Bounce(Struct, frozen=True, kw_only=True):
    """What a report says."""

    message: UUID
    recipient: str
    is_final: bool
    """Whether it will never arrive; else it was only late or a box was full."""

    def __repr__(self) -> str:
        """Show which message, and never whose."""
        return f"Bounce(message={self.message})"


async def suppress(
    tx: Tx,
    keyring: Keyring,
    channel: Channel,
    addresses: Iterable[str],
    reason: Suppression,
    *,
    by: str,
    at: datetime,
) -> int:
    """Send nothing to addresses any more; gives how many are new. Raises IdentifierInvalid for what is no address."""
    told = {_spell(channel, address) for address in addresses}
    known = {address for (_, address) in await find_suppressed(tx, keyring, [(channel, each) for each in told])}
    fresh = sorted(told - known)
    return await add_digests(tx, channel, [_digest(keyring, channel, each)[0] for each in fresh], reason, by=by, at=at)


async def lift(tx: Tx, keyring: Keyring, channel: Channel, address: str) -> bool:
    """Send to an address again; False where nothing kept it away. Raises IdentifierInvalid."""
    return bool(await unsuppress(tx, channel, _digest(keyring, channel, _spell(channel, address))))


async def find_suppressed(
    read: Read, keyring: Keyring, asked: Collection[tuple[Channel, str]]
) -> dict[tuple[Channel, str], Suppression]:
    """Find to which of (channel, address) nothing is sent, and why. Addresses come as the members' room spells them."""
    digests: dict[tuple[Channel, bytes], tuple[Channel, str]] = {
        (channel, digest): (channel, address)
        for channel, address in asked
        for digest in _digest(keyring, channel, address)
    }
    if not digests:
        return {}
    found = await find_digests(read, list(digests))
    return {place: found[key] for key, place in digests.items() if key in found}


def read_bounce(mail: bytes) -> Bounce:
    """Read a report of delivery (RFC 3464) as mail servers send it. Raises BounceUnreadable."""
    parsed = email.message_from_bytes(mail, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    if parsed.get_content_type() != "multipart/report":
        raise BounceUnreadable("This mail is no report of a delivery (multipart/report).")
    parts = list(parsed.walk())
    fields = [block for part in parts if part.get_content_type() == "message/delivery-status" for block in part.walk()]
    message = next((found[1] for part in parts for found in [_find_ours(part)] if found), None)
    failed = next((block for block in fields if block.get("Final-Recipient")), None)
    if message is None or failed is None:
        raise BounceUnreadable("The report names none of our messages, or no recipient.")
    recipient = str(failed["Original-Recipient"] or failed["Final-Recipient"]).rpartition(";")[2].strip()
    action, status = str(failed.get("Action", "")).strip().lower(), str(failed.get("Status", "")).strip()
    is_final = action == "failed" and HARD.match(status) is not None
    return Bounce(message=UUID(hex=message), recipient=recipient, is_final=is_final)


async def take_bounce(tx: Tx, keyring: Keyring, bounce: Bounce, *, by: str, at: datetime) -> bool:
    """Heed a report: of one that is final the address is left alone from now on. False where nothing changes.

    A report of what we did not send changes nothing: nobody turns others' mail off by inventing one.
    """
    if not bounce.is_final or not await mark_bounced(tx, bounce.message):
        return False
    await suppress(tx, keyring, "email", [bounce.recipient], "bounced", by=by, at=at)
    return True


def _find_ours(part: Message) -> Sequence[str] | None:
    """Find the name of a message of ours in the headers that a report sends back."""
    named = str(part.get("Message-ID", ""))
    if part.get_content_type() == "text/rfc822-headers":
        named = str(part.get_payload())
        named = next((line for line in named.splitlines() if line.lower().startswith("message-id:")), "")
    found = OURS.search(named)
    return None if found is None else (found[0], found[1])


def _spell(channel: Channel, address: str) -> str:
    return members.normalise(Identifier(kind=KIND_OF.get(channel, channel), value=address)).value


def _digest(keyring: Keyring, channel: Channel, address: str) -> list[bytes]:
    return [each.value for each in keyring.digest_tokens(f"messages.{channel}", address)]
