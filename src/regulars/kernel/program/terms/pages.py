"""Terms as pages: Markdown for whoever edits, plain HTML for whoever reads. No script, no font from elsewhere."""

import re
from collections.abc import Iterator
from html import escape
from typing import Final

from regulars.kernel.program.terms.clauses import Chapter, Clause, Terms

__all__ = ["write_html", "write_markdown"]

SHOWN: Final = 12
"""Letters of a hash that people are shown."""
VERSION: Final = {"en": "Version {version}", "zh": "规则版本：{version}"}
SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|#])")
"""What Markdown would take for more than a letter."""
PAIRED: Final = re.compile("-(?=-)")
"""What ends a comment begins with two."""
Numbered = tuple[str, str, tuple[Clause, ...], int]
"""Number, title, clauses, depth."""


def write_markdown(terms: Terms) -> str:
    """Write the terms in Markdown. What words could not say stands beside it as a comment."""
    lines = [f"# {_mark(terms.title)}", ""]
    for number, title, clauses, depth in _number(terms):
        lines += [f"{'#' * (depth + 1)} {number} {_mark(title)}", ""]
        for place, clause in enumerate(clauses, start=1):
            lines += [f"{number.rstrip('.')}.{place} {_mark(clause.text)}", ""]
            lines += [*(f"- {_mark(item)}" for item in clause.items), ""] if clause.items else []
            lines += [_comment(clause.note), ""] if clause.note else []
    return "\n".join([*lines, _mark(VERSION[terms.lang].format(version=terms.version[:SHOWN]))]) + "\n"


def write_html(terms: Terms) -> str:
    """Write the terms as a page that stands alone."""
    title = escape(terms.title)
    parts = [
        "<!doctype html>",
        f'<html lang="{"zh-CN" if terms.lang == "zh" else "en"}"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title><style>{STYLE}</style></head><body>",
        f"<h1>{title}</h1>",
    ]
    for number, name, clauses, depth in _number(terms):
        parts.append(f"<h{depth + 1}>{number} {escape(name)}</h{depth + 1}>")
        for place, clause in enumerate(clauses, start=1):
            parts.append(f"<p><span>{number.rstrip('.')}.{place}</span> {escape(clause.text)}</p>")
            if clause.items:
                parts.append("<ul>" + "".join(f"<li>{escape(item)}</li>" for item in clause.items) + "</ul>")
            if clause.note:
                parts.append(_comment(clause.note))
    version = VERSION[terms.lang].format(version=terms.version[:SHOWN])
    return "\n".join([*parts, f"<footer>{escape(version)}</footer></body></html>", ""])


def _number(terms: Terms) -> Iterator[Numbered]:
    for place, chapter in enumerate(terms.chapters, start=1):
        yield from _number_chapter(chapter, f"{place}", 1)


def _number_chapter(chapter: Chapter, number: str, depth: int) -> Iterator[Numbered]:
    yield number + ("." if depth == 1 else ""), chapter.title, chapter.clauses, depth
    for place, part in enumerate(chapter.parts, start=1):
        yield from _number_chapter(part, f"{number}.{place}", depth + 1)


def _mark(text: str) -> str:
    return SPECIAL.sub(r"\\\1", text)


def _comment(note: str) -> str:
    """A comment that nothing in it can end."""
    return f"<!-- {PAIRED.sub('- ', note)} -->"


STYLE: Final = """
body{font:16px/1.6 system-ui,"PingFang SC","Microsoft YaHei",sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;
color:#222;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2rem}h3{font-size:1.05rem;margin-top:1.5rem}
p{margin:.4rem 0}p span{color:#555;margin-right:.4rem}
li{margin:.2rem 0}
footer{margin-top:2rem;color:#555}
"""
