"""How often somebody may be wrong: counted before anything is looked at, by account and by address, in the database."""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from regulars.base.crypto import Keyring
from regulars.base.db import Tx
from regulars.features.staff.model import TooManyAttempts, lock_minutes
from regulars.features.staff.store import count_address as write_count_address
from regulars.features.staff.store import count_failure, lock_address, lock_out
from regulars.features.staff.store import excuse_address as write_excuse_address

__all__ = ["ADDRESS_FAILURES_MAX", "FAILURES_MAX", "WINDOW", "Blocked", "count_address", "may_try"]

FAILURES_MAX: Final = 5
ADDRESS_FAILURES_MAX: Final = 8
"""Of an address, whatever the accounts: somebody with a list of stolen passwords has one try at each."""
WINDOW: Final = timedelta(minutes=15)
NETWORK_BITS: Final = 64
"""Of an IPv6 address: the rest is for whoever has the line to choose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """An address that has to wait."""

    seconds: int

    def refuse(self) -> TooManyAttempts:
        """Say so."""
        message = f"Too many attempts came from this address. Try again in {self.seconds} seconds."
        return TooManyAttempts(message, retry_after_seconds=self.seconds)


async def count_address(tx: Tx, keyring: Keyring, address: str, *, at: datetime) -> Blocked | None:
    """Count an attempt from an address; None where it may go on."""
    digest = digest_address(keyring, address)
    count, lock_outs, locked_until = await write_count_address(tx, digest, at=at, since=at - WINDOW)
    if locked_until is not None:
        return Blocked(seconds=int((locked_until - at).total_seconds()) + 1)
    if count >= ADDRESS_FAILURES_MAX:
        await lock_address(tx, digest, until=at + lock_minutes(lock_outs))
    return None


async def excuse_address(tx: Tx, keyring: Keyring, address: str) -> None:
    """Take back an attempt that went well."""
    await write_excuse_address(tx, digest_address(keyring, address))


async def may_try(tx: Tx, account: UUID, *, at: datetime) -> bool:
    """Count a try at an account beforehand, and lock it with the fifth; False while it is locked."""
    counted = await count_failure(tx, account, at=at, since=at - WINDOW)
    if counted is None:
        return False
    failures, lock_outs = counted
    if failures >= FAILURES_MAX:
        await lock_out(tx, account, until=at + lock_minutes(lock_outs))
    return True


def digest_address(keyring: Keyring, address: str) -> bytes:
    """Digest whose line an address is of, so that no list of addresses is kept."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        line = address
    else:
        if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        bits = NETWORK_BITS if parsed.version > 4 else parsed.max_prefixlen  # noqa: PLR2004 - of IP
        line = str(ipaddress.ip_network((parsed, bits), strict=False))
    return keyring.blind("staff address", line)
