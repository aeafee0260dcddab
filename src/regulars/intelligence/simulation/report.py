"""A simulation as tables for people: drafts side by side, what they cost and for whom they differ."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from regulars.intelligence.simulation.model import LIVE, Simulated, Tally
from regulars.intelligence.simulation.words import say
from regulars.kernel.program import Document
from regulars.kernel.program.terms.speech import MINOR_DECIMALS

__all__ = ["Table", "list_tables", "name_versions", "owed_by_month", "write_money"]

MICRO: Final = 1_000_000
NOTHING: Final = "–"

Rows = Iterable[tuple[str, list[str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Some figures of each version."""

    title: str
    note: str = ""
    """What they mean, where the title does not say it."""
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[str]]]
    """A label, and one cell for each column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Telling:
    """What the tables are made of: the versions in order, and how everything in them is called."""

    done: Simulated
    names: Sequence[str]
    tallies: Sequence[Tally]
    documents: Sequence[Document]
    lang: str

    @property
    def money(self) -> str:
        return self.documents[0].money

    def write(self, micro: int, *, signed: bool = False) -> str:
        return write_money(micro, self.money, signed=signed)


def list_tables(done: Simulated, documents: Sequence[Document], *, lang: str) -> list[Table]:
    """Put the figures into tables, a column for each version; those without a row are left out.

    `documents` name offers, levels and currencies, the first of them first. They count in the same money.
    """
    names = list(done.tallies)
    telling = _Telling(
        done=done, names=names, tallies=[done.tallies[name] for name in names], documents=documents, lang=lang
    )
    money = telling.money
    found = [
        _make(telling, "cost", _tell_cost(telling), note="cost_note"),
        _make(telling, "offers", _tell_offers(telling), money=money),
        _make(telling, "changes", _tell_changes(telling), note="changes_note", drafts_only=True, money=money),
        _make(telling, "levels", _tell_levels(telling)),
        _make(telling, "up", _tell_moves(telling), note="up_note"),
        _make(telling, "groups", _tell_groups(telling), note="groups_note", drafts_only=True),
        _make(telling, "refused", _count(telling, "refused"), note="refused_note"),
        _make(telling, "left_out", _count(telling, "left_out"), note="left_out_note"),
    ]
    return [table for table in found if table.rows]


def name_versions(names: Iterable[str], lang: str) -> list[str]:
    """Call each version as people do: a draft by its file."""
    return [say("live", lang) if name == LIVE else name for name in names]


def owed_by_month(tally: Tally) -> dict[str, int]:
    """What all points still there were worth at the end of each month, in millionths of a minor unit."""
    running, found = 0, dict[str, int]()
    for month in sorted(tally.owed):
        running += tally.owed[month]
        found[month] = running
    return found


def write_money(micro: int, money: str, *, signed: bool = False) -> str:
    """Write millionths of a minor unit as money, rounded towards nought: 156680000 of USD is 1.56."""
    decimals = MINOR_DECIMALS.get(money, 2)
    minor = abs(micro) // MICRO
    whole, rest = divmod(minor, 10**decimals)
    sign = "" if not minor else "-" if micro < 0 else "+" if signed else ""
    return f"{sign}{whole:,}.{rest:0{decimals}}" if decimals else f"{sign}{whole:,}"


def _make(
    telling: _Telling, title: str, rows: Rows, *, note: str = "", drafts_only: bool = False, **values: str
) -> Table:
    return Table(
        title=say(title, telling.lang, **values),
        note=say(note, telling.lang) if note else "",
        columns=name_versions(telling.names[1:] if drafts_only else telling.names, telling.lang),
        rows=list(rows),
    )


def _named(names: Mapping[str, str] | None, lang: str, id_: str) -> str:
    return id_ if names is None else names.get("zh-CN" if lang == "zh" else "en", id_)


def _tell_cost(telling: _Telling) -> Rows:
    everything = [each for document in telling.documents for each in document.currencies.items()]
    for id_, currency in {**dict(everything), **dict(reversed(everything))}.items():
        sums = [sum(points for (_, name), points in tally.points.items() if name == id_) for tally in telling.tallies]
        label = say("points", telling.lang, currency=_named(currency.name, telling.lang, id_))
        yield label, [f"{points:,}" for points in sums]
    worth = [sum(tally.worth.values()) for tally in telling.tallies]
    yield say("money", telling.lang, money=telling.money), [telling.write(each) for each in worth]
    cells = [NOTHING, *(telling.write(each - worth[0], signed=True) for each in worth[1:])]
    yield say("difference", telling.lang, money=telling.money), cells


def _worth_by_offer(telling: _Telling) -> list[tuple[str, list[int]]]:
    """List the offers that gave something of worth, by what they are called, dearest first."""
    names = {offer.id: offer.name for document in reversed(telling.documents) for offer in document.offers}
    offers = {offer for tally in telling.tallies for offer, _ in tally.worth}
    rows = [
        (offer, [sum(worth for (name, _), worth in tally.worth.items() if name == offer) for tally in telling.tallies])
        for offer in offers
    ]
    rows.sort(key=lambda row: (-max(row[1]), row[0]))
    called = {offer: _named(names.get(offer), telling.lang, offer) or say("by_hand", telling.lang) for offer, _ in rows}
    return [(called[offer], worths) for offer, worths in rows if any(worths)]


def _tell_offers(telling: _Telling) -> Rows:
    for label, worths in _worth_by_offer(telling):
        yield label, [telling.write(worth) for worth in worths]


def _tell_changes(telling: _Telling) -> Rows:
    for label, (live, *worths) in _worth_by_offer(telling):
        if any(worth != live for worth in worths):
            yield label, [telling.write(worth - live, signed=True) for worth in worths]


def _names_of_levels(telling: _Telling) -> dict[str, str]:
    levels = [
        level
        for document in telling.documents
        for offer in document.offers
        for level in offer.settings.get("levels", ())
    ]
    named = {"": say("none", telling.lang)}
    for level in levels:
        named.setdefault(level["id"], _named(level.get("name"), telling.lang, level["id"]))
    return named


def _tell_levels(telling: _Telling) -> Rows:
    names = _names_of_levels(telling)
    ranks = {level: rank for rank, level in enumerate(names)}
    found = {key for tally in telling.tallies for key, count in tally.levels.items() if count}
    for trait, level in sorted(found, key=lambda key: (key[0], ranks.get(key[1], -1), key[1])):
        label = _label(telling, found, trait, names.get(level, level))
        yield label, [f"{tally.levels[trait, level]:,}" for tally in telling.tallies]


def _tell_moves(telling: _Telling) -> Rows:
    names = _names_of_levels(telling)
    ranks = {level: rank for rank, level in enumerate(names)}
    found = {key for tally in telling.tallies for key, count in tally.moves.items() if count}
    for trait, start, end in sorted(found, key=lambda it: (it[0], ranks.get(it[1], -1), ranks.get(it[2], -1), it)):
        label = _label(telling, found, trait, f"{names.get(start, start)} → {names.get(end, end)}")
        yield label, [f"{tally.moves[trait, start, end]:,}" for tally in telling.tallies]


def _label(telling: _Telling, found: Iterable[tuple[str, ...]], trait: str, level: str) -> str:
    """Name the trait where there are several."""
    several = len({key[0] for key in found}) > 1
    return say("level", telling.lang, trait=trait, level=level) if several else level


def _tell_groups(telling: _Telling) -> Rows:
    names, done = _names_of_levels(telling), telling.done
    for level in dict.fromkeys(group.level for groups in done.groups.values() for group in groups):
        cells: dict[str, list[str]] = {"gain": [], "lose": [], "net": []}
        for name in telling.names[1:]:
            # Who is in a group is known from what really happened, so each draft has the same groups.
            group = next(each for each in done.groups[name] if each.level == level)
            cells["gain"].append(f"{group.gain:,} / {group.members:,}")
            cells["lose"].append(f"{group.lose:,} / {group.members:,}")
            cells["net"].append(telling.write(group.difference_micro, signed=True))
        for word, row in cells.items():
            yield say(word, telling.lang, level=names.get(level, level), money=telling.money), row


def _count(telling: _Telling, what: str) -> Rows:
    counters = [getattr(tally, what) for tally in telling.tallies]
    for key in sorted({key for counter in counters for key, count in counter.items() if count}):
        yield key, [f"{counter[key]:,}" for counter in counters]
