"""The small types that a document is written in: names, counts, days."""

from collections.abc import Mapping
from typing import Annotated, Final

from msgspec import Meta

from regulars.kernel.nouns import AMOUNT_MAX

__all__ = [
    "DAYS_MAX",
    "LANGUAGES",
    "MONTHS_MAX",
    "Count",
    "Days",
    "Id",
    "Months",
    "Names",
    "Positive",
    "Rank",
    "Word",
]

LANGUAGES: Final = ("en", "zh-CN")
"""The languages that every name must be given in. More are welcome."""
DAYS_MAX: Final = 36_500
MONTHS_MAX: Final = 1_200

# The look-ahead refuses a newline at the end, which `$` alone lets pass in Python.
Id = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9_.-]*$(?!\n)")]
"""A short machine name: lower case, starts with a letter."""
Word = Annotated[str, Meta(min_length=1, max_length=200)]
Count = Annotated[int, Meta(ge=0, le=AMOUNT_MAX)]
Positive = Annotated[int, Meta(ge=1, le=AMOUNT_MAX)]
Days = Annotated[int, Meta(ge=0, le=DAYS_MAX)]
Months = Annotated[int, Meta(ge=1, le=MONTHS_MAX)]
Rank = Annotated[int, Meta(ge=-1000, le=1000)]
Names = Annotated[
    Mapping[Annotated[str, Meta(max_length=35)], Word],
    Meta(
        description="What people read, by language. English and simplified Chinese are required.",
        extra_json_schema={"required": list(LANGUAGES)},
    ),
]
