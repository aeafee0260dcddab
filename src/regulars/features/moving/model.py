"""A mapping says which column of whose file is what; a problem says what is wrong in which line, and the cure."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from regulars.base.errors import Refusal

__all__ = [
    "ORDER",
    "PARTS",
    "Cell",
    "Consents",
    "Coupons",
    "Field",
    "ImportFaulty",
    "Lots",
    "Mapped",
    "MappingInvalid",
    "Members",
    "MoveBound",
    "Part",
    "PartName",
    "Problem",
    "Purchases",
    "SheetUnreadable",
    "Tiers",
]

PartName = Literal["members", "tiers", "purchases", "lots", "coupons", "consents"]
ORDER: Final[tuple[PartName, ...]] = ("members", "tiers", "purchases", "lots", "coupons", "consents")
"""In which parts are brought: members first; what lies in the past before what is opened today."""
IDENTIFIERS_MAX: Final = 16
TRAITS_MAX: Final = 50
COLUMNS_MAX: Final = 500

Word = Annotated[str, Meta(min_length=1, max_length=64)]
Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9_.-]*$(?!\n)")]
Column = Annotated[str, Meta(min_length=1, max_length=200)]


class MappingInvalid(Refusal):
    """The mapping cannot be read, or names no file that is there."""

    code, kind = "mapping_invalid", "invalid"


class SheetUnreadable(Refusal):
    """A file of an import cannot be read as what the mapping says it is."""

    code, kind = "sheet_unreadable", "invalid"


class ImportFaulty(Refusal):
    """Some lines of an import cannot be taken. Nothing of it was written, unless the good ones were asked for."""

    code, kind = "import_faulty", "invalid"


class MoveBound(Refusal):
    """This source was brought before, as of another moment."""

    code, kind = "import_bound", "conflict"


class Cell(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a value comes from: a column, or one value for all lines."""

    column: Column | None = None
    value: str | None = None
    """The same for every line."""
    values: Mapping[str, str] = {}
    """What the other system's words mean here; with it, any other word is a problem."""
    default: str = ""
    """For lines where the column is empty."""
    decimals: Annotated[int, Meta(ge=0, le=6)] = 0
    """Of an amount: how many decimals of the column are whole units here. With 2, 12.50 is 1250."""
    month_day: bool = False
    """Of a date: keep the month and the day only, as a birthday is told."""

    def __post_init__(self) -> None:
        """Refuse both and neither."""
        if (self.column is None) == (self.value is None):
            raise ValueError("Give either a column or a value")


Field = Column | Cell


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all parts have."""

    file: Annotated[str, Meta(min_length=1, max_length=200)]
    """Its name in the folder that is brought."""
    where: Mapping[Column, tuple[str, ...]] = {}
    """Lines to take: those that have one of these words in a column. Others are left out, and counted."""
    leave: tuple[Column, ...] = ()
    """Columns that are left behind on purpose; `*` for all that nothing names."""


class Members(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line for each member."""

    identifiers: Annotated[Mapping[Name, Field], Meta(min_length=1, max_length=IDENTIFIERS_MAX)]
    """By kind: what members are found by. The kind named by `key` must be among them."""
    joined_at: Field | None = None
    region: Field | None = None
    traits: Annotated[Mapping[Name, Field], Meta(max_length=TRAITS_MAX)] = {}
    """What the programme's catalogue calls traits: a birthday, a language, a segment."""


class Lots(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line for each lot: points that were given together and end together."""

    member: Field
    points: Field
    currency: Field
    id: Field | None = None
    """The other system's name of the lot; without one, lots of a member are told apart by their dates."""
    issued_at: Field | None = None
    usable_from: Field | None = None
    expires_at: Field | None = None
    """A day: the points can be used on that day for the last time. Empty: as `no_end` says."""
    no_end: Literal["as_currency", "never"] = "never"
    """What a lot without an end becomes: it never ends, or it ends as the currency says of points given today."""


class Tiers(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line for each member who has a level."""

    member: Field
    level: Field
    since: Field | None = None
    """Without it: since the moment as of which all is brought."""
    until: Field | None = None
    """The last day; without it the level has no end until somebody takes it back."""
    trait: Name = "tier"


class Coupons(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line for each code."""

    code: Field
    coupon: Field
    """Which coupon of the programme the code is for."""
    member: Field | None = None
    """The only one who may use it; without it, anybody."""
    valid_from: Field | None = None
    valid_until: Field | None = None
    """A day: the last one."""
    uses: Field | None = None


class Purchases(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line for each line of a basket; lines that follow each other with one id are one purchase."""

    member: Field
    id: Field
    occurred_at: Field
    amount: Field
    """What was paid for the line, or for the whole purchase where it has no lines."""
    sku: Field | None = None
    quantity: Field | None = None
    category: Field | None = None
    """From broad to narrow, with ` > ` between."""
    store: Field | None = None
    channel: Field | None = None


class Consents(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line for each time that a member agreed to something, or took it back."""

    member: Field
    purpose: Field
    granted: Field
    """yes or no; `values` says what the other system's words mean."""
    told_at: Field | None = None
    channel: Field | None = None
    text: Field | None = None
    """Which version of the text they agreed to."""
    proof: Field | None = None


class Mapped(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mapping: everything about the shape of another system's files."""

    mapping: Word
    """Its name."""
    source: Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$(?!\n)")]
    """What the other system is called here: activities are named under it."""
    key: Name
    """The kind of identifier by which its files name members."""
    time_zone: Word = "UTC"
    """Of times that have none."""
    dates: tuple[Word, ...] = ()
    """How dates are written besides ISO 8601, such as `%d/%m/%Y`."""
    encoding: Literal["utf-8", "gb18030", "big5", "utf-16", "cp1252"] = "utf-8"
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] = ","
    members: Members | None = None
    tiers: Tiers | None = None
    purchases: Purchases | None = None
    lots: Lots | None = None
    coupons: Coupons | None = None
    consents: Consents | None = None

    def list_parts(self) -> list[tuple[PartName, Part]]:
        """List the parts that it speaks of, in the order in which they are brought."""
        parts: list[tuple[PartName, Part | None]] = [
            ("members", self.members),
            ("tiers", self.tiers),
            ("purchases", self.purchases),
            ("lots", self.lots),
            ("coupons", self.coupons),
            ("consents", self.consents),
        ]
        return [(name, part) for name, part in parts if part is not None]


PARTS: Final[Mapping[PartName, type[Part]]] = {
    "members": Members,
    "tiers": Tiers,
    "purchases": Purchases,
    "lots": Lots,
    "coupons": Coupons,
    "consents": Consents,
}


class Problem(Struct, frozen=True, kw_only=True):
    """Something that cannot be taken as it is. It never quotes what a member is found by."""

    file: str
    line: int
    """From 1; the first is that of the names of columns."""
    column: str = field(default="")
    code: str
    """For machines."""
    what: str
    cure: str

    def __str__(self) -> str:
        """Write it for people."""
        where = f"{self.file}, line {self.line}" + (f", {self.column}" if self.column else "")
        return f"{where}: {self.what} {self.cure}"
