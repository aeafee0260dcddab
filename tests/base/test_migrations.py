"""Migrations are applied once, in order, and their history may not be another than the code's."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
import pytest

from regulars.base.db import Database
from regulars.base.errors import DatabaseTimeout, SchemaChanged, SchemaNewer
from regulars.base.migrations import FLOORS, Migration, find, migrate

pytestmark = pytest.mark.smoke

CREATE = "CREATE SCHEMA shop; CREATE TABLE shop.shelf (id int PRIMARY KEY);"
FILL = (
    "-- With a comment; and a semicolon in it.\nINSERT INTO shop.shelf VALUES (1); INSERT INTO shop.shelf VALUES (2);"
)


def step(number: int, text: str, room: str = "features.shop") -> Migration:
    return Migration(room=room, number=number, name=f"{number:04}_step", text=text)


FIRST, SECOND = step(1, CREATE), step(2, FILL)


@pytest.fixture
async def empty(empty_database_url: str) -> AsyncGenerator[Database]:
    opened = await Database.open(empty_database_url)
    yield opened
    await opened.close()


async def applied(database: Database) -> list[tuple[str, int]]:
    async with database.snapshot() as read:
        return [tuple(row) for row in await read.rows("SELECT room, number FROM base.migration ORDER BY applied_at")]


async def test_the_projects_migrations_apply_in_order_and_then_there_is_nothing_to_do(empty: Database) -> None:
    found = find()
    assert found[0].path == "base/0001_clock"
    floors = [FLOORS.index(migration.room.split(".")[0]) for migration in found]
    assert floors == sorted(floors)
    assert await migrate(empty) == [migration.path for migration in found]
    assert await applied(empty) == [(migration.room, migration.number) for migration in found]
    assert await migrate(empty) == []


async def test_new_files_are_applied_to_a_database_that_has_the_old_ones(empty: Database) -> None:
    assert await migrate(empty, [FIRST]) == ["features.shop/0001_step"]
    assert await migrate(empty, [FIRST, SECOND]) == ["features.shop/0002_step"]
    assert await migrate(empty, [FIRST, SECOND]) == []


async def test_a_file_that_fails_leaves_nothing_of_itself_and_all_of_those_before(empty: Database) -> None:
    broken = step(2, FILL + " INSERT INTO shop.shelf VALUES (1);")
    with pytest.raises(Exception, match="shelf_pkey"):
        await migrate(empty, [FIRST, broken])
    assert await applied(empty) == [("features.shop", 1)]
    async with empty.snapshot() as read:
        assert await read.value("SELECT count(*) FROM shop.shelf") == 0
    assert await migrate(empty, [FIRST, SECOND]) == ["features.shop/0002_step"]


async def test_a_file_cannot_end_its_transaction(empty: Database) -> None:
    with pytest.raises(Exception, match="ended the transaction"):
        await migrate(empty, [step(1, CREATE + " COMMIT;")])
    assert await applied(empty) == []


async def test_many_processes_may_start_at_once(empty_database_url: str) -> None:
    migrations = [FIRST, *(step(number, f"INSERT INTO shop.shelf VALUES ({number})") for number in range(2, 12))]
    opened = [await Database.open(empty_database_url, pool_max=2) for _ in range(6)]
    done = await asyncio.gather(*(migrate(database, migrations) for database in opened))
    assert sorted(path for paths in done for path in paths) == [migration.path for migration in migrations]
    assert await applied(opened[0]) == [("features.shop", number) for number in range(1, 12)]
    for database in opened:
        await database.close()


@pytest.mark.parametrize(
    ("code", "refusal", "complaint"),
    [
        ([FIRST, step(2, FILL + " ")], SchemaChanged, "features.shop/0002_step is no longer what was applied"),
        (
            [FIRST, Migration(room="features.shop", number=2, name="0002_other", text=FILL)],
            SchemaChanged,
            "features.shop/0002_step is no longer",
        ),
        ([SECOND], SchemaChanged, "features.shop/0001_step is missing"),
        ([FIRST], SchemaNewer, "features.shop/0002_step, which this version does not know"),
        ([], SchemaNewer, "features.shop/0001_step, which this version does not know"),
    ],
)
async def test_another_history_is_refused_and_named(
    empty: Database, code: list[Migration], refusal: type[Exception], complaint: str
) -> None:
    await migrate(empty, [FIRST, SECOND])
    with pytest.raises(refusal, match=complaint):
        await migrate(empty, code)


async def test_a_file_that_comes_before_what_was_applied_is_refused(empty: Database) -> None:
    await migrate(empty, [FIRST, step(3, "SELECT 1")])
    with pytest.raises(SchemaChanged, match="0002_step came after a later one"):
        await migrate(empty, [FIRST, SECOND, step(3, "SELECT 1")])


async def test_line_ends_are_not_a_change(empty: Database) -> None:
    await migrate(empty, [FIRST, SECOND])
    assert await migrate(empty, [FIRST, step(2, FILL.replace("\n", "\r\n"))]) == []


async def test_a_migration_waits_for_others_but_does_not_block_users_for_long(empty_database_url: str) -> None:
    database = await Database.open(empty_database_url)
    await migrate(database, [FIRST])
    async with database.transaction() as tx:
        await tx.run("INSERT INTO shop.shelf VALUES (9)")
        with pytest.raises(DatabaseTimeout):
            await migrate(
                database, [FIRST, step(2, "SET LOCAL lock_timeout = '50ms'; ALTER TABLE shop.shelf ADD name text")]
            )
        async with database.snapshot() as read:
            assert await read.value("SELECT count(*) FROM shop.shelf") == 0
    await database.close()


async def test_a_long_migration_is_not_cut_by_the_limits_of_daily_work(empty_database_url: str) -> None:
    database = await Database.open(empty_database_url, statement_timeout_seconds=1)
    assert await migrate(database, [step(1, "SELECT pg_sleep(1.2)")]) == ["features.shop/0001_step"]
    await database.close()


async def test_when_all_is_applied_one_statement_is_sent(empty_database_url: str, server_url: str) -> None:
    database = await Database.open(empty_database_url)
    await migrate(database, [FIRST, SECOND])
    await database.close()
    database = await Database.open(empty_database_url, pool_max=1)
    watcher = await asyncpg.connect(empty_database_url)
    await migrate(database, [FIRST, SECOND])
    shown = await watcher.fetch(
        "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'regulars'"
    )
    async with database.snapshot() as read:
        prepared = [row["statement"] for row in await read.rows("SELECT statement FROM pg_prepared_statements")]
    assert [row["query"] for row in shown] == ["COMMIT"]
    assert [statement for statement in prepared if "migration" in statement] == [
        "SELECT room, number, name, checksum FROM base.migration ORDER BY room, number"
    ]
    await watcher.close()
    await database.close()


def make(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("SELECT 1;")


def test_files_are_found_by_their_folders_and_ordered_by_floor_room_and_number(tmp_path: Path) -> None:
    make(
        tmp_path,
        "features/tiers/migrations/0001_tiers.sql",
        "features/spend/migrations/0010_more.sql",
        "features/spend/migrations/0002_spend.sql",
        "kernel/ledger/migrations/0001_ledger.sql",
        "kernel/activity/migrations/0001_activity.sql",
        "base/migrations/0001_clock.sql",
        "base/migrations/README.md",
        "interfaces/http/migrations/0001_http.sql",
        "kernel/ledger/queries.sql",
        "kernel/__pycache__/migrations/0001_old.sql",
    )
    assert [migration.path for migration in find(tmp_path)] == [
        "base/0001_clock",
        "kernel.activity/0001_activity",
        "kernel.ledger/0001_ledger",
        "features.spend/0002_spend",
        "features.spend/0010_more",
        "features.tiers/0001_tiers",
        "interfaces.http/0001_http",
    ]


@pytest.mark.parametrize("name", ["1_short.sql", "0001-dash.sql", "0001_Upper.sql", "0001_.sql", "notes.sql"])
def test_a_file_with_another_name_is_a_bug(tmp_path: Path, name: str) -> None:
    make(tmp_path, f"base/migrations/{name}")
    with pytest.raises(ValueError, match="is called 0001_words"):
        find(tmp_path)


def test_two_files_with_one_number_are_a_bug(tmp_path: Path) -> None:
    make(tmp_path, "base/migrations/0001_one.sql", "base/migrations/0001_two.sql")
    with pytest.raises(ValueError, match="two migrations have one number"):
        find(tmp_path)
