"""The step `segments` of a run: in which stage members are, and who shops alike."""

from datetime import date, timedelta
from typing import Final

import polars as pl

from regulars.intelligence.evaluation import Chart, Insight, Progress, Section, Series, Step, Table, Words
from regulars.intelligence.history import History
from regulars.intelligence.profile import describe_visits, list_visits
from regulars.intelligence.segments.clusters import Clusters, find_clusters
from regulars.intelligence.segments.rfm import FIFTHS, score_rfm
from regulars.intelligence.segments.stages import STAGES, name_stages

__all__ = ["STEPS", "place_members"]

VERSION: Final = "segments-1"
TITLE: Final[Words] = {"en": "Who our members are", "zh": "会员分层"}
MEMBERS_MIN: Final = 10
BACK: Final = timedelta(weeks=4)
LOOKS: Final = 6
"""How often it is looked back, four weeks apart."""
KNOWN_MIN: Final = timedelta(weeks=13)
"""With less before it, a day says little of stages."""
MOVES_MAX: Final = 8
DRAWN: Final = ("champion", "loyal", "growing", "at_risk", "hibernating", "lost")
"""As many lines as can still be told apart."""
MINOR: Final = 100


def place_members(history: History, day: date) -> pl.DataFrame:
    """Tell of each member what their visits say, their fifths and their stage: one row each, sorted by member."""
    visits = list_visits(history.lines)
    told = describe_visits(visits, day)
    fifths = score_rfm(visits.lazy(), day).select("member", "r", "f", "m")
    return name_stages(told.join(fifths, on="member", how="left", maintain_order="left"))


def run(history: History, day: date, progress: Progress) -> Insight:
    """Place each member."""
    if history.lines["member"].n_unique() < MEMBERS_MIN:
        why: Words = {
            "en": f"There are fewer than {MEMBERS_MIN} members who bought: fifths of them would say nothing.",
            "zh": f"有消费的会员不足 {MEMBERS_MIN} 位，分档没有意义。",
        }
        return Insight(section=Section(title=TITLE, left_out=(why,)), version=VERSION)
    placed = place_members(history, day)
    progress("segments", 1, 3)
    clusters = find_clusters(placed)
    progress("segments", 2, 3)
    earlier = _look_back(history, day)
    rfm = pl.concat_str([pl.col(part).cast(pl.String) for part in ("r", "f", "m")])
    marks = [(pl.col("stage") == name).alias(f"segment.{name}") for name in STAGES]
    traits = placed.select("member", "stage", rfm.alias("rfm"), *marks)
    if clusters is not None:
        traits = traits.join(clusters.members, on="member", how="left", maintain_order="left")
    sizes = {name: int((placed["stage"] == name).sum()) for name in STAGES}
    return Insight(
        section=_tell(placed, sizes, clusters, earlier),
        version=VERSION,
        traits=traits,
        figures={f"stage.{name}": float(size) for name, size in sizes.items()},
    )


def _look_back(history: History, day: date) -> list[tuple[date, pl.DataFrame]]:
    """Place members as they were each four weeks before the day, oldest first: as far as there is a quarter before."""
    days = [day - BACK * number for number in range(LOOKS, 0, -1)]
    known = [then for then in days if then - KNOWN_MIN >= history.first]
    return [(then, place_members(history.before(then), then).select("member", "stage")) for then in known]


def _tell(
    placed: pl.DataFrame,
    sizes: dict[str, int],
    clusters: Clusters | None,
    earlier: list[tuple[date, pl.DataFrame]],
) -> Section:
    total = max(placed.height, 1)
    risk, lost = sizes["at_risk"], sizes["lost"] + sizes["hibernating"]
    best = float(placed.filter(pl.col("m") == FIFTHS)["paid"].sum()) / max(float(placed["paid"].sum()), 1.0)
    why: tuple[Words, ...] = ()
    if clusters is None:
        why = (
            {
                "en": "There are too few members to group those who shop alike.",
                "zh": "会员太少，无法按购物习惯聚类。",
            },
        )
    return Section(
        title=TITLE,
        tells=(
            {
                "en": f"{placed.height:,} members have bought. The fifth who spent most brought {100 * best:.0f} % of"
                f" the money; {100 * risk / total:.0f} % are at risk, {100 * lost / total:.0f} % sleep or are lost.",
                "zh": f"共有 {placed.height:,} 位会员有过消费。消费最高的五分之一贡献了 {100 * best:.0f}% 的金额；"
                f"{100 * risk / total:.0f}% 有流失风险，{100 * lost / total:.0f}% 沉睡或已流失。",
            },
        ),
        to_do=(
            {
                "en": f"Begin with the {risk:,} who are at risk: they came often and have gone silent.",
                "zh": f"先从 {risk:,} 位有流失风险的会员入手：他们曾经常来，现在沉默了。",
            },
        ),
        how_sure=(
            {
                "en": "Stages follow fixed rules and no guess; each rule stands in the table.",
                "zh": "分层依据固定规则，不含预测；每条规则都列在表中。",
            },
        ),
        charts=(
            Chart(
                title={"en": "Members by stage", "zh": "各阶段会员数"},
                kind="bar",
                x=tuple(stage.name for stage in STAGES.values()),
                series=(Series(name={"en": "members", "zh": "会员数"}, values=tuple(map(float, sizes.values()))),),
            ),
            *_draw_history(earlier, sizes),
        ),
        tables=(
            _list_stages(placed, sizes),
            *_list_moves(placed, earlier),
            *(() if clusters is None else (_list_groups(clusters), _cross(placed, clusters))),
        ),
        left_out=why,
    )


def _draw_history(earlier: list[tuple[date, pl.DataFrame]], sizes: dict[str, int]) -> tuple[Chart, ...]:
    """Draw how large each stage was, four weeks apart, up to today."""
    if not earlier:
        return ()
    counts = [dict(told.group_by("stage").len().iter_rows()) for _, told in earlier]
    return (
        Chart(
            title={"en": "Members by stage, every four weeks", "zh": "各阶段会员数的变化（每四周）"},
            kind="line",
            x=(*(then.isoformat()[5:] for then, _ in earlier), {"en": "now", "zh": "现在"}),
            series=tuple(
                Series(name=STAGES[name].name, values=(*(float(count.get(name, 0)) for count in counts), float(size)))
                for name, size in sizes.items()
                if name in DRAWN
            ),
        ),
    )


def _list_moves(placed: pl.DataFrame, earlier: list[tuple[date, pl.DataFrame]]) -> tuple[Table, ...]:
    """List from which stage to which most members moved in the last four weeks."""
    if not earlier:
        return ()
    moved = (
        earlier[-1][1]
        .join(placed.select("member", now="stage"), on="member")
        .filter(pl.col("stage") != pl.col("now"))
        .group_by("stage", "now")
        .len()
        .sort("len", "stage", "now", descending=[True, False, False])
        .head(MOVES_MAX)
    )
    return (
        Table(
            title={"en": "Who moved most in the last four weeks", "zh": "近四周阶段变动最多的会员"},
            columns=(
                {"en": "From", "zh": "原阶段"},
                {"en": "To", "zh": "现阶段"},
                {"en": "Members", "zh": "会员数"},
            ),
            rows=tuple((STAGES[one].name, STAGES[two].name, f"{count:,}") for one, two, count in moved.iter_rows()),
        ),
    )


def _cross(placed: pl.DataFrame, clusters: Clusters) -> Table:
    """Count how stages and groups overlap."""
    both = placed.select("member", "stage").join(clusters.members, on="member")
    counts = {(stage, group): count for stage, group, count in both.group_by("stage", "cluster").len().iter_rows()}
    columns: list[Words] = [{"en": "Stage", "zh": "阶段"}]
    columns.extend([group.name for group in clusters.groups])
    return Table(
        title={"en": "How stages and groups overlap", "zh": "阶段与群体的交叉"},
        columns=tuple(columns),
        rows=tuple(
            (stage.name, *(f"{counts.get((name, group.id), 0):,}" for group in clusters.groups))
            for name, stage in STAGES.items()
        ),
    )


def _list_stages(placed: pl.DataFrame, sizes: dict[str, int]) -> Table:
    spent = dict(placed.group_by("stage").agg(pl.col("paid_91").mean()).iter_rows())
    return Table(
        title={"en": "Stages, and who is in them", "zh": "各阶段的定义"},
        columns=(
            {"en": "Stage", "zh": "阶段"},
            {"en": "Members", "zh": "会员数"},
            {"en": "Spent each in 13 weeks", "zh": "近 13 周人均消费"},
            {"en": "Who", "zh": "定义"},
            {"en": "What to do", "zh": "建议"},
        ),
        rows=tuple(
            (
                stage.name,
                f"{sizes[name]:,}",
                f"{(spent.get(name) or 0) / MINOR:,.2f}",
                stage.rule,
                stage.to_do,
            )
            for name, stage in STAGES.items()
        ),
    )


def _list_groups(clusters: Clusters) -> Table:
    return Table(
        title={"en": "Members who shop alike (in the last half year)", "zh": "购物习惯相近的群体（近半年到店）"},
        columns=(
            {"en": "Group", "zh": "群体"},
            {"en": "Members", "zh": "会员数"},
            {"en": "What sets it apart", "zh": "特点"},
        ),
        rows=tuple((group.id, f"{group.members:,}", group.name) for group in clusters.groups),
    )


STEPS: Final = (Step(name="segments", run=run, traits=("stage", "rfm", "cluster"), order=20),)
