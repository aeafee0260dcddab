"""Words with places for what is different each time. Nothing in them is run; what is wrong is said when they are saved.

`{points}` is a number, a word or a date as the language writes it; `{at:date}`, `{at:time}`, `{points:number}` say how;
`{points:plural(# point|# points)}` chooses by number, with one form where a language has one. Braces are doubled.
"""

import html
import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import Final, Literal, get_args
from zoneinfo import ZoneInfo

from msgspec import Struct

from regulars.base.errors import Refusal
from regulars.features.messages.model import KINDS, Language, Template, Type

__all__ = ["TemplateInvalid", "Value", "VariableMissing", "check_template", "clean", "render", "write_html"]

Value = str | int | datetime
Form = Literal["", "number", "date", "time", "plural"]

TOKEN: Final = re.compile(
    r"(?P<double>\{\{|\}\})"
    r"|\{(?P<name>[a-z][a-z_]{0,31})(?::(?P<form>number|date|time|plural)(?:\((?P<forms>[^(){}]*)\))?)?\}"
    r"|(?P<stray>[{}])"
)
FORMS_OF: Final[Mapping[Type, frozenset[str]]] = {
    "text": frozenset({""}),
    "number": frozenset({"", "number", "plural"}),
    "moment": frozenset({"", "date", "time"}),
}
PLURALS: Final[Mapping[Language, int]] = {"en": 2, "zh-CN": 1}
MONTHS: Final = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905 - one line
)
# Marks that turn the words after them around: those of a value must not reach the words around it.
TURNING: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
ISOLATE: Final = "\u2068"
END: Final = "\u2069"
LINES_MAX: Final = 1


class TemplateInvalid(Refusal):
    """Words that cannot be used: a variable that the kind does not have, a brace alone, a plural without its forms."""

    code, kind = "template_invalid", "invalid"


class VariableMissing(Refusal):
    """A value for the words is missing: nothing is written rather than half of it."""

    code, kind = "template_variable_missing", "invalid"


class Place(Struct, frozen=True, kw_only=True):
    """Where a value comes in, and how it is written."""

    name: str
    form: Form
    forms: tuple[str, ...] = ()


def check_template(template: Template) -> None:
    """Refuse words that could not be sent. Raises TemplateInvalid, which says where and what is expected."""
    if not template.subject.strip() or not template.text.strip() or not template.short.strip():
        raise TemplateInvalid("A message has a subject, a text and a short text.", field="subject")
    for field, text in (("subject", template.subject), ("text", template.text), ("short", template.short)):
        if field != "text" and len(text.splitlines()) > LINES_MAX:
            raise TemplateInvalid(f"{field}: one line, please.", field=field)
        for start, part in _parse(field, text):
            if isinstance(part, Place):
                _check_place(template, field, start, part)


def render(text: str, values: Mapping[str, Value], language: Language, zone: ZoneInfo) -> str:
    """Write words with their values, all or nothing. Raises VariableMissing or TemplateInvalid."""
    written: list[str] = []
    for _, part in _parse("text", text):
        if isinstance(part, str):
            written.append(part)
        elif part.name not in values:
            raise VariableMissing(f"The words need {part.name!r}, and nobody told it.", variable=part.name)
        else:
            written.append(_write(part, values[part.name], language, zone))
    return "".join(written)


def clean(text: str) -> str:
    """Make a value harmless in one line: no line ends, no control characters, nothing that turns other words around."""
    one = "".join(" " if unicodedata.category(sign) in {"Cc", "Zl", "Zp"} else sign for sign in text)
    bare = TURNING.sub("", one).strip()
    turned = any(unicodedata.bidirectional(sign) in {"R", "AL", "AN"} for sign in bare)
    return f"{ISOLATE}{bare}{END}" if turned else bare


def write_html(subject: str, text: str, language: Language) -> str:
    """Write a text as a page for mail: everything in it is shown as it is, tags too."""
    paragraphs = "".join(
        f"<p>{html.escape(part).replace(chr(10), '<br>')}</p>" for part in text.strip().split("\n\n") if part.strip()
    )
    return (
        f'<!doctype html><html lang="{language}" dir="auto"><head><meta charset="utf-8">'
        f"<title>{html.escape(subject)}</title></head><body>{paragraphs}</body></html>"
    )


def _parse(field: str, text: str) -> Iterator[tuple[int, str | Place]]:
    """Take words apart: (where it starts, plain words or a place). Raises TemplateInvalid for a brace alone."""
    at = 0
    for found in TOKEN.finditer(text):
        if found.start() > at:
            yield at, text[at : found.start()]
        at = found.end()
        if found["double"]:
            yield found.start(), found["double"][0]
        elif found["stray"]:
            where = f"{field}, character {found.start() + 1}"
            message = f"{where}: a brace that opens or closes nothing. Double it: {{{{ or }}}}."
            raise TemplateInvalid(message, field=field, position=found.start() + 1)
        else:
            forms = tuple((found["forms"] or "").split("|")) if found["forms"] is not None else ()
            form: Form = next((each for each in get_args(Form) if each == found["form"]), "")
            yield found.start(), Place(name=found["name"], form=form, forms=forms)
    if at < len(text):
        yield at, text[at:]


def _check_place(template: Template, field: str, start: int, place: Place) -> None:
    variables = KINDS[template.kind].variables
    where = f"{field}, character {start + 1}"
    if place.name not in variables:
        near = get_close_matches(place.name, variables, n=1)
        hint = f" Did you mean {{{near[0]}}}?" if near else f" There are: {', '.join(sorted(variables))}."
        message = f"{where}: a message of the kind {template.kind!r} has no {{{place.name}}}.{hint}"
        raise TemplateInvalid(message, field=field, variable=place.name, position=start + 1)
    allowed = FORMS_OF[variables[place.name]]
    if place.form not in allowed:
        told = ", ".join(sorted(allowed - {""})) or "nothing more"
        message = f"{where}: {{{place.name}}} cannot be written as {place.form!r}; it takes {told}."
        raise TemplateInvalid(message, field=field, variable=place.name, position=start + 1)
    wanted = PLURALS[template.language] if place.form == "plural" else 0
    if len(place.forms) != wanted:
        what = f"{place.form or 'a value'} has {wanted} forms"
        message = f"{where}: in {template.language} {what}, not {len(place.forms)}."
        raise TemplateInvalid(message, field=field, variable=place.name, position=start + 1)


def _write(place: Place, value: Value, language: Language, zone: ZoneInfo) -> str:
    if isinstance(value, datetime):
        return _write_moment(value.astimezone(zone), language, with_time=place.form == "time")
    if isinstance(value, str):
        return clean(value)
    if place.form != "plural":
        return f"{value:,}"
    form = place.forms[0 if abs(value) == 1 else -1]
    return form.replace("#", f"{value:,}")


def _write_moment(local: datetime, language: Language, *, with_time: bool) -> str:
    if language == "zh-CN":
        day, between = f"{local.year}年{local.month}月{local.day}日", " "
    else:
        day, between = f"{local.day} {MONTHS[local.month - 1]} {local.year}", ", "
    return f"{day}{between}{local:%H:%M}" if with_time else day
