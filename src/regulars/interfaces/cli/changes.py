"""The difference of two programmes in words, one line for each change, in English or Chinese."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from regulars.kernel.program import Change

__all__ = ["LANGUAGES", "tell_changes"]

LANGUAGES: Final = ("en", "zh")
SIGNS: Final = {"added": "+", "removed": "-", "changed": "~"}
SHOWN_MAX: Final = 72
"""Letters of a value that are shown."""

# (English, Chinese); a part that is not here is named by its own word.
WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "program": ("programme", "会员计划"),
    "offer": ("offer", "活动"),
    "currency": ("currency", "积分币种"),
    "budget": ("budget of", "预算"),
    "catalog": ("catalogue", "名录"),
    "conversions": ("conversions", "积分转换"),
    "name": ("name", "名称"),
    "nothing": ("Nothing differs.", "没有差异。"),
    "true": ("yes", "是"),
    "false": ("no", "否"),
}


def tell_changes(changes: tuple[Change, ...], *, lang: str) -> list[str]:
    """Write one line for each change; one that says so where there is none."""
    if not changes:
        return [_say("nothing", lang)]
    return [_tell(change, lang) for change in changes]


def _tell(change: Change, lang: str) -> str:
    # What only a part of came or went is itself changed.
    sign = SIGNS["changed" if change.path else change.kind]
    head = " ".join(part for part in (sign, _say(change.what, lang), change.id) if part)
    whole = change.after if change.kind == "added" else change.before
    if not change.path:
        return head + _describe(change, whole, lang)
    if change.kind == "changed":
        values = f"{_show(change.before, lang)} → {_show(change.after, lang)}"
    else:
        values = f"{SIGNS[change.kind]} {_show(whole, lang)}"
    return f"{head}{_colon(lang)}{change.path} {values}"


def _describe(change: Change, whole: Any, lang: str) -> str:  # noqa: ANN401 - plain data
    """Describe an offer or currency that came or went: its mechanic or kind, and its name."""
    if change.kind == "changed":
        return f"{_colon(lang)}{_show(change.before, lang)} → {_show(change.after, lang)}"
    if change.what not in {"offer", "currency"}:
        return f"{_colon(lang)}{_show(whole, lang)}"
    kind = whole.get("mechanic") or whole.get("kind")
    names: dict[str, str] = whole.get("name") or {}
    name = names.get("zh-CN" if lang == "zh" else "en", "")
    described = f"（{kind}）" if lang == "zh" else f" ({kind})"
    return f"{described}{_colon(lang)}{name}" if name else described


def _show(value: Any, lang: str) -> str:  # noqa: ANN401 - plain data
    if isinstance(value, bool):
        return _say(str(value).lower(), lang)
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= SHOWN_MAX else f"{text[: SHOWN_MAX - 1]}…"


def _say(word: str, lang: str) -> str:
    return WORDS[word][LANGUAGES.index(lang)] if word in WORDS else word


def _colon(lang: str) -> str:
    return "：" if lang == "zh" else ": "
