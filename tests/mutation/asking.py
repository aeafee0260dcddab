"""Ask the tests about mutants, in one pytest that has them all: a fork for each mutant, the likeliest tests first."""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from tests.mutation import python
from tests.mutation.forks import ask_apart, run_items
from tests.mutation.mutants import Mutant
from tests.mutation.queries import mutate
from tests.mutation.reach import Reach, learn, reaches, recall

__all__ = ["Answer", "Asking"]

SECONDS_OVER: Final = 20
"""A mutant may take three times as long as the tests take without it, and so much more."""
KILLERS_MAX: Final = 15
"""Tests that killed mutants of the same file lately, and are asked before others."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one mutant."""

    name: str
    mistake: str
    killed_by: str
    """The test that noticed, or what else did; "" where none did."""
    asked: int
    """How many tests were chosen."""
    seconds: float


class Asking:
    """A plugin that runs no tests of its own accord, but those that reach a mistake, for each mutant."""

    def __init__(
        self, mutants: Sequence[Mutant], *, memory: Path, seconds_max: float, tell: Callable[[Mutant, Answer], None]
    ) -> None:
        self.mutants = mutants
        self.memory = memory
        self.seconds_max = seconds_max
        self.tell = tell
        self.reach: dict[str, Reach] = {}
        self.killers: dict[str, list[str]] = defaultdict(list)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Learn what reaches what; then ask about each mutant."""
        items = {item.nodeid: item for item in session.items}
        self.reach = learn(items, self.memory)

        def ask(mutant: Mutant, names: Sequence[str]) -> str:
            put_into_place(mutant)
            return run_items([items[name] for name in names])

        for mutant in self.mutants:
            self.tell(mutant, self.ask_with(mutant, ask))
        return True

    def ask_with(self, mutant: Mutant, ask: Callable[[Mutant, Sequence[str]], str]) -> Answer:
        """Ask the tests that reach the mistake, in a fork, in this way."""
        began = time.monotonic()
        names = self.choose(mutant)
        usual = sum(self.reach[name].seconds for name in names)
        killed_by = ask_apart(lambda: ask(mutant, names), usual * 3 + SECONDS_OVER) if names else ""
        if killed_by in self.reach:
            self.killers[mutant.path].insert(0, killed_by)
        return Answer(
            name=mutant.name,
            mistake=mutant.mistake,
            killed_by=killed_by,
            asked=len(names),
            seconds=round(time.monotonic() - began, 2),
        )

    def remember(self) -> None:
        """Take from the file what was learnt in another process."""
        self.reach = recall(self.memory)

    def choose(self, mutant: Mutant) -> list[str]:
        """The tests that reach it: recent killers first, then the fastest, as many as there is time for."""
        recent = self.killers[mutant.path]
        ranks = {name: recent.index(name) for name in set(recent[:KILLERS_MAX])}
        reaching = sorted(
            (
                name
                for name, reach in self.reach.items()
                if reaches(reach, mutant.path, mutant.where, None if mutant.at_import else mutant.lines)
            ),
            key=lambda name: (ranks.get(name, KILLERS_MAX), self.reach[name].seconds),
        )
        chosen: list[str] = []
        left = self.seconds_max
        for name in reaching:
            left -= self.reach[name].seconds
            if chosen and left < 0:
                break
            chosen.append(name)
        return chosen


def put_into_place(mutant: Mutant) -> None:
    """Make the mistake, in this process only."""
    if not mutant.path.endswith(".sql"):
        python.put_into_place(mutant)
        return
    from regulars.base import sql  # noqa: PLC0415 - within the child
    from regulars.kernel import ledger, limits  # noqa: PLC0415
    from regulars.kernel.ledger.money.store import QUERIES  # noqa: PLC0415

    assert ledger
    assert limits
    room, _, file = mutant.path.removeprefix("src/").rpartition("/")
    living: Any = QUERIES if file == "money.sql" else sql.load(room.replace("/", "."))
    assert living.source == f"{room.replace('/', '.')}/{file}"
    living._queries = sql.parse(mutate(mutant), source=living.source)._queries  # noqa: SLF001 - that is the mistake
