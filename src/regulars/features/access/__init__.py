"""Who may call: API keys, of which only a digest is kept, each with its scopes."""

from regulars.features.access.check import Gate, check_key
from regulars.features.access.issue import issue_key
from regulars.features.access.model import (
    Issued,
    Key,
    KeyInvalid,
    KeyMissing,
    KeyUnknown,
    KeyUnusable,
    ScopeMissing,
    SignatureInvalid,
)
from regulars.features.access.revoke import revoke_key, revoke_till_keys
from regulars.features.access.signed import SIGNED_SCHEME, Signed, read_signed, sign
from regulars.features.access.store import list_keys

__all__ = [
    "SIGNED_SCHEME",
    "Gate",
    "Issued",
    "Key",
    "KeyInvalid",
    "KeyMissing",
    "KeyUnknown",
    "KeyUnusable",
    "ScopeMissing",
    "SignatureInvalid",
    "Signed",
    "check_key",
    "issue_key",
    "list_keys",
    "read_signed",
    "revoke_key",
    "revoke_till_keys",
    "sign",
]
