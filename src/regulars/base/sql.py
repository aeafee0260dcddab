"""Named queries: the SQL of a room lives in its `queries.sql`, is read once, and is called by name."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import takewhile
from types import MappingProxyType
from typing import Any

from regulars.base.db import Read, Record, Tx

__all__ = ["Queries", "Query", "QueryMisused", "all_queries", "load", "parse"]

FILE_NAME = "queries.sql"

# What PostgreSQL's own scanner tells apart, as far as it decides where a placeholder can stand.
TOKEN = re.compile(
    r"""
      (?P<line_comment>--[^\n]*)
    | (?P<block_comment>/\*)
    | (?P<text>(?<![A-Za-z0-9_])[eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*')
    | (?P<identifier>"(?:[^"]|"")*")
    | (?P<dollar>(?<![A-Za-z0-9_$])\$(?P<tag>[A-Za-z_][A-Za-z0-9_]*)?\$.*?\$(?(tag)(?P=tag))\$)
    | (?P<position>(?<![A-Za-z0-9_$])\$[0-9]+)
    | (?P<colons>::|:=)
    | (?P<placeholder>(?<![A-Za-z0-9_\])]):(?P<name>[A-Za-z_][A-Za-z0-9_]*))
    | (?P<end>;)
    | (?P<open>['"])
    """,
    re.VERBOSE | re.DOTALL,
)
HEADER = re.compile(r"--\s*name:\s*(?P<name>\S+)\s*")
NAME = re.compile(r"[a-z][a-z0-9_]*")


class QueryMisused(TypeError):
    """A query file or a call of a query is wrong: a bug in the program, never in its input."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One statement: its text with `$1`, `$2`, … and the name that each of these had, in order."""

    name: str
    text: str
    parameters: tuple[str, ...]
    comment: str


class Queries:
    """The named queries of one file."""

    def __init__(self, source: str, queries: Mapping[str, Query]) -> None:
        self.source = source
        self._queries = MappingProxyType(dict(queries))

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in the order of the file."""
        return tuple(self._queries)

    def text(self, name: str) -> str:
        """Show the statement as the database gets it."""
        return self._find(name).text

    def parameters(self, name: str) -> tuple[str, ...]:
        """List the parameters of a query, `$1` first."""
        return self._find(name).parameters

    async def rows(self, read: Read, name: str, **params: object) -> list[Record]:
        """Run a query and return all its rows."""
        text, arguments = self._bind(name, params)
        return await read.rows(text, *arguments)

    async def row(self, read: Read, name: str, **params: object) -> Record | None:
        """Run a query and return its first row, or None when it has none."""
        text, arguments = self._bind(name, params)
        return await read.row(text, *arguments)

    async def value(self, read: Read, name: str, **params: object) -> Any:  # noqa: ANN401 - the query decides
        """Run a query and return the first column of its first row, or None when it has none."""
        text, arguments = self._bind(name, params)
        return await read.value(text, *arguments)

    async def run(self, tx: Tx, name: str, **params: object) -> str:
        """Run a statement for its effect and return the database's status, such as `UPDATE 3`."""
        text, arguments = self._bind(name, params)
        return await tx.run(text, *arguments)

    def _find(self, name: str) -> Query:
        query = self._queries.get(name)
        if query is None:
            raise QueryMisused(f"{self.source} has no query {name!r}; it has {', '.join(self._queries) or 'none'}")
        return query

    def _bind(self, name: str, params: Mapping[str, object]) -> tuple[str, tuple[object, ...]]:
        query = self._find(name)
        if len(params) != len(query.parameters) or not params.keys() >= set(query.parameters):
            missing = sorted(set(query.parameters) - params.keys())
            extra = sorted(params.keys() - set(query.parameters))
            raise QueryMisused(f"{self.source}, query {name!r}: missing {missing}, not known {extra}")
        return query.text, tuple(params[parameter] for parameter in query.parameters)


@cache
def load(package: str) -> Queries:
    """Read the `queries.sql` beside a package (or beside the package of a module); parsed once."""
    return _read(files(_package_of(package)) / FILE_NAME, package)


def _package_of(name: str) -> str:
    module = import_module(name)
    return name if hasattr(module, "__path__") else name.rpartition(".")[0]


def all_queries() -> list[Queries]:
    """Find and parse every file of named queries of the project (migrations have none), in the order of folders."""
    return [_read(file, room) for file, room in _walk(files("regulars"), "regulars")]


def _walk(folder: Traversable, room: str) -> Iterator[tuple[Traversable, str]]:
    for item in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if item.is_dir() and item.name != "migrations" and not item.name.startswith(("_", ".")):
            yield from _walk(item, f"{room}.{item.name}")
        elif item.name.endswith(".sql"):
            yield item, room


def _read(file: Traversable, room: str) -> Queries:
    return parse(file.read_text(encoding="utf-8"), source=f"{room}/{file.name}")


def parse(text: str, *, source: str) -> Queries:
    """Take a query file apart: `-- name: word`, comments, one statement that ends in `;`, and again.

    Raises QueryMisused, naming file, line and query, for anything else.
    """
    queries: dict[str, Query] = {}
    for name, line, body in _split(text, source):
        place = f"{source}:{line}, query {name!r}"
        if NAME.fullmatch(name) is None or name in queries:
            raise QueryMisused(f"{place}: a name is lower-case words joined by _, and is used once")
        queries[name] = _parse_statement(name, body, place)
    return Queries(source, queries)


def _split(text: str, source: str) -> Iterator[tuple[str, int, str]]:
    """Cut at the headers. A header is a comment at the start of a line, not a string that looks like one."""
    headers = [
        (header["name"], start, start + len(comment))
        for kind, start, comment in _scan(text, source)
        if kind == "line_comment"
        and (start == 0 or text[start - 1] == "\n")
        and (header := HEADER.fullmatch(comment)) is not None
    ]
    first = headers[0][1] if headers else len(text)
    if any(kind != "comment" for kind, _ in _parts(text[:first], source)):
        raise QueryMisused(f"{source}: something stands before the first `-- name:`")
    ends = [start for _, start, _ in headers[1:]] + [len(text)]
    for (name, start, body), end in zip(headers, ends, strict=True):
        yield name, text.count("\n", 0, start) + 1, text[body:end]


def _parse_statement(name: str, body: str, place: str) -> Query:
    parts = list(_parts(body, place))
    kinds = [kind for kind, _ in parts if kind not in {"comment", "space"}]
    if kinds[-1:] != ["end"] or kinds.count("end") > 1 or kinds == ["end"]:
        raise QueryMisused(f"{place}: one statement that ends in `;` is expected, and nothing after it")
    if "position" in kinds:
        raise QueryMisused(f"{place}: write :name instead of $1")
    parameters = tuple(dict.fromkeys(part[1:] for kind, part in parts if kind == "placeholder"))
    leading = takewhile(lambda part: part[0] == "comment", parts)
    return Query(
        name=name,
        text="".join(_render(kind, part, parameters) for kind, part in parts).strip(),
        parameters=parameters,
        comment="\n".join(part.removeprefix("--").strip() for _, part in leading),
    )


def _render(kind: str, part: str, parameters: Sequence[str]) -> str:
    if kind == "placeholder":
        return f"${parameters.index(part[1:]) + 1}"
    # PostgreSQL reads a comment as white space, so the words around it must not grow together.
    return {"comment": " ", "end": ""}.get(kind, part)


def _parts(text: str, place: str) -> Iterator[tuple[str, str]]:
    """Yield (kind, part); plain SQL comes with its white space, but parts that are only space do not."""
    done = 0
    blank = ""
    for kind, start, part in [*_scan(text, place), ("", len(text), "")]:
        plain = text[done:start]
        if plain.strip():
            yield "sql", blank + plain
            blank = ""
        else:
            blank += plain
        done = start + len(part)
        if kind.endswith("_comment"):
            yield "comment", part
        elif kind in {"position", "placeholder", "end"}:
            if blank:
                yield "space", blank
                blank = ""
            yield kind, part
        elif kind:
            yield "sql", blank + part
            blank = ""


def _scan(text: str, place: str) -> Iterator[tuple[str, int, str]]:
    """Yield (kind, start, part) of each token that can hide or be a placeholder, a comment, or the end."""
    position = 0
    while (found := TOKEN.search(text, position)) is not None:
        kind, start, end = str(found.lastgroup), found.start(), found.end()
        if kind == "open":
            raise QueryMisused(f"{place}: a quote is opened and never closed: {text[start : start + 30]!r}")
        elif kind == "block_comment":
            end = _end_of_comment(text, start, place)
        yield kind, start, text[start:end]
        position = end


def _end_of_comment(text: str, start: int, place: str) -> int:
    """Find where a block comment ends; PostgreSQL's nest, which no regular expression can follow."""
    depth = 0
    for mark in re.finditer(r"/\*|\*/", text[start:]):
        depth += 1 if mark[0] == "/*" else -1
        if depth == 0:
            return start + mark.end()
    raise QueryMisused(f"{place}: a comment is opened and never closed: {text[start : start + 30]!r}")
