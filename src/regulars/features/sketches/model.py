"""A sketch, its pages, and what keeps two people from undoing each other's work. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.base.errors import Refusal

__all__ = [
    "PAGES_MAX",
    "SKETCHES_MAX",
    "TEXT_MAX",
    "Page",
    "Sketch",
    "SketchChanged",
    "SketchUnknown",
    "SketchesFull",
    "Told",
]

TEXT_MAX: Final = 1024 * 1024
"""Characters of one programme."""
SKETCHES_MAX: Final = 200
PAGES_MAX: Final = 100
"""Pages that are kept of one sketch; older ones go."""


class SketchUnknown(Refusal):
    """There is no such sketch of a programme, or it has not this page any more."""

    code, kind = "sketch_unknown", "not_found"


class SketchChanged(Refusal):
    """Somebody else has changed the sketch since you read it."""

    code, kind = "sketch_changed", "conflict"


class SketchesFull(Refusal):
    """There are as many sketches as may be."""

    code, kind = "sketches_full", "conflict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What somebody writes down."""

    text: str
    """The programme as it is now, in YAML or JSON; it need not be valid yet."""
    note: str
    by: str
    """Who it is, in words for people."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """A programme that is being worked on, without its text."""

    id: UUID
    name: str
    page: int
    """The number of its last page: one more for each change."""
    base: str
    """Hash of the version from which it began; empty: from nothing."""
    drafted: str
    """Hash of the version that was made of it last; empty: none yet."""
    begun_by: str
    begun_at: datetime
    changed_by: str
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """How a sketch was after one change."""

    number: int
    text: str
    note: str
    by: str
    at: datetime
