"""One spelling for each identifier, whatever a till, a form or a keyboard made of it."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from regulars.kernel.members.model import IdentifierInvalid
from regulars.kernel.nouns import Identifier

__all__ = ["mask", "normalise"]

VALUE_MAX: Final = 200
SHOWN_MAX: Final = 4

PHONE: Final = re.compile(r"\+[1-9][0-9]{6,14}")
EMAIL: Final = re.compile(r"[^\s@]{1,64}@[^\s@]{1,189}")

# Separators, dashes and brackets of any script, and the invisible marks that address books put around numbers.
PUNCTUATION: Final = frozenset({"Zs", "Pd", "Ps", "Pe", "Cf"})


def normalise(identifier: Identifier) -> Identifier:
    """Spell an identifier the one way in which it is stored and looked up; doing it again changes nothing.

    Phone numbers become `+` and digits, country code first; e-mail addresses lower case; cards lose spaces and
    dashes; others are trimmed. Raises IdentifierInvalid, which never holds the value.
    """
    value = RULES.get(identifier.kind, _trim)(identifier.value)
    if not 1 <= len(value) <= VALUE_MAX or not value.isprintable():
        raise _refuse(identifier.kind, f"1 to {VALUE_MAX} visible characters")
    return Identifier(kind=identifier.kind, value=value)


def mask(value: str) -> str:
    """Show how a value ends, and hide how long it is."""
    shown = min(SHOWN_MAX, len(value) // 2)
    return "••••" + value[len(value) - shown :]


def _normalise_phone(value: str) -> str:
    written = unicodedata.normalize("NFKC", value)
    international = written.lstrip().startswith(("+", "00"))
    if international:
        # The trunk zero that is only dialled inside the country: +44 (0)20 …
        written = written.replace("(0)", "")
    bare = "".join(sign for sign in written if sign not in "./" and unicodedata.category(sign) not in PUNCTUATION)
    number = "+" + bare[2:] if bare.startswith("00") else bare
    if PHONE.fullmatch(number) is None:
        # A number without its country code would be another person's somewhere else.
        raise _refuse("phone", "the country code and 7 to 15 digits in all, such as +86 138 0013 8000")
    return number


def _normalise_email(value: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).lower()).strip()
    if EMAIL.fullmatch(folded) is None:
        raise _refuse("email", "one address, such as name@example.com")
    return folded


def _normalise_card(value: str) -> str:
    if value.isascii() and value.isalnum():
        return value
    written = unicodedata.normalize("NFKC", value)
    bare = "".join(sign for sign in written if unicodedata.category(sign) not in {"Zs", "Pd"})
    # Signs that met only now may be one letter together.
    return unicodedata.normalize("NFKC", bare)


def _refuse_code(value: str) -> str:
    # Whoever could be enrolled or found by one as it is written would be somebody else half a minute later.
    del value
    raise _refuse("code", "a code that was checked where it came in, or another identifier")


def _trim(value: str) -> str:
    return value.strip()


def _refuse(kind: str, expected: str) -> IdentifierInvalid:
    return IdentifierInvalid(f"The {kind} given cannot be used: expected {expected}.", kind=kind)


RULES: Final[Mapping[str, Callable[[str], str]]] = MappingProxyType(
    {"phone": _normalise_phone, "email": _normalise_email, "card": _normalise_card, "code": _refuse_code}
)
