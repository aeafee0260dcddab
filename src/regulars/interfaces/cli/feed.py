"""Activities on their way in from files or data sets, in batches, each with the place it was read from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from regulars.base.errors import Refusal
from regulars.kernel.nouns import Activity

__all__ = ["Batch", "Broken", "Feed", "RowInvalid"]


class RowInvalid(Refusal):
    """A row of a file is no activity."""

    code, kind = "row_invalid", "invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """Something that could not be read as an activity, and the line (or row) where it stands, from 1."""

    line: int
    refusal: Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Activities in time order, the line where each begins, and what stood between them that is none."""

    facts: Sequence[Activity]
    lines: Sequence[int]
    broken: Sequence[Broken] = ()
    read: int
    """How much of the feed's `total` has been read, this batch included."""


class Feed(Protocol):
    """Where activities come from."""

    @property
    def total(self) -> int:
        """How much there is to read, in `unit`."""
        ...

    @property
    def unit(self) -> str:
        """What `total` counts: `baskets`, `rows` or `bytes`."""
        ...

    def batches(self, size: int) -> Iterator[Batch]:
        """Read once, from the start, at most `size` activities at a time."""
        ...
