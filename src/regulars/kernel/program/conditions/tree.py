"""An expression as a tree. Each part knows where it stands in the text."""

from dataclasses import dataclass

__all__ = [
    "Binary",
    "Call",
    "Chain",
    "Choice",
    "Has",
    "Index",
    "Listing",
    "Literal",
    "Loop",
    "Name",
    "Node",
    "Select",
    "Unary",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some of the text: from `start` up to `end`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal(Part):
    """A value written out. A fraction is kept as its text, to be refused where it stands."""

    value: int | str | bool | None
    fraction: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Name(Part):
    """A bare word."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Select(Part):
    """`of.name`; `at` is where the name stands."""

    of: "Node"
    name: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Index(Part):
    """`of[index]`."""

    of: "Node"
    index: "Node"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Part):
    """`name(arguments)` or `target.name(arguments)`; `at` is where the name stands."""

    name: str
    at: int
    target: "Node | None"
    arguments: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Has(Part):
    """`has(of)`."""

    of: "Node"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop(Part):
    """`over.kind(name, body)`; for a map with three parts, `keep` says which are mapped."""

    kind: str
    over: "Node"
    name: str
    at: int
    body: "Node"
    keep: "Node | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unary(Part):
    """`!of` or `-of`."""

    operator: str
    of: "Node"


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary(Part):
    """Two sides; `at` is where the operator stands."""

    operator: str
    at: int
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain(Part):
    """All of one run of `&&` or of `||`."""

    operator: str
    parts: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Part):
    """`test ? yes : no`."""

    test: "Node"
    yes: "Node"
    no: "Node"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Part):
    """`[a, b]`."""

    items: "tuple[Node, ...]"


Node = Literal | Name | Select | Index | Call | Has | Loop | Unary | Binary | Chain | Choice | Listing
