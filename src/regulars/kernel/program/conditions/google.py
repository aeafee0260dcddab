"""Google's own CEL, in C++: the preferred engine. It has a budget for loops and limits for depth and size."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from cel_expr_python import cel  # pyright: ignore[reportMissingTypeStubs] - its types lie beside it, unmarked

from regulars.kernel.nouns import AMOUNT_MAX
from regulars.kernel.program.conditions.engine import ConditionFailed, Dialect, Failure
from regulars.kernel.program.conditions.shapes import (
    Field,
    ListOf,
    MapOf,
    Record,
    Shape,
    Span,
    Text,
    Time,
    Truth,
    Whole,
)

__all__ = ["open_engine"]

SIGNS: Final[tuple[tuple[str, Failure], ...]] = (
    ("divide by zero", "divided_by_zero"),
    ("modulus by zero", "divided_by_zero"),
    ("overflow", "overflow"),
    ("Key not found", "missing_key"),
    ("Index error", "missing_key"),
    ("No matching overloads", "wrong_type"),
    ("Iteration budget exceeded", "budget_exceeded"),
)
"""What its messages say, and what that means. Most errors come back as values, and say nothing but their text."""


def open_engine(fields: Iterable[Field]) -> "_Google":
    """Set up the engine for these fields."""
    variables: dict[str, cel.Type] = {}
    for field in fields:
        variables[field.name] = _declare(field.shape)
        variables[field.asked] = cel.Type.BOOL
    numbers = [cel.Type.INT, cel.Type.INT]
    functions = [
        _define("sum", [cel.Type.List(cel.Type.DYN)], _add_up),
        _define("min", numbers, min),
        _define("max", numbers, max),
    ]
    return _Google(cel.NewEnv(variables=variables, functions=functions))


def _define(name: str, parameters: list[cel.Type], work: Callable[..., int]) -> cel.FunctionDecl:
    return cel.FunctionDecl(
        name, [cel.Overload(f"regulars_{name}", return_type=cel.Type.INT, parameters=parameters, impl=work)]
    )


SINGLE: Final[Mapping[type[Shape], cel.Type]] = {
    Whole: cel.Type.INT,
    Text: cel.Type.STRING,
    Truth: cel.Type.BOOL,
    Time: cel.Type.TIMESTAMP,
    Span: cel.Type.DURATION,
}


def _declare(shape: Shape) -> cel.Type:
    if isinstance(shape, ListOf):
        return cel.Type.List(_declare(shape.of))
    if isinstance(shape, MapOf):
        return cel.Type.Map(cel.Type.STRING, _declare(shape.of))
    if isinstance(shape, Record):
        return cel.Type.Map(cel.Type.STRING, cel.Type.DYN)
    return SINGLE.get(type(shape), cel.Type.DYN)


def _add_up(numbers: list[int]) -> int:
    total = sum(numbers)
    if abs(total) > AMOUNT_MAX:
        raise OverflowError("integer overflow")
    return total


class _Google:
    """The engine for one environment."""

    __slots__ = ("dialect", "env", "name")

    def __init__(self, env: cel.Env) -> None:
        self.name = "google"
        self.dialect = Dialect(counts_turns=False, counts_bytes=False)
        self.env = env

    def compile(self, code: str) -> "_Program":
        try:
            return _Program(self.env.compile(code))
        except RuntimeError as problem:
            raise ValueError(str(problem)) from problem

    def bind(self, values: Mapping[str, object]) -> cel.Activation:
        try:
            return self.env.Activation(values)
        except (RuntimeError, TypeError, ValueError) as problem:
            raise ConditionFailed("bad_value") from problem


class _Program:
    """One expression, compiled."""

    __slots__ = ("expression",)

    def __init__(self, expression: cel.Expression) -> None:
        self.expression = expression

    def run(self, bound: cel.Activation) -> object:
        try:
            result = self.expression.eval(bound)
            value: object = result.value()
        except (RuntimeError, TypeError, ValueError) as problem:
            raise ConditionFailed(_read_error(str(problem))) from problem
        # An error is a value too, and what it holds is text.
        if isinstance(value, str) and result.type() == cel.Type.ERROR:
            raise ConditionFailed(_read_error(value))
        return value


def _read_error(text: str) -> Failure:
    for sign, failure in SIGNS:
        if sign in text:
            return failure
    return "bad_value"
