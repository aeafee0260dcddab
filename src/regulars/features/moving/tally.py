"""What became of the lines of an import, and whether source and books agree. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct, field

from regulars.features.moving.model import PartName, Problem

__all__ = ["Balanced", "Report", "Sum", "Tally", "add_up", "balance", "merge_sums", "sum_into"]


class Sum(Struct, kw_only=True):
    """Lots of one currency: how many, and how many points."""

    lots: int = 0
    points: int = 0

    def add(self, points: int, *, lots: int = 1) -> None:
        """Count some more."""
        self.lots += lots
        self.points += points


class Tally(Struct, kw_only=True):
    """What became of the lines of one part so far. It grows."""

    part: PartName
    file: str
    lines: int = 0
    """Lines with something to bring: activities, where several lines are one."""
    brought: int = 0
    there: int = 0
    """Brought by an earlier run: nothing changed."""
    refused: int = 0
    left_out: int = 0
    """By `where` of the mapping."""
    empty: int = 0
    """With nothing to bring: no points, no level."""
    ended: int = 0
    """Ended by the moment as of which all is brought."""
    source: dict[str, Sum] = field(default_factory=dict[str, Sum])
    """By currency: what the file holds."""
    books: dict[str, Sum] = field(default_factory=dict[str, Sum])
    """By currency: what the ledger's entries say, read back."""
    over: dict[str, Sum] = field(default_factory=dict[str, Sum])
    """By currency: what had ended."""
    lost: dict[str, Sum] = field(default_factory=dict[str, Sum])
    """By currency: what was refused, as far as it could be read."""


class Balanced(Struct, frozen=True, kw_only=True):
    """Source against books, in one currency: source = books + ended + refused + difference."""

    currency: str
    source_lots: int
    source_points: int
    books_lots: int
    books_points: int
    ended_lots: int
    ended_points: int
    refused_lots: int
    refused_points: int
    difference_lots: int
    difference_points: int


class Report(Struct, frozen=True, kw_only=True):
    """What an import came to."""

    source: str
    mapping: str
    as_of: datetime
    dry_run: bool
    parts: tuple[Tally, ...]
    currencies: tuple[Balanced, ...]
    problems: tuple[Problem, ...]
    """The first of them."""
    problems_found: int
    notices: tuple[str, ...] = ()
    seconds: float = 0

    @property
    def is_balanced(self) -> bool:
        """Whether nothing is left unexplained."""
        return not any(each.difference_lots or each.difference_points for each in self.currencies)


def balance(parts: Sequence[Tally]) -> tuple[Balanced, ...]:
    """Lay the books beside the source, currency by currency."""
    lots = [tally for tally in parts if tally.part == "lots"]
    names = sorted({name for tally in lots for each in (tally.source, tally.books) for name in each})
    found: list[Balanced] = []
    for name in names:
        source, books, over, lost = (
            _total([pick[name] for pick in picked if name in pick])
            for picked in (
                [tally.source for tally in lots],
                [tally.books for tally in lots],
                [tally.over for tally in lots],
                [tally.lost for tally in lots],
            )
        )
        found.append(
            Balanced(
                currency=name,
                source_lots=source.lots,
                source_points=source.points,
                books_lots=books.lots,
                books_points=books.points,
                ended_lots=over.lots,
                ended_points=over.points,
                refused_lots=lost.lots,
                refused_points=lost.points,
                difference_lots=source.lots - books.lots - over.lots - lost.lots,
                difference_points=source.points - books.points - over.points - lost.points,
            )
        )
    return tuple(found)


def add_up(parts: Sequence[Tally]) -> Tally:
    """Make the tallies of one part that several brought one."""
    whole = Tally(part=parts[0].part, file=parts[0].file)
    for part in parts:
        for name in ("lines", "brought", "there", "refused", "left_out", "empty", "ended"):
            setattr(whole, name, getattr(whole, name) + getattr(part, name))
        for mine, theirs in (
            (whole.source, part.source),
            (whole.books, part.books),
            (whole.over, part.over),
            (whole.lost, part.lost),
        ):
            merge_sums(mine, {currency: (each.lots, each.points) for currency, each in theirs.items()})
    return whole


def _total(sums: Sequence[Sum]) -> Sum:
    return Sum(lots=sum(each.lots for each in sums), points=sum(each.points for each in sums))


def sum_into(sums: dict[str, Sum], currency: str, points: int, *, lots: int = 1) -> None:
    """Count points of a currency."""
    sums.setdefault(currency, Sum()).add(points, lots=lots)


def merge_sums(sums: dict[str, Sum], more: Mapping[str, tuple[int, int]]) -> None:
    """Add what the books say: by currency (entries, points)."""
    for currency, (lots, points) in more.items():
        sum_into(sums, currency, points, lots=lots)
