"""`python -m tests.mutation`: make mutants of ledger and limits, and ask the tests about each. See docs/mutation.md."""

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Final

import msgspec
import pytest

from tests.mutation import python, queries, rows
from tests.mutation.asking import Answer, Asking
from tests.mutation.forks import NO_ANSWER, ask_apart, run_items
from tests.mutation.mutants import Mutant
from tests.mutation.reach import ROOMS, ROOT, list_rooms
from tests.mutation.report import judge, read_reasons, tabulate

FOLDER: Final = Path(tempfile.gettempdir()) / f"regulars-mutants-{os.getuid()}"
TESTS: Final = (
    "tests/ledger", "tests/limits", "tests/money", "tests/spine", "tests/http/test_members.py",
    "tests/http/test_activities.py", "tests/invariants",
)  # fmt: skip
"""Tests that come to the rooms in the process that has the mutant in it: neither the command line nor the faults."""
LEFT_OUT: Final = tuple(f"tests/invariants/test_{name}.py" for name in ("check", "proofs", "model", "history"))
"""The first two judge rows and not what makes them; the others take a minute each, too long to ask a thousand times."""
SQL_FILES: Final = ("queries.sql", "money.sql")
# Of what failed only the name is asked.
PYTEST: Final = (
    "-q",
    "--tb=no",
    "--assert=plain",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:xdist",
    "--rootdir",
    str(ROOT),
    "-W",
    "ignore",
)


def main() -> int:
    """Ask, write down, and say what survived."""
    wanted = read_arguments()
    os.chdir(ROOT)
    FOLDER.mkdir(exist_ok=True)
    results = Results(FOLDER / "results.json")
    every = list_all()
    mutants = [mutant for mutant in every if not wanted.only or any(part in mutant.name for part in wanted.only)]
    if wanted.survivors:
        mutants = [mutant for mutant in mutants if not results.killed(mutant)]
    if wanted.new:
        mutants = [mutant for mutant in mutants if mutant.name not in results.answers]
    # In no order, so that a run that is stopped has asked about a fair sample.
    random.Random(wanted.seed).shuffle(mutants)  # noqa: S311 - the same each time
    mutants = mutants[: wanted.sample or None]
    if wanted.list:
        print(*(mutant.name for mutant in mutants), sep="\n")  # noqa: T201
        return 0
    if not wanted.report:
        ask_all(mutants, results, seconds_max=wanted.seconds)
    known = {mutant.name: results.answers[mutant.name] for mutant in mutants if mutant.name in results.answers}
    print(tabulate(mutants, known))  # noqa: T201
    return judge(mutants, known, read_reasons())


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("only", nargs="*", help="parts of names: only mutants whose name has one of them")
    parser.add_argument("--seconds", type=float, default=20, help="of tests for each mutant, by their usual time (20)")
    parser.add_argument("--survivors", action="store_true", help="only those that nobody noticed the last time")
    parser.add_argument("--new", action="store_true", help="only those that nobody was asked about")
    parser.add_argument("--sample", type=int, default=0, help="only so many, drawn by chance")
    parser.add_argument("--seed", type=int, default=1, help="of that chance (1)")
    parser.add_argument("--list", action="store_true", help="only say which there are")
    parser.add_argument("--report", action="store_true", help="only say what the last answers were")
    return parser.parse_args()


def list_all() -> list[Mutant]:
    """List every mutant there is: of Python, then of SQL."""
    files = [str(f.relative_to(ROOT)) for room in ROOMS for f in sorted((ROOT / room).glob("*.sql"))]
    found = [mutant for path in list_rooms() for mutant in python.list_mutants(path)]
    asked = [path for path in files if path.endswith(SQL_FILES)]
    return found + [mutant for path in asked for mutant in queries.list_mutants(path)]


class Results:
    """The last answer for each mutant, kept between runs."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.answers: dict[str, Answer] = {}
        self.read()

    def read(self) -> None:
        """Take up what was written, perhaps by another process."""
        if self.file.is_file():
            self.answers = msgspec.json.decode(self.file.read_bytes(), type=dict[str, Answer])

    def killed(self, mutant: Mutant) -> bool:
        """Whether some test noticed it the last time."""
        return mutant.name in self.answers and bool(self.answers[mutant.name].killed_by)

    def add(self, answer: Answer) -> None:
        """Keep an answer, at once: a run may be stopped at any moment."""
        self.answers[answer.name] = answer
        self.file.write_bytes(msgspec.json.encode(self.answers))


def ask_all(mutants: Sequence[Mutant], results: Results, *, seconds_max: float) -> None:
    """Ask about each mutant, on a server and databases that are gone afterwards."""
    from regulars.base import embedded  # noqa: PLC0415 - nothing of the kernel may be loaded before a mutant of it
    from tests import conftest  # noqa: PLC0415

    os.environ["REGULARS_TEST_MUTATION"] = str(os.getpid())
    server = embedded.start(conftest.FOLDER, options=conftest.FAST)
    os.environ["REGULARS_TEST_DATABASE_URL"] = server.url
    asyncio.run(conftest.drop_leftovers(server.url))
    template = asyncio.run(conftest.make_template(server.url))
    asyncio.run(rows.learn(server.url, template))
    rows.share_databases()
    try:
        ask_in_pytest(mutants, results, seconds_max)
    finally:
        asyncio.run(rows.drop_shared(server.url))
        embedded.release(server)


def ask_in_pytest(mutants: Sequence[Mutant], results: Results, seconds_max: float) -> None:
    began, done = time.monotonic(), 0

    def tell(_: Mutant, answer: Answer) -> None:
        nonlocal done
        done += 1
        results.add(answer)
        fate = f"killed by {answer.killed_by}" if answer.killed_by else f"SURVIVED {answer.asked} tests"
        spent = round(time.monotonic() - began)
        sys.__stderr__.write(f"{done}/{len(mutants)} {spent}s {answer.seconds:5.2f}s {fate}: {answer.name}\n")  # pyright: ignore[reportOptionalMemberAccess]

    memory = FOLDER / "reach.json"
    called = [mutant for mutant in mutants if not mutant.at_import]
    asking = Asking(called, memory=memory, seconds_max=seconds_max, tell=tell)
    # In a fork, so that nothing of the kernel is loaded here.
    ask_apart(lambda: str(pytest.main([*PYTEST, *find_tests()], plugins=[asking])), None, silent=False)
    asking.remember()
    results.read()
    for mutant in mutants:
        if mutant.at_import:
            tell(mutant, asking.ask_with(mutant, ask_at_import))


def find_tests() -> list[str]:
    ignored = [f"--ignore={path}" for path in LEFT_OUT]
    return [*ignored, *(path for path in TESTS if (ROOT / path).exists())]


class AskingOnce:
    """A plugin that runs the tests that it is given, up to the first that fails."""

    killed_by = NO_ANSWER

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run them."""
        self.killed_by = run_items(session.items)
        return True


def ask_at_import(mutant: Mutant, names: Sequence[str]) -> str:
    """Load everything anew, with the mistake in it, and ask."""
    put_into_import(mutant)
    asking = AskingOnce()
    pytest.main([*PYTEST, *names], plugins=[asking])
    return asking.killed_by


def put_into_import(mutant: Mutant) -> None:
    """From here on the module of the mutant is loaded with the mistake."""
    assert not any(name.startswith("regulars.kernel") for name in sys.modules)
    compiled, usual = python.compile_mutant(mutant), SourceFileLoader.get_code

    def get_code(self: SourceFileLoader, fullname: str) -> CodeType | None:
        return compiled if self.path == str(ROOT / mutant.path) else usual(self, fullname)

    SourceFileLoader.get_code = get_code


if __name__ == "__main__":
    sys.exit(main())
