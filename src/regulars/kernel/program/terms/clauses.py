"""What terms are made of: chapters of clauses. Plain text; pages decide how it looks."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Chapter", "Clause", "Language", "Terms"]

Language = Literal["en", "zh"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One statement, with the list that belongs to it."""

    text: str
    items: tuple[str, ...] = ()
    note: str = ""
    """For whoever edits the terms, not for members: what words could not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """Clauses under a title, or chapters of their own."""

    title: str
    clauses: tuple[Clause, ...] = ()
    parts: tuple["Chapter", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The terms of one version of a programme, in one language."""

    lang: Language
    title: str
    version: str
    """Content hash of the document that they say in words."""
    chapters: tuple[Chapter, ...]
