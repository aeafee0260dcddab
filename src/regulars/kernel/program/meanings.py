"""What structs say of their fields: the text that stands below each of them in the code, for forms and references."""

import ast
import inspect
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import pairwise
from textwrap import dedent
from typing import cast

import msgspec
from msgspec import Struct

__all__ = ["list_structs", "read_meanings"]


@cache
def read_meanings(struct: type[Struct]) -> Mapping[str, str]:
    """Read what is said of each field, by its name in documents; nothing where the code has no source at hand."""
    try:
        source = inspect.getsource(struct)
    except OSError:
        return {}
    (made,) = ast.parse(dedent(source)).body
    assert isinstance(made, ast.ClassDef)
    names = dict(zip(struct.__struct_fields__, struct.__struct_encode_fields__, strict=True))
    meanings: dict[str, str] = {}
    for above, below in pairwise(made.body):
        if not (isinstance(above, ast.AnnAssign) and isinstance(above.target, ast.Name)):
            continue
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            meanings[names[above.target.id]] = inspect.cleandoc(str(below.value.value)).replace("\n", " ")
    return meanings


def list_structs(types: Iterable[type[Struct]]) -> Mapping[str, type[Struct]]:
    """List these structs and all that they hold, by the names that JSON Schema gives them.

    That is the name of the class; where two share one, the whole path of each.
    """
    found = list(dict.fromkeys(_walk(msgspec.inspect.multi_type_info(list(types)))))
    plain = [struct.__name__ for struct in found]
    return {
        name if plain.count(name) == 1 else f"{struct.__module__}.{struct.__qualname__}": struct
        for name, struct in zip(plain, found, strict=True)
    }


def _walk(parts: Iterable[msgspec.inspect.Type]) -> Iterator[type[Struct]]:
    waiting, seen = list(parts), set[int]()
    while waiting:
        part = waiting.pop(0)
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, msgspec.inspect.StructType):
            yield part.cls
            waiting += [field.type for field in part.fields]
        for name in ("type", "types", "item_type", "item_types", "key_type", "value_type"):
            inner: object = getattr(part, name, None)
            if isinstance(inner, msgspec.inspect.Type):
                waiting.append(inner)
            elif isinstance(inner, tuple):
                several = cast("tuple[object, ...]", inner)
                waiting += [it for it in several if isinstance(it, msgspec.inspect.Type)]
