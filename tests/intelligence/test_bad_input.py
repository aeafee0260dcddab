"""Whatever a shop brings, the run goes on, says what it left out, and gives no score that it cannot support."""

from datetime import timedelta

import polars as pl
import pytest

from regulars.intelligence.evaluation import Section, find_steps
from regulars.intelligence.history import History
from regulars.intelligence.reporting import run_steps
from tests.intelligence.makers import START, make_history, make_line, make_shop

OURS = ("figures", "segments", "fading", "value", "profile")


def run_ours(history: History, weeks: int = 40) -> tuple[dict[str, Section], pl.DataFrame]:
    steps = [step for step in find_steps() if step.name in OURS]
    done = run_steps(history, START + timedelta(weeks=weeks), steps)
    return {made.name: made.section for made in done.steps}, done.traits


@pytest.fixture(scope="module")
def spoilt() -> History:
    """A shop with everything wrong at once: a member of one purchase, a category gone, a clock hours off, …"""
    lines = make_shop(members=150).lines.to_dicts()
    lines.append(make_line("once", START + timedelta(days=200)))
    lines += [make_line(f"m{day:04}", START + timedelta(days=day), category="ice") for day in range(60)]
    for number in range(250):
        sold = make_line(f"m{number % 90:04}", START + timedelta(days=number), store="abroad", basket=f"n{number}")
        sold["at"] -= timedelta(hours=9)
        lines.append(sold)
    lines.append(make_line("m0001", START, paid=-700))
    told = pl.DataFrame({"member": ["m0001"], "joined": [START], "age": ["35-44"]})
    return make_history(lines, members=told)


@pytest.fixture(scope="module")
def done(spoilt: History) -> tuple[dict[str, Section], pl.DataFrame]:
    return run_ours(spoilt)


def test_a_member_with_one_purchase_has_no_favourite(done: tuple[dict[str, Section], pl.DataFrame]) -> None:
    row = done[1].filter(pl.col("member") == "once").row(0, named=True)
    assert row["favourite_department"] is None
    assert row["stage"] == "occasional"


def test_a_vanished_category_and_a_shifted_store_are_told(done: tuple[dict[str, Section], pl.DataFrame]) -> None:
    told = {row[0]: row[2] for row in done[0]["profile"].tables[1].rows}
    assert told["category_vanished"] == "ice"
    assert told["clock_shifted"] == "abroad"


def test_a_negative_amount_is_left_out_and_counted(spoilt: History) -> None:
    assert spoilt.left_out == {"negative amount": 1}


def test_missing_demographics_stop_nothing(done: tuple[dict[str, Section], pl.DataFrame]) -> None:
    assert any("nothing is known" in words["en"] for words in done[0]["profile"].tells)
    assert done[1]["value_minor"].null_count() < done[1].height


def test_a_run_is_the_same_each_time(spoilt: History, done: tuple[dict[str, Section], pl.DataFrame]) -> None:
    again = run_ours(spoilt)
    assert again[1].equals(done[1])
    assert again[0] == done[0]


def test_ten_members_get_no_score() -> None:
    lines = [make_line(f"m{number}", START + timedelta(days=day)) for number in range(9) for day in range(0, 200, 7)]
    sections, traits = run_ours(make_history(lines), weeks=29)
    assert all(sections[name].left_out for name in ("segments", "fading", "value"))
    assert not {"value_minor", "lapse_permille", "stage"} & set(traits.columns)


def test_one_week_of_history_is_not_enough_and_says_so() -> None:
    lines = [make_line(f"m{number}", START + timedelta(days=number % 7)) for number in range(200)]
    sections, traits = run_ours(make_history(lines), weeks=1)
    assert sections["fading"].left_out
    assert sections["value"].left_out
    assert "value_minor" not in traits.columns
    assert sections["figures"].tables
