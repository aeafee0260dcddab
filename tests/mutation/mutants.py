"""What a mutant is: one small deliberate mistake in the text of a room, which some test has to notice."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

__all__ = ["Mutant", "name_apart"]


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One mistake. The mutated text itself is made anew from `path` and `place` when it is asked for."""

    path: str
    """Of the file, from the root of the repository."""
    where: str
    """The function by its dotted name within the file, or the query."""
    mistake: str
    """What kind of mistake it is, such as `comparison`."""
    change: str
    """What stood there, and what stands there now, in one line."""
    lines: tuple[int, int]
    """The first and last line of what is changed."""
    place: tuple[int, int]
    """Number of the node or token in the file, and of the mistake among those made there."""
    at_import: bool = False
    """It takes effect when the module is imported, not when the function is called."""
    nth: int = 1
    """The same change is made so often in this function before: names stay unique."""

    @property
    def name(self) -> str:
        """What names it in the list of survivors; it does not move when lines do."""
        again = f" #{self.nth}" if self.nth > 1 else ""
        return f"{self.path.removeprefix('src/regulars/kernel/')} · {self.where} · {self.change}{again}"


def name_apart(mutants: Iterable[Mutant]) -> list[Mutant]:
    """Number those that would otherwise have the same name."""
    seen: Counter[str] = Counter()
    apart: list[Mutant] = []
    for mutant in mutants:
        seen[mutant.name] += 1
        apart.append(replace(mutant, nth=seen[mutant.name]))
    return apart
