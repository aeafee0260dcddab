"""What one basket looks like to expressions: read once, and only what some expression names."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, cast

from regulars.kernel.program.conditions.engine import Bound, ConditionFailed, Engine, open_engine
from regulars.kernel.program.conditions.shapes import (
    Field,
    ListOf,
    MapOf,
    Scalar,
    Shape,
    Span,
    Text,
    Time,
    Truth,
    Whole,
    list_fields,
)

__all__ = ["LIST_MAX", "Environment", "Source", "View", "make_environment"]

LIST_MAX: Final = 2_000
"""Entries of one list. A basket has at most 500 lines."""

INTEGER_MAX: Final = 2**63 - 1
"""The largest number that engines know."""

Source = Callable[[str], object]
"""From the path of a field to its value; None where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Environment:
    """All that expressions of one kind may speak of, and the engine that is set up for it."""

    roots: Mapping[str, Shape]
    fields: Mapping[str, Field]
    """By path."""
    engine: Engine


def make_environment(roots: Mapping[str, Shape], *, engine: str | None = None) -> Environment:
    """Make an environment of its roots: records, or maps. Raises EngineMissing."""
    fields = list_fields(roots)
    return Environment(roots=roots, fields=fields, engine=open_engine(fields.values(), engine))


class View:
    """The values of one basket. Not a value itself: it fills as it is asked. One thread uses it."""

    __slots__ = ("_bound", "_values", "environment", "source")

    def __init__(self, environment: Environment, source: Source | Mapping[str, object]) -> None:
        self.environment = environment
        self.source: Source = source if callable(source) else _flatten(source).get
        self._values: dict[str, object] = {}
        self._bound: dict[frozenset[str], Bound] = {}

    def read(self, path: str) -> object:
        """The value of a field, as engines get it. Raises ConditionFailed when it is not of its shape."""
        if path not in self._values:
            field = self.environment.fields[path]
            self._values[path] = _fit(field.shape, self.source(path))
        return self._values[path]

    def bind(self, fields: Iterable[Field], names: frozenset[str]) -> Bound:
        """Hand these fields to the engine, once for all expressions that name the same."""
        bound = self._bound.get(names)
        if bound is None:
            values: dict[str, object] = {}
            for field in fields:
                values[field.name] = self.read(field.path)
                if field.optional:
                    values[field.asked] = self.source(field.path) is not None
            bound = self._bound[names] = self.environment.engine.bind(values)
        return bound

    def over(self, root: str, source: Source | Mapping[str, object]) -> "View":
        """The same view with another root, such as the next line."""
        before, start = self.source, f"{root}."
        inner = source if callable(source) else _flatten({root: source}).get
        view = View(self.environment, lambda path: inner(path) if path.startswith(start) else before(path))
        view._values.update((path, value) for path, value in self._values.items() if not path.startswith(start))
        return view


def _flatten(source: Mapping[str, object]) -> dict[str, object]:
    """By path what was given by roots. A root that is a map is found under its own name too."""
    flat: dict[str, object] = dict(source)
    for root, members in source.items():
        if isinstance(members, Mapping):
            flat.update((f"{root}.{name}", it) for name, it in cast("Mapping[str, object]", members).items())
    return flat


EMPTY: Final[Mapping[type[Shape], Callable[[], object]]] = {
    Truth: bool,
    Whole: int,
    Text: str,
    ListOf: list[object],
    MapOf: dict[str, object],
}
TYPES: Final[Mapping[type[Shape], type | tuple[type, ...]]] = {
    Truth: bool,
    Whole: int,
    Text: str,
    Time: datetime,
    Span: timedelta,
    Scalar: (bool, int, str),
}


def _fit(shape: Shape, value: object) -> object:
    """Make a value one of its shape; nothing is its zero. Raises ConditionFailed when it is another."""
    if value is None:
        return EMPTY[type(shape)]() if type(shape) in EMPTY else None
    if isinstance(shape, ListOf):
        # Lists are made by us, of values that were checked at the door; only maps hold what a stranger sent.
        if isinstance(value, list) and len(cast("list[object]", value)) <= LIST_MAX:
            return cast("list[object]", value)
        raise ConditionFailed("bad_value")
    if isinstance(shape, MapOf):
        if isinstance(value, Mapping) and len(cast("Mapping[str, object]", value)) <= LIST_MAX:
            return {name: _fit(shape.of, item) for name, item in cast("Mapping[str, object]", value).items()}
        raise ConditionFailed("bad_value")
    if not isinstance(value, TYPES[type(shape)]) or (isinstance(value, bool) and isinstance(shape, Whole)):
        raise ConditionFailed("bad_value")
    if isinstance(value, int) and abs(value) > INTEGER_MAX:
        if isinstance(shape, Scalar):
            # One number that nobody can reckon with must not spoil every condition that reads its neighbours.
            return None
        raise ConditionFailed("bad_value")
    return value.astimezone(UTC) if isinstance(value, datetime) else value
