"""Which test reaches which lines of the rooms, and which of their queries: learnt by running each once, watched."""

import ast
import hashlib
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any, Final

import msgspec
import pytest

from tests.mutation.forks import ask_apart, run_items

__all__ = ["ROOMS", "ROOT", "Reach", "learn", "list_rooms", "reaches", "recall"]

ROOT: Final = Path(__file__).parents[2]
ROOMS: Final = ("src/regulars/kernel/ledger", "src/regulars/kernel/limits")
LEARNING_SECONDS_MAX: Final = 1_800


class Reach(msgspec.Struct, kw_only=True):
    """What one test reaches, and how long it takes."""

    seconds: float
    """Below zero where it fails without any mistake."""
    lines: dict[str, set[int]]
    """By function, named by file, dotted name and digest: lines after its first. A change elsewhere moves nothing."""
    queries: set[str]
    """By room, file and name."""
    digest: str


def list_rooms() -> list[str]:
    """List the Python files of the rooms, from the root."""
    return sorted(str(file.relative_to(ROOT)) for room in ROOMS for file in (ROOT / room).rglob("*.py"))


@cache
def list_functions(path: str) -> dict[str, tuple[str, int, int]]:
    """List the functions of a file by dotted name: digest, first line, last line. Those within functions are parts."""
    text = (ROOT / path).read_text(encoding="utf-8")
    lines = text.splitlines()
    found: dict[str, tuple[str, int, int]] = {}
    waiting: list[tuple[str, ast.AST]] = [("", ast.parse(text))]
    while waiting:
        name, node = waiting.pop()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef):
                waiting.append((f"{name}{child.name}.", child))
            elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                first, last = child.lineno, child.end_lineno or child.lineno
                digest = hashlib.sha256("\n".join(lines[first - 1 : last]).encode()).hexdigest()[:12]
                found[name + child.name] = (digest, first, last)
    return found


def learn(items: Mapping[str, pytest.Item], memory: Path) -> dict[str, Reach]:
    """Tell what each test reaches. What was learnt before is kept, as long as the test's file is what it was.

    A test that fails although nothing is wrong is left out, loudly.
    """
    digests = {name: digest_of(name.partition("::")[0]) for name in items}
    notes = memory.with_suffix(".notes")
    # What a run that was stopped had learnt is not lost.
    known = {name: reach for name, reach in {**_read(memory), **_read_notes(notes)}.items() if name in items}
    known = {name: reach for name, reach in known.items() if digests[name] == reach.digest}
    new = [item for name, item in items.items() if name not in known or known[name].seconds < 0]
    if new:
        print(f"Learning what {len(new)} tests reach ...", flush=True)  # noqa: T201
        ask_apart(lambda: watch_all(new, digests, notes), LEARNING_SECONDS_MAX)
        known |= _read_notes(notes)
        notes.unlink()
    # Also when nothing is new: tests that are gone are forgotten.
    memory.write_bytes(msgspec.json.encode(known))
    for name, reach in known.items():
        if reach.seconds < 0:
            print(f"fails without any mistake, and is not asked: {name}", flush=True)  # noqa: T201
    return recall(memory)


def recall(memory: Path) -> dict[str, Reach]:
    """Tell what was learnt: of tests that succeed and reach something."""
    return {n: reach for n, reach in _read(memory).items() if reach.seconds >= 0 and (reach.lines or reach.queries)}


def reaches(reach: Reach, path: str, where: str, lines: tuple[int, int] | None) -> bool:
    """Whether a test gets to these lines of a function, or to a query; to anything in the file where there are none."""
    if path.endswith(".sql"):
        room, _, file = path.removeprefix("src/").rpartition("/")
        return f"{room.replace('/', '.')}/{file}:{where}" in reach.queries
    if lines is None or where not in list_functions(path):
        return any(name.startswith(f"{path}:") for name in reach.lines)
    digest, first, _ = list_functions(path)[where]
    known = reach.lines.get(f"{path}:{where}:{digest}")
    if known is None:
        # The function has changed since.
        return any(name.startswith(f"{path}:{where}:") for name in reach.lines)
    return not known.isdisjoint(range(lines[0] - first, lines[1] - first + 1))


def _read(memory: Path) -> dict[str, Reach]:
    return msgspec.json.decode(memory.read_bytes(), type=dict[str, Reach]) if memory.is_file() else {}


def digest_of(path: str) -> str:
    return hashlib.sha256((ROOT / path).read_bytes()).hexdigest()


def _read_notes(notes: Path) -> dict[str, Reach]:
    lines = notes.read_bytes().splitlines() if notes.is_file() else []
    return dict(msgspec.json.decode(line, type=tuple[str, Reach]) for line in lines)


def watch_all(items: Iterable[pytest.Item], digests: Mapping[str, str], notes: Path) -> str:
    """Run each test and write down, line by line, what it reached."""
    from regulars.base import sql  # noqa: PLC0415 - within the child

    lines: dict[str, set[int]] = defaultdict(set)
    queries: set[str] = set()
    find = sql.Queries._find  # noqa: SLF001 - no door leads there

    def find_watched(self: sql.Queries, name: str) -> sql.Query:
        queries.add(f"{self.source}:{name}")
        return find(self, name)

    sql.Queries._find = find_watched  # noqa: SLF001
    trace = make_tracer(lines)
    with notes.open("ab") as file:
        for item in items:
            lines.clear()
            queries.clear()
            began = time.monotonic()
            threading.settrace(trace)
            sys.settrace(trace)
            failed = run_items([item], stops=False)
            sys.settrace(None)
            threading.settrace(None)
            seconds = -1 if failed else round(time.monotonic() - began, 3)
            reach = Reach(seconds=seconds, lines=group_lines(lines), queries=queries, digest=digests[item.nodeid])
            file.write(msgspec.json.encode((item.nodeid, reach)) + b"\n")
            file.flush()
    return ""


def group_lines(lines: Mapping[str, set[int]]) -> dict[str, set[int]]:
    """Turn lines of files into lines of functions."""
    grouped: dict[str, set[int]] = {}
    for path, numbers in lines.items():
        for name, (digest, first, last) in list_functions(path).items():
            if inside := {number - first for number in numbers if first <= number <= last}:
                grouped[f"{path}:{name}:{digest}"] = inside
    return grouped


def make_tracer(lines: dict[str, set[int]]) -> Callable[[FrameType, str, Any], Any]:
    """Note each line that runs in the rooms; elsewhere look no closer than at calls."""
    files = {str(ROOT / path): path for path in list_rooms()}

    def note(frame: FrameType, event: str, _: object) -> Any:  # noqa: ANN401 - itself
        if event == "line":
            lines[files[frame.f_code.co_filename]].add(frame.f_lineno)
        return note

    def trace(frame: FrameType, _event: str, _: object) -> Any:  # noqa: ANN401 - what looks closer
        return note if frame.f_code.co_filename in files else None

    return trace
