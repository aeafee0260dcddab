"""Each role tries what it may not do."""

import asyncio
from collections.abc import AsyncGenerator
from uuid import UUID

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
import pytest
import pytest_asyncio

from regulars.base import roles
from regulars.base.crypto import Keyring
from regulars.base.db import Database
from regulars.base.errors import SchemaBehind
from regulars.base.ids import new_id
from regulars.base.migrations import Migration, find, migrate
from regulars.kernel import program, spine
from regulars.kernel.spine.check import check
from tests.cli.calls import Shell
from tests.cli.conftest import shell
from tests.conftest import make_database, run
from tests.spine.conftest import Shop, buy, shop

__all__ = ["shell", "shop"]

DENIED = asyncpg.InsufficientPrivilegeError
GRANTS = roles.find_grants()


def rename(url: str, login: str, password: str) -> str:
    place = url.partition("://")[2].rpartition("@")[2]
    return f"postgresql://{login}:{password}@{place}"


@pytest.fixture
async def logins(shop: Shop, database_url: str, server_url: str) -> AsyncGenerator[dict[str, Database]]:
    """The shop's database with its roles, and somebody of each who is connected."""
    async for opened in log_in(shop, database_url, server_url):
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def refused(server_url: str, template: str) -> AsyncGenerator[dict[str, Database]]:
    """The same for all who only try what they may not: nothing of it is done."""
    async for url in make_database(server_url, template):
        database = await Database.open(url)
        keyring = Keyring.derive({1: bytes(range(32))}, current=1)
        shop = Shop(database=database, house=spine.House(keyring=keyring, versions=program.Versions(), new_id=new_id))
        await shop.publish()
        async for opened in log_in(shop, url, server_url):
            yield opened
        await database.close()


async def log_in(shop: Shop, database_url: str, server_url: str) -> AsyncGenerator[dict[str, Database]]:
    names = {"app": f"app_{new_id().hex[-8:]}", "reader": f"reader_{new_id().hex[-8:]}"}
    await shop.receipt(buy("one", 1000, card="7"))
    await shop.receipt(buy("two", 2000, card="8"))
    async with shop.database.transaction() as tx:
        await tx.run("SELECT pg_advisory_xact_lock(hashtext('roles of the tests'))")
        await roles.make_roles(tx)
        passwords = {
            "app": await roles.add_login(tx, names["app"], roles.APP),
            "reader": await roles.add_login(tx, names["reader"], roles.READER),
        }
    opened = {who: await Database.open(rename(database_url, names[who], passwords[who])) for who in names}
    yield opened
    for each in opened.values():
        await each.close()
    for name in names.values():
        await run(server_url, f'DROP ROLE "{name}"')


async def attempt(database: Database, sql: str, *args: object) -> str:
    async with database.transaction() as tx:
        return await tx.run(sql, *args)


async def test_the_app_serves_and_its_books_are_right(shop: Shop, logins: dict[str, Database]) -> None:
    done = await spine.record(logins["app"], shop.house, [buy("three", 500, card="new")], replay=True)
    assert done[0].receipt is not None
    assert (await shop.receipt(buy("three", 500, card="new"))).member == done[0].receipt.member
    async with logins["app"].snapshot() as read:
        assert (await check(read)).faults == ()
        assert await roles.read_power(read) == "app"
    async with shop.database.snapshot() as read:
        assert await roles.read_power(read) == "superuser"


@pytest.mark.parametrize(
    "sql",
    [
        *(f"DELETE FROM {table}" for table in sorted(GRANTS.append)),
        *(f"TRUNCATE {table}" for table in sorted(GRANTS.append)),
        "UPDATE ledger.entry SET amount = amount + 1",
        "UPDATE ledger.allocation SET amount = amount + 1",
        "UPDATE activity.journal SET seal = seal",
        "UPDATE activity.key SET digest = digest",
        "UPDATE audit.entry SET reason = ''",
        "DROP TABLE ledger.entry",
        "ALTER TABLE ledger.entry DROP CONSTRAINT entry_moves_something",
        "CREATE TABLE ledger.another (id integer)",
        "CREATE SCHEMA another",
        "CREATE INDEX another ON ledger.entry (kind)",
        "DROP POLICY regulars_member ON ledger.entry",
        "ALTER TABLE ledger.entry DISABLE ROW LEVEL SECURITY",
        "UPDATE base.migration SET checksum = ''",
        "CREATE ROLE mighty SUPERUSER",
        "SET ROLE regulars",
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_the_app_neither_changes_tables_nor_what_was_written(refused: dict[str, Database], sql: str) -> None:
    with pytest.raises(DENIED):
        await attempt(refused["app"], sql)


async def test_the_reader_reads_and_sees_nothing_sealed(logins: dict[str, Database]) -> None:
    reader = logins["reader"]
    async with reader.snapshot() as read:
        assert await read.value("SELECT count(*) FROM ledger.entry") > 0
        assert await read.value("SELECT count(id) FROM members.member") == 2
    for sql in (
        "SELECT wrapped_key FROM members.member",
        "SELECT blind FROM members.identifier",
        "SELECT cipher FROM members.identifier",
        "SELECT cipher FROM activity.personal",
        "SELECT password FROM staff.account",
        "SELECT digest FROM staff.session",
        "SELECT digest FROM access.key",
        "SELECT wrapped FROM signing.key",
        "SELECT sealed FROM webhooks.secret",
        "INSERT INTO base.clock (one) VALUES (TRUE)",
        "UPDATE ledger.account SET balance = 0",
        "SELECT * FROM ledger.entry FOR UPDATE",
        "SET ROLE regulars_member",
        "SET ROLE regulars_app",
    ):
        with pytest.raises(DENIED):
            await attempt(reader, sql)


async def test_a_members_own_session_sees_that_members_rows_alone(shop: Shop, logins: dict[str, Database]) -> None:
    async with shop.database.snapshot() as read:
        one, other = [row["id"] for row in await read.rows("SELECT id FROM members.member ORDER BY id")]
    for table, column in GRANTS.member:
        async with logins["app"].snapshot() as read:
            assert await roles.speak_for_member(read, one)
            seen = {row[0] for row in await read.rows(f"SELECT {column} FROM {table}")}
            assert seen <= {one}, table
            assert await read.value(f"SELECT count({column}) FROM {table} WHERE {column} = $1", other) == 0
    async with logins["app"].snapshot() as read:
        await roles.speak_for_member(read, one)
        assert await read.value("SELECT count(amount) FROM ledger.entry") > 0
        with pytest.raises(DENIED):
            await read.rows("SELECT wrapped_key FROM members.member")
    for sql in (
        "SELECT count(*) FROM webhooks.endpoint",
        "SELECT id FROM staff.account",
        "SELECT digest FROM access.key",
    ):
        async with logins["app"].snapshot() as read:
            await roles.speak_for_member(read, one)
            with pytest.raises(DENIED):
                await read.rows(sql)
    # The role ends with its transaction: the next one on the same connection is the app again.
    async with logins["app"].snapshot() as read:
        assert await read.value("SELECT count(*) FROM members.member") == 2


async def test_no_member_named_is_no_rows(logins: dict[str, Database]) -> None:
    async with logins["app"].snapshot() as read:
        assert await roles.speak_for_member(read, UUID(int=0))
        assert await read.value("SELECT count(amount) FROM ledger.entry") == 0


async def test_without_roles_there_is_no_wall_and_it_says_so(shop: Shop) -> None:
    member = (await shop.receipt(buy("one", 1000))).member
    async with shop.database.snapshot() as read:
        assert not await roles.speak_for_member(read, member)
    assert not await shop.database.run(roles.renew_roles)


async def test_walls_cost_the_till_nothing(logins: dict[str, Database], shop: Shop) -> None:
    """What the app's plans are does not change by a word, and neither do the owner's."""
    sql = "EXPLAIN (COSTS OFF) SELECT amount FROM ledger.entry WHERE member_id = $1"
    somebody = new_id()
    async with shop.database.transaction() as tx:
        before = [row[0] for row in await tx.rows(sql, somebody)]
    async with logins["app"].snapshot() as read:
        assert [row[0] for row in await read.rows(sql, somebody)] == before
        await roles.speak_for_member(read, somebody)
        assert [row[0] for row in await read.rows(sql, somebody)] != before


async def test_the_app_says_when_somebody_else_has_to_migrate(logins: dict[str, Database], shop: Shop) -> None:
    more = Migration(room="features.more", number=1, name="0001_more", text="CREATE SCHEMA more;")
    with pytest.raises(SchemaBehind, match="owner"):
        await migrate(logins["app"], [*find(), more])
    # The owner may, and what has come since is the roles' at once.
    table = Migration(room="features.more", number=2, name="0002_t", text="CREATE TABLE more.t (id integer);")
    assert await migrate(shop.database, [*find(), more, table])
    with pytest.raises(DENIED):
        await attempt(logins["app"], "INSERT INTO more.t (id) VALUES (1)")
    assert await shop.database.run(roles.renew_roles)
    assert await attempt(logins["app"], "INSERT INTO more.t (id) VALUES (1)") == "INSERT 0 1"


def test_what_grants_name_is_there() -> None:
    made = "\n".join(each.text for each in find())
    for table in (*GRANTS.append, *(table for table, _ in GRANTS.member)):
        assert f"CREATE TABLE {table} (" in made, table
    assert {"ledger.entry", "ledger.allocation", "activity.journal", "activity.key", "audit.entry"} <= GRANTS.append


async def test_roles_are_made_and_a_server_refuses_to_be_mighty(
    shell: Shell, database_url: str, server_url: str
) -> None:
    name = f"app_{new_id().hex[-8:]}"
    made = await asyncio.to_thread(shell, "db", "roles", "--login", name)
    assert made.status == 0, made.err
    try:
        new = {"REGULARS_DATABASE_URL": made.out.strip()}
        assert (await asyncio.to_thread(shell, "check", **new)).status == 0
        again = await asyncio.to_thread(shell, "db", "roles", **new)
        assert (again.status, "Only the owner" in again.said) == (1, True)
        refused = await asyncio.to_thread(shell, "serve", REGULARS_APP_ROLE_ONLY="true", REGULARS_PORT="18931")
        assert (refused.status, "runs as superuser" in refused.said) == (1, True)
    finally:
        await run(server_url, f'DROP ROLE "{name}"')
