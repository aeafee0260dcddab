"""Baskets as a grocer's tills send them: departments and categories of `programs/grocer.yaml`, prices of groceries."""

import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

MEMBERS = 10_000
SHELVES = (
    (("GROCERY", "SOFT DRINKS"), 12),
    (("GROCERY", "FLUID MILK PRODUCTS"), 10),
    (("GROCERY", "CHEESE"), 8),
    (("GROCERY", "BAG SNACKS"), 8),
    (("GROCERY", "BAKED BREAD/BUNS/ROLLS"), 8),
    (("GROCERY", "FROZEN PIZZA"), 6),
    (("GROCERY", "COLD CEREAL"), 6),
    (("PRODUCE", "TOMATOES"), 6),
    (("PRODUCE", "TROPICAL FRUIT"), 6),
    (("PRODUCE", "SALAD MIX"), 4),
    (("MEAT", "BEEF"), 5),
    (("MEAT-PCKGD", "LUNCHMEAT"), 5),
    (("DELI", "DELI MEATS"), 4),
    (("DRUG GM", "CANDY - PACKAGED"), 6),
    (("DRUG GM", "CIGARETTES"), 2),
    (("FUEL", "COUPON/MISC ITEMS"), 1),
    (("SPIRITS", "LIQUOR"), 1),
)


def make_lines(die: random.Random, count: int) -> list[dict[str, Any]]:
    """Fill a basket."""
    shelves, weights = [each for each, _ in SHELVES], [weight for _, weight in SHELVES]
    return [
        {
            "sku": f"{die.randrange(800_000, 900_000)}",
            "amount_minor": die.randrange(50, 900),
            "quantity_milli": 1000 * die.choice((1, 1, 1, 2, 3)),
            "categories": list(shelf),
            "brand": die.choice(("National", "National", "Private")),
        }
        for shelf in die.choices(shelves, weights, k=count)
    ]


def make_basket(
    die: random.Random, *, lines: int, at: str, kind: str | None = "purchase", **more: object
) -> dict[str, Any]:
    """Make what a till sends; `@` stands where its name comes."""
    basket = {
        "id": "@",
        "source": "till",
        "kind": kind,
        "occurred_at": at,
        "member": {"identifier": {"kind": "card", "value": f"{die.randrange(MEMBERS):06d}"}},
        "store": f"{die.randrange(300, 330)}",
        "channel": "store",
        "lines": make_lines(die, lines),
        **more,
    }
    return {name: value for name, value in basket.items() if value is not None}


def write_bodies(
    path: Path, *, lines: int, count: int = 4_000, kind: str | None = "purchase", cards: Sequence[str] = ()
) -> Path:
    """Write requests of one basket each, one a line; of the holders of these `cards`, by turns."""
    die, at = random.Random(7), now()  # noqa: S311 - baskets, no secrets
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            basket = make_basket(die, lines=lines, at=at, kind=kind)
            if cards:
                basket["member"] = {"identifier": {"kind": "card", "value": cards[number % len(cards)]}}
            file.write(write(basket))
    return path


def write_batches(path: Path, *, lines: int, size: int, count: int = 12) -> Path:
    """Write requests of many baskets each, one request a line."""
    die, at = random.Random(11), now()  # noqa: S311 - baskets, no secrets
    with path.open("w", encoding="utf-8") as file:
        for _ in range(count):
            file.write(write({"activities": [make_basket(die, lines=lines, at=at) for _ in range(size)]}))
    return path


def write_members(path: Path, numbers: Sequence[int], *, at: str) -> Path:
    """Write a purchase of each member, as a file to replay: afterwards all of them are there."""
    die = random.Random(13)  # noqa: S311 - baskets, no secrets
    with path.open("w", encoding="utf-8") as file:
        for number in numbers:
            member = {"identifier": {"kind": "card", "value": f"{number:06d}"}}
            file.write(write({**make_basket(die, lines=3, at=at), "id": f"seed-{number}", "member": member}))
    return path


def write(value: object) -> str:
    """Write a line of JSON."""
    return json.dumps(value, separators=(",", ":")) + "\n"


def now() -> str:
    """This moment."""
    return datetime.now(tz=UTC).isoformat()
