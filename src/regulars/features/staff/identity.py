"""How an address, a name and a set of roles are written, and which are refused."""

import unicodedata
from collections.abc import Collection
from typing import Final

from regulars.features.staff.model import AccountUnusable
from regulars.features.staff.roles import ROLES, Role
from regulars.kernel import members
from regulars.kernel.nouns import Identifier

__all__ = ["choose_roles", "spell_email", "spell_name"]

NAME_MAX: Final = 100
STORE_MAX: Final = 200


def spell_email(email: str) -> str:
    """Spell an address the one way in which it is kept. Raises AccountUnusable."""
    try:
        return members.normalise(Identifier(kind="email", value=email)).value
    except members.IdentifierInvalid as error:
        raise AccountUnusable("An account has an e-mail address, such as name@example.com.") from error


def spell_name(name: str) -> str:
    """Spell a name. Raises AccountUnusable."""
    written = unicodedata.normalize("NFC", name).strip()
    if not 1 <= len(written) <= NAME_MAX or not written.isprintable():
        raise AccountUnusable(f"A person has a name of 1 to {NAME_MAX} visible characters.")
    return written


def choose_roles(roles: Collection[str], store: str | None) -> tuple[Role, ...]:
    """Order roles. Raises AccountUnusable for none, for unknown ones, and for the role `store` without a store."""
    unknown = sorted(set(roles) - set(ROLES))
    if unknown or not roles:
        wrong = f"{unknown[0][:64]!r} is no role" if unknown else "at least one role is needed"
        raise AccountUnusable(f"{wrong[0].upper()}{wrong[1:]}. The roles are {', '.join(ROLES)}.")
    if "store" in roles and store is None:
        raise AccountUnusable("Who has the role store has a store as well, for which they speak.")
    if store is not None and (not 1 <= len(store) <= STORE_MAX or not store.isprintable()):
        raise AccountUnusable(f"A store has a name of 1 to {STORE_MAX} visible characters.")
    if store is not None and "owner" in roles:
        raise AccountUnusable("An owner is not bound to one store.")
    return tuple(role for role in ROLES if role in roles)
