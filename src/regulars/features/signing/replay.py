"""A member's code uses points once: whoever sees it over a shoulder is too late."""

from datetime import timedelta
from hashlib import sha256
from typing import Final

from regulars.base.db import Tx
from regulars.features.signing.model import Code, CodeReplayed
from regulars.features.signing.store import find_shown, forget_shown, note_shown

__all__ = ["claim_code"]

REMEMBERED: Final = timedelta(days=400)
"""Longer than any late fact is taken: after that no code of the time is good any more."""


async def claim_code(tx: Tx, token: str, code: Code, *, source: str, id: str) -> None:  # noqa: A002 - its own word
    """Note by which activity a code uses points. Told again of the same one, it changes nothing.

    Raises CodeReplayed where another activity was first. Commit it before the activity is recorded: one that is
    refused has used its code all the same, and may be sent again under its own name.
    """
    name = sha256(token.encode()).digest()
    await note_shown(tx, name, source=source, id=id, issued_at=code.issued_at)
    if await find_shown(tx, name) != (source, id):
        message = "Points were used by this code before. Ask the member for the next one: it comes every 30 seconds."
        raise CodeReplayed(message)
    await forget_shown(tx, before=code.issued_at - REMEMBERED)
