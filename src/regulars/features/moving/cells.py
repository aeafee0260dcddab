"""What a cell says: words, amounts and moments, read exactly or refused; nothing is guessed. Pure."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final
from zoneinfo import ZoneInfo

from regulars.kernel.nouns import AMOUNT_MAX

__all__ = ["CellInvalid", "check_written_out", "read_amount", "read_day", "read_flag", "read_moment"]

SCIENTIFIC: Final = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE][+-]?\d+")
FRACTION: Final = re.compile(r"\d+\.\d+")
DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
ISO: Final = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?: ?(?:Z|[+-]\d{2}:?\d{2}|UTC))?")
YES: Final = frozenset({"yes", "true", "1", "y", "t"})
NO: Final = frozenset({"no", "false", "0", "n", "f"})
SHOWN_MAX: Final = 40
YEARS: Final = (1970, 9990)


class CellInvalid(Exception):
    """A cell that cannot be read: what is wrong (a code and a sentence), and the cure."""

    def __init__(self, code: str, what: str, cure: str) -> None:
        super().__init__(what)
        self.code = code
        self.what = what
        self.cure = cure


def check_written_out(text: str) -> str:
    """Give a name or number of something back, unless a spreadsheet has cut it. Raises CellInvalid."""
    if SCIENTIFIC.fullmatch(text):
        raise CellInvalid(
            "scientific_number",
            "A spreadsheet has turned this number into one like 6.22E+15, and its last digits are gone.",
            "Export it again with the column as text; the digits cannot be guessed.",
        )
    if FRACTION.fullmatch(text):
        raise CellInvalid(
            "decimal_number",
            "A number of a card or a member has no decimal point; a tool has read it as an amount.",
            "Export it again with the column as text.",
        )
    if "\x00" in text:
        raise CellInvalid("character_invalid", "It has a character that cannot be kept.", "Take it out.")
    return text


def read_amount(text: str, *, decimals: int = 0) -> int:
    """Read a whole amount, its decimals shifted. Raises CellInvalid, also where something would be rounded away."""
    try:
        # Nothing but digits, a sign and a point: what separates thousands in one country is the decimal in another.
        written = Decimal(text) if re.fullmatch(r"[+-]?\d{1,18}(?:\.\d{1,9})?", text) else Decimal("NaN")
        amount = written.scaleb(decimals)
        whole = int(amount) if amount.is_finite() else None
    except InvalidOperation:
        whole, amount = None, Decimal("NaN")
    if whole is None:
        raise CellInvalid(
            "amount_unreadable",
            f"{text[:SHOWN_MAX]!r} is no amount.",
            "Write digits only, without separators, with a point before decimals.",
        )
    if amount != whole:
        raise CellInvalid(
            "amount_fraction",
            f"{text[:SHOWN_MAX]!r} has decimals that would be lost.",
            f"Say how many are kept with `decimals` in the mapping (now {decimals}), or round it in the source.",
        )
    if abs(whole) > AMOUNT_MAX:
        raise CellInvalid("amount_too_large", f"{text[:SHOWN_MAX]!r} is more than 2^53 - 1.", "Mend it in the source.")
    return whole


def read_flag(text: str) -> bool:
    """Read yes or no. Raises CellInvalid."""
    word = text.lower()
    if word not in YES | NO:
        raise CellInvalid(
            "flag_unreadable",
            f"{text[:SHOWN_MAX]!r} is neither yes nor no.",
            "Say in `values` of the mapping what it means.",
        )
    return word in YES


def read_moment(text: str, *, zone: ZoneInfo, dates: Sequence[str], closing: bool = False) -> datetime:
    """Read a moment; a day is its first moment, or (`closing`) the first after it.

    A date that two of the formats read as two days is refused. Raises CellInvalid.
    """
    found = _read(text, dates)
    if not isinstance(found, datetime):
        day = found + timedelta(days=1) if closing else found
        found = datetime.combine(day, time())
    aware = found if found.tzinfo is not None else found.replace(tzinfo=zone)
    return aware.astimezone(UTC)


def read_day(text: str, *, dates: Sequence[str]) -> date:
    """Read a day; of a moment, the day that is written. Raises CellInvalid."""
    found = _read(text, dates)
    return found.date() if isinstance(found, datetime) else found


def _read(text: str, dates: Sequence[str]) -> datetime | date:
    try:
        if DAY.fullmatch(text):
            return _check_year(date.fromisoformat(text), text)
        if ISO.fullmatch(text):
            return _check_year(
                datetime.fromisoformat(text.replace(" UTC", "Z").replace(" +", "+").replace(" -", "-")), text
            )
    except ValueError:
        raise _refuse_date(text, dates) from None
    readings: dict[str, datetime | date] = {}
    for pattern in dates:
        try:
            # The zone is the mapping's, which the caller adds.
            moment = datetime.strptime(text, pattern)  # noqa: DTZ007
        except ValueError:
            continue
        readings[pattern] = moment if "%H" in pattern or "%I" in pattern else moment.date()
    if not readings:
        raise _refuse_date(text, dates)
    if len(set(readings.values())) > 1:
        raise CellInvalid(
            "date_ambiguous",
            f"{text[:SHOWN_MAX]!r} is one day by {' and another by '.join(readings)}.",
            "Leave one format in `dates` of the mapping, or write the column as 2026-12-31.",
        )
    return _check_year(next(iter(readings.values())), text)


def _check_year(found: datetime | date, text: str) -> datetime | date:
    if not YEARS[0] <= found.year <= YEARS[1]:
        raise CellInvalid(
            "date_out_of_range",
            f"{text[:SHOWN_MAX]!r} lies outside the years {YEARS[0]} to {YEARS[1]}.",
            "Mend it in the source, or leave the cell empty where there is no date.",
        )
    return found


def _refuse_date(text: str, dates: Sequence[str]) -> CellInvalid:
    known = ", ".join(["2026-12-31", *dates])
    return CellInvalid(
        "date_unreadable",
        f"{text[:SHOWN_MAX]!r} is not a date as the mapping knows them ({known}).",
        "Add its format to `dates` of the mapping, or write the column as 2026-12-31.",
    )
