"""Rows that break a rule. Each room keeps queries that find its own; this runs them.

In `proofs.sql`, `fault_i2_balance` finds rows that break rule I2, each as a `sentence` for people. In
`fingerprints.sql`, `fingerprint_…` sums up the same facts as another room's, by owner, so that the rooms' numbers can
be laid side by side; `counts` says how many rows there are, and `owners` whose they are.
"""

from collections.abc import Mapping
from importlib.resources import files
from typing import Final
from uuid import UUID

from msgspec import Struct

from regulars.base.db import Read, Record
from regulars.base.sql import Queries, parse

__all__ = ["Fault", "Fingerprint", "Fingerprints", "Proofs"]

FILE_NAMES: Final = ("proofs.sql", "fingerprints.sql")
PREFIX: Final = "fault_"
SUFFIX: Final = "_mark"


class Fault(Struct, frozen=True, kw_only=True):
    """One row, or one owner's rows, of which something that must be true is not."""

    code: str
    """Room, rule and word, such as `ledger_i2_balance`."""
    rule: str
    """Number of the rule that is broken, such as `I2`."""
    sentence: str
    """What is wrong with which row. Ids and amounts only, nothing personal."""


class Fingerprint(Struct, frozen=True, kw_only=True, gc=False):
    """A number of facts, and a sum over them that other facts are most unlikely to have, in whatever order."""

    count: int
    mark: int


Fingerprints = Mapping[str, Mapping[UUID, Fingerprint]]
"""By name of the fact, then by owner."""


class Proofs:
    """The proofs of one room: `package` is where its `proofs.sql` and `fingerprints.sql` lie."""

    def __init__(self, package: str) -> None:
        texts = [(files(package) / name).read_text(encoding="utf-8") for name in FILE_NAMES]
        self.room: Final = package.rpartition(".")[2]
        self.queries: Final[Queries] = parse("\n".join(texts), source=f"{package}/{FILE_NAMES[0]}")

    @property
    def names(self) -> tuple[str, ...]:
        """What can be found, as codes of faults, in the order of the file."""
        found = (name for name in self.queries.names if name.startswith(PREFIX))
        return tuple(f"{self.room}_{name.removeprefix(PREFIX)}" for name in found)

    async def find_faults(self, read: Read, *, most: int, **given: object) -> list[Fault]:
        """Find the room's faults, at most `most` of each code. What is `given` goes to the queries that ask for it."""
        return [fault for code in self.names for fault in await self.find(read, code, most=most, **given)]

    async def find(self, read: Read, code: str, *, most: int, **given: object) -> list[Fault]:
        """Find the faults of one code."""
        word = code.removeprefix(f"{self.room}_")
        rows = await self._rows(read, PREFIX + word, {"most": most, **given})
        rule = word.partition("_")[0].upper()
        return [Fault(code=code, rule=rule, sentence=row["sentence"]) for row in rows]

    async def fingerprints(self, read: Read, name: str, **given: object) -> Fingerprints:
        """Run a query that gives, for each owner, the columns `fact` and `fact_mark` of one fact or several."""
        found: dict[str, dict[UUID, Fingerprint]] = {}
        for row in await self._rows(read, f"fingerprint_{name}", given):
            (_, owner), *columns = row.items()
            for (fact, count), (column, mark) in zip(columns[::2], columns[1::2], strict=True):
                assert column == fact + SUFFIX, f"fingerprint_{name} gives {column} after {fact}"
                marks = found.setdefault(fact, {})
                if count:
                    marks[owner] = Fingerprint(count=int(count), mark=int(mark))
        return found

    async def count_rows(self, read: Read) -> dict[str, int]:
        """Count the rows of each table."""
        return {row["name"]: row["count"] for row in await self._rows(read, "counts", {})}

    async def list_owners(self, read: Read) -> set[UUID]:
        """List whose rows the room keeps."""
        return {row[0] for row in await self._rows(read, "owners", {})}

    async def _rows(self, read: Read, query: str, given: Mapping[str, object]) -> list[Record]:
        asked = self.queries.parameters(query)
        return await self.queries.rows(read, query, **{name: given[name] for name in asked})
