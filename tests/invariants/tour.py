"""Each story once, so that what chance reaches once in a thousand steps is surely reached."""

from collections.abc import Callable
from typing import Any

__all__ = ["tour"]

ANN, BOB, DAN, SLIP = "1", "2", "4", "slip-1"


def tour(begin: Callable[[], Any]) -> None:
    """Tell each story once, so that what chance reaches once in a thousand steps is surely reached."""
    for policy in ("forfeit", "grace", "reinstate"):
        machine = begin()
        machine.regret_late(who=ANN, tenths=4, policy=policy, days=5, sweeps=2)
        machine.settle_late(who=ANN, tenths=3, hours=30, pool=False)
        machine.settle_late(who=DAN, tenths=7, hours=60, pool=False)
        machine.settle_late(who=DAN, tenths=7, hours=10, pool=True)
        machine.bring_back(who=DAN, minor=[3_000, 50], spend=policy == "grace", days=0, order=[0, 1, 2, 3])
        machine.bring_back(who=DAN, minor=[3_000, 50], spend=False, days=110, order=[2, 1, 0, 3])
        machine.earn(who=ANN, minor=[400], days_ago=27)
        machine.set_the_clock_back(who=ANN, minor=[500], hours=1, tenths=5)
        machine.have_too_much(which=0, currency="points")
        machine.mistake_one_for_another(gone=BOB, by=ANN, kept=ANN, tenths=3, end="return", hours=2)
        machine.mistake_one_for_another(gone=DAN, by=BOB, kept=ANN, tenths=3, end="capture", hours=0)
        machine.mistake_one_for_another(gone=BOB, by=ANN, kept=DAN, tenths=3, end="nothing", hours=0)
        machine.mistake_one_for_another(gone=SLIP, by=BOB, kept=ANN, tenths=3, end="release", hours=0)
        machine.merge(who=BOB, to=DAN, claim=False)
        machine.merge(who=ANN, to=BOB, claim=False)
        machine.redeem(who=ANN, currency="points", tenths=2, pool=False)
        machine.unmerge(place=0, other=1)
        machine.unmerge(place=1, other=1)
        machine.send(bought := machine.purchase(DAN, [5_000]))
        machine.redeem(who=DAN, currency="points", tenths=10, pool=False)
        machine.send(machine.fact("return", DAN, origin=bought.id))
        machine.merge(who=ANN, to=DAN, claim=False)
        machine.opening(who=ANN, currency="points", points=2_000, days=None)
        machine.gift(who=ANN, to=BOB, currency="points", tenths=1)
        machine.convert(who=ANN, currency="points", into="miles", tenths=5)
        machine.batch(who=ANN, minor=[3_000], tenths=[1, 2, 3, 4, 5], hold=policy == "grace")
        machine.retry(place=1, change="nothing")
        machine.retry(place=1, change="member")
        machine.talk_nonsense(who=ANN)
        machine.wait_for_an_end(place=0, seconds=-1, sweeps=2)
        machine.teardown()
