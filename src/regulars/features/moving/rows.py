"""What a line of each part says, checked against the programme: a row, nothing to bring, or its problems. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import Final, TypeAlias
from zlib import crc32

from regulars.features.moving.deal import Deal
from regulars.features.moving.lines import Cells
from regulars.features.moving.model import Lots, Mapped, Members, Part, PartName, Problem, Tiers
from regulars.features.moving.sheets import Sheet
from regulars.kernel.nouns import LINES_MAX, Identifier, Line, Scalar

__all__ = [
    "ALONE",
    "ConsentRow",
    "CouponRow",
    "Faulty",
    "Lane",
    "LotRow",
    "MemberRow",
    "PurchaseRow",
    "Row",
    "Setting",
    "Skipped",
    "TierRow",
    "read_rows",
]

WHOLE: Final = "whole-purchase"
"""The article of a purchase of which only the sum is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRow:
    """A member."""

    line: int
    member: Identifier
    others: tuple[Identifier, ...]
    joined_at: datetime | None
    region: str
    traits: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True, kw_only=True)
class LotRow:
    """Points with one end."""

    line: int
    member: Identifier
    id: str
    currency: str
    points: int
    issued_at: datetime | None
    usable_from: datetime | None
    expires_at: datetime | None
    endless: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TierRow:
    """A level."""

    line: int
    member: Identifier
    trait: str
    level: str
    since: datetime | None
    until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseRow:
    """A purchase of before."""

    line: int
    member: Identifier
    id: str
    occurred_at: datetime
    lines: tuple[Line, ...]
    store: str
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponRow:
    """A code."""

    line: int
    member: Identifier | None
    coupon: str
    code: str
    valid_from: datetime | None
    valid_until: datetime | None
    uses: int

    def __repr__(self) -> str:
        """Never show a code."""
        return f"CouponRow(line={self.line}, coupon={self.coupon!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRow:
    """What a member agreed to, or took back."""

    line: int
    member: Identifier
    purpose: str
    channel: str
    granted: bool
    told_at: datetime | None
    text: str
    proof: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A line with nothing to bring."""

    line: int
    why: str
    """left_out, empty or ended"""
    currency: str = ""
    points: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Faulty:
    """A line that cannot be taken as it is."""

    line: int
    problems: tuple[Problem, ...]
    currency: str = ""
    points: int = 0
    """As far as they can be read."""


Row: TypeAlias = MemberRow | LotRow | TierRow | PurchaseRow | CouponRow | ConsentRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Which of how many that bring the same files at once: each has the lines of members whom no other has."""

    number: int = 0
    count: int = 1

    def has(self, word: str) -> bool:
        """Say whether a member of this name is brought here. The same on every machine, and in every run."""
        return self.count == 1 or crc32(word.encode()) % self.count == self.number


ALONE: Final = Lane()


@dataclass(slots=True, kw_only=True)
class Setting:
    """What lines are read against; it remembers which members and identifiers have come already."""

    mapped: Mapped
    deal: Deal
    as_of: datetime
    purposes: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    seen: dict[int, int] = field(default_factory=dict[int, int])
    """By digest of an identifier: the line in which it came first."""
    lane: Lane = ALONE
    faulty: frozenset[int] | None = None
    """Lines of members that the first look refused; None: this is the first look. Nobody remembers members twice."""


def read_rows(setting: Setting, name: PartName, part: Part, sheet: Sheet) -> Iterator[Row | Skipped | Faulty]:
    """Read every line of a part, in order. Raises SheetUnreadable."""
    cells = Cells(mapped=setting.mapped, part=part, sheet=sheet)
    if name == "purchases":
        yield from _read_purchases(setting, cells)
        return
    read = READERS[name]
    for line, row in sheet.read():
        left_out = not cells.turn_to(line, row)
        if not setting.lane.has("" if left_out else _name_owner(setting, name, cells)):
            continue
        if left_out:
            yield Skipped(line=line, why="left_out")
            continue
        if name == "members" and setting.faulty and line in setting.faulty:
            yield Faulty(line=line, problems=())
            continue
        # Which cell is which, nobody knows in a line of too many.
        found = None if cells.problems else read(setting, cells)
        if cells.problems:
            points, currency = (found.points, found.currency) if isinstance(found, LotRow | Skipped) else (0, "")
            yield Faulty(line=line, problems=tuple(cells.problems), currency=currency, points=points)
        elif found is not None:
            yield found


def _name_owner(setting: Setting, name: PartName, cells: Cells) -> str:
    """Say by whose name a line goes to its lane: a member's as it is spelled here, else a code's."""
    if setting.lane.count == 1 or cells.problems:
        return ""
    path = f"identifiers.{setting.mapped.key}" if name == "members" else "member"
    owner = cells.identifier(path, setting.mapped.key)
    word = owner.value if owner is not None else cells.text("code")
    # What is wrong with it is told by whoever has the line.
    cells.problems = []
    return word


def _read_member(setting: Setting, cells: Cells) -> MemberRow | None:
    part, key = setting.mapped.members, setting.mapped.key
    assert isinstance(part, Members)
    found = {kind: cells.identifier(f"identifiers.{kind}", kind, needed=kind == key) for kind in part.identifiers}
    for kind, each in found.items():
        if each is not None:
            _check_first(setting, cells, f"identifiers.{kind}", each)
    joined_at = cells.moment("joined_at")
    _check_past(setting, cells, "joined_at", joined_at)
    traits = {name: value for name in part.traits if (value := _read_trait(setting, cells, name)) is not None}
    member = found[key]
    if member is None:
        return None
    return MemberRow(
        line=cells.line,
        member=member,
        others=tuple(each for kind, each in found.items() if kind != key and each is not None),
        joined_at=joined_at,
        region=cells.word("region"),
        traits=traits,
    )


def _check_first(setting: Setting, cells: Cells, name: str, each: Identifier) -> None:
    """Nobody may come twice: which of two lines tells the truth is not ours to say."""
    if setting.faulty is not None:
        return
    digest = hash((each.kind, each.value))
    before = setting.seen.setdefault(digest, cells.line)
    if before != cells.line:
        what = f"Line {before} has the same {each.kind}: two members cannot share it."
        cells.say(name, "member_duplicate", what, "Merge the two lines in the source, or take it from one of them.")


def _read_trait(setting: Setting, cells: Cells, name: str) -> Scalar:
    path = f"traits.{name}"
    outside = setting.deal.outside.get(name)
    if outside is None:
        known = ", ".join(sorted(setting.deal.outside)) or "none"
        cure = "Add it to `catalog.traits` of the programme; a level belongs into the part `tiers`."
        cells.say(path, "trait_unknown", f"The programme is told no trait {name!r} from outside ({known}).", cure)
        return None
    value: Scalar
    if cells.is_month_day(path) or outside.is_birthday:
        day = cells.day(path)
        value = None if day is None else f"{day:%m-%d}"
    elif outside.kinds == frozenset[type]({bool}):
        value = cells.flag(path) if cells.text(path) else None
    elif outside.kinds == frozenset[type]({int}):
        value = cells.amount(path) if cells.text(path) else None
    else:
        value = cells.word(path, most=200) or None
    if not cells.problems and (expected := outside.find_fault(value)):
        cells.say(path, "trait_invalid", f"The trait {name} is expected to be {expected}.")
    return value


def _read_lot(setting: Setting, cells: Cells) -> LotRow | Skipped | None:
    part = setting.mapped.lots
    assert isinstance(part, Lots)
    member = cells.identifier("member", setting.mapped.key, needed=True)
    currency = cells.word("currency", needed=True)
    points = cells.amount("points")
    expires_at = cells.moment("expires_at", closing=True)
    lot = LotRow(
        line=cells.line,
        member=member or Identifier(kind=setting.mapped.key, value="-"),
        id=cells.word("id", most=80),
        currency=currency,
        points=points or 0,
        issued_at=cells.moment("issued_at"),
        usable_from=cells.moment("usable_from"),
        expires_at=expires_at,
        endless=expires_at is None and part.no_end == "never",
    )
    if currency and currency not in setting.deal.currencies:
        known = ", ".join(sorted(setting.deal.currencies))
        cure = "Say in `values` of the mapping what it is called here, or add it to the programme."
        cells.say("currency", "currency_unknown", f"The programme has no currency {currency!r} ({known}).", cure)
    if lot.points < 0:
        cure = "Take it off the member's other lots in the source, or leave it out and settle it by hand (`adjust`)."
        cells.say("points", "lot_negative", f"{lot.points} points: nothing that is owed can be a lot.", cure)
    if lot.usable_from and expires_at and lot.usable_from >= expires_at:
        cells.say("usable_from", "lot_backwards", "These points would end before they can be used.")
    if cells.problems or points is None:
        return lot
    if not points:
        return Skipped(line=cells.line, why="empty", currency=currency)
    if expires_at is not None and expires_at <= setting.as_of:
        return Skipped(line=cells.line, why="ended", currency=currency, points=points)
    return lot


def _read_tier(setting: Setting, cells: Cells) -> TierRow | Skipped | None:
    part = setting.mapped.tiers
    assert isinstance(part, Tiers)
    member = cells.identifier("member", setting.mapped.key, needed=True)
    level = cells.text("level")
    since, until = cells.moment("since"), cells.day("until")
    if not level and not cells.problems:
        return Skipped(line=cells.line, why="empty")
    levels = setting.deal.levels.get(part.trait)
    if levels is None:
        known = ", ".join(sorted(setting.deal.levels)) or "none"
        cells.say("level", "level_set_unknown", f"The programme has no levels called {part.trait!r} ({known}).")
    elif level and level not in levels:
        cure = "Say in `values` of the mapping which level it is here, or add it to the programme."
        cells.say("level", "level_unknown", f"The programme has no level {level!r} ({', '.join(levels)}).", cure)
    _check_past(setting, cells, "since", since)
    _check_begun(setting, cells, "since", since)
    if since is not None and until is not None and until < since.date():
        cells.say("until", "level_backwards", "The level would end before it begins.")
    if member is None:
        return None
    return TierRow(line=cells.line, member=member, trait=part.trait, level=level, since=since, until=until)


def _read_coupon(setting: Setting, cells: Cells) -> CouponRow | Skipped | None:
    coupon, code = cells.word("coupon", needed=True), cells.word("code", needed=True)
    if coupon and coupon not in setting.deal.coupons:
        known = ", ".join(sorted(setting.deal.coupons)) or "none"
        cure = "Say in `values` of the mapping which coupon it is here, or add it to the programme."
        cells.say("coupon", "coupon_missing", f"The programme has no coupon {coupon!r} ({known}).", cure)
    uses = cells.amount("uses") if cells.has("uses") else 1
    if uses is not None and uses < 1:
        return Skipped(line=cells.line, why="empty")
    row = CouponRow(
        line=cells.line,
        member=cells.identifier("member", setting.mapped.key),
        coupon=coupon,
        code=code,
        valid_from=cells.moment("valid_from"),
        valid_until=cells.moment("valid_until", closing=True),
        uses=uses or 1,
    )
    if row.valid_until is not None and row.valid_until <= setting.as_of and not cells.problems:
        return Skipped(line=cells.line, why="ended")
    return row


def _read_consent(setting: Setting, cells: Cells) -> ConsentRow | None:
    member = cells.identifier("member", setting.mapped.key, needed=True)
    told_at = cells.moment("told_at")
    _check_past(setting, cells, "told_at", told_at)
    row = ConsentRow(
        line=cells.line,
        member=member or Identifier(kind=setting.mapped.key, value="-"),
        purpose=cells.word("purpose", needed=True),
        channel=cells.word("channel"),
        granted=cells.flag("granted"),
        told_at=told_at,
        text=cells.word("text"),
        proof=cells.word("proof", most=200),
    )
    for name, word, known in (("purpose", row.purpose, setting.purposes), ("channel", row.channel, setting.channels)):
        if word and word not in known:
            cure = "Say in `values` of the mapping what it is here."
            cells.say(name, "consent_unknown", f"There is no {name} {word!r} ({', '.join(sorted(known))}).", cure)
    if row.granted and not row.text and not row.proof:
        what = "Something is allowed, and nothing says by which words or where the proof is kept."
        cure = "Map `text` or `proof`; one value for all lines will do, such as {value: paper forms of 2024}."
        cells.say("proof", "consent_unproved", what, cure)
    return None if member is None else row


def _read_purchases(setting: Setting, cells: Cells) -> Iterator[PurchaseRow | Skipped | Faulty]:
    """Join lines that follow each other with one id. One that is wrong spoils its purchase, and no other."""
    place = cells.sheet

    for _, group in groupby(_read_purchase_lines(setting, cells), key=lambda each: each[0]):
        lines = list(group)
        problems = tuple(problem for each in lines for problem in each[3])
        first = lines[0][2]
        if isinstance(first, Skipped):
            yield first
        elif problems or first is None:
            yield Faulty(line=lines[0][1], problems=problems)
        else:
            basket = tuple(each for _, _, row, _ in lines if isinstance(row, PurchaseRow) for each in row.lines)
            if len(basket) > LINES_MAX:
                problem = Problem(
                    file=place.name,
                    line=first.line,
                    code="purchase_too_long",
                    what=f"The purchase has more than {LINES_MAX} lines.",
                    cure="Leave out its lines and bring its sum.",
                )
                yield Faulty(line=first.line, problems=(problem,))
            else:
                yield PurchaseRow(
                    line=first.line,
                    member=first.member,
                    id=first.id,
                    occurred_at=first.occurred_at,
                    lines=basket,
                    store=first.store,
                    channel=first.channel,
                )


def _read_purchase_lines(
    setting: Setting, cells: Cells
) -> Iterator[tuple[int, int, PurchaseRow | Skipped | None, tuple[Problem, ...]]]:
    """Read the lines of our lane: (which purchase, line, what it says, what is wrong with it)."""
    number, last, is_ours = 0, "", True
    for line, row in cells.sheet.read():
        left_out = not cells.turn_to(line, row)
        name = "" if left_out or cells.problems else cells.text("id")
        if name != last or not name:
            # The first line says whose the purchase is.
            is_ours = setting.lane.has("" if left_out else _name_owner(setting, "purchases", cells))
            number, last = number + 1, name
        if not is_ours:
            continue
        if left_out:
            yield number, line, Skipped(line=line, why="left_out"), ()
        elif cells.problems:
            yield number, line, None, tuple(cells.problems)
        else:
            found = _read_purchase_line(setting, cells)
            yield number, line, found, tuple(cells.problems)


def _read_purchase_line(setting: Setting, cells: Cells) -> PurchaseRow | None:
    member = cells.identifier("member", setting.mapped.key, needed=True)
    occurred_at = cells.moment("occurred_at", needed=True)
    amount = cells.amount("amount")
    quantity = cells.amount("quantity") if cells.has("quantity") else 1000
    if (amount is not None and amount < 0) or (quantity is not None and quantity < 0):
        cure = "Leave what came back out: the sum of a purchase is what was kept."
        cells.say("amount", "amount_negative", "A purchase cannot be less than nothing.", cure)
    _check_past(setting, cells, "occurred_at", occurred_at)
    _check_begun(setting, cells, "occurred_at", occurred_at)
    name = cells.word("id", needed=True, most=100)
    sku, store, channel = cells.word("sku"), cells.word("store", most=200), cells.word("channel", most=200)
    categories = tuple(word.strip() for word in cells.text("category").split(" > ") if word.strip())
    if member is None or occurred_at is None or amount is None or quantity is None or cells.problems:
        return None
    line = Line(sku=sku or WHOLE, amount_minor=amount, quantity_milli=quantity, categories=categories)
    return PurchaseRow(
        line=cells.line,
        member=member,
        id=name,
        occurred_at=occurred_at,
        lines=(line,),
        store=store,
        channel=channel,
    )


def _check_past(setting: Setting, cells: Cells, name: str, at: datetime | None) -> None:
    if at is not None and at > setting.as_of:
        what = f"This is after {setting.as_of.isoformat()}, the moment as of which all is brought."
        cells.say(name, "date_in_future", what, "Mend the date, or bring it as of a later moment (`--as-of`).")


def _check_begun(setting: Setting, cells: Cells, name: str, at: datetime | None) -> None:
    if at is not None and at < setting.deal.begins:
        begins = f"{setting.deal.begins:%Y-%m-%d %H:%M} UTC"
        what = f"The programme began at {begins}, later than this."
        cells.say(
            name, "before_programme", what, "Publish it with an earlier start: `regulars program publish --from`."
        )


READERS: Final[Mapping[PartName, Callable[[Setting, Cells], Row | Skipped | None]]] = {
    "members": _read_member,
    "lots": _read_lot,
    "tiers": _read_tier,
    "coupons": _read_coupon,
    "consents": _read_consent,
}
