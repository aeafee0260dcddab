"""What was learned is kept so that it can be trusted, used while it holds, and learned anew when members change."""

import hashlib
import shutil
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest
from msgspec import Struct

from regulars.intelligence.boosting import Boosted, ModelRefused, Settings, Shelf, fit_trees
from regulars.intelligence.evaluation import Insight, measure_drift, stay_silent, take_watch
from regulars.intelligence.fading.run import resume
from regulars.intelligence.history import History
from tests.intelligence.makers import START, make_history, make_line, make_shop

DAY = START + timedelta(weeks=36)


class Kept(Struct, frozen=True, kw_only=True):
    trees: Boosted


def sign(text: str, keys: Sequence[str] = ("key",)) -> list[bytes]:
    return [hashlib.sha256(f"{key} {text}".encode()).digest() for key in keys]


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(folder=tmp_path / "models", sign=sign)


@pytest.fixture(scope="module")
def shop_history() -> History:
    return make_shop(members=150)


@pytest.fixture(scope="module")
def first(shop_history: History, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a run on the day learned."""
    folder = tmp_path_factory.mktemp("first")
    resume(shop_history.before(DAY), DAY, stay_silent, Shelf(folder=folder, sign=sign))
    return folder


@pytest.fixture
def learned(shelf: Shelf, first: Path) -> Shelf:
    shutil.copytree(first, shelf.folder)
    return shelf


@pytest.mark.parametrize(
    "spoil",
    [
        lambda kept: kept | {"version": "test-2"},
        lambda kept: kept | {"format": 1},
        lambda kept: kept | {"name": "other"},
        lambda kept: kept | {"content": {"trees": kept["content"]["trees"] | {"columns": ["b", "a"]}}},
        lambda kept: kept | {"signature": "00" * 32},
        # Whoever has no key knows how the digest is made, and still cannot make it.
        lambda kept: kept | {"signature": sign("", ["guess"])[0].hex()},
        lambda kept: kept | {"code": "import os"},
        lambda _kept: [],
    ],
)
def test_a_model_that_was_changed_or_is_of_another_version_is_refused(
    shelf: Shelf, spoil: Callable[[dict[str, Any]], object]
) -> None:
    rows = np.random.default_rng(1).normal(size=(400, 2))
    model = fit_trees(Settings(objective="l2", rounds=5, seeds=1), ("a", "b"), rows, rows[:, 0] * 2)
    assert shelf.take("one", "test-1", Kept) is None
    shelf.put("one", "test-1", Kept(trees=model))
    kept = shelf.take("one", "test-1", Kept)
    assert kept is not None
    assert np.array_equal(kept.trees.predict(rows), model.predict(rows))
    path = shelf.place("one")
    path.write_bytes(msgspec.json.encode(spoil(msgspec.json.decode(path.read_bytes()))))
    with pytest.raises(ModelRefused):
        shelf.take("one", "test-1", Kept)


def test_a_model_of_an_older_key_is_still_read_and_one_of_another_is_not(shelf: Shelf) -> None:
    rows = np.random.default_rng(1).normal(size=(400, 1))
    shelf.put("one", "1", Kept(trees=fit_trees(Settings(objective="l2", rounds=2, seeds=1), ("a",), rows, rows[:, 0])))
    newer = Shelf(folder=shelf.folder, sign=lambda text: sign(text, ["new", "key"]))
    assert newer.take("one", "1", Kept) is not None
    with pytest.raises(ModelRefused, match="another key"):
        Shelf(folder=shelf.folder, sign=lambda text: sign(text, ["new"])).take("one", "1", Kept)


def say(insight: Insight) -> str:
    return " ".join(words["en"] for words in insight.section.how_sure)


def test_what_was_learned_is_used_for_four_weeks(learned: Shelf, shop_history: History) -> None:
    content = learned.place("fading").read_bytes()
    today = resume(shop_history.before(DAY), DAY, stay_silent, learned)
    later = DAY + timedelta(days=9)
    again = resume(shop_history.before(later), later, stay_silent, learned)
    assert f"Learned on {DAY}" in say(today)
    assert f"Learned on {DAY}" in say(again)
    assert learned.place("fading").read_bytes() == content
    assert today.traits is not None
    assert again.traits is not None
    assert not again.traits.equals(today.traits)
    old = DAY + timedelta(days=28)
    assert "Learned on" not in say(resume(shop_history.before(old), old, stay_silent, learned))
    assert learned.place("fading").read_bytes() != content


def test_what_was_learned_later_is_never_used_on_an_earlier_day(learned: Shelf, shop_history: History) -> None:
    before = DAY - timedelta(days=7)
    assert "Learned on" not in say(resume(shop_history.before(before), before, stay_silent, learned))


def test_a_spoilt_file_stops_no_run_and_is_told(learned: Shelf, shop_history: History) -> None:
    path = learned.place("fading")
    path.write_bytes(path.read_bytes().replace(b'"gain":', b'"gain":9'))
    told = resume(shop_history.before(DAY), DAY, stay_silent, learned)
    assert "refused" in say(told)
    assert told.traits is not None
    assert "Learned on" in say(resume(shop_history.before(DAY), DAY, stay_silent, learned))


def test_members_who_changed_make_it_learn_anew(learned: Shelf, shop_history: History) -> None:
    """Everybody begins to come daily: what was learned of people who came now and then says nothing of them."""
    people = shop_history.members["member"].to_list()
    daily = [make_line(member, DAY + timedelta(days=day)) for member in people for day in range(20)]
    changed = make_history([*shop_history.before(DAY).lines.to_dicts(), *daily])
    later = DAY + timedelta(days=20)
    told = resume(changed, later, stay_silent, learned)
    assert "Learned on" not in say(told)


def test_drift_is_nothing_where_nothing_moved_and_grows_with_the_move() -> None:
    rng = np.random.default_rng(3)
    rows, score = rng.normal(size=(4_000, 2)), rng.random(4_000)
    watch = take_watch(("a", "b"), rows[:2_000], score[:2_000])
    still = measure_drift(watch, ("a", "b"), rows[2_000:], score[2_000:])
    assert still is not None
    assert max(still.score, still.worst[1]) < 0.03
    moved = measure_drift(watch, ("a", "b"), rows[2_000:] + np.array([0, 1.0]), score[2_000:] ** 3)
    assert moved is not None
    assert moved.worst[0] == "b"
    assert moved.is_far
    blank = rows[2_000:].copy()
    blank[:, 0] = np.nan
    gone = measure_drift(watch, ("a", "b"), blank, score[2_000:])
    assert gone is not None
    assert gone.worst[0] == "a"
    assert measure_drift(watch, ("a", "b"), rows[:50], score[:50]) is None


def test_drift_is_the_sum_that_its_name_says() -> None:
    rows = np.arange(200, dtype=np.float64).reshape(-1, 1)
    watch = take_watch(("a",), rows, rows[:, 0])
    # All in the last tenth: nine bins lose a tenth each, one gains nine.
    drift = measure_drift(watch, ("a",), np.full((200, 1), 199.0), np.full(200, 199.0))
    assert drift is not None
    expected = 0.9 * np.log(1 / 0.1) + 9 * (1e-4 - 0.1) * np.log(1e-4 / 0.1)
    assert drift.inputs["a"] == pytest.approx(expected, rel=0.01)
    assert pl.Series([drift.score]).item() == pytest.approx(drift.inputs["a"])
