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
)
from regulars.features.access.revoke import revoke_key, revoke_till_keys
from regulars.features.access.store import list_keys

__all__ = [
    "Gate",
    "Issued",
    "Key",
    "KeyInvalid",
    "KeyMissing",
    "KeyUnknown",
    "KeyUnusable",
    "ScopeMissing",
    "check_key",
    "issue_key",
    "list_keys",
    "revoke_key",
    "revoke_till_keys",
]
