"""What the deal says: a programme written as a document, its versions, and the pure fold that rules by it."""

from regulars.kernel.program.days import Calendar
from regulars.kernel.program.document import content_hash, decode, dump, encode, parse
from regulars.kernel.program.lines import Choice, Exclusion, Picker, Selection, Word, Words, refer
from regulars.kernel.program.mechanics import Mechanic, MechanicBroken, References, find_mechanics
from regulars.kernel.program.model import (
    LANGUAGES,
    UNTIL_EVENT,
    Document,
    Names,
    NoProgram,
    PointsOverflow,
    Problem,
    ProgramInvalid,
)
from regulars.kernel.program.plan import BoundCurrency, BoundOffer, MemoryUnreadable, Plan, compile_plan
from regulars.kernel.program.rule import RETURN, rule
from regulars.kernel.program.schema import schema
from regulars.kernel.program.shares import rescale, spread
from regulars.kernel.program.store import (
    Published,
    Release,
    Releases,
    Versions,
    find_damaged,
    memories,
    publish,
    save_memories,
)

__all__ = [
    "LANGUAGES",
    "RETURN",
    "UNTIL_EVENT",
    "BoundCurrency",
    "BoundOffer",
    "Calendar",
    "Choice",
    "Document",
    "Exclusion",
    "Mechanic",
    "MechanicBroken",
    "MemoryUnreadable",
    "Names",
    "NoProgram",
    "Picker",
    "Plan",
    "PointsOverflow",
    "Problem",
    "ProgramInvalid",
    "Published",
    "References",
    "Release",
    "Releases",
    "Selection",
    "Versions",
    "Word",
    "Words",
    "compile_plan",
    "content_hash",
    "decode",
    "dump",
    "encode",
    "find_damaged",
    "find_mechanics",
    "memories",
    "parse",
    "publish",
    "refer",
    "rescale",
    "rule",
    "save_memories",
    "schema",
    "spread",
]
