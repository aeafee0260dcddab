"""What a programme costs per basket: microseconds of `program.rule` for 1, 10 and 50 offers, by their envelope.

Run it as .venv/bin/python bench/rule.py. Each figure is the best of several rounds, on one core, of one basket of nine
lines whose member has bought before.
"""

import argparse
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from time import process_time
from timeit import repeat
from typing import Any, Final
from uuid import UUID

from regulars.kernel.nouns import Activity, Line, Step
from regulars.kernel.program import Document, Plan, compile_plan, decode, rule

COUNTS: Final = (1, 10, 50)
MEMBER: Final = UUID(int=7)
AT: Final = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
ENVELOPES: Final[Mapping[str, Mapping[str, Any]]] = {
    "plain": {},
    "schedule": {"schedule": {"from": "2026-01-01", "until": "2026-12-31"}},
    "windows": {"windows": [{"weekdays": ["mon"], "from": "20:00", "until": "22:00"}]},
    "audience": {"audience": {"traits": {"vip": ["yes"]}, "share": {"permille": 1000, "salt": "a"}}},
    "when": {"when": "basket.total >= 5000 && member.vip == 'yes'"},
    "budget": {"budget": {"points": 10**12}},
    "member limit": {"limits": [{"points": 10**12, "per": "member", "period": "month"}]},
    "store limit": {"limits": [{"times": 10**12, "per": "store", "period": "day"}]},
}
"""By name: what each offer has besides its mechanic."""


def write_document(offers: int, envelope: Mapping[str, Any]) -> Document:
    """Write a programme of so many offers on money spent, each for a category of its own."""
    names = {"en": "Points", "zh-CN": "积分"}
    value = {
        "program": "bench",
        "name": names,
        "time_zone": "Asia/Shanghai",
        "money": "CNY",
        "currencies": {"points": {"kind": "spendable", "name": names, "value": {"minor": 1, "per_points": 2}}},
        "catalog": {"categories": [f"C{number}" for number in range(50)], "traits": ["vip"]},
        "offers": [
            {
                "id": f"offer-{number}",
                "mechanic": "spend",
                "on": ["purchase"],
                "settings": {
                    "currency": "points",
                    "rates": [{"categories": [f"C{number}"], "points": 1, "per_minor": 100}],
                },
                **envelope,
            }
            for number in range(offers)
        ],
    }
    return decode(json.dumps(value))


def fill_basket(plan: Plan) -> Step:
    """Fill a basket in which the first nine categories have a line each."""
    lines = tuple(Line(sku=f"s{number}", amount_minor=1_250, categories=(f"C{number}",)) for number in range(9))
    bought = Activity(id="p", source="till", kind="purchase", occurred_at=AT, member=MEMBER, store="1", lines=lines)
    return Step(
        member=MEMBER,
        activity=bought,
        at=AT,
        day=plan.day_of(AT),
        traits={"vip": "yes"},
        balances={"points": 1_000},
        left=dict(plan.ceilings),
    )


def measure_micros(plan: Plan, rounds: int) -> str:
    """The best time of one basket, in microseconds with one decimal."""
    step = fill_basket(plan)
    memories = dict(rule(plan, {}, step).memories)
    times = max(1, 2_000 // (1 + len(plan.offers)))
    best = min(repeat(lambda: rule(plan, memories, step), timer=process_time, number=times, repeat=rounds))
    return f"{best / times * 10**6:.1f}"


def main() -> None:
    """Print a table: a row for each envelope, a column for each number of offers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25)
    rounds = parser.parse_args().rounds
    print("us per basket " + "".join(f"{count:>4} offers" for count in COUNTS))
    for name, envelope in ENVELOPES.items():
        figures = [measure_micros(compile_plan(write_document(count, envelope)), rounds) for count in COUNTS]
        print(f"{name:<14}" + "".join(f"{figure:>11}" for figure in figures))


if __name__ == "__main__":
    main()
