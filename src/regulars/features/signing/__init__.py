"""What tills can trust without asking: vouchers and members' codes, signed with keys that are changed now and then."""

from regulars.features.signing.keys import PublicKeys, find_public, find_signer, list_keys, rotate
from regulars.features.signing.model import (
    CODE_SECONDS,
    TOLERANCE_SECONDS,
    Code,
    CodeInvalid,
    CodeReplayed,
    CodeStale,
    PublicKey,
    RotationPending,
    Signer,
    Voucher,
    VoucherElsewhere,
    VoucherInvalid,
    VoucherStale,
)
from regulars.features.signing.replay import claim_code
from regulars.features.signing.tokens import check_voucher, read_code, read_voucher, sign_code, sign_voucher

__all__ = [
    "CODE_SECONDS",
    "TOLERANCE_SECONDS",
    "Code",
    "CodeInvalid",
    "CodeReplayed",
    "CodeStale",
    "PublicKey",
    "PublicKeys",
    "RotationPending",
    "Signer",
    "Voucher",
    "VoucherElsewhere",
    "VoucherInvalid",
    "VoucherStale",
    "check_voucher",
    "claim_code",
    "find_public",
    "find_signer",
    "list_keys",
    "read_code",
    "read_voucher",
    "rotate",
    "sign_code",
    "sign_voucher",
]
