"""The document in its three coats: YAML for people, canonical JSON for the database, a hash for its name."""

import hashlib
from typing import Any, Final

import msgspec
import yaml

from regulars.kernel.program.caps import MICRO, bind_caps
from regulars.kernel.program.checks import check_meaning
from regulars.kernel.program.mechanics import find_mechanics
from regulars.kernel.program.model import Document, Problem, ProgramInvalid
from regulars.kernel.program.reading import FRACTION, INTEGER, WORDS, Found, Source, read, refuse_fraction
from regulars.kernel.program.shape import check_shape

__all__ = ["content_hash", "decode", "dump", "encode", "locate_budget", "parse", "read_shape"]

WIDTH: Final = 120
BREAKS: Final = frozenset("\n\x85\u2028\u2029\ufeff")
"""What is folded, or lost, where it is not written by its number."""

encoder: Final = msgspec.json.Encoder(order="sorted")


class _Writer(yaml.SafeDumper):
    """Writes YAML for our own reader, which is stricter than most."""

    def represent_text(self, text: str) -> yaml.ScalarNode:
        """Write text; in quotes where the reader would take it for a number, another word, or a new line."""
        style = None
        if text in WORDS or INTEGER.fullmatch(text) is not None or FRACTION.fullmatch(text) is not None:
            style = "'"
        elif not BREAKS.isdisjoint(text):
            style = '"'
        return yaml.ScalarNode("tag:yaml.org,2002:str", text, style=style)


_Writer.add_representer(str, _Writer.represent_text)


def parse(text: str) -> Document:
    """Read a programme written in YAML (or JSON, which is YAML).

    Raises ProgramInvalid with every problem that was found, each with its line and column.
    """
    source, document = read_shape(text)
    found = check_meaning(document, find_mechanics())
    if found:
        raise ProgramInvalid([problem.locate(source.places) for problem in found])
    return document


def read_shape(text: str) -> tuple[Source, Document]:
    """Read a programme without asking what it means. Raises ProgramInvalid where it has not the shape of one."""
    source = read(text)
    found = check_shape(source.value, Document)
    if found:
        raise ProgramInvalid([problem.locate(source.places) for problem in found])
    return source, msgspec.convert(source.value, Document)


def dump(document: Document) -> str:
    """Write a programme as YAML. Reading it again gives the same document; comments are not part of it."""
    return yaml.dump(
        msgspec.to_builtins(document),
        Dumper=_Writer,
        allow_unicode=True,
        default_flow_style=False,
        sort_keys=False,
        width=WIDTH,
    )


def encode(document: Document) -> bytes:
    """Write a programme as canonical JSON: keys sorted, no spaces, defaults left out."""
    return encoder.encode(document)


def decode(data: bytes | str) -> Document:
    """Read a programme from JSON, canonical or not. Raises ProgramInvalid when it is no programme's shape."""
    try:
        value: Any = msgspec.json.Decoder(float_hook=_refuse).decode(data)
    except msgspec.DecodeError as problem:
        raise ProgramInvalid([Problem(message=f"this is not JSON: {problem}")]) from problem
    found = check_shape(value, Document)
    if found:
        raise ProgramInvalid([problem.locate({}) for problem in found])
    return msgspec.convert(value, Document)


def content_hash(document: Document) -> str:
    """The name of a version: SHA-256 of its canonical JSON, in hexadecimal."""
    return hashlib.sha256(encode(document)).hexdigest()


def locate_budget(document: Document, text: str, ceiling: str, promised: int) -> ProgramInvalid:
    """Say where a budget stands that is below what is already spent. `text` may be empty: then by its path only.

    `ceiling` is one of `Plan.ceilings`, `promised` what is taken or reserved under it.
    """
    places = read(text).places if text else {}
    for index, offer in enumerate(document.offers):
        for cap in bind_caps(offer):
            if cap.is_budget and cap.name == ceiling:
                setting, unit = ("points", 1) if cap.unit == "points" else ("money_minor", MICRO)
                spent = -(-promised // unit)
                message = f"{cap.most // unit} is less than what is already spent or promised: {spent}"
                found = Found(path=("offers", index, "budget", setting), message=message)
                return ProgramInvalid([found.locate(places)])
    raise AssertionError(ceiling)


def _refuse(text: str) -> None:
    raise ProgramInvalid([Problem(message=refuse_fraction(text))])
