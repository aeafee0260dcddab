"""How often somebody may try: counted in the database, by address and by identifier, before anything is looked at."""

import ipaddress
from datetime import datetime, timedelta
from typing import Final

from regulars.base.crypto import Keyring
from regulars.base.db import Tx
from regulars.features.entrance.model import EntryLimited
from regulars.features.entrance.store import count_pace
from regulars.features.entrance.store import excuse_pace as write_excuse
from regulars.kernel.nouns import Identifier

__all__ = ["ADDRESS_TRIES_MAX", "CODES_MAX", "count_address", "excuse_address", "may_send"]

ADDRESS_TRIES_MAX: Final = 30
"""Codes asked for and tried from one address in a window; whoever gets in is excused."""
ADDRESS_WINDOW: Final = timedelta(minutes=15)
CODES_MAX: Final = 5
"""Codes sent to one address or number in a window: five tries each are 25 of a million."""
CODES_WINDOW: Final = timedelta(hours=1)
NETWORK_BITS: Final = 64
"""Of an IPv6 address: the rest is for whoever has the line to choose."""


async def count_address(tx: Tx, keyring: Keyring, address: str, *, at: datetime) -> EntryLimited | None:
    """Count a try from an address; answers the refusal where it has to wait, so that the count is kept."""
    tries, since = await count_pace(tx, _digest(keyring, address), at=at, since=at - ADDRESS_WINDOW)
    if tries <= ADDRESS_TRIES_MAX:
        return None
    seconds = int((since + ADDRESS_WINDOW - at).total_seconds()) + 1
    message = f"Too much was tried from this address. Try again in {seconds} seconds."
    return EntryLimited(message, retry_after_seconds=seconds)


async def excuse_address(tx: Tx, keyring: Keyring, address: str) -> None:
    """Take back what was counted of whoever got in."""
    await write_excuse(tx, _digest(keyring, address))


async def may_send(tx: Tx, keyring: Keyring, to: Identifier, *, at: datetime) -> bool:
    """Count a code to an address or number; False where it had enough of them, known or not."""
    digest = keyring.blind(f"entry {to.kind}", to.value)
    tries, _ = await count_pace(tx, digest, at=at, since=at - CODES_WINDOW)
    return tries <= CODES_MAX


def _digest(keyring: Keyring, address: str) -> bytes:
    """Digest whose line an address is of, so that no list of addresses is kept."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        line = address
    else:
        if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        bits = NETWORK_BITS if isinstance(parsed, ipaddress.IPv6Address) else parsed.max_prefixlen
        line = str(ipaddress.ip_network((parsed, bits), strict=False))
    return keyring.blind("entry line", line)
