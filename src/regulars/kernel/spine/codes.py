"""Codes that customers show, told apart from what they stand for: the journal names a code, and never has it."""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from regulars.base.crypto import Keyring
from regulars.base.db import Read
from regulars.kernel import limits
from regulars.kernel.nouns import Activity

__all__ = ["HELD", "UNKNOWN", "digest_code", "digest_code_each", "name_codes"]

HELD: Final = "held:"
"""How coupons begin that members hold: they are shown by their name, which is no secret."""
UNKNOWN: Final = "unknown"
"""What is journalled for a code that nobody issued."""
CODE: Final = "coupon"
IGNORED: Final = str.maketrans("", "", " -\t")


def digest_code(keyring: Keyring, code: str) -> bytes:
    """Digest a code as it is kept. Spaces, dashes and small letters make no difference."""
    return digest_code_each(keyring, code)[0]


def digest_code_each(keyring: Keyring, code: str) -> tuple[bytes, ...]:
    """Digest a code under every key, as it is kept now first: one that was kept before is known by an older one."""
    return tuple(digest.value for digest in keyring.digest_tokens(CODE, _spell(code)))


async def name_codes(
    read: Read, keyring: Keyring, facts: Sequence[Activity]
) -> tuple[Sequence[Activity], Mapping[str, limits.Code]]:
    """Put names in the place of the codes that facts show; gives the facts, and the codes by name.

    One statement, where any fact shows one. A code that nobody issued takes as long as one that was.
    """
    shown = {code for fact in facts for code in fact.coupons if not code.startswith(HELD)}
    if not shown:
        return facts, {}
    digests = {code: digest_code_each(keyring, code) for code in shown}
    found = await limits.find_codes(read, {digest for each in digests.values() for digest in each})
    meant = {code: next((found[digest] for digest in each if digest in found), None) for code, each in digests.items()}
    named = [replace(fact, coupons=_name(fact.coupons, meant)) if fact.coupons else fact for fact in facts]
    return named, {code.name: code for code in meant.values() if code is not None}


def _name(coupons: Sequence[str], meant: Mapping[str, limits.Code | None]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for shown in coupons:
        code = meant.get(shown)
        names[shown if shown.startswith(HELD) else UNKNOWN if code is None else code.name] = None
    return tuple(names)


def _spell(code: str) -> str:
    return code.translate(IGNORED).upper()
