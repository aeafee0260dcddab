"""What an earlier run learned, if it is still to be used."""

from datetime import date
from typing import Final, Protocol, TypeVar

from regulars.intelligence.boosting import ModelRefused, Shelf
from regulars.intelligence.evaluation.model import Words

__all__ = ["FRESH_DAYS", "Dated", "recall", "tell_since"]

FRESH_DAYS: Final = 28
"""So long what was learned is used: then four weeks are known that it knew nothing of."""


class Dated(Protocol):
    """Something that was learned on a day."""

    @property
    def learned_on(self) -> date:
        """Only what is dated before this day was learned from."""
        ...


T = TypeVar("T", bound=Dated)


def recall(shelf: Shelf, name: str, version: str, type_: type[T], day: date) -> tuple[T | None, Words | None]:
    """Take what was learned from the shelf, with a word about its file where that was refused.

    None where there is nothing, where it is too old, or where it was learned from what is dated later than the day.
    """
    try:
        kept: T | None = shelf.take(name, version, type_)  # pyright: ignore[reportArgumentType] - a struct with a day
    except ModelRefused as refused:
        return None, {
            "en": f"The kept model was refused, and another was learned: {refused.detail}",
            "zh": "已保存的模型未通过校验（版本不符或文件被改动），已重新训练。",
        }
    if kept is None or not 0 <= (day - kept.learned_on).days < FRESH_DAYS:
        return None, None
    return kept, None


def tell_since(learned_on: date) -> Words:
    """Say since when what is told was learned."""
    return {
        "en": f"Learned on {learned_on}; it is learned anew every {FRESH_DAYS} days.",
        "zh": f"模型训练于 {learned_on}，每 {FRESH_DAYS} 天重新训练一次。",
    }
