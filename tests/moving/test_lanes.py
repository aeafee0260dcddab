"""Several bring one house at once: it comes to what one alone would have brought, also when some of them die."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from regulars.features import moving
from regulars.kernel import spine
from tests.moving.conftest import LOTS, MEMBERS, SALES, Desk

LANES = 3
COUNT = 60


def spread_here(desk: Desk, *, left_out: frozenset[int] = frozenset()) -> moving.Spread:
    """Bring lane after lane, those that are left out not at all."""

    async def spread(order: moving.Order) -> Sequence[moving.Carried]:
        mapped = moving.read_mapping(desk.mapping, name="mapping.yaml")
        sheets: dict[moving.PartName, moving.Sheet] = {
            name: moving.open_csv(desk.folder / part.file, encoding=mapped.encoding, delimiter=mapped.delimiter)
            for name, part in mapped.list_parts()
        }
        return [
            await moving.bring_lane(
                desk.shop.database,
                desk.shop.house,
                mapped,
                sheets,
                order=moving.Order(
                    as_of=order.as_of, faulty=order.faulty, size=7, lane=moving.Lane(number=number, count=LANES)
                ),
                joins=desk.joins,
                notice=lambda _done: None,
            )
            for number in range(LANES)
            if number not in left_out
        ]

    return spread


def write_many(desk: Desk) -> None:
    """Many members; two of them share a card, and a lot is another's twin but for its amount."""
    people = "".join(f"c{n},7{n % (COUNT - 1):015d},,2025-01-02,,,G,2025-06-01\n" for n in range(COUNT))
    lots = "".join(f"c{n},{n + k + 1},2025-02-01,,2026-12-31\n" for n in range(COUNT) for k in range(3))
    sales = "".join(
        f"c{n},s-{n // 2 if n % 10 < 2 else n},2025-10-01 10:00,rice,{n}.90,s1\n"
        for n in range(COUNT)
        for _ in range(2)
    )
    codes = "id,code,until\n" + "".join(f"{f'c{n}' if n % 3 else ''},CODE-{n:04d},2026-12-31\n" for n in range(COUNT))
    desk.write(members=MEMBERS + people, lots=LOTS + lots, sales=SALES + sales, codes=codes)


async def test_lanes_come_to_what_one_comes_to(desk: Desk) -> None:
    write_many(desk)
    dry = await desk.bring(dry_run=True, keep_good=True)
    assert [(each.line, each.code) for each in desk.told] == [(COUNT + 4, "member_duplicate")]
    cut = await desk.bring(keep_good=True, spread=spread_here(desk, left_out=frozenset({1})))
    assert [part.lines for part in cut.parts] != [part.lines for part in dry.parts], "one of them never came"

    report = await desk.bring(keep_good=True, spread=spread_here(desk))
    told = [(part.part, part.lines, part.brought + part.there + part.refused) for part in report.parts]
    # Whoever is refused is found by nobody: the lots of the second c59 are the only ones that the dry run took.
    assert [lines for _, lines, _ in told] == [part.lines for part in dry.parts]
    assert report.parts[0].refused == 1
    (points,) = report.currencies
    assert (points.difference_points, points.difference_lots) == (0, 0)
    assert points.source_points == dry.parts[3].source["points"].points

    alone = await desk.bring(keep_good=True)
    assert [part.brought for part in alone.parts] == [0] * len(alone.parts), "all of it was there"
    assert [part.refused for part in alone.parts] == [part.refused for part in report.parts]
    assert alone.currencies == report.currencies
    async with desk.shop.database.snapshot() as read:
        assert (await spine.check(read)).faults == ()


async def test_parquet_is_read_like_csv(desk: Desk) -> None:
    expected = await desk.bring(dry_run=True)
    members = pl.DataFrame(
        {
            "id": ["m1", "m2", "m3"],
            "card": [6220000000000001, 6220000000000002, 6220000000000003],
            "phone": ["+86 138 0013 8001", "+86 138 0013 8002", None],
            "joined": [date(2024, 5, 1), date(2025, 1, 2), date(2025, 3, 4)],
            "born": ["1990-05-17", None, None],
            "lang": ["zh-CN", "en", None],
            "level": ["G", "B", None],
            "since": [date(2025, 6, 1), date(2025, 7, 1), None],
        }
    )
    members.write_parquet(desk.folder / "members.parquet")
    pl.read_csv(desk.folder / "lots.csv", try_parse_dates=True).write_parquet(desk.folder / "lots.parquet")
    desk.change("members.csv", "members.parquet")
    desk.change("lots.csv", "lots.parquet")
    report = await desk.bring()
    assert [(part.lines, part.brought) for part in report.parts] == [
        (part.lines, part.brought) for part in expected.parts
    ]
    assert (report.currencies[0].books_points, report.is_balanced) == (627, True)

    # A tool that read cards as amounts has lost their last digits: it is refused, and not guessed.
    members.with_columns(pl.col("card").cast(pl.Float64)).write_parquet(desk.folder / "members.parquet")
    await desk.bring(dry_run=True)
    assert {each.code for each in desk.told} == {"decimal_number"}
