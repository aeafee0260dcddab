"""Ends that differ from region to region: what a store's region says, and what cannot be said."""

from datetime import UTC, datetime

import pytest

from regulars.kernel.program import Plan, compile_plan, encode, parse, rule
from tests.program.story import buy, line, problems, step

PROGRAM = """\
program: corner
name: {en: Corner Shop, zh-CN: 街角小店}
time_zone: Asia/Shanghai
money: CNY
catalog:
  stores: [bund, temple, alexanderplatz, airport]
  regions: {cn: [bund, temple], de: [alexanderplatz]}
currencies:
  points:
    kind: spendable
    name: {en: Points, zh-CN: 积分}
    pending: {days: 14}
    expiry: {model: rolling, months: 12}
    regions:
      cn: {model: calendar_end, grace_months: 3}
      de: {model: rolling, months: 36}
  stars:
    kind: qualifying
    name: {en: Stars, zh-CN: 星}
offers:
  - {id: base, mechanic: spend, on: [purchase], settings: {currency: points, points: 1, per_minor: 100}}
  - {id: stars, mechanic: spend, on: [purchase], settings: {currency: stars, points: 1, per_minor: 100}}
"""


MAY = datetime(2026, 5, 10, 4, tzinfo=UTC)


@pytest.fixture
def plan() -> Plan:
    return compile_plan(parse(PROGRAM))


@pytest.mark.parametrize(
    ("store", "last"),
    [
        ("bund", datetime(2027, 3, 31, 16, tzinfo=UTC)),  # the year, and three months of grace
        ("temple", datetime(2027, 3, 31, 16, tzinfo=UTC)),
        ("alexanderplatz", datetime(2029, 5, 10, 16, tzinfo=UTC)),  # 36 months
        ("airport", datetime(2027, 5, 10, 16, tzinfo=UTC)),  # of no region: as the currency says
        ("", datetime(2027, 5, 10, 16, tzinfo=UTC)),
    ],
)
def test_points_end_as_the_region_of_the_store_says(plan: Plan, store: str, last: datetime) -> None:
    there = plan.in_store(store)
    given = rule(there, {}, step(there, buy(line(1000), at=MAY, store=store))).postings
    assert [(each.currency, each.expires_at) for each in given] == [("points", last), ("stars", None)]
    # Everything else is the same plan.
    assert there.hash == plan.hash
    assert given[0].usable_from == datetime(2026, 5, 23, 16, tzinfo=UTC)


def test_a_programme_without_regions_is_one_plan_everywhere() -> None:
    text = "\n".join(row for row in PROGRAM.splitlines() if not row.lstrip().startswith(("regions", "cn:", "de:")))
    plain = compile_plan(parse(text))
    assert plain.in_store("bund") is plain
    assert b"regions" not in encode(plain.document), "a version keeps the hash that it had"


@pytest.mark.parametrize(
    ("good", "bad", "path", "message"),
    [
        (
            "      de: {model: rolling",
            "      fr: {model: rolling",
            "currencies.points.regions.fr",
            "there is no region 'fr' in catalog.regions",
        ),
        (
            "de: [alexanderplatz]",
            "de: [alexanderplatz, temple]",
            "catalog.regions.de[1]",
            "the store 'temple' stands in the region 'cn' already",
        ),
        (
            "de: [alexanderplatz]",
            "de: [alexanderplats]",
            "catalog.regions.de[0]",
            "the store 'alexanderplats' is not among catalog.stores",
        ),
        (
            "de: {model: rolling, months: 36}",
            "de: {model: rolling}",
            "currencies.points.regions.de",
            "a rolling end needs either 'days' or 'months'",
        ),
        (
            "de: {model: rolling, months: 36}",
            "de: {model: rolling, days: 13}",
            "currencies.points.regions.de",
            "points that wait 14 days would end after 13, before anyone could use them",
        ),
        (
            "de: {model: rolling, months: 36}",
            "de: {model: fixed, date: 9999-01-01}",
            "currencies.points.regions.de",
            "write {model: never} for points that do not end",
        ),
        (
            "de: {model: rolling, months: 36}",
            "de: {model: inactivity, months: 36}",
            "currencies.points.regions.de",
            "points end by inactivity in every region or in none; only the months may differ",
        ),
    ],
)
def test_what_cannot_be_said_of_regions(good: str, bad: str, path: str, message: str) -> None:
    line_number = PROGRAM.partition(good)[0].count("\n") + 1
    assert problems(PROGRAM.replace(good, bad)) == [(line_number, path, message)]
