"""Histories that are made up, small and the same each time."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from regulars.intelligence.history import History, build_history

START = date(2025, 1, 6)


def make_line(member: str, day: date, *, paid: int = 1_000, **more: object) -> dict[str, Any]:
    line: dict[str, Any] = {
        "member": member,
        "basket": f"{member}-{day}",
        "at": datetime(day.year, day.month, day.day, 15, tzinfo=UTC),
        "day": day,
        "store": "s1",
        "sku": "milk",
        "type": "milk",
        "category": "dairy",
        "department": "food",
        "brand": "own",
        "quantity": 1,
        "paid_minor": paid,
    }
    return line | more


def make_history(lines: list[dict[str, Any]], *, members: pl.DataFrame | None = None) -> History:
    return build_history(pl.DataFrame(lines, infer_schema_length=None), members)


def make_shop(members: int = 300, weeks: int = 40, seed: int = 5) -> History:
    """Members who come at rates of their own and, one by one, leave."""
    rng = np.random.default_rng(seed)
    lines: list[dict[str, Any]] = []
    for number in range(members):
        rate = float(rng.gamma(2.0, 0.06)) + 0.01
        money = float(rng.gamma(6.0, 400.0)) + 100
        leaves = int(rng.integers(60, weeks * 7 * 3))
        joined = int(rng.integers(0, weeks * 3))
        for day in range(joined, min(weeks * 7, leaves)):
            if day == joined or rng.random() < rate:
                paid = int(money * rng.gamma(4.0, 0.25)) + 1
                lines.extend(
                    make_line(
                        f"m{number:04}",
                        START + timedelta(days=day),
                        paid=paid,
                        sku=f"sku{item}",
                        department=f"d{item % 4}",
                    )
                    for item in range(int(rng.integers(1, 4)))
                )
    return make_history(lines)
