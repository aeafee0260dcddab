"""Texts of strangers, compiled and tried in a child process whose memory and time are bounded.

Everything that is known to grow without end is refused before an engine sees it. This is the wall behind that one: what
nobody thought of kills a child, and not the server.
"""

import resource
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec
from msgspec import Struct

from regulars.kernel.nouns import LINES_MAX
from regulars.kernel.program.conditions.condition import Gives, compile_condition
from regulars.kernel.program.conditions.engine import ConditionFailed
from regulars.kernel.program.conditions.shapes import ListOf, Record, Scalar, Shape, Text, Time, Truth, Whole
from regulars.kernel.program.conditions.view import Environment, View, make_environment
from regulars.kernel.program.conditions.words import ConditionInvalid
from regulars.kernel.program.model import Problem

__all__ = ["MEMORY_BYTES_MAX", "Order", "answer", "vet_conditions"]

MEMORY_BYTES_MAX: Final = 512 * 1024**2
"""Address space of the child, of which the interpreter with an engine takes about a fifth."""
CPU_SECONDS_MAX: Final = 3
"""For one text."""
WAIT_SECONDS_MAX: Final = 60
DEATHS_MAX: Final = 3
"""Children that may die of one list of texts before the rest is refused unread."""
MODULE: Final = "regulars.kernel.program.conditions"
TEXT_LETTERS: Final = 64
FEW: Final = 20

Texts = Sequence[tuple[str, Gives]]


class Order(Struct, frozen=True, kw_only=True):
    """What the child is told."""

    roots: dict[str, Shape]
    engine: str
    texts: tuple[tuple[str, Gives], ...]


def vet_conditions(environment: Environment, texts: Texts) -> list[tuple[Problem, ...]]:
    """Find what is wrong with each text, in a child process; nothing is an empty tuple. It blocks for seconds."""
    found: list[tuple[Problem, ...]] = []
    deaths = 0
    while len(found) < len(texts) and deaths < DEATHS_MAX:
        answers, alive = _ask_child(environment, texts[len(found) :])
        found += answers
        if len(found) < len(texts):
            assert not alive, "a child that ends well has answered everything"
            deaths += 1
            found.append(
                (Problem(message="checking this takes more memory or time than is allowed", line=1, column=1),)
            )
    unread = Problem(message="this was not checked: too many others could not be checked", line=1, column=1)
    return [*found, *[(unread,)] * (len(texts) - len(found))]


def _ask_child(environment: Environment, texts: Texts) -> tuple[list[tuple[Problem, ...]], bool]:
    """Let a child answer as far as it comes, and say whether it came to the end."""
    order = Order(roots=dict(environment.roots), engine=environment.engine.name, texts=tuple(texts))
    try:
        child = subprocess.run(  # noqa: S603 - this very interpreter, with a module of ours
            [sys.executable, "-m", MODULE],
            input=msgspec.json.encode(order),
            capture_output=True,
            check=False,
            timeout=WAIT_SECONDS_MAX,
        )
        written, alive = child.stdout, child.returncode == 0
    except subprocess.TimeoutExpired as problem:
        written, alive = problem.stdout or b"", False
    # The last line of a child that died may be half of one.
    lines = written.split(b"\n")[:-1]
    return [msgspec.json.decode(line, type=tuple[Problem, ...]) for line in lines], alive


def answer() -> None:
    """Be the child: take an order from standard input, and write a line of problems for each text as it is done."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    environment = make_environment(order.roots, engine=order.engine)
    samples = {path: _make_sample(field.shape) for path, field in environment.fields.items()}
    for text, gives in order.texts:
        used = resource.getrusage(resource.RUSAGE_SELF)
        until = int(used.ru_utime + used.ru_stime) + 1 + CPU_SECONDS_MAX
        resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))
        sys.stdout.buffer.write(msgspec.json.encode(_vet(text, gives, View(environment, samples.get))) + b"\n")
        sys.stdout.buffer.flush()


def _vet(text: str, gives: Gives, view: View) -> tuple[Problem, ...]:
    try:
        condition = compile_condition(text, view.environment, gives=gives)
    except ConditionInvalid as problem:
        return problem.problems
    try:
        condition.judge(view)
    except ConditionFailed as problem:
        # Any other failure is about the sample; this one is about the size that a basket may have.
        if problem.why == "budget_exceeded":
            message = f"its loops turn too often for a basket of {LINES_MAX} lines"
            return (Problem(message=message, line=1, column=1),)
    return ()


SAMPLES: Final[Mapping[type[Shape], object]] = {
    Whole: 10_000,
    Scalar: 10_000,
    Truth: True,
    Time: datetime(2100, 1, 1, tzinfo=UTC),
}


def _make_sample(shape: Shape) -> object:
    """A value of a shape, as large as they come."""
    if isinstance(shape, Text):
        return max(shape.values, key=len, default="x" * TEXT_LETTERS)
    if isinstance(shape, Record):
        return {name: _make_sample(inner) for name, inner in shape.fields.items()}
    if isinstance(shape, ListOf):
        return [_make_sample(shape.of) for _ in range(LINES_MAX if isinstance(shape.of, Record) else FEW)]
    return SAMPLES.get(type(shape))
