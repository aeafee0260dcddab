"""What is signed, by what, and what is refused. Pure."""

from datetime import datetime
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from regulars.base.errors import Refusal

__all__ = [
    "CODE_SECONDS",
    "TOLERANCE_SECONDS",
    "Code",
    "CodeInvalid",
    "CodeReplayed",
    "CodeStale",
    "PublicKey",
    "RotationPending",
    "Signer",
    "Voucher",
    "VoucherElsewhere",
    "VoucherInvalid",
    "VoucherStale",
]

CODE_SECONDS: Final = 30
"""How long a member's code is shown before the next one."""
TOLERANCE_SECONDS: Final = 90
"""How far a till's clock and ours may be apart."""


class CodeInvalid(Refusal):
    """This is no member's code of ours: cut, changed, or signed by somebody else."""

    code, kind = "code_invalid", "invalid"


class CodeStale(Refusal):
    """The member's code was made too long before it was shown, or after."""

    code, kind = "code_stale", "invalid"


class CodeReplayed(Refusal):
    """Points were used by this very code before. The member's next one is good."""

    code, kind = "code_replayed", "conflict"


class VoucherInvalid(Refusal):
    """This is no voucher of ours: cut, changed, or signed by somebody else."""

    code, kind = "voucher_invalid", "invalid"


class VoucherStale(Refusal):
    """The voucher's time is over, or still to come."""

    code, kind = "voucher_stale", "conflict"


class VoucherElsewhere(Refusal):
    """The voucher is for another store."""

    code, kind = "voucher_elsewhere", "conflict"


class RotationPending(Refusal):
    """The next key is there already, and has not begun to sign."""

    code, kind = "rotation_pending", "conflict"


class PublicKey(Struct, frozen=True, kw_only=True):
    """By what tills check. What it signed from `since` to `ends` counts, however late it is shown."""

    kid: str
    key: bytes
    since: datetime
    ends: datetime | None
    """None: nothing follows yet."""


class Signer(Struct, frozen=True, kw_only=True):
    """By what we sign. Never shown."""

    kid: str
    key: Ed25519PrivateKey

    def __repr__(self) -> str:
        return f"Signer(kid={self.kid!r})"


class Voucher(Struct, frozen=True, kw_only=True):
    """What a voucher's token says. Its times are whole seconds."""

    voucher: UUID
    """The ledger's hold that it stands for."""
    member: UUID
    worth_minor: int
    money: str
    """ISO 4217."""
    not_before: datetime
    not_after: datetime
    store: str = ""
    """The one store that takes it; empty: any."""


class Code(Struct, frozen=True, kw_only=True):
    """What a member's code says."""

    member: UUID
    issued_at: datetime
    """In whole seconds."""
