"""Fifths, stages, groups and conditions: the same on every engine, and each member in one stage with its reason."""

import shutil
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import duckdb
import polars as pl
import pytest

from regulars.intelligence.evaluation import stay_silent
from regulars.intelligence.history import History
from regulars.intelligence.profile import list_visits
from regulars.intelligence.segments import (
    STAGES,
    build_segments,
    explain_stage,
    express_rfm,
    find_clusters,
    score_rfm,
)
from regulars.intelligence.segments.run import place_members, run
from regulars.kernel.program.conditions import ConditionInvalid
from tests.intelligence.makers import START, make_history, make_line, make_shop

DAY = START + timedelta(weeks=40)


@pytest.fixture(scope="module")
def history() -> History:
    return make_shop(members=260)


@pytest.fixture(scope="module")
def placed(history: History) -> pl.DataFrame:
    return place_members(history, DAY)


def test_fifths_are_equal_parts_and_the_best_are_in_the_last(history: History) -> None:
    scored = score_rfm(list_visits(history.lines).lazy(), DAY)
    for part, column, is_less in (("r", "recency", True), ("f", "frequency", False), ("m", "money", False)):
        sizes: list[int] = scored.group_by(part).len()["len"].to_list()
        assert len(sizes) == 5
        assert max(sizes) - min(sizes) <= 1
        ends = scored.group_by(part).agg(low=pl.col(column).min(), high=pl.col(column).max()).sort(part).rows()
        for (_, low, high), (_, next_low, next_high) in pairwise(ends):
            assert (low >= next_high) if is_less else (high <= next_low)


def test_the_expression_says_the_same_to_the_unit_on_duckdb(history: History) -> None:
    engine: Any = duckdb.connect(config={"threads": 2})
    engine.register("sold", list_visits(history.lines).select("member", "day", "paid").to_arrow())
    ibis: Any = import_module("ibis")
    lines = ibis.table({"member": "string", "day": "date", "paid": "int64"}, name="sold")
    theirs = engine.execute(str(ibis.to_sql(express_rfm(lines, DAY), dialect="duckdb"))).fetchall()
    assert theirs == score_rfm(list_visits(history.lines).lazy(), DAY).rows()


def test_everybody_is_in_one_stage_and_told_why(placed: pl.DataFrame) -> None:
    assert set(placed["stage"].to_list()) <= STAGES.keys()
    for row in placed.head(50).iter_rows(named=True):
        why = explain_stage(row)
        assert STAGES[row["stage"]].rule["en"] in why["en"]
        assert str(row["recency"]) in why["zh"]


@pytest.mark.parametrize(
    ("days", "stage"),
    [
        ([10], "lost"),
        ([10, 20, 150], "hibernating"),
        ([270], "new"),
        ([100, 110, 120, 130, 140, 150, 160, 170, 180, 190, 200, 210, 220], "at_risk"),
        ([150, 255, 260, 265, 270, 275], "growing"),
    ],
)
def test_stages_are_as_their_rules_say(history: History, days: list[int], stage: str) -> None:
    lines = [*history.lines.to_dicts(), *(make_line("one", START + timedelta(days=day), paid=10) for day in days)]
    one = place_members(make_history(lines), DAY).filter(pl.col("member") == "one")
    assert one["stage"].to_list() == [stage]


def test_groups_are_the_same_each_time_and_have_names(placed: pl.DataFrame) -> None:
    one, other = find_clusters(placed), find_clusters(placed.sample(fraction=1, shuffle=True, seed=3))
    assert one is not None
    assert other is not None
    assert one.members.equals(other.members)
    assert sum(group.members for group in one.groups) == one.members.height
    assert all(group.name["en"] and group.name["zh"] for group in one.groups)


def test_too_few_members_are_no_groups(placed: pl.DataFrame) -> None:
    assert find_clusters(placed.head(40)) is None
    assert find_clusters(pl.concat([placed.head(1)] * 200)) is None


def test_segments_of_conditions_have_size_overlap_and_worth(placed: pl.DataFrame) -> None:
    told = placed.with_columns(value_minor=pl.col("paid") * 2)
    built = build_segments(told, {"often": "member.visits_91 >= 9", "rare": "member.visits_91 < 9 || member.r == 1"})
    often = told.filter(pl.col("visits_91") >= 9)
    first = built.segments[0]
    assert (first.size, first.paid_minor, first.value_minor) == (
        often.height,
        often["paid"].sum(),
        2 * often["paid"].sum(),
    )
    assert built.overlaps["often", "rare"] == often.filter(pl.col("r") == 1).height
    assert built.members.columns == ["member", "segment.often", "segment.rare"]


@pytest.mark.parametrize("condition", ["member.shoe_size > 40", "member.visits", "member.visits >"])
def test_a_condition_that_means_nothing_is_refused(placed: pl.DataFrame, condition: str) -> None:
    with pytest.raises(ConditionInvalid):
        build_segments(placed, {"odd": condition})


def test_sizes_are_told_back_in_time_and_groups_beside_stages(history: History, placed: pl.DataFrame) -> None:
    told = run(history, DAY, stay_silent).section
    sizes, back = told.charts
    assert len(back.x) == 7
    lines = {series.name["en"]: series.values for series in back.series}
    assert lines["champion"][-1] == (placed["stage"] == "champion").sum()
    assert sizes.series[0].values[list(STAGES).index("champion")] == lines["champion"][-1]
    then = place_members(history.before(DAY - timedelta(weeks=4)), DAY - timedelta(weeks=4))
    assert lines["loyal"][-2] == (then["stage"] == "loyal").sum()
    crossed = next(table for table in told.tables if table.title["en"] == "How stages and groups overlap")
    counted = sum(int(str(cell).replace(",", "")) for row in crossed.rows for cell in row[1:])
    clusters = find_clusters(placed)
    assert clusters is not None
    assert counted == clusters.members.height


@pytest.mark.skipif(
    find_spec("pyspark") is None or shutil.which("java") is None, reason="Spark needs the package pyspark, and Java"
)
# The sockets over which Spark hands rows out close when they are collected, and it says so.
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_the_expression_says_the_same_to_the_unit_on_spark(history: History) -> None:
    ibis: Any = import_module("ibis")
    sessions: Any = import_module("pyspark.sql").SparkSession
    # Two small pieces of work at a time: by default it cuts 260 members into two hundred, and serves pages meanwhile.
    settings = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.shuffle.partitions": "2",
        "spark.ui.enabled": "false",
    }
    session = sessions.builder.master("local[2]").config(map=settings).getOrCreate()
    lines = ibis.table({"member": "string", "day": "date", "paid": "int64"}, name="sold")
    sold = list_visits(history.lines).select("member", "day", "paid")
    try:
        session.createDataFrame(sold.rows(), sold.columns).createOrReplaceTempView("sold")
        # As SQL, and read as rows: on its way through pandas it would warn of what that is about to drop.
        theirs = session.sql(str(ibis.to_sql(express_rfm(lines, DAY), dialect="pyspark"))).collect()
    finally:
        session.stop()
    assert [tuple(row) for row in theirs] == score_rfm(sold.lazy(), DAY).rows()
