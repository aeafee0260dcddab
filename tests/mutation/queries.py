"""Mistakes in SQL: locks, orders, conditions and limits left out; wrong comparisons, signs, directions, constants."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from tests.mutation.mutants import Mutant, name_apart

__all__ = ["list_mutants", "mutate"]

ROOT: Final = Path(__file__).parents[2]
TOKEN: Final = re.compile(
    r"(?P<comment>--[^\n]*)|(?P<text>'(?:[^']|'')*')|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<number>[0-9]+)"
    r"|(?P<placeholder>(?<![:\])]):[a-z_]+)|(?P<sign><=|>=|<>|::|[<>=+*/(),;.\[\]:-])"
)
HEADER: Final = re.compile(r"--\s*name:\s*(\S+)")
COMPARISONS: Final = {
    "<": ("<=", ">="),
    "<=": ("<", ">"),
    ">": (">=", "<="),
    ">=": (">", "<"),
    "=": ("<>",),
    "<>": ("=",),
}
WORDS: Final = {"min": "max", "max": "min", "sum": "max", "AND": "OR", "OR": "AND", "TRUE": "FALSE"}
ENDS: Final = {"GROUP", "ORDER", "LIMIT", "UNION", "INNER", "LEFT", "WHERE", "FOR", "FROM", "ON", ";"}
"""What ends a condition, or an order, at its own depth."""

Change = tuple[str, int, int, str]
"""The kind of mistake, where the text begins and ends that it replaces, and what it puts there."""


@dataclass(frozen=True, kw_only=True)
class Token:
    """One word or sign."""

    kind: str
    text: str
    start: int
    end: int
    depth: int
    """In how many brackets it stands; an opening bracket stands outside, and so does a closing one."""


def list_mutants(path: str) -> list[Mutant]:
    """List every mutant of one file of queries, always in the same order."""
    text = (ROOT / path).read_text(encoding="utf-8")
    found: list[Mutant] = []
    for place, (name, tokens) in enumerate(_queries(path)):
        for nth, (kind, start, end, instead) in enumerate(_mistakes(tokens)):
            first = text.count("\n", 0, start) + 1
            found.append(
                Mutant(
                    path=path,
                    where=name,
                    mistake=kind,
                    change=_tell(text, start, end, instead),
                    lines=(first, first + text.count("\n", start, end)),
                    place=(place, nth),
                )
            )
    return name_apart(found)


def mutate(mutant: Mutant) -> str:
    """Give the whole file with the mistake in it."""
    text = (ROOT / mutant.path).read_text(encoding="utf-8")
    _, start, end, instead = list(_mistakes(_queries(mutant.path)[mutant.place[0]][1]))[mutant.place[1]]
    return text[:start] + instead.replace("\0", text[start:end]) + text[end:]


@cache
def _queries(path: str) -> list[tuple[str, list[Token]]]:
    found: list[tuple[str, list[Token]]] = []
    depth = 0
    for match in TOKEN.finditer((ROOT / path).read_text(encoding="utf-8")):
        kind, text = str(match.lastgroup), match[0]
        if kind == "comment":
            if header := HEADER.match(text):
                found.append((header[1], []))
            continue
        depth -= text == ")"
        token = Token(kind=kind, text=text, start=match.start(), end=match.end(), depth=depth)
        depth += text == "("
        found[-1][1].append(token)
    return found


def _mistakes(tokens: Sequence[Token]) -> Iterator[Change]:
    setting = _assignments(tokens)
    for index, token in enumerate(tokens):
        after = tokens[index + 1].text if index + 1 < len(tokens) else ""
        before = tokens[index - 1] if index else token
        yield from _wrong_sign(token, before, assigns=index in setting)
        if token.text in WORDS and (token.text.isupper() or after == "("):
            kind = {"TRUE": "constant", "AND": "and/or", "OR": "and/or"}.get(token.text, "call")
            yield kind, token.start, token.end, WORDS[token.text]
        elif token.kind == "text":
            yield "constant", token.start, token.end, f"{token.text[:-1]}?'"
        elif token.kind == "number" and before.text != "LIMIT":
            yield "constant", token.start, token.end, str(int(token.text) + 1)
        yield from _left_out(tokens, index)
    for first, last in _items_set(tokens):
        yield "statement", first.start, last.end, ""


def _wrong_sign(token: Token, before: Token, *, assigns: bool) -> Iterator[Change]:
    if token.text in COMPARISONS and not assigns:
        for other in COMPARISONS[token.text]:
            yield "comparison", token.start, token.end, other
    elif token.text == "-":
        alone = before.text in {",", "("} or before.text.isupper()
        yield ("sign", token.start, token.end, "") if alone else ("arithmetic", token.start, token.end, "+")
    elif token.text in {"+", "*"} and before.text != "(":
        yield "arithmetic", token.start, token.end, "-" if token.text == "+" else "+"
    elif token.text == "NULL" and before.text == "IS":
        yield "condition", token.start, token.end, "NOT NULL"
    elif token.text == "IN":
        yield "condition", token.start, token.end, "NOT IN"


def _left_out(tokens: Sequence[Token], index: int) -> Iterator[Change]:
    token = tokens[index]
    after = tokens[index + 1].text if index + 1 < len(tokens) else ""
    if (token.text, after) == ("FOR", "UPDATE"):
        yield "lock", token.start, tokens[index + 1].end, ""
    elif (token.text, after) == ("LEFT", "JOIN"):
        yield "join", token.start, token.end, "INNER"
    elif (token.text, after) == ("UNION", "ALL"):
        yield "join", tokens[index + 1].start, tokens[index + 1].end, ""
    elif token.text == "DISTINCT" and after != "ON":
        yield "statement", token.start, token.end, ""
    elif token.text == "LIMIT":
        # What is asked for keeps being named, for else the database does not know of which type it is.
        yield "limit", token.start, tokens[index + 1].end, f"LIMIT greatest({after}, 1000000)"
    elif (token.text, after) == ("ORDER", "BY"):
        yield from _wrong_order(tokens, index)
    elif token.text in {"WHERE", "ON"} and after not in {"CONFLICT", "TRUE"} and tokens[index - 1].text != "DISTINCT":
        yield from _wrong_terms(_upto_end(tokens, index + 1, token.depth))


def _upto_end(tokens: Sequence[Token], start: int, depth: int) -> list[Token]:
    """The tokens from one on, to the end of the clause that stands at this depth."""
    found: list[Token] = []
    for token in tokens[start:]:
        if token.depth < depth or (token.depth == depth and token.text in ENDS):
            break
        found.append(token)
    return found


def _split(tokens: Sequence[Token], text: str, depth: int) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if token.text == text and token.depth == depth:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _wrong_order(tokens: Sequence[Token], index: int) -> Iterator[Change]:
    depth = tokens[index].depth
    clause = _upto_end(tokens, index + 2, depth)
    terms = _split(clause, ",", depth)
    yield "order", tokens[index].start, clause[-1].end, ""
    for term in terms:
        last = term[-1]
        if last.text in {"ASC", "DESC"}:
            yield "direction", last.start, last.end, "ASC" if last.text == "DESC" else "DESC"
        else:
            yield "direction", last.end, last.end, " DESC"
    if len(terms) > 1:
        yield "order", terms[0][0].start, terms[1][0].start, ""
        for before, term in pairwise(terms):
            yield "order", before[-1].end, term[-1].end, ""


def _wrong_terms(tokens: Sequence[Token]) -> Iterator[Change]:
    """Let each term of a condition decide nothing, those within brackets too."""
    depth = tokens[0].depth
    word = "OR" if any(token.text == "OR" and token.depth == depth for token in tokens) else "AND"
    for term in _split(tokens, word, depth):
        # The term stays, and decides nothing: a parameter that is named nowhere would be a mistake of another kind.
        kept = "OR TRUE" if word == "AND" else "AND FALSE"
        yield "condition", term[0].start, term[-1].end, f"(\0 {kept})"
        inner = term[1:-1]
        if term[0].text == "(" and term[-1].text == ")" and inner[0].text != "SELECT":
            yield from _wrong_terms(inner)


def _assignments(tokens: Sequence[Token]) -> set[int]:
    """Where `=` assigns and does not compare."""
    found: set[int] = set()
    inside = False
    for index, token in enumerate(tokens):
        if token.text == "SET":
            inside = True
        elif token.text in {"FROM", "WHERE", ";"}:
            inside = False
        elif inside and token.text == "=":
            found.add(index)
    return found


def _items_set(tokens: Sequence[Token]) -> Iterator[tuple[Token, Token]]:
    """Each assignment of several, with the comma that parts it from its neighbour."""
    for index, token in enumerate(tokens):
        if token.text != "SET":
            continue
        clause = _upto_end(tokens, index + 1, token.depth)
        commas = [each for each in clause if each.text == "," and each.depth == token.depth]
        items = _split(clause, ",", token.depth)
        for nth, item in enumerate(items):
            if len(items) > 1:
                yield (item[0], commas[nth]) if nth < len(commas) else (commas[-1], item[-1])


def _tell(text: str, start: int, end: int, instead: str) -> str:
    old, instead = text[start:end], instead.replace("\0", "…")
    if not old.strip() or len(old.split()) == 1:
        # A sign alone says little: show the words around it.
        before = " ".join(text[:start].split()[-3:])
        after = " ".join(text[end:].split()[:3])
        return f"{before} [{old}] {after} → [{instead.strip()}]"
    old = " ".join(old.split())
    return f"{old} → {' '.join(instead.split()) or '(left out)'}"
