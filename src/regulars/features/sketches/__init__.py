"""Programmes that are being worked on: several people edit one, nobody's work is lost, and at the end it is drafted."""

from regulars.features.sketches.edit import begin_sketch, discard_sketch, note_drafted, write_sketch
from regulars.features.sketches.model import (
    SKETCHES_MAX,
    TEXT_MAX,
    Page,
    Sketch,
    SketchChanged,
    SketchesFull,
    SketchUnknown,
    Told,
)
from regulars.features.sketches.store import find_page, find_sketch, list_pages, list_sketches

__all__ = [
    "SKETCHES_MAX",
    "TEXT_MAX",
    "Page",
    "Sketch",
    "SketchChanged",
    "SketchUnknown",
    "SketchesFull",
    "Told",
    "begin_sketch",
    "discard_sketch",
    "find_page",
    "find_sketch",
    "list_pages",
    "list_sketches",
    "note_drafted",
    "write_sketch",
]
