"""CEL in Rust: the second engine, for machines that the first has no build for.

It checks no types and bounds no loops, so both are done before it: the types when an expression is saved, the loops by
`tick`, which stands before each loop and is told how often it may turn.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import cel

from regulars.kernel.nouns import AMOUNT_MAX
from regulars.kernel.program.conditions.engine import STEPS_MAX, ConditionFailed, Dialect, Failure
from regulars.kernel.program.conditions.shapes import Field

__all__ = ["open_engine"]

FAULTS: Final[tuple[tuple[type[Exception], Failure], ...]] = (
    (ZeroDivisionError, "divided_by_zero"),
    (OverflowError, "overflow"),
    (KeyError, "missing_key"),
    (IndexError, "missing_key"),
    (TypeError, "wrong_type"),
)


def open_engine(fields: Iterable[Field]) -> "_Rust":
    """Set up the engine. It needs no fields beforehand: it learns what there is from the values."""
    assert all(field.name for field in fields), "a field has a name"
    return _Rust()


class _Meter:
    """Counts the turns of one run, and remembers what stopped it. Not a value."""

    __slots__ = ("failure", "turns")

    def __init__(self) -> None:
        self.turns = 0
        self.failure: Failure | None = None

    def tick(self, turns: int) -> bool | None:
        """Let a loop make so many turns at most, or stop it: None is no answer to `may it?`, and so the run fails."""
        self.turns += turns
        if self.turns <= STEPS_MAX:
            return True
        # Raising here would write to the log of the engine; this way it fails all the same.
        self.failure = "budget_exceeded"
        return None

    def add_up(self, numbers: list[int]) -> int | None:
        total = sum(numbers)
        if abs(total) <= AMOUNT_MAX:
            return total
        self.failure = "overflow"
        return None


class _Bound:
    """Values of one basket, with the meter of the run that uses them."""

    __slots__ = ("context", "meter")

    def __init__(self, values: Mapping[str, object]) -> None:
        self.meter = _Meter()
        functions: dict[str, Callable[..., Any]] = {
            "length": len,
            "max": max,
            "min": min,
            "sum": self.meter.add_up,
            "tick": self.meter.tick,
        }
        self.context = cel.Context(dict(values), functions)


class _Rust:
    """The engine."""

    __slots__ = ("dialect", "name")

    def __init__(self) -> None:
        self.name = "rust"
        self.dialect = Dialect(counts_turns=True, counts_bytes=True)

    def compile(self, code: str) -> "_Program":
        return _Program(cel.compile(code))

    def bind(self, values: Mapping[str, object]) -> _Bound:
        try:
            return _Bound(values)
        except (RuntimeError, TypeError, ValueError, OverflowError) as problem:
            raise ConditionFailed("bad_value") from problem


class _Program:
    """One expression, compiled."""

    __slots__ = ("program",)

    def __init__(self, program: cel.Program) -> None:
        self.program = program

    def run(self, bound: _Bound) -> object:
        meter = bound.meter
        meter.turns, meter.failure = 0, None
        try:
            return self.program.execute(bound.context)
        except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError) as problem:
            raise ConditionFailed(meter.failure or _read_fault(problem)) from problem


def _read_fault(problem: Exception) -> Failure:
    # A method of text that is asked of a number is, to this engine, a function that does not exist.
    if isinstance(problem, RuntimeError) and "Undefined variable or function" in str(problem):
        return "wrong_type"
    for kind, failure in FAULTS:
        if isinstance(problem, kind):
            return failure
    return "bad_value"
