"""What of this room is made with a master key: nothing."""

from typing import Final

from regulars.base.rewrap import Made

__all__ = ["APART", "MADE"]

MADE: Final[tuple[Made, ...]] = ()
APART: Final = {
    "activity.key.digest": "SHA-256 of a body: it is only compared.",
    "activity.journal.seal": "SHA-256 over what was written.",
    "activity.archive.digest": "SHA-256 over seals.",
    "activity.archive.file_digest": "SHA-256 of a file.",
    "activity.archived.seal": "SHA-256 over what was written.",
    "activity.personal.salt": "Random.",
    "activity.personal.cipher": "Sealed under the member's own key.",
}
