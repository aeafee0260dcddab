"""Closed months lie in files that are held against the books; what leaves the journal leaves its seal."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from regulars.base.db import Database
from regulars.base.roles import RoleTooWeak
from regulars.features.moving import archive as months
from regulars.interfaces.cli.frames import read_parquet, turn_into_parquet
from regulars.kernel import members, spine
from regulars.kernel.activity.archiving import drop_words, list_parts
from regulars.kernel.nouns import Activity, Identifier
from regulars.kernel.spine.forgetting import forget_member
from tests.cli.calls import make_shell
from tests.moving.conftest import DEAL
from tests.secrets.test_roles import DENIED, logins
from tests.spine.conftest import Shop, buy, shop

__all__ = ["logins", "shop"]

FIRST = datetime(2025, 2, 3, 9, tzinfo=UTC)
NOW = datetime(2026, 3, 1, tzinfo=UTC)
MARCH = date(2026, 3, 1)
NICK = "zh-CN-Erased"


class Killed(BaseException):
    """As if the process had been killed here."""


@dataclass(kw_only=True)
class Desk:
    """A shop with a year in its journal, and a folder for the archive."""

    shop: Shop
    folder: Path
    told: list[months.Archived] = field(default_factory=list[months.Archived])
    calls: int = 0
    dies_at: int = 0

    def _live(self) -> None:
        self.calls += 1
        if self.calls == self.dies_at:
            raise Killed

    def shelf(self, **changes: Any) -> months.Shelf:  # noqa: ANN401 - whatever it has
        def write(path: Path, columns: Mapping[str, str]) -> Path:
            self._live()
            written = turn_into_parquet(path, columns)
            self._live()
            return written

        def read(path: Path) -> Iterator[Mapping[str, Any]]:
            self._live()
            yield from read_parquet(path)
            self._live()

        def tell(done: months.Archived) -> None:
            self.told.append(done)
            self._live()

        made = months.Shelf(
            database=self.shop.database,
            folder=self.folder,
            frames=months.Frames(write=write, read=read),
            now=NOW,
            tell=tell,
            most=4,
        )
        return replace(made, **changes)

    async def find_faults(self) -> list[str]:
        async with self.shop.database.snapshot() as read:
            return [fault.code for fault in (await spine.check(read)).faults]

    async def count(self, table: str) -> int:
        async with self.shop.database.snapshot() as read:
            return await read.value(f"SELECT count(*) FROM activity.{table}")


@pytest.fixture
async def desk(shop: Shop, tmp_path: Path) -> Desk:
    await shop.publish(DEAL)
    facts = [buy(f"r-{n}", 1_000 + n, card=str(n % 3), at=FIRST + timedelta(days=20 * n)) for n in range(12)]
    told = Activity(
        id="t", source="crm", kind="traits", occurred_at=FIRST, member=facts[0].member, ask={"language": NICK}
    )
    for fact in (facts[0], told, *facts[1:]):
        # Each with its own time: months of the past, as they were lived through.
        outcome = (await spine.record(shop.database, shop.house, [fact], replay=True))[0]
        assert outcome.receipt is not None, outcome.refusal
        await spine.find_notices(shop.database, shop.house, at=fact.occurred_at)
    return Desk(shop=shop, folder=tmp_path / "archive")


async def test_months_are_written_read_back_and_true_to_the_books(desk: Desk) -> None:
    rows = await desk.count("journal")
    assert await months.archive(desk.shelf(), MARCH) == rows - 1, "all but what was told of a member"
    assert len({(each.month, each.part) for each in desk.told}) == len(desk.told) > 8
    assert {each.month.year for each in desk.told} == {2025}
    assert await desk.find_faults() == []
    assert await months.verify_archive(desk.shelf()) == rows - 1
    assert await months.archive(desk.shelf(), MARCH) == 0
    kept = [each for path in desk.folder.iterdir() for each in pl.read_parquet(path)["activity"].to_list()]
    assert len(kept) == len(set(kept)) == rows - 1
    for path in desk.folder.iterdir():
        assert path.stat().st_mode & 0o077 == 0
        assert NICK not in str(pl.read_parquet(path).to_dicts())

    # What comes late to a month that was archived is a part of its own; whoever is forgotten later breaks nothing.
    late = buy("late", 500, card="1", at=FIRST + timedelta(days=205))
    assert (await spine.record(desk.shop.database, desk.shop.house, [late], replay=True))[0].receipt is not None
    assert await months.archive(desk.shelf(), MARCH) >= 1
    assert (desk.told[-1].month, desk.told[-1].part) == (
        date(2025, 8, 1),
        1 + sum(each.month == date(2025, 8, 1) for each in desk.told[:-1]) // 2,
    )
    async with desk.shop.database.snapshot() as read:
        member = await members.lookup(read, desk.shop.house.keyring, Identifier(kind="card", value="0"))
    at = FIRST + timedelta(days=230)
    await desk.shop.database.run(lambda tx: forget_member(tx, desk.shop.house, member, at=at, reason="asked"))
    assert await desk.find_faults() == []


async def test_what_was_changed_is_found_wherever_it_lies(desk: Desk) -> None:
    await months.archive(desk.shelf(), MARCH)
    files = sorted(desk.folder.iterdir())
    whole = files[0].read_bytes()
    frame = pl.read_parquet(files[0])
    frame.with_columns(pl.col("body").str.replace("1000", "9000")).write_parquet(files[0])
    with pytest.raises(months.ArchiveDamaged, match="was changed since"):
        await months.verify_archive(desk.shelf())
    # Whoever also changes what is written down of the file is found by the seals.
    async with desk.shop.database.transaction() as tx:
        await tx.run(
            "UPDATE activity.archive SET file_digest = sha256($1) WHERE file = $2", files[0].read_bytes(), files[0].name
        )
    with pytest.raises(months.ArchiveDamaged, match="not what was sealed"):
        await months.verify_archive(desk.shelf())
    frame.head(frame.height - 1).write_parquet(files[0])
    async with desk.shop.database.transaction() as tx:
        await tx.run(
            "UPDATE activity.archive SET file_digest = sha256($1) WHERE file = $2", files[0].read_bytes(), files[0].name
        )
    with pytest.raises(months.ArchiveDamaged, match="or others than"):
        await months.verify_archive(desk.shelf())
    async with desk.shop.database.transaction() as tx:
        await tx.run("UPDATE activity.archive SET file_digest = sha256($1) WHERE file = $2", whole, files[0].name)
    files[0].unlink()
    with pytest.raises(months.ArchiveDamaged, match="Bring it back"):
        await months.drop_archived(desk.shelf())
    files[0].write_bytes(whole)
    assert await months.verify_archive(desk.shelf()) > 0

    async with desk.shop.database.transaction() as tx:
        await tx.run("DELETE FROM activity.journal WHERE seq = (SELECT min(seq) FROM activity.journal)")
    assert {"activity_i12_archive", "activity_i8_name"} <= set(await desk.find_faults())


async def test_notices_of_long_ago_leave_their_names_and_seals(desk: Desk) -> None:
    notices = "SELECT count(*) FROM activity.journal WHERE kind = ANY($1)"
    await months.archive(desk.shelf(), MARCH)
    rows, keys = await desk.count("journal"), await desk.count("key")
    async with desk.shop.database.snapshot() as read:
        there = await read.value(notices, list(months.DROPPED))
    assert there > 2
    assert await months.drop_archived(desk.shelf(now=FIRST + timedelta(days=30))) == 0, "it is not long over"
    dropped = await months.drop_archived(desk.shelf())
    assert dropped == there
    assert (await desk.count("journal"), await desk.count("archived")) == (rows - dropped, dropped)
    assert await desk.count("key") == keys
    assert await months.drop_archived(desk.shelf()) == 0
    assert await desk.find_faults() == []
    assert await months.verify_archive(desk.shelf()) == rows - 1
    for damage, code in (
        (
            "DELETE FROM activity.key WHERE activity_id IN (SELECT activity_id FROM activity.archived LIMIT 1)",
            "activity_i8_archived",
        ),
        (
            "UPDATE activity.archived SET seal = sha256('x') WHERE seq = (SELECT min(seq) FROM activity.archived)",
            "activity_i12_archive",
        ),
        ("DELETE FROM activity.archived WHERE seq = (SELECT max(seq) FROM activity.archived)", "activity_i8_name"),
    ):
        async with desk.shop.database.transaction() as tx:
            assert await tx.run(damage) != "DELETE 0"
        assert code in await desk.find_faults()


async def test_killed_anywhere_nothing_is_lost_or_twice_there(desk: Desk) -> None:
    rows = await desk.count("journal")
    killed = 0
    for step in range(1, 400):
        desk.calls, desk.dies_at = 0, step % 7 + 1
        try:
            await months.archive(desk.shelf(), MARCH)
            break
        except Killed:
            killed += 1
    desk.dies_at = 0
    assert killed > 5
    await months.archive(desk.shelf(), MARCH)
    assert await months.verify_archive(desk.shelf()) == rows - 1
    for step in range(1, 8):
        desk.calls, desk.dies_at = 0, step * 3
        with pytest.raises(Killed):
            await months.drop_archived(desk.shelf())
        assert await desk.find_faults() == []
    desk.dies_at = 0
    await months.drop_archived(desk.shelf())
    assert await desk.count("journal") + await desk.count("archived") == rows
    assert await desk.find_faults() == []


async def test_a_month_that_goes_on_is_not_archived(desk: Desk) -> None:
    with pytest.raises(months.MonthOpen):
        await months.archive(desk.shelf(), date(2026, 4, 1))


async def test_only_the_owner_archives_and_drops(desk: Desk, logins: dict[str, Database]) -> None:
    await months.archive(desk.shelf(), MARCH)
    served = desk.shelf(database=logins["app"])
    for refused in (months.archive(served, MARCH), months.drop_archived(served)):
        with pytest.raises(RoleTooWeak):
            await refused
    async with desk.shop.database.snapshot() as read:
        part = (await list_parts(read))[0]
    # Nor does the database let them.
    with pytest.raises(DENIED):
        await logins["app"].run(lambda tx: drop_words(tx, part, months.DROPPED))


def test_the_command(desk: Desk, database_url: str, tmp_path: Path) -> None:
    shell = make_shell(tmp_path, REGULARS_DATABASE_URL=database_url)
    done = shell("archive", "archive", "--before", "2026-01", "--drop", "--json")
    assert (done.status, done.err) == (0, "")
    assert done.value["archived"] > done.value["dropped"] > 0
    again = shell("archive", "archive", "--before", "2026-01")
    assert (again.status, again.said) == (0, "0 activities archived.")
    looked = shell("archive", "archive")
    assert f"{done.value['archived']} activities are as they were sealed." in looked.said
    assert shell("check").status == 0
    next((tmp_path / "archive").iterdir()).unlink()
    broken = shell("archive", "archive")
    assert (broken.status, "Bring it back" in broken.said) == (1, True)
    assert desk.shop is not None
