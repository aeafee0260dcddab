"""What conditions cost: microseconds to judge 1, 10 and 50 of them for one basket of twenty lines, by engine.

Run it as .venv/bin/python bench/conditions.py [--lines 20]. Each figure is processor time, the best of several rounds
on one core. The view is made anew for each basket, as it is when an activity is ruled; `warm` leaves that out.
"""

import argparse
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from time import process_time
from timeit import repeat
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.kernel.nouns import Activity, Line, Step
from regulars.kernel.program.conditions import (
    Condition,
    Environment,
    Text,
    View,
    compile_condition,
    describe_loyalty,
    find_engines,
    look,
)

COUNTS: Final = (1, 10, 50)
KINDS: Final[Mapping[str, str]] = {
    "fields": "basket.total >= {number} && member.tier in ['gold', 'black']",
    "words": "basket.total >= {number} && 'dairy' in basket.categories",
    "lines": "basket.total >= {number} && member.tier in ['gold', 'black'] && "
    "basket.lines.exists(l, l.category == 'dairy')",
    "time": "activity.hour >= 7 && activity.hour < 22 && basket.total >= {number}",
}
"""What is asked: fields alone, the basket's categories, its lines (the sixteenth of twenty fits), the local time."""


def take_step(lines: int) -> Step:
    """Make a basket in which one line, four fifths of the way down, is dairy."""
    fits = lines * 4 // 5 - 1
    activity = Activity(
        id="1",
        source="bench",
        kind="purchase",
        occurred_at=datetime(2026, 3, 2, 2, 30, tzinfo=UTC),
        member=UUID(int=7),
        lines=tuple(
            Line(sku=f"s{number}", amount_minor=500, categories=("food", "dairy" if number == fits else "dry"))
            for number in range(lines)
        ),
    )
    return Step(
        member=UUID(int=7),
        activity=activity,
        at=activity.occurred_at,
        day=activity.occurred_at.toordinal(),
        traits={"tier": "gold"},
        balances={"points": 120},
        left={},
    )


def measure(work: Callable[[], object], rounds: int) -> float:
    """Take the best of several rounds, in microseconds for one run."""
    work()
    return min(repeat(work, number=rounds, repeat=5, timer=process_time)) / rounds * 1e6


def measure_kind(environment: Environment, template: str, step: Step) -> dict[str, float]:
    """Measure one kind of condition: compiling one, explaining one, and judging many."""
    zone = ZoneInfo("Asia/Shanghai")

    def judge_all(conditions: list[Condition[bool]], view: View) -> None:
        for condition in conditions:
            condition.judge(view)

    figures: dict[str, float] = {
        "compile": measure(
            lambda: compile_condition(template.format(number=5000), environment, gives="bool"), rounds=20
        )
    }
    for count in COUNTS:
        conditions = [
            compile_condition(template.format(number=1000 + number), environment, gives="bool")
            for number in range(count)
        ]
        cold = measure(lambda: judge_all(conditions, look(environment, step, zone)), rounds=200 // count)  # noqa: B023 - at once
        view = look(environment, step, zone)
        warm = measure(lambda: judge_all(conditions, view), rounds=200 // count)  # noqa: B023 - used at once
        figures |= {
            f"basket of {count}": cold,
            f"each of {count}": cold / count,
            f"each of {count}, warm": warm / count,
        }
    one = compile_condition(template.format(number=5000), environment, gives="bool")
    figures["explain"] = measure(lambda: one.explain(look(environment, step, zone)), rounds=20)
    return {name: round(figure, 2) for name, figure in figures.items()}


def main() -> None:
    """Measure every kind with every engine that is installed, and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=20)
    step = take_step(parser.parse_args().lines)
    found: dict[str, Any] = {}
    for engine in find_engines():
        environment = describe_loyalty(
            traits={"tier": Text(values=("silver", "gold", "black"))}, currencies=("points",), engine=engine
        )
        found[engine] = {kind: measure_kind(environment, template, step) for kind, template in KINDS.items()}
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
