"""One basket that conditions are judged for, and the environment of its programme."""

from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.kernel.nouns import Activity, Line, Step
from regulars.kernel.program.conditions import SCALAR, TEXT, WHOLE, Environment, Text, View, describe_loyalty, look

ENGINES = ("google", "rust")
MEMBER = UUID(int=7)
LINES = (
    Line(sku="milk-1l", amount_minor=1200, quantity_milli=2000, categories=("food", "dairy"), brand="Alm"),
    Line(sku="cheese", amount_minor=2500, quantity_milli=385, categories=("food", "dairy"), shelf_discount_minor=300),
    Line(sku="soap", amount_minor=500, categories=("home",), brand="Klar", coupon_discount_minor=50),
)
DATA = {"temperature": -3, "weather": "snow", "device": None, "first": True, "huge": 2**80}


def make(engine: str, *, line: bool = False) -> Environment:
    """One environment for each: a view and its conditions must share it."""
    return _make(engine, line)


@cache
def _make(engine: str, line: bool) -> Environment:  # noqa: FBT001 - the cache tells names from places
    return describe_loyalty(
        traits={"tier": Text(values=("silver", "gold")), "vip": SCALAR, "birthday": TEXT, "joined.by-app": SCALAR},
        facts={"purchases": WHOLE},
        currencies=("points", "stars.eu"),
        stores=("s1", "s2"),
        categories=("food", "dairy", "home"),
        brands=("Alm", "Klar"),
        line=line,
        engine=engine,
    )


def take_step(**changes: Any) -> Step:  # noqa: ANN401 - any part of an activity
    """A purchase on a Wednesday morning in Shanghai, Tuesday night in UTC."""
    told: dict[str, Any] = {
        "id": "1",
        "source": "till",
        "kind": "purchase",
        "occurred_at": datetime(2026, 2, 3, 23, 5, tzinfo=UTC),
        "store": "s1",
        "channel": "store",
        "lines": LINES,
        "data": DATA,
        **changes,
    }
    activity = Activity(member=MEMBER, **told)
    return Step(
        member=MEMBER,
        activity=activity,
        at=activity.occurred_at,
        day=activity.occurred_at.toordinal(),
        traits={"tier": "gold", "birthday": "1990-05-17"},
        balances={"points": 120},
        left={},
        joined_at=datetime(2026, 1, 1, 12, tzinfo=UTC),
    )


def see(engine: str, step: Step | None = None, *, line: bool = False, zone: str = "Asia/Shanghai") -> View:
    return look(
        make(engine, line=line),
        step or take_step(),
        ZoneInfo(zone),
        facts={"purchases": 4},
        metrics={"visits": 9},
        context={"weather": "snow"},
    )
