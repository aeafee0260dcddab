"""An example of each mechanic's settings, made from their JSON Schema: a place to begin for forms. Pure."""

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Any, Final, cast

import msgspec

from regulars.kernel.program.meanings import describe_fields
from regulars.kernel.program.mechanics import Mechanic, find_mechanics
from regulars.kernel.program.reading import Path
from regulars.kernel.program.shape import check_shape

__all__ = ["Described", "describe_mechanics"]

REFERENCE: Final = "#/$defs/{name}"
WORDS: Final[Mapping[str, str]] = {"currency": "points", "en": "An example", "zh-CN": "示例", "trait": "tier"}
"""What stands for a text, by the name of its setting."""
TOGETHER_MAX: Final = 2
"""Settings of which one is needed, or several together, though none of them always."""
ROUNDS_MAX: Final = 3
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A mechanic, as forms and references need it."""

    mechanic: Mechanic
    about: str
    """What its author says of it: the first paragraph, then the rest."""
    schema: Json
    """JSON Schema 2020-12 of its settings, each with its meaning."""
    example: Json
    """Settings that have the right shape: what is required, and as little else as will do."""


@cache
def describe_mechanics() -> tuple[Described, ...]:
    """Describe every mechanic, in the order of their names."""
    return tuple(_describe(mechanic) for _, mechanic in sorted(find_mechanics().items()))


def _describe(mechanic: Mechanic) -> Described:
    schema = msgspec.json.schema(mechanic.settings, ref_template=REFERENCE)
    definitions: Json = schema["$defs"]
    describe_fields(definitions, [mechanic.settings])
    module = inspect.getmodule(mechanic.earn)
    return Described(
        mechanic=mechanic,
        about=inspect.cleandoc((module and module.__doc__) or ""),
        schema={"$schema": "https://json-schema.org/draft/2020-12/schema", **schema},
        example=_complete(mechanic, cast("Json", _exemplify(schema, definitions, mechanic.name)), schema),
    )


def _complete(mechanic: Mechanic, example: Json, schema: Json, seen: frozenset[str] = frozenset()) -> Json:
    """Add what a schema cannot say is needed: one of several settings, or two together. One addition may want another.

    Gives what it was given where that needs more than a few additions.
    """
    found = check_shape(example, mechanic.settings)
    if not found or len(seen) == ROUNDS_MAX:
        return example
    seen |= {found[0].message}
    shape = _find_shape(schema, schema["$defs"], found[0].path)
    for addition in _list_additions(shape, schema["$defs"]):
        tried = _put(example, found[0].path, addition)
        left = check_shape(tried, mechanic.settings)
        if left and left[0].message in seen:
            continue
        made = _complete(mechanic, tried, schema, seen)
        if not check_shape(made, mechanic.settings):
            return made
    return example


def _put(example: Json, path: Path, addition: Json) -> Json:
    made: Json = msgspec.json.decode(msgspec.json.encode(example))
    place: Any = made
    for step in path:
        place = place[step]
    place.update(addition)
    return made


def _list_additions(shape: Json, definitions: Json) -> Iterator[Json]:
    # A formula would do for many things, and is nothing to begin with.
    never = {*shape.get("required", ()), "formula"}
    properties: Json = {name: each for name, each in shape.get("properties", {}).items() if name not in never}
    for count in range(1, TOGETHER_MAX + 1):
        for names in combinations(properties, count):
            yield {name: _exemplify(properties[name], definitions, name) for name in names}


def _find_shape(shape: Json, definitions: Json, path: Path) -> Json:
    """Follow a path of settings to the shape of what stands there."""
    while "$ref" in shape:
        shape = definitions[str(shape["$ref"]).rpartition("/")[2]]
    if not path:
        return shape
    first, *rest = path
    inner: Json = shape["items"] if isinstance(first, int) else shape["properties"][first]
    return _find_shape(inner, definitions, tuple(rest))


def _exemplify(shape: Json, definitions: Json, name: str) -> object:  # noqa: PLR0911 - each kind of shape its own line
    """Make the smallest value of a shape. `name` is that of the setting which it is for."""
    if "$ref" in shape:
        return _exemplify(definitions[str(shape["$ref"]).rpartition("/")[2]], definitions, name)
    if "anyOf" in shape:
        return _exemplify(next(it for it in shape["anyOf"] if it.get("type") != "null"), definitions, name)
    for said in ("const", "enum"):
        if said in shape:
            return shape[said] if said == "const" else shape[said][0]
    match shape.get("type"):
        case "object":
            return _exemplify_object(shape, definitions)
        case "array":
            count = shape.get("minItems", 0)
            return [_vary(_exemplify(shape["items"], definitions, name), number) for number in range(count)]
        case "integer":
            return max(2, shape.get("minimum", 2))
        case "boolean":
            return True
        case _:
            return WORDS.get(name, "example")


def _exemplify_object(shape: Json, definitions: Json) -> Json:
    properties: Json = shape.get("properties", {})
    if not properties:
        # By name: people's words, in the languages that are required.
        return {name: WORDS.get(name, "example") for name in shape.get("required", ())}
    # What needs nothing would be nothing: points are what most things give.
    names = shape.get("required") or [name for name in ("currency", "points") if name in properties]
    return {name: _exemplify(properties[name], definitions, name) for name in names}


def _vary(value: object, number: int) -> object:
    """Let the items of a list differ, where they are texts."""
    return f"{value}-{number + 1}" if isinstance(value, str) and number else value
