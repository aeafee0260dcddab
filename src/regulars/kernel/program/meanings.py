"""What structs say of their fields, for forms and references, in every language that forms have.

In English it is the text that stands below a field in the code; in others a catalogue beside the code, by struct and
field (`words.zh-CN.json`), so that a mechanic is one folder.
"""

import ast
import inspect
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.resources import files
from itertools import pairwise
from textwrap import dedent
from typing import Any, Final, cast

import msgspec
from msgspec import Struct

__all__ = ["TRANSLATED", "describe_fields", "list_structs", "read_catalogue", "read_meanings"]

TRANSLATED: Final = "x-meaning"
"""Where JSON Schema has what a setting means in other languages than English, by language."""
CATALOGUES: Final[Mapping[str, str]] = {"zh-CN": "words.zh-CN.json"}
"""By language: the file in the folder of a struct."""
Catalogue = Mapping[str, Mapping[str, str]]

read_words: Final = msgspec.json.Decoder(dict[str, dict[str, str]])


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


@cache
def read_catalogue(package: str, language: str) -> Catalogue:
    """Read what a folder says of its structs in a language: by class, by the field's name in documents.

    Nothing where the folder has no such file. Raises msgspec.ValidationError for one that is no catalogue.
    """
    place = files(package).joinpath(CATALOGUES[language])
    return read_words.decode(place.read_bytes()) if place.is_file() else {}


def describe_fields(definitions: Mapping[str, Any], types: Iterable[type[Struct]]) -> None:
    """Write into JSON Schema's definitions of these structs, and of all that they hold, what each field means."""
    for name, struct in list_structs(types).items():
        properties = definitions[name]["properties"]
        for field, meaning in read_meanings(struct).items():
            properties[field].setdefault("description", meaning)
        package = import_module(struct.__module__).__package__ or struct.__module__
        for language in CATALOGUES:
            for field, meaning in read_catalogue(package, language).get(struct.__name__, {}).items():
                properties[field].setdefault(TRANSLATED, {})[language] = meaning


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
