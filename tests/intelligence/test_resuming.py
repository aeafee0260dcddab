"""Runs that go on from what earlier ones learned: value, demand, coupons and what to show next."""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from regulars.intelligence.boosting import Shelf
from regulars.intelligence.coupons import learning as coupon_learning
from regulars.intelligence.coupons.run import resume as resume_coupons
from regulars.intelligence.coupons.run import run as run_coupons
from regulars.intelligence.demand import forecast as forecasting
from regulars.intelligence.demand.run import resume as resume_demand
from regulars.intelligence.demand.run import run as run_demand
from regulars.intelligence.evaluation import Insight, Progress, Step, stay_silent
from regulars.intelligence.history import History
from regulars.intelligence.recommend import learning as recommend_learning
from regulars.intelligence.recommend.run import resume as resume_recommend
from regulars.intelligence.recommend.run import run as run_recommend
from regulars.intelligence.reporting import run_steps
from regulars.intelligence.value import model as value_model
from regulars.intelligence.value.run import resume as resume_value
from regulars.intelligence.value.run import run as run_value
from tests.intelligence.makers import START, make_history, make_line, make_shop
from tests.intelligence.test_demand_and_coupons import make_campaigns
from tests.intelligence.test_recommend import CUTOFF, make_grocer

Resume = Callable[[History, date, Progress, Shelf], Insight]
NEXT_LESS = 5
"""Days later: little is new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A step of a run, and a shop with which it learns something."""

    name: str
    make: Callable[[], History]
    day: date
    run: Callable[[History, date, Progress], Insight]
    resume: Resume


def make_market(weeks: int = 36) -> History:
    """Stores that sell much of a category in every other week: trees see it, and an average does not."""
    rows = [
        make_line(
            f"m{kind}",
            START + timedelta(days=7 * week + kind % 7),
            store=f"s{store:02}",
            category=f"c{kind:02}",
            quantity=(store + 2) * (4 if (week + kind) % 2 else 1),
            basket=f"{store}-{kind}-{week}",
        )
        for store in range(8)
        for kind in range(16)
        for week in range(weeks)
    ]
    return make_history(rows)


ROOMS = (
    Room(
        name="value",
        make=lambda: make_shop(members=60, weeks=38),
        day=START + timedelta(weeks=36),
        run=run_value,
        resume=resume_value,
    ),
    Room(name="demand", make=make_market, day=START + timedelta(weeks=35), run=run_demand, resume=resume_demand),
    Room(
        name="coupons",
        make=make_campaigns,
        day=START + timedelta(weeks=34, days=4),
        run=run_coupons,
        resume=resume_coupons,
    ),
    Room(
        name="recommend",
        make=make_grocer,
        day=CUTOFF,
        run=run_recommend,
        resume=resume_recommend,
    ),
)


def sign(text: str) -> list[bytes]:
    return [hashlib.sha256(f"key {text}".encode()).digest()]


@pytest.fixture(autouse=True)
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    """Grow few trees: what is kept is looked at here, not how good it is."""
    for room, names in (
        (value_model, ("TREES",)),
        (forecasting, ("PIECES", "RATIO")),
        (coupon_learning, ("CHOICE", "ORDERING")),
        (recommend_learning, ("ORDER", "CHANCE")),
    ):
        for name in names:
            monkeypatch.setattr(room, name, replace(getattr(room, name), rounds=40, seeds=1))


@pytest.fixture(scope="module", params=ROOMS, ids=[room.name for room in ROOMS])
def room(request: pytest.FixtureRequest) -> Room:
    return request.param


@pytest.fixture(scope="module")
def history(room: Room) -> History:
    return room.make()


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(folder=tmp_path / "models", sign=sign)


def say(insight: Insight) -> str:
    return " ".join(words["en"] for words in insight.section.how_sure)


def test_a_second_run_uses_what_the_first_learned_and_says_the_same(
    room: Room, history: History, shelf: Shelf, tmp_path: Path
) -> None:
    past = history.before(room.day)
    first = room.resume(past, room.day, stay_silent, shelf)
    assert "Learned on" not in say(first)
    content = shelf.place(room.name).read_bytes()
    again = room.resume(past, room.day, stay_silent, shelf)
    assert f"Learned on {room.day}" in say(again)
    for other in (again, room.run(past, room.day, stay_silent)):
        assert (
            other.figures.items()
            >= {name: pytest.approx(value, rel=1e-6) for name, value in first.figures.items()}.items()
        )
        if first.traits is not None:
            assert other.traits is not None
            assert other.traits.equals(first.traits)
    later = room.day + timedelta(days=NEXT_LESS)
    assert f"Learned on {room.day}" in say(room.resume(history.before(later), later, stay_silent, shelf))
    assert shelf.place(room.name).read_bytes() == content
    before = room.day - timedelta(days=1)
    copied = Shelf(folder=Path(shutil.copytree(shelf.folder, tmp_path / "copied")), sign=sign)
    assert "Learned on" not in say(room.resume(history.before(before), before, stay_silent, copied))


def test_a_spoilt_model_is_refused_told_and_learned_anew(room: Room, history: History, shelf: Shelf) -> None:
    past = history.before(room.day)
    first = room.resume(past, room.day, stay_silent, shelf)
    path = shelf.place(room.name)
    spoilt = path.read_bytes().replace(b'"learned_on":"2', b'"learned_on":"3')
    path.write_bytes(spoilt)
    told = room.resume(past, room.day, stay_silent, shelf)
    assert "refused" in say(told)
    assert told.figures == pytest.approx(dict(first.figures))
    assert path.read_bytes() != spoilt


class Unplugged(Exception):
    """Somebody pulled the plug."""


def unplug_at(word: str) -> Progress:
    def progress(what: str, _done: int, _total: int) -> None:
        if word in what:
            raise Unplugged

    return progress


def test_recommend_goes_on_after_an_interruption(shelf: Shelf) -> None:
    """Interrupted while it learns, it keeps nothing half; interrupted later, the next run need not learn again."""
    history = make_grocer().before(CUTOFF)
    with pytest.raises(Unplugged):
        resume_recommend(history, CUTOFF, unplug_at("trees"), shelf)
    assert not list(shelf.folder.glob("*"))

    def fail(_history: History, _day: date, _progress: Progress) -> Insight:
        raise Unplugged

    steps = [Step(name="recommend", run=run_recommend, resume=resume_recommend), Step(name="other", run=fail)]
    with pytest.raises(Unplugged):
        run_steps(history, CUTOFF, steps, shelf=shelf)
    content = shelf.place("recommend").read_bytes()
    # Whoever learned again would stop at the trees.
    done = run_steps(history, CUTOFF, steps[:1], unplug_at("trees"), shelf=shelf)
    assert any(f"Learned on {CUTOFF}" in words["en"] for words in done.steps[0].section.how_sure)
    assert done.traits["next_sku_1"].null_count() == 0
    assert shelf.place("recommend").read_bytes() == content


def test_coupons_are_learned_anew_when_more_campaigns_are_over(shelf: Shelf) -> None:
    history = make_campaigns()
    early, late = START + timedelta(weeks=32), START + timedelta(weeks=34, days=2)
    assert resume_coupons(history.before(early), early, stay_silent, shelf).figures["learned_from"] == 6
    told = resume_coupons(history.before(late), late, stay_silent, shelf)
    assert "Learned on" not in say(told)
    assert told.figures["learned_from"] == 7


def test_a_store_that_is_new_is_forecast_by_what_was_learned_before(shelf: Shelf) -> None:
    day = START + timedelta(weeks=35)
    history = make_market().before(day)
    resume_demand(history, day, stay_silent, shelf)
    opened = [
        make_line("m1", START + timedelta(days=7 * week), store="aa", category="c00", quantity=5) for week in range(35)
    ]
    more = make_history([*history.lines.to_dicts(), *opened])
    told = resume_demand(more, day, stay_silent, shelf)
    assert f"Learned on {day}" in say(told)
    assert "average stands" not in say(told)
    assert told.figures["series"] == 8 * 16 + 1
