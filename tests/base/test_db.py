"""What a transaction promises, tried against a real server that is in the way."""

import ast
import asyncio
import socket
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
import msgspec
import pytest

from regulars.base import db
from regulars.base.db import ConstraintBroken, Database, TransactionMisused, Tx, create_database, greet, refuse_too_old
from regulars.base.errors import (
    CommitUnknown,
    DatabaseContention,
    DatabaseTimeout,
    DatabaseTooOld,
    DatabaseUnavailable,
    DiskFull,
    SettingsInvalid,
)
from regulars.base.ids import new_id

pytestmark = pytest.mark.smoke

ADD = "INSERT INTO public.jar (id, sweets) VALUES ($1, $2)"
COUNT = "SELECT count(*) FROM public.jar"


@pytest.fixture
async def jars(database: Database) -> Database:
    async with database.transaction() as tx:
        await tx.script(
            "CREATE TABLE public.jar (id int CONSTRAINT jar_pkey PRIMARY KEY,"
            " sweets int NOT NULL CONSTRAINT jar_not_negative CHECK (sweets >= 0));"
            " INSERT INTO public.jar VALUES (1, 10), (2, 10);",
            seconds_max=10,
        )
    return database


async def count(database: Database) -> int:
    async with database.snapshot() as read:
        return int(await read.value(COUNT))


async def end_connection(database: Database, tx: Tx) -> None:
    """Do what a fallen server or a cut cable does, from outside."""
    process = await tx.value("SELECT pg_backend_pid()")
    async with database.transaction() as other:
        await other.value("SELECT pg_terminate_backend($1, 5000)", process)


async def test_a_block_that_ends_well_is_committed_and_one_that_fails_never_was(jars: Database) -> None:
    async with jars.transaction() as tx:
        assert await tx.run(ADD, 3, 1) == "INSERT 0 1"

    async def work(tx: Tx) -> None:
        await tx.run(ADD, 4, 1)
        await tx.run(ADD, 4, -1)

    with pytest.raises(ConstraintBroken):
        await jars.run(work)
    assert await count(jars) == 3


async def test_a_cancelled_block_never_was_and_leaves_a_clean_connection(jars: Database) -> None:
    reached = asyncio.Event()

    async def work() -> None:
        async with jars.transaction() as tx:
            await tx.run(ADD, 3, 1)
            reached.set()
            await tx.value("SELECT pg_sleep(60)")

    task = asyncio.create_task(work())
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with jars.transaction() as tx:
        await tx.run("LOCK TABLE public.jar IN ACCESS EXCLUSIVE MODE NOWAIT")
        assert await tx.value(COUNT) == 2


async def test_a_transaction_reads_what_others_committed_and_a_snapshot_does_not(jars: Database) -> None:
    async with jars.transaction() as tx, jars.snapshot() as read:
        assert (await tx.value(COUNT), await read.value(COUNT)) == (2, 2)
        async with jars.transaction() as other:
            await other.run(ADD, 3, 1)
        assert (await tx.value(COUNT), await read.value(COUNT)) == (3, 2)


@pytest.mark.parametrize("sql", [ADD + " RETURNING id", "SELECT nextval('public.numbers'), $1::int, $2::int"])
async def test_a_read_cannot_write_even_by_a_trick(jars: Database, sql: str) -> None:
    async with jars.transaction() as tx:
        await tx.run("CREATE SEQUENCE public.numbers")
    assert not {"run", "copy", "script"} & set(dir(db.Read))
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with jars.snapshot() as read:
            await read.rows(sql, 3, 1)
    assert await count(jars) == 2


async def test_what_has_ended_cannot_be_used(jars: Database) -> None:
    async with jars.transaction() as tx:
        pass
    async with jars.snapshot() as read:
        pass
    for late in (tx.rows(COUNT), tx.run(ADD, 3, 1), read.value(COUNT), tx.copy("public", "jar", ["id"], [])):
        with pytest.raises(TransactionMisused, match="has ended"):
            await late
    assert await count(jars) == 2


@pytest.mark.parametrize("sql", ["COMMIT", "ROLLBACK", "COMMIT; BEGIN; ROLLBACK"])
async def test_nobody_else_ends_a_transaction(jars: Database, sql: str) -> None:
    with pytest.raises(TransactionMisused, match="ended the transaction"):
        async with jars.transaction() as tx:
            await tx.run(sql)


async def test_a_caught_failure_does_not_pass_for_a_commit(jars: Database) -> None:
    async def work(tx: Tx) -> None:
        await tx.run(ADD, 3, 1)
        with suppress(ConstraintBroken):
            await tx.run(ADD, 3, 1)

    with pytest.raises(TransactionMisused, match="rolled back"):
        await jars.run(work)
    assert await count(jars) == 2


@pytest.mark.parametrize(
    ("jar", "sweets", "constraint", "sqlstate"),
    [(1, 5, "jar_pkey", "23505"), (3, -1, "jar_not_negative", "23514"), (3, None, "", "23502")],
)
async def test_a_constraint_that_fires_is_named(
    jars: Database, jar: int, sweets: int | None, constraint: str, sqlstate: str
) -> None:
    with pytest.raises(ConstraintBroken) as broken:
        async with jars.transaction() as tx:
            await tx.run(ADD, jar, sweets)
    assert (broken.value.constraint, broken.value.table, broken.value.sqlstate) == (constraint, "jar", sqlstate)


async def test_copy_appends_in_bulk_and_statements_are_counted(jars: Database) -> None:
    async with jars.transaction() as tx:
        records = ((number, 1) for number in range(10, 1010))
        assert await tx.copy("public", "jar", ["id", "sweets"], records) == "COPY 1000"
        assert await tx.value(COUNT) == 1002
        assert tx.statements == 2
    with pytest.raises(ConstraintBroken, match="jar_pkey"):
        async with jars.transaction() as tx:
            await tx.copy("public", "jar", ["id", "sweets"], [(10, 1)])


async def test_values_arrive_as_the_standard_library_knows_them(database: Database) -> None:
    id_ = new_id()
    async with database.snapshot() as read:
        row = await read.row("SELECT $1::uuid AS id, '{\"a\": 1}'::jsonb AS body, clock_timestamp() AS at", id_)
    assert row is not None
    assert isinstance(row["id"], uuid.UUID)
    assert (row["id"], hash(row["id"]), msgspec.json.encode(row["id"])) == (id_, hash(id_), f'"{id_}"'.encode())
    assert row["body"] == '{"a": 1}'
    assert row["at"].tzinfo is UTC
    assert abs((row["at"] - datetime.now(UTC)).total_seconds()) < 60


async def test_every_connection_has_its_limits(database: Database) -> None:
    async with database.snapshot() as read:
        names = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "timezone", "jit"]
        shown = [await read.value("SELECT current_setting($1)", name) for name in names]
    assert shown == ["30s", "10s", "1min", "UTC", "off"]


async def test_a_real_deadlock_is_solved_by_trying_again(jars: Database) -> None:
    """Two take the same two rows in opposite order; PostgreSQL kills one, which then runs again."""
    both_hold = asyncio.Barrier(2)
    attempts = 0

    async def take(first: int, second: int) -> None:
        async def work(tx: Tx) -> None:
            nonlocal attempts
            attempts += 1
            await tx.run("SET LOCAL deadlock_timeout = '20ms'")
            await tx.run("UPDATE public.jar SET sweets = sweets - 1 WHERE id = $1", first)
            if attempts <= 2:
                await both_hold.wait()
            await tx.run("UPDATE public.jar SET sweets = sweets - 1 WHERE id = $1", second)

        await jars.run(work)

    await asyncio.gather(take(1, 2), take(2, 1))
    assert attempts == 3
    async with jars.snapshot() as read:
        assert [row["sweets"] for row in await read.rows("SELECT sweets FROM public.jar")] == [8, 8]


async def test_a_race_that_is_never_won_is_given_up(jars: Database) -> None:
    attempts = 0

    async def work(tx: Tx) -> None:
        nonlocal attempts
        attempts += 1
        await tx.run("SET LOCAL transaction_isolation = 'repeatable read'")
        await tx.value(COUNT)
        async with jars.transaction() as other:
            await other.run("UPDATE public.jar SET sweets = sweets + 1 WHERE id = 1")
        await tx.run("UPDATE public.jar SET sweets = 0 WHERE id = 1")

    with pytest.raises(DatabaseContention) as refused:
        await jars.run(work)
    assert refused.value.retryable
    assert attempts == db.RETRIES_MAX + 1


async def test_run_gives_back_what_the_work_gives_and_a_bug_is_not_retried(jars: Database) -> None:
    attempts = 0

    async def work(tx: Tx) -> int:
        nonlocal attempts
        attempts += 1
        return int(await tx.value("SELECT 10 / $1::int", 2 - attempts))

    assert await jars.run(work) == 10
    with pytest.raises(asyncpg.DivisionByZeroError):
        await jars.run(work)
    assert attempts == 2


async def test_a_connection_lost_in_the_commit_leaves_the_outcome_unknown(jars: Database) -> None:
    attempts = 0

    async def work(tx: Tx) -> None:
        nonlocal attempts
        attempts += 1
        await tx.run(ADD, 3, 1)
        await end_connection(jars, tx)

    with pytest.raises(CommitUnknown, match="with the same ids") as refused:
        await jars.run(work)
    assert refused.value.retryable
    assert attempts == 1
    assert await count(jars) == 2


async def test_a_connection_lost_between_statements_is_not_retried(jars: Database) -> None:
    attempts = 0

    async def work(tx: Tx) -> None:
        nonlocal attempts
        attempts += 1
        await end_connection(jars, tx)
        await tx.run(ADD, 3, 1)

    with pytest.raises(DatabaseUnavailable):
        await jars.run(work)
    assert attempts == 1


async def test_connections_that_died_idle_are_replaced_before_anything_is_sent(
    database_url: str, database: Database
) -> None:
    opened = await Database.open(database_url, pool_max=3)
    async with opened.transaction(), opened.transaction(), opened.transaction():
        pass
    async with database.transaction() as tx:
        ended = await tx.value(
            "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert ended >= 3
    for _ in range(4):
        async with opened.transaction() as tx:
            assert await tx.value("SELECT 1") == 1
    await opened.close()


async def test_a_slow_statement_and_a_long_lock_are_cut_short(database_url: str, jars: Database) -> None:
    hasty = await Database.open(database_url, statement_timeout_seconds=1)
    with pytest.raises(DatabaseTimeout):
        async with hasty.transaction() as tx:
            await tx.value("SELECT pg_sleep(30)")

    async def work(tx: Tx) -> None:
        await tx.run("SET LOCAL lock_timeout = '50ms'")
        await tx.run("UPDATE public.jar SET sweets = 1 WHERE id = 1")

    async with jars.transaction() as holder:
        await holder.run("UPDATE public.jar SET sweets = 0 WHERE id = 1")
        with pytest.raises(DatabaseTimeout) as refused:
            await hasty.run(work)
    assert refused.value.retryable
    await hasty.close()


async def test_who_reads_whole_tables_may_take_longer(database_url: str) -> None:
    hasty = await Database.open(database_url, statement_timeout_seconds=1)
    async with hasty.snapshots(2, statement_seconds_max=60) as reads:
        moments = await asyncio.gather(
            *(each.value("SELECT pg_current_snapshot() FROM pg_sleep(1.5)") for each in reads)
        )
    assert moments[0] == moments[1], "both see the same"
    async with hasty.snapshot() as read:
        with pytest.raises(DatabaseTimeout):
            await read.value("SELECT pg_sleep(30)")
    await hasty.close()


async def test_a_full_disk_is_a_refusal(database: Database) -> None:
    with pytest.raises(DiskFull) as refused:
        async with database.transaction() as tx:
            await tx.run("DO $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$")
    assert refused.value.retryable


async def test_a_pool_that_stays_empty_is_a_refusal(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "ACQUIRE_SECONDS_MAX", 0.05)
    opened = await Database.open(database_url, pool_max=1)
    async with opened.transaction():
        with pytest.raises(DatabaseUnavailable, match="became free"):
            async with opened.transaction():
                pytest.fail("there is one connection only")
    async with opened.transaction() as tx:
        assert await tx.value("SELECT 1") == 1
    await opened.close()


@pytest.mark.parametrize(
    ("address", "refusal"),
    [
        ("postgresql://u:hunter2@127.0.0.1:{port}/x", DatabaseUnavailable),
        ("postgresql://u:hunter2@/x?host=/nowhere", DatabaseUnavailable),
        ("postgresql://u:hunter2@127.0.0.1:port/x", SettingsInvalid),
        ("mysql://u:hunter2@127.0.0.1/x", SettingsInvalid),
    ],
)
async def test_an_address_where_nobody_answers_is_refused_without_its_password(
    address: str, refusal: type[DatabaseUnavailable | SettingsInvalid]
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(refusal) as refused:
            await Database.open(address.format(port=closed.getsockname()[1]))
    assert "hunter2" not in refused.value.detail + repr(refused.value.context)


async def test_a_database_that_is_not_there_is_refused(database_url: str) -> None:
    missing = database_url.replace("/test_", "/no_test_")
    with pytest.raises(DatabaseUnavailable, match="does not exist"):
        await Database.open(missing)
    assert (await greet(missing)).state == "database"
    assert (await greet(database_url)).state == "ready"
    assert (await greet("postgresql://u:p@/x?host=/nowhere")).state == "silent"


async def test_a_database_is_created_whatever_its_name(server_url: str) -> None:
    name = f'test_1_"; {new_id()}'
    await create_database(server_url, name)
    connection = await asyncpg.connect(server_url)
    assert await connection.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", name) == 1
    await connection.execute('DROP DATABASE "{}"'.format(name.replace('"', '""')))
    await connection.close()


async def test_a_database_that_several_create_at_once_is_there_for_all(server_url: str) -> None:
    name = f"test_1_{new_id()}"
    await asyncio.gather(*(create_database(server_url, name, may_be_there=True) for _ in range(4)))
    connection = await asyncpg.connect(server_url)
    assert await connection.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", name) == 1
    await connection.execute(f'DROP DATABASE "{name}"')
    await connection.close()


@pytest.mark.parametrize(("number", "fits"), [(90_624, False), (140_012, False), (150_000, True), (180_006, True)])
def test_servers_below_15_are_too_old(number: int, fits: bool) -> None:
    if fits:
        refuse_too_old(number)
    else:
        with pytest.raises(DatabaseTooOld, match="use 15 or newer"):
            refuse_too_old(number)


def test_ids_sort_by_when_they_were_made() -> None:
    ids = [new_id() for _ in range(1000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 1000
    assert {id_.version for id_ in ids} == {7}


def test_nobody_but_the_database_module_commits() -> None:
    """Looks at the words in the program, not in its comments: SQL that ends a transaction, or a method that does."""
    source = Path(db.__file__).parents[1]
    found: set[str] = set()
    for file in source.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            words = node.value.split() if isinstance(node, ast.Constant) and isinstance(node.value, str) else []
            ends = len(words) <= 2 and bool({"COMMIT", "ROLLBACK"} & {word.strip(";") for word in words})
            if ends or (isinstance(node, ast.Attribute) and node.attr in {"commit", "rollback"}):
                found.add(file.relative_to(source).as_posix())
    assert found == {"base/db.py"}
