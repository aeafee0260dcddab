"""Data compared with the struct that it should become: every difference, with its path.

msgspec says no to the first thing that does not fit; a marketer wants the whole list, and the name that was meant.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from functools import cache
from typing import Any, Final, cast

import msgspec
from msgspec import NODEFAULT, inspect

from regulars.kernel.program.reading import Found, Path, is_fraction, refuse_fraction

__all__ = ["check_shape", "suggest"]

LISTED_MAX: Final = 12
PATTERNS: Final = {
    "[A-Z]": "three capital letters, such as USD",
    ":[0-5]": "a time of day from 00:00 to 24:00 is expected, such as 07:30",
    "[a-z]": "small letters, digits, '_', '.' and '-', a letter first",
}
"""By a part of a pattern: what it asks for, in words."""
QUOTED_MAX: Final = 40


def suggest(name: str, known: Collection[str]) -> str:
    """End a sentence about an unknown name: the nearest known one, or the list of all when it is short."""
    near = get_close_matches(name, known, n=1)
    if near:
        return f"; did you mean '{near[0]}'?"
    if known and len(known) <= LISTED_MAX:
        return "; known: " + ", ".join(sorted(known))
    return ""


def check_shape(value: object, type_: type, path: Path = ()) -> list[Found]:
    """Find everything in plain data that keeps it from becoming a `type_`."""
    found = list(_compare(value, _describe(type_), path))
    if found:
        return found
    try:
        msgspec.convert(value, type_)
    except msgspec.ValidationError as problem:
        # What a struct says of itself when it is built (`__post_init__`).
        said, _, where = str(problem).partition(" - at `$")
        return [Found(path=(*path, *_read_path(where.rstrip("`"))), message=said)]
    return []


@cache
def _describe(type_: type) -> inspect.Type:
    return inspect.type_info(type_)


def _read_path(written: str) -> Path:
    """Read msgspec's own path as far as it names things."""
    known = re.match(r"(\.\w+|\[\d+\])*", written)
    parts = re.findall(r"\.(\w+)|\[(\d+)\]", "" if known is None else known[0])
    return tuple(name or int(index) for name, index in parts)


def _compare(value: object, wanted: inspect.Type, path: Path) -> Iterator[Found]:
    if is_fraction(value):
        yield Found(path=path, message=refuse_fraction(str(value)))
        return
    if isinstance(wanted, inspect.Metadata):
        yield from _compare(value, wanted.type, path)
        return
    # Types that no document uses are not listed: msgspec says their first difference.
    compare = COMPARISONS.get(type(wanted))
    if compare is not None:
        yield from compare(value, wanted, path)


def _compare_any(value: object, _wanted: inspect.AnyType, path: Path) -> Iterator[Found]:
    """Free data may be anything but a fraction."""
    if isinstance(value, Mapping):
        for key, member in cast("Mapping[Any, Any]", value).items():
            yield from _compare(member, inspect.AnyType(), (*path, str(key)))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(cast("Sequence[Any]", value)):
            yield from _compare(item, inspect.AnyType(), (*path, index))


def _compare_struct(value: object, wanted: inspect.StructType, path: Path) -> Iterator[Found]:
    if not isinstance(value, Mapping):
        yield Found(path=path, message=f"a group of settings is expected, not {_name(value)}")
        return
    members = cast("Mapping[str, Any]", value)
    fields = {field.encode_name: field for field in wanted.fields}
    known = [*fields, *([wanted.tag_field] if wanted.tag_field is not None else [])]
    for key in members:
        if key not in known:
            yield Found(
                path=(*path, key), message=f"there is no setting '{key}' here{suggest(key, known)}", at_key=True
            )
    for name, field in fields.items():
        if name in members:
            yield from _compare(members[name], field.type, (*path, name))
        elif field.required or (field.default is NODEFAULT and field.default_factory is NODEFAULT):
            yield Found(path=path, message=f"the setting '{name}' is missing", at_key=True)


def _compare_union(value: object, wanted: inspect.UnionType, path: Path) -> Iterator[Found]:
    if value is None and any(isinstance(it, inspect.NoneType) for it in wanted.types):
        return
    others = [it for it in wanted.types if not isinstance(it, inspect.NoneType)]
    structs = [it for it in others if isinstance(it, inspect.StructType)]
    if len(others) == 1:
        yield from _compare(value, others[0], path)
    elif len(structs) == len(others):
        tag_field = structs[0].tag_field
        assert tag_field is not None, "structs that share a place have a field that tells them apart"
        tag = cast("Mapping[str, object]", value).get(tag_field) if isinstance(value, Mapping) else None
        if tag is None:
            kinds = ", ".join(str(it.tag) for it in structs)
            yield Found(path=path, message=f"a group of settings with '{tag_field}' is expected ({kinds})")
            return
        fitting = [it for it in structs if it.tag == tag]
        if fitting:
            yield from _compare_struct(cast("object", value), fitting[0], path)
        else:
            yield from _refuse_choice(tag, [str(it.tag) for it in structs], (*path, tag_field))


def _compare_mapping(value: object, wanted: inspect.DictType, path: Path) -> Iterator[Found]:
    if not isinstance(value, Mapping):
        yield Found(path=path, message=f"names with their settings are expected, not {_name(value)}")
        return
    members = cast("Mapping[str, Any]", value)
    yield from _compare_size(len(members), wanted.min_length, wanted.max_length, path)
    for key, member in members.items():
        for found in _compare(key, wanted.key_type, (*path, key)):
            yield Found(path=found.path, message=found.message, at_key=True)
        yield from _compare(member, wanted.value_type, (*path, key))


def _compare_list(value: object, wanted: inspect.VarTupleType | inspect.ListType, path: Path) -> Iterator[Found]:
    if not isinstance(value, list | tuple):
        yield Found(path=path, message=f"a list is expected, not {_name(value)}")
        return
    items = cast("Sequence[Any]", value)
    yield from _compare_size(len(items), wanted.min_length, wanted.max_length, path)
    if wanted.max_length is not None and len(items) > wanted.max_length:
        # What is wrong within a list that is far too long would be an endless answer.
        return
    for index, item in enumerate(items):
        yield from _compare(item, wanted.item_type, (*path, index))


def _compare_size(size: int, least: int | None, most: int | None, path: Path) -> Iterator[Found]:
    if least is not None and size < least:
        yield Found(path=path, message=f"at least {least} must stand here")
    if most is not None and size > most:
        yield Found(path=path, message=f"{size} stand here; at most {most} are allowed")


def _compare_number(value: object, wanted: inspect.IntType, path: Path) -> Iterator[Found]:
    if not isinstance(value, int) or isinstance(value, bool):
        yield Found(path=path, message=f"a whole number is expected, not {_name(value)}")
    elif wanted.ge is not None and value < wanted.ge:
        yield Found(path=path, message=f"{value} is too small; the least is {wanted.ge}")
    elif wanted.le is not None and value > wanted.le:
        yield Found(path=path, message=f"{value} is too large; the most is {wanted.le}")


def _compare_text(value: object, wanted: inspect.StrType, path: Path) -> Iterator[Found]:
    if not isinstance(value, str):
        quotes = f': write it in quotes, "{value}"' if isinstance(value, int) and not isinstance(value, bool) else ""
        yield Found(path=path, message=f"text is expected, not {_name(value)}{quotes}")
    elif wanted.min_length is not None and len(value) < wanted.min_length:
        yield Found(path=path, message="this text is empty" if not value else f"'{value}' is too short")
    elif wanted.max_length is not None and len(value) > wanted.max_length:
        yield Found(path=path, message=f"this text has {len(value)} letters; at most {wanted.max_length} are allowed")
    elif wanted.pattern is not None and re.search(wanted.pattern, value) is None:
        how = next((said for mark, said in PATTERNS.items() if mark in wanted.pattern), "")
        yield Found(path=path, message=f"'{value[:QUOTED_MAX]}' cannot stand here: {how}")


def _compare_literal(value: object, wanted: inspect.LiteralType, path: Path) -> Iterator[Found]:
    yield from _refuse_choice(value, [str(choice) for choice in wanted.values], path)


def _compare_truth(value: object, _wanted: inspect.BoolType, path: Path) -> Iterator[Found]:
    if not isinstance(value, bool):
        yield Found(path=path, message=f"true or false is expected, not {_name(value)}")


def _refuse_choice(value: object, choices: Sequence[str], path: Path) -> Iterator[Found]:
    if value not in choices:
        listed = ", ".join(choices)
        written = str(value)[:QUOTED_MAX]
        near = get_close_matches(written, choices, n=1)
        meant = f" Did you mean '{near[0]}'?" if near else ""
        yield Found(path=path, message=f"'{written}' is not one of: {listed}.{meant}")


def _compare_date(value: object, _wanted: inspect.DateType, path: Path) -> Iterator[Found]:
    if isinstance(value, date) or (isinstance(value, str) and _is_date(value)):
        return
    written = value[:QUOTED_MAX] if isinstance(value, str) else _name(value)
    yield Found(path=path, message=f"a date such as 2017-06-30 is expected, not {written}")


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return "-" in text


def _name(value: object) -> str:
    """Name what was written, as people call it."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case int():
            return f"the number {value}"
        case str():
            return f"the text '{value[:QUOTED_MAX]}'"
        case Mapping():
            return "a group of settings"
        case _:
            return "a list"


COMPARISONS: Final[Mapping[type[inspect.Type], Callable[[object, Any, Path], Iterator[Found]]]] = {
    inspect.AnyType: _compare_any,
    inspect.BoolType: _compare_truth,
    inspect.DateType: _compare_date,
    inspect.DictType: _compare_mapping,
    inspect.IntType: _compare_number,
    inspect.ListType: _compare_list,
    inspect.LiteralType: _compare_literal,
    inspect.StrType: _compare_text,
    inspect.StructType: _compare_struct,
    inspect.UnionType: _compare_union,
    inspect.VarTupleType: _compare_list,
}
