"""A mechanic that says beforehand which steps concern it must have nothing to say of the others, whatever it knows."""

from itertools import product
from typing import Any

import msgspec
import pytest

from regulars.features.coupons.model import Held, Memory
from regulars.kernel.nouns import Earned, Step, Wish
from regulars.kernel.program import find_mechanics
from tests.mechanics.test_multiplier import UTC_DAYS
from tests.program.story import MEMBER, NOON, buy, line

OFF = {"coupon": "off", "title": {"en": "Off", "zh-CN": "减"}}
SETTINGS: dict[str, list[dict[str, Any]]] = {
    "coupons": [
        OFF | {"effect": {"type": "amount", "minor": 100}},
        OFF | {"effect": {"type": "amount", "minor": 100}, "everybody": True},
        OFF | {"effect": {"type": "points", "currency": "points", "times": 2}},
        OFF | {"effect": {"type": "partner", "partner": {"en": "Them", "zh-CN": "他们"}}},
    ],
    "pay": [{"currency": "points", "points": 1, "minor": 1}],
}
KNOWN: dict[str, object] = {"coupons": Memory(held={"held:off:1": Held(since=1, until=9)}, owed=2), "pay": None}
SHOWN = [(), ("held:off:1",), ("code:off:A",), ("held:other:1",)]
WISHES = [None, Wish(currency="points", points=5), Wish(currency="stars", points=5)]
USABLE: list[dict[str, int]] = [{}, {"points": 9}]


def test_every_mechanic_that_says_so_is_tried_here() -> None:
    assert {name for name, each in find_mechanics().items() if each.heeds is not None} == set(SETTINGS)


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_what_it_does_not_heed_it_has_nothing_to_say_of(name: str) -> None:
    mechanic, heard = find_mechanics()[name], set[bool]()
    assert mechanic.heeds is not None
    for settings, coupons, wish, usable in product(SETTINGS[name], SHOWN, WISHES, USABLE):
        prepared = mechanic.prepare(msgspec.convert(settings, mechanic.settings), UTC_DAYS)
        activity = msgspec.structs.replace(buy(line(1000, "PRODUCE")), coupons=coupons, pay=wish)
        left = {"pool:off": 5, "code:off:A": 1}
        step = Step(member=MEMBER, activity=activity, at=NOON, day=5, traits={}, balances={}, left=left, usable=usable)
        heeds = mechanic.heeds(prepared, step)
        heard.add(heeds)
        assert heeds or mechanic.earn(prepared, KNOWN[name], step) == Earned()
    assert heard == {True, False}
