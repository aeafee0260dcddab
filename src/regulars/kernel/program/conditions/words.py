"""The words of an expression, each with its place; and the errors of whoever wrote them."""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from regulars.base.errors import Refusal
from regulars.kernel.nouns import AMOUNT_MAX
from regulars.kernel.program.model import Problem

__all__ = ["TEXT_LETTERS_MAX", "ConditionInvalid", "Misread", "Word", "place", "split_words"]

TEXT_LETTERS_MAX: Final = 2_000

Kind = Literal["name", "int", "fraction", "string", "mark", "end"]

WORD: Final = re.compile(
    r"""
      (?P<space>[ \t\r\n\f]+|//[^\n]*)
    | (?P<fraction>[0-9]+\.[0-9]+([eE][+-]?[0-9]+)?|\.[0-9]+([eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)
    | (?P<int>0x[0-9a-fA-F]+|[0-9]+)(?P<unsigned>[uU])?
    | (?P<string>(?P<prefix>[rRbB]{0,2})(?P<quote>\"\"\"|'''|\"|'))
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<mark>&&|\|\||==|!=|<=|>=|[-+*/%!<>?:.,()\[\]{}])
    """,
    re.VERBOSE,
)
ESCAPE: Final = re.compile(
    r"\\(?:([abfnrtv\\'\"`?])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2}))"
)
ESCAPED: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
MEANT: Final = {
    "=": "write == to compare",
    "&": "write && for 'and'",
    "|": "write || for 'or'",
    "“": "write plain quotes: '…'",
    "”": "write plain quotes: '…'",
    "‘": "write plain quotes: '…'",
    "’": "write plain quotes: '…'",
    "，": "write a plain comma",
    "（": "write plain brackets",
    "）": "write plain brackets",
    ";": "a condition is one expression, without ;",
}


class ConditionInvalid(Refusal):
    """An expression that cannot be used; `problems` says what was found, with line and column in its own text."""

    code, kind = "condition_invalid", "invalid"

    def __init__(self, problems: Sequence[Problem]) -> None:
        assert problems, "a refused expression has a problem"
        self.problems = tuple(problems)
        listed = "; ".join(f"line {it.line}, column {it.column}: {it.message}" for it in self.problems)
        super().__init__(
            f"The condition cannot be used. {listed}",
            problems=[{"line": it.line, "column": it.column, "message": it.message} for it in self.problems],
        )


class Misread(Exception):
    """What is wrong at one place of the text. It becomes a Problem once the text is at hand."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.message = message
        self.at = at


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word: what kind it is, and what it says (for text, without quotes and escapes)."""

    kind: Kind
    value: str
    start: int
    end: int


def place(message: str, text: str, at: int) -> Problem:
    """Say at which line and column a problem stands."""
    before = text[:at]
    return Problem(message=message, line=before.count("\n") + 1, column=at - before.rfind("\n"))


def split_words(text: str) -> list[Word]:
    """Split an expression into words, the last of kind `end`. Raises Misread."""
    if len(text) > TEXT_LETTERS_MAX:
        raise Misread(f"this has {len(text)} characters; at most {TEXT_LETTERS_MAX} fit", 0)
    words: list[Word] = []
    at = 0
    while at < len(text):
        found = WORD.match(text, at)
        if found is None:
            meant = MEANT.get(text[at], "")
            raise Misread(f"'{text[at]}' means nothing here" + (f": {meant}" if meant else ""), at)
        if found["quote"] is not None:
            word = _read_string(text, found)
        elif found["space"] is not None:
            at = found.end()
            continue
        else:
            word = _read_word(found)
        words.append(word)
        at = word.end
    return [*words, Word(kind="end", value="", start=len(text), end=len(text))]


def _read_word(found: re.Match[str]) -> Word:
    start, end = found.span()
    if found["fraction"] is not None:
        return Word(kind="fraction", value=found["fraction"], start=start, end=end)
    if found["int"] is not None:
        if found["unsigned"] is not None:
            raise Misread("write whole numbers without a letter behind them", start)
        value = int(found["int"], 16 if found["int"].startswith("0x") else 10)
        if value > AMOUNT_MAX:
            raise Misread(f"{found['int'][:24]} is too large a number; the largest is {AMOUNT_MAX}", start)
        return Word(kind="int", value=str(value), start=start, end=end)
    if found["name"] is not None:
        return Word(kind="name", value=found["name"], start=start, end=end)
    return Word(kind="mark", value=found["mark"], start=start, end=end)


def _read_string(text: str, found: re.Match[str]) -> Word:
    prefix, quote = found["prefix"].lower(), found["quote"]
    if "b" in prefix or len(prefix) > 1:
        raise Misread("bytes cannot be used; write text: '…'", found.start())
    parts: list[str] = []
    at = found.end()
    while not text.startswith(quote, at):
        if at >= len(text) or (len(quote) == 1 and text[at] in "\r\n"):
            raise Misread(f"this text is not closed; {quote} is missing", found.start())
        if text[at] == "\\" and not prefix:
            letter, at = _read_escape(text, at)
        else:
            letter, at = text[at], at + 1
        if letter == "\0" or "\ud800" <= letter <= "\udfff":
            raise Misread("this text holds a character that cannot be kept", found.start())
        parts.append(letter)
    return Word(kind="string", value="".join(parts), start=found.start(), end=at + len(quote))


def _read_escape(text: str, at: int) -> tuple[str, int]:
    found = ESCAPE.match(text, at)
    if found is None:
        raise Misread("this \\ escapes nothing that is known; write \\\\ for the sign itself", at)
    letter, *codes, octal = found.groups()
    if letter is not None:
        return ESCAPED.get(letter, letter), found.end()
    number = int(octal, 8) if octal is not None else int(next(code for code in codes if code is not None), 16)
    if number > sys.maxunicode:
        raise Misread("there is no such character", at)
    return chr(number), found.end()
