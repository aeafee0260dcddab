"""What an engine must do, and which one is used: the first that is installed.

An engine gets expressions that were read, checked and written anew here. It only works them out; it never sees what an
author typed.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final, Literal, Protocol, TypeAlias, cast

from regulars.base.errors import Refusal
from regulars.kernel.program.conditions.shapes import Field

__all__ = [
    "ENGINES",
    "FAILURES",
    "STEPS_MAX",
    "Bound",
    "ConditionFailed",
    "Dialect",
    "Engine",
    "EngineMissing",
    "Failure",
    "Program",
    "find_engines",
    "open_engine",
]

STEPS_MAX: Final = 10_000
"""Turns of all loops of one judgement together."""

Failure = Literal[
    "bad_value", "budget_exceeded", "divided_by_zero", "missing_key", "out_of_range", "overflow", "wrong_type"
]
FAILURES: Final[Mapping[Failure, str]] = {
    "bad_value": "it met a value that it cannot use",
    "budget_exceeded": "its loops turned too often",
    "divided_by_zero": "it divided by zero",
    "missing_key": "it named an entry that is not there",
    "out_of_range": "its result is too large a number",
    "overflow": "a number in it grew too large",
    "wrong_type": "a value in it is not of the kind that was expected",
}


class ConditionFailed(Refusal):
    """A condition could not be judged for this basket. `why` is one of FAILURES; nothing was changed."""

    code, kind = "condition_failed", "invalid"

    def __init__(self, why: Failure) -> None:
        super().__init__(f"The condition could not be judged: {FAILURES[why]}.", why=why)
        self.why: Failure = why


class EngineMissing(Refusal):
    """No engine for expressions is installed, or not the one that was asked for."""

    code, kind = "expression_engine_missing", "unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """Where an engine needs other words than CEL's."""

    counts_turns: bool
    """It has no budget of its own: before a loop stands `tick(…)`, which is told how often it turns at most."""
    counts_bytes: bool
    """Its size of text is in bytes: it is written `length(…)`."""


Bound: TypeAlias = Any
"""Values as one engine holds them: nobody else can read it."""


class Program(Protocol):
    """One expression, ready to run."""

    def run(self, bound: Bound) -> object:
        """Work it out for what `bind` gave. Raises ConditionFailed, and nothing else."""
        ...


class Engine(Protocol):
    """An engine that knows the fields of one environment."""

    name: str
    dialect: Dialect

    def compile(self, code: str) -> Program:
        """Prepare an expression that was checked. Raises ValueError when the engine will not have it."""
        ...

    def bind(self, values: Mapping[str, object]) -> Bound:
        """Prepare the values of some fields, by name, for any number of runs. Raises ConditionFailed."""
        ...


ENGINES: Final[Mapping[str, tuple[str, str]]] = {
    "google": ("cel_expr_python", "regulars.kernel.program.conditions.google"),
    "rust": ("cel", "regulars.kernel.program.conditions.rust"),
}
"""By name, the preferred first: the package that it needs, and the module that speaks to it."""


@cache
def find_engines() -> tuple[str, ...]:
    """Name the engines that are installed, the preferred first."""
    return tuple(name for name, (package, _) in ENGINES.items() if find_spec(package) is not None)


def open_engine(fields: Iterable[Field], name: str | None = None) -> Engine:
    """Set up an engine for these fields: the one that is named, or the preferred. Raises EngineMissing."""
    installed = find_engines()
    if name is None and installed:
        name = installed[0]
    if name is None or name not in installed:
        raise EngineMissing(
            f"The engine for conditions {name or ''} is not installed; install one of: "
            + ", ".join(package for package, _ in ENGINES.values()),
            engine=name,
        )
    module = import_module(ENGINES[name][1])
    make = cast("Callable[[Iterable[Field]], Engine]", module.open_engine)
    return make(fields)
