"""What senders called their writes, and what was answered: a write sent again is answered again, and done once."""

from regulars.features.repeats.model import (
    KEPT,
    NAME_MAX,
    NAME_PATTERN,
    Answered,
    RepeatTooEarly,
    fingerprint,
)
from regulars.features.repeats.once import do_once

__all__ = [
    "KEPT",
    "NAME_MAX",
    "NAME_PATTERN",
    "Answered",
    "RepeatTooEarly",
    "do_once",
    "fingerprint",
]
