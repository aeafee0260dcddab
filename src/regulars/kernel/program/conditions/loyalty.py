"""The environment of a loyalty programme: what its conditions may speak of, and where the values come from."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

from regulars.kernel.nouns import Line, Step
from regulars.kernel.nouns import Scalar as Plain
from regulars.kernel.program.conditions.shapes import (
    SCALAR,
    TEXT,
    TIME,
    WHOLE,
    ListOf,
    MapOf,
    Record,
    Shape,
    Text,
)
from regulars.kernel.program.conditions.view import Environment, View, make_environment

__all__ = ["OWN_FIELDS", "describe_loyalty", "look", "look_at_line"]

PARTS: Final = ("year", "month", "day", "hour", "minute")
BIRTHDAY: Final = re.compile(r"(?:^|-)([01][0-9])-([0-3][0-9])$(?!\n)")
OWN_FIELDS: Final = ("known_days", "birthday_month", "birthday_day")
"""Fields of a member that are not traits. A trait of such a name cannot be read."""


def describe_loyalty(
    *,
    traits: Mapping[str, Shape],
    currencies: Collection[str],
    facts: Mapping[str, Shape] | None = None,
    stores: Collection[str] | None = None,
    categories: Collection[str] = (),
    brands: Collection[str] = (),
    line: bool = False,
    engine: str | None = None,
) -> Environment:
    """Make the environment of one programme. Raises EngineMissing.

    `traits` are the member's by name, `facts` are others of the member that whoever looks can supply (`purchases`).
    Where stores, categories or brands are named, a condition that speaks of another is refused. `line` adds the root
    `line`, for formulas by line.
    """
    category, brand = Text(values=tuple(categories)), Text(values=tuple(brands))
    record = Record(
        what="a line",
        fields={
            "sku": TEXT,
            "amount": WHOLE,
            "quantity_milli": WHOLE,
            "categories": ListOf(of=category),
            "category": category,
            "brand": brand,
            "shelf_discount": WHOLE,
            "coupon_discount": WHOLE,
        },
    )
    open_fields = {**traits, **(facts or {})}
    roots: dict[str, Shape] = {
        "activity": Record(
            what="activity",
            fields={
                "kind": TEXT,
                "store": Text(values=tuple(stores or ())),
                "channel": TEXT,
                "at": TIME,
                "date": TEXT,
                **dict.fromkeys((*PARTS, "weekday"), WHOLE),
                "data": MapOf(of=SCALAR),
            },
        ),
        "basket": Record(
            what="basket",
            fields={
                **dict.fromkeys(("total", "count", "quantity_milli"), WHOLE),
                "lines": ListOf(of=record),
                "skus": ListOf(of=TEXT),
                "categories": ListOf(of=category),
                "brands": ListOf(of=brand),
            },
        ),
        "member": Record(
            what="member",
            fields={**open_fields, **dict.fromkeys(OWN_FIELDS, WHOLE)},
            optional=(*open_fields, *OWN_FIELDS),
        ),
        "balance": Record(what="balance", fields=dict.fromkeys(currencies, WHOLE)),
        "metrics": MapOf(of=WHOLE),
        "context": MapOf(of=SCALAR),
    }
    return make_environment({**roots, "line": record} if line else roots, engine=engine)


@dataclass(frozen=True, kw_only=True)
class _Scene:
    """All that fields are read from. Each derived part is worked out at most once."""

    step: Step
    zone: ZoneInfo
    facts: Mapping[str, Plain]
    metrics: Mapping[str, int]
    context: Mapping[str, Plain]

    @cached_property
    def local(self) -> datetime:
        return self.step.activity.occurred_at.astimezone(self.zone)

    @cached_property
    def birthday(self) -> tuple[int, int] | None:
        """Month and day, from a trait that ends in MM-DD."""
        written = BIRTHDAY.search(str(self.step.traits.get("birthday") or ""))
        return None if written is None else (int(written[1]), int(written[2]))

    @cached_property
    def known_days(self) -> int | None:
        joined = self.step.joined_at
        if joined is None:
            return None
        return max(0, (self.local.date() - joined.astimezone(self.zone).date()).days)

    def find(self, path: str) -> object:
        """The value of a field; None where there is none."""
        reader = READERS.get(path)
        if reader is not None:
            return reader(self)
        root, _, name = path.partition(".")
        if root == "balance":
            return self.step.balances.get(name, 0)
        assert root == "member", "every other field has its reader"
        return self.facts[name] if name in self.facts else self.step.traits.get(name)


def _list_words(scene: _Scene, pick: Callable[[Line], Collection[str]]) -> list[str]:
    """Each word once, in the order of the basket."""
    return list(dict.fromkeys(word for line in scene.step.activity.lines for word in pick(line) if word))


READERS: Final[Mapping[str, Callable[[_Scene], object]]] = {
    "activity.kind": lambda it: it.step.activity.kind,
    "activity.store": lambda it: it.step.activity.store,
    "activity.channel": lambda it: it.step.activity.channel,
    "activity.at": lambda it: it.step.activity.occurred_at,
    "activity.data": lambda it: it.step.activity.data,
    "activity.date": lambda it: it.local.date().isoformat(),
    "activity.year": lambda it: it.local.year,
    "activity.month": lambda it: it.local.month,
    "activity.day": lambda it: it.local.day,
    "activity.weekday": lambda it: it.local.isoweekday(),
    "activity.hour": lambda it: it.local.hour,
    "activity.minute": lambda it: it.local.minute,
    "basket.total": lambda it: sum(line.amount_minor for line in it.step.activity.lines),
    "basket.count": lambda it: len(it.step.activity.lines),
    "basket.quantity_milli": lambda it: sum(line.quantity_milli for line in it.step.activity.lines),
    "basket.lines": lambda it: [_write_line(line) for line in it.step.activity.lines],
    "basket.skus": lambda it: _list_words(it, lambda line: (line.sku,)),
    "basket.categories": lambda it: _list_words(it, lambda line: line.categories),
    "basket.brands": lambda it: _list_words(it, lambda line: (line.brand,)),
    "member.known_days": lambda it: it.known_days,
    "member.birthday_month": lambda it: None if it.birthday is None else it.birthday[0],
    "member.birthday_day": lambda it: None if it.birthday is None else it.birthday[1],
    "metrics": lambda it: it.metrics,
    "context": lambda it: it.context,
}


def look(
    environment: Environment,
    step: Step,
    zone: ZoneInfo,
    *,
    facts: Mapping[str, Plain] | None = None,
    metrics: Mapping[str, int] | None = None,
    context: Mapping[str, Plain] | None = None,
) -> View:
    """Look at one step. All conditions share the view; nothing is read before one of them names it."""
    scene = _Scene(step=step, zone=zone, facts=facts or {}, metrics=metrics or {}, context=context or {})
    return View(environment, scene.find)


def look_at_line(view: View, line: Line) -> View:
    """The same view, with a line as `line`."""
    members = _write_line(line)
    return view.over("line", lambda path: members[path.removeprefix("line.")])


def _write_line(line: Line) -> dict[str, object]:
    return {
        "sku": line.sku,
        "amount": line.amount_minor,
        "quantity_milli": line.quantity_milli,
        "categories": list(line.categories),
        "category": line.categories[-1] if line.categories else "",
        "brand": line.brand,
        "shelf_discount": line.shelf_discount_minor,
        "coupon_discount": line.coupon_discount_minor,
    }
