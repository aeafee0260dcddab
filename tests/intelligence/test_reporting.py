"""What a run found out is told to rules as traits, kept without a member in it, and written as a page."""

from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path
from uuid import UUID

import polars as pl
import pytest

from regulars.base import clock
from regulars.intelligence.evaluation import Chart, Insight, Section, Series, Step, Table
from regulars.intelligence.history import read_shop
from regulars.intelligence.reporting import (
    Kept,
    Made,
    NothingFound,
    digest_history,
    read_latest,
    run_steps,
    tell_members,
    write_page,
    write_run,
)
from regulars.kernel import members
from regulars.kernel.nouns import Activity, Identifier, Line
from tests.intelligence.makers import START, make_history, make_line, make_shop
from tests.spine.conftest import PROGRAM, Shop
from tests.spine.conftest import START as OPENED

SECTION = Section(
    title={"en": "What <b>happened</b>", "zh": "发生了什么"},
    tells=({"en": "More came.", "zh": "来的人多了。"},),
    to_do=({"en": "Go on.", "zh": "继续。"},),
    charts=(
        Chart(
            title={"en": "Visits", "zh": "到店"},
            kind="line",
            x=("2025-01", {"en": "then", "zh": "后来"}, "2025-03"),
            series=(
                Series(name={"en": "ours", "zh": "我们"}, values=(1.0, None, 3.0)),
                Series(name={"en": "theirs", "zh": "别人"}, values=(-2.0, 0.5, 1.0)),
            ),
        ),
        Chart(
            title={"en": "Money", "zh": "金额"},
            kind="bar",
            x=("a",),
            series=(Series(name={"en": "x", "zh": "x"}, values=(0.0,)),),
        ),
    ),
    tables=(Table(title={"en": "T", "zh": "表"}, columns=({"en": "A", "zh": "甲"},), rows=(("<1>",),)),),
)


def keep(day: date = START) -> Kept:
    made = Made(name="one", version="one-1", section=SECTION, figures={"a": 1.5}, seconds=0.1)
    return Kept(day=day, digest="d", data="shop", currency="USD", steps=(made,), left_out={"no quantity": 3})


class Balance(HTMLParser):
    """Finds tags that are not closed, and everything that a page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        links = [value or "" for name, value in attrs if name in {"src", "href"}]
        self.fetched += [link for link in links if not link.startswith("#")]
        if tag not in {"meta", "line", "rect", "polyline", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.mark.parametrize(("lang", "said"), [("en", "More came."), ("zh", "来的人多了。")])
def test_the_page_is_whole_and_stands_alone(lang: str, said: str) -> None:
    page = write_page(keep(), lang="en" if lang == "en" else "zh")
    read = Balance()
    read.feed(page)
    assert read.open == []
    assert read.fetched == []
    assert said in read.text
    assert "<script" not in page
    assert "What <b>happened" not in page
    assert page.count("<svg class=chart") == 2
    assert "nan" not in page.lower().replace("finance", "")


def test_a_run_is_kept_and_read_again(tmp_path: Path) -> None:
    with pytest.raises(NothingFound):
        read_latest(tmp_path, "shop")
    write_run(tmp_path, keep(START))
    path = write_run(tmp_path, keep(START + timedelta(days=1)))
    assert read_latest(tmp_path, "shop") == keep(START + timedelta(days=1))
    path.write_text("{}")
    with pytest.raises(NothingFound):
        read_latest(tmp_path, "shop")


def test_the_same_history_has_the_same_digest_and_another_has_not() -> None:
    steps = [Step(name="one", run=lambda _history, _day, _progress: Insight(section=SECTION))]
    shop, day = make_shop(members=30, weeks=8), START + timedelta(weeks=6)
    assert digest_history(shop, day, steps) == digest_history(make_shop(members=30, weeks=8), day, steps)
    later = [*shop.lines.to_dicts(), make_line("m0001", day)]
    assert digest_history(make_history(later), day, steps) == digest_history(shop, day, steps)
    assert digest_history(make_history(later), day + timedelta(days=1), steps) != digest_history(shop, day, steps)
    sooner = [*shop.lines.to_dicts(), make_line("m0001", START)]
    assert digest_history(make_history(sooner), day, steps) != digest_history(shop, day, steps)


def buy(card: str) -> Activity:
    return Activity(
        id=card,
        source="till",
        kind="purchase",
        occurred_at=OPENED,
        member=Identifier(kind="card", value=card),
        lines=(Line(sku="milk", amount_minor=300),),
    )


async def test_what_the_programme_asks_for_is_told_once_and_by_the_one_path(shop: Shop) -> None:
    catalog = PROGRAM.replace(
        "catalog: {categories: [DAIRY, PRODUCE]}",
        "catalog: {categories: [DAIRY, PRODUCE], traits: [stage, value_minor], segments: [at_risk]}",
    )
    assert catalog != PROGRAM
    await shop.publish(catalog)
    await shop.send(buy("1"), buy("2"))
    history = await read_shop(shop.database)
    known = history.members["member"].to_list()

    def find(_history: object, _day: date, _progress: object) -> Insight:
        traits = pl.DataFrame(
            {"member": known, "stage": ["loyal", "new"], "value_minor": [1200, None], "segment.at_risk": [True, False]}
        )
        return Insight(section=SECTION, version="test-1", traits=traits.with_columns(hidden=pl.lit(1)))

    day = history.last + timedelta(days=1)
    found = run_steps(history, day, [Step(name="test", run=find)])
    # What is told is told now, by the database's clock, and not when the shop of the test was open.
    async with shop.database.snapshot() as read:
        now = await clock.now(read)
    counted = await tell_members(shop.database, shop.house, found, at=now)
    assert counted.refused == {}
    assert counted.told == {"stage": 2, "value_minor": 2, "segment.at_risk": 2}
    assert counted.unknown == ("hidden",)
    ids = [UUID(it) for it in known]
    async with shop.database.snapshot() as read:
        traits = await members.traits_many(read, ids, since=now)
    assert traits.as_of(ids[0], now)["stage"] == "loyal"
    assert traits.as_of(ids[0], now)["segment.at_risk"] is True
    assert traits.as_of(ids[1], now).get("value_minor") is None
    again = await tell_members(shop.database, shop.house, found, at=now)
    assert again.refused == {}
    async with shop.database.snapshot() as read:
        after = await members.traits_many(read, ids, since=now)
    assert [len(after.changes_of(it)) for it in ids] == [len(traits.changes_of(it)) for it in ids]
