"""The database: one pool, transactions that end in one place, and the refusals that PostgreSQL's errors become."""

import asyncio
import random
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol, Self, TypeVar, cast

import asyncpg  # pyright: ignore[reportMissingTypeStubs] - it has none

from regulars.base.errors import (
    CommitUnknown,
    DatabaseContention,
    DatabaseTimeout,
    DatabaseTooOld,
    DatabaseUnavailable,
    DiskFull,
    SettingsInvalid,
)
from regulars.base.moments import TIME_TYPE, read_moment, write_moment

__all__ = [
    "ConstraintBroken",
    "Database",
    "Greeting",
    "Read",
    "Record",
    "TransactionMisused",
    "Tx",
    "create_database",
    "greet",
    "name_session",
    "refuse_too_old",
]

T = TypeVar("T")

SERVER_MAJOR_MIN = 15
RETRIES_MAX = 5
PAUSE_SECONDS_MIN = 0.01
PAUSE_SECONDS_MAX = 0.5
CONNECT_SECONDS_MAX = 10
ACQUIRE_SECONDS_MAX = 30
LOCK_SECONDS_MAX = 10
IDLE_IN_TRANSACTION_SECONDS_MAX = 60
# How much longer than the server we wait for it: only a dead network takes so long.
PATIENCE_SECONDS = 15
STATEMENTS_CACHED_MAX = 1_000
STATEMENT_BYTES_CACHED_MAX = 256 * 1024


class Record(Protocol):
    """A row: columns by name (or by position), in the order of the query."""

    def __getitem__(self, key: str | int, /) -> Any: ...  # noqa: ANN401 - a column's type is its query's
    def __iter__(self) -> Iterator[Any]: ...
    def __len__(self) -> int: ...
    def keys(self) -> Iterator[str]: ...  # noqa: D102 - as in a dict
    def values(self) -> Iterator[Any]: ...  # noqa: D102
    def items(self) -> Iterator[tuple[str, Any]]: ...  # noqa: D102


class _Wire(Protocol):
    """What we use of the driver's connection, with the types that the driver leaves out."""

    async def fetch(self, query: str, *args: object, timeout: float | None = None) -> list[Record]: ...  # noqa: ASYNC109 - the driver's
    async def fetchrow(self, query: str, *args: object, timeout: float | None = None) -> Record | None: ...  # noqa: ASYNC109
    async def fetchval(self, query: str, *args: object, timeout: float | None = None) -> Any: ...  # noqa: ANN401, ASYNC109 - the query decides
    async def execute(self, query: str, *args: object, timeout: float | None = None) -> str: ...  # noqa: ASYNC109 - the driver's
    async def copy_records_to_table(
        self, table_name: str, *, schema_name: str, columns: list[str], records: Iterable[Sequence[object]]
    ) -> str: ...
    async def set_type_codec(
        self,
        typename: str,
        *,
        schema: str,
        encoder: Callable[[datetime], bytes],
        decoder: Callable[[bytes], datetime],
        format: str,  # noqa: A002 - the driver's
    ) -> None: ...
    def is_in_transaction(self) -> bool: ...
    def terminate(self) -> None: ...


class _Pool(Protocol):
    """What we use of the driver's pool."""

    async def acquire(self) -> _Wire: ...
    async def release(self, connection: _Wire) -> None: ...
    async def close(self) -> None: ...


class ConstraintBroken(Exception):
    """A constraint of the database fired: a race or a bug, never something that a caller is told."""

    def __init__(self, detail: str, *, constraint: str, table: str, sqlstate: str) -> None:
        super().__init__(detail)
        self.constraint = constraint
        self.table = table
        self.sqlstate = sqlstate


class TransactionMisused(RuntimeError):
    """A transaction was used after its end, or ended by something else than its block: a bug."""


class _Lease:
    """A connection for as long as its transaction lasts, however many kept a hand on it."""

    __slots__ = ("wire",)

    def __init__(self, wire: _Wire) -> None:
        self.wire: _Wire | None = wire

    def use(self) -> _Wire:
        if self.wire is None:
            raise TransactionMisused(
                "this transaction has ended; what it gave may be kept, but it cannot be asked again"
            )
        return self.wire


class Read:
    """Reads in one transaction. The type has no way to write, and PostgreSQL refuses it too."""

    def __init__(self, lease: _Lease, *, seconds_max: float | None = None) -> None:
        self._lease = lease
        self._seconds_max = seconds_max
        """How long an answer is waited for; None: as long as the connection says."""
        self.statements = 0

    async def rows(self, sql: str, *args: object) -> list[Record]:
        """Return all rows."""
        self.statements += 1
        with _translating():
            return await self._lease.use().fetch(sql, *args, timeout=self._seconds_max)

    async def row(self, sql: str, *args: object) -> Record | None:
        """Return the first row, or None when there is none."""
        self.statements += 1
        with _translating():
            return await self._lease.use().fetchrow(sql, *args, timeout=self._seconds_max)

    async def value(self, sql: str, *args: object) -> Any:  # noqa: ANN401 - the query decides
        """Return the first column of the first row, or None when there is no row."""
        self.statements += 1
        with _translating():
            return await self._lease.use().fetchval(sql, *args, timeout=self._seconds_max)


class Tx(Read):
    """Reads and writes in one transaction, which its block commits, and nobody else."""

    async def run(self, sql: str, *args: object) -> str:
        """Run a statement for its effect and return its status, such as `UPDATE 3`."""
        self.statements += 1
        with _translating():
            status = await self._lease.use().execute(sql, *args)
            self._check_inside()
        return status

    async def script(self, sql: str, *, seconds_max: int) -> None:
        """Run several statements, separated by `;`, within the transaction: for migrations only."""
        self.statements += 1
        with _translating():
            await self._lease.use().execute(sql, timeout=seconds_max)
            self._check_inside()

    async def copy(self, schema: str, table: str, columns: Sequence[str], records: Iterable[Sequence[object]]) -> str:
        """Append rows in bulk and return the status, such as `COPY 5000`."""
        self.statements += 1
        with _translating():
            return await self._lease.use().copy_records_to_table(
                table, schema_name=schema, columns=list(columns), records=records
            )

    def _check_inside(self) -> None:
        if not self._lease.use().is_in_transaction():
            raise TransactionMisused("a statement ended the transaction that it ran in")


class _Connection(asyncpg.Connection):
    """A connection that is given back without a round trip.

    Work happens only inside transactions, with SET LOCAL and transaction-level locks, so there is nothing
    to reset; and a pooler between us and the database may hand every transaction another server process.
    """

    def get_reset_query(self) -> str:
        return ""


class Database:
    """One PostgreSQL database and the pool of connections to it."""

    def __init__(self, pool: _Pool) -> None:
        self._pool = pool

    @classmethod
    async def open(
        cls, url: str, *, pool_max: int = 8, statement_timeout_seconds: int = 30, keys: Sequence[int] = (1,)
    ) -> Self:
        """Connect. Raises DatabaseUnavailable when nobody answers, DatabaseTooOld below PostgreSQL 15.

        `statement_timeout_seconds` bounds each statement. `keys` are the ids of the master keys that this process
        knows: others who are connected can see them. The URL may hold a password: it is never shown.
        """
        try:
            pool = await cls._connect(url, pool_max, statement_timeout_seconds, name_session(keys))
        except ValueError as error:
            # Its text is not shown: it may quote the address with its password.
            raise SettingsInvalid(
                "REGULARS_DATABASE_URL is not an address of PostgreSQL: postgresql://user:password@host/database."
            ) from error
        database = cls(pool)
        try:
            async with database.snapshot() as read:
                refuse_too_old(int(await read.value("SELECT current_setting('server_version_num')")))
        except BaseException:
            await database.close()
            raise
        return database

    @staticmethod
    async def _connect(url: str, pool_max: int, statement_timeout_seconds: int, name: str) -> _Pool:
        with _translating():
            pool = await asyncpg.create_pool(  # pyright: ignore[reportUnknownMemberType] - the driver is untyped
                url,
                min_size=1,
                max_size=pool_max,
                max_inactive_connection_lifetime=300,
                timeout=CONNECT_SECONDS_MAX,
                command_timeout=statement_timeout_seconds + PATIENCE_SECONDS,
                statement_cache_size=STATEMENTS_CACHED_MAX,
                max_cached_statement_lifetime=0,
                max_cacheable_statement_size=STATEMENT_BYTES_CACHED_MAX,
                connection_class=_Connection,
                init=_prepare,
                server_settings={
                    "application_name": name,
                    "timezone": "UTC",
                    "jit": "off",
                    "statement_timeout": f"{statement_timeout_seconds}s",
                    "lock_timeout": f"{LOCK_SECONDS_MAX}s",
                    "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION_SECONDS_MAX}s",
                },
            )
        return cast("_Pool", pool)

    async def close(self) -> None:
        """Wait for the transactions that run and close every connection."""
        await self._pool.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Tx]:
        """Open a transaction (READ COMMITTED). It commits when the block ends well, else nothing happened.

        Raises CommitUnknown when the connection is lost in the commit.
        """
        connection = await self._begin("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
        lease = _Lease(connection)
        try:
            try:
                yield Tx(lease)
            except BaseException:
                await _leave(connection, "ROLLBACK")
                raise
            finally:
                lease.wire = None
            await _commit(connection)
        finally:
            await self._pool.release(connection)

    @asynccontextmanager
    async def snapshot(self, *, statement_seconds_max: int | None = None) -> AsyncGenerator[Read]:
        """Open a view of one moment (REPEATABLE READ, READ ONLY): every query in the block sees the same.

        With `statement_seconds_max` each of them may take as long as that, for what reads whole tables.
        """
        statement, patience = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", None
        if statement_seconds_max is not None:
            statement += f"; SET LOCAL statement_timeout = '{statement_seconds_max}s'"
            patience = statement_seconds_max + PATIENCE_SECONDS
        connection = await self._begin(statement)
        lease = _Lease(connection)
        try:
            try:
                yield Read(lease, seconds_max=patience)
            except BaseException:
                await _leave(connection, "ROLLBACK")
                raise
            finally:
                lease.wire = None
            await _leave(connection, "COMMIT")
        finally:
            await self._pool.release(connection)

    @asynccontextmanager
    async def snapshots(
        self, count: int, *, statement_seconds_max: int | None = None
    ) -> AsyncGenerator[Sequence[Read]]:
        """Open several views of one and the same moment, each on a connection of its own: for work side by side."""
        async with AsyncExitStack() as stack:
            first = await stack.enter_async_context(self.snapshot(statement_seconds_max=statement_seconds_max))
            reads = [first]
            name = await first.value("SELECT pg_export_snapshot()") if count > 1 else ""
            for _ in range(count - 1):
                read = await stack.enter_async_context(self.snapshot(statement_seconds_max=statement_seconds_max))
                # The command takes no parameter; the name is the server's own.
                await read.rows(f"SET TRANSACTION SNAPSHOT '{name}'")
                reads.append(read)
            yield reads

    async def run(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        """Run `work` in a transaction, and again (at most RETRIES_MAX times) when others were in its way.

        `work` may thus be called several times: its effects must all be in its transaction. Raises
        DatabaseContention when it never got through, and CommitUnknown, which is not retried, because
        only the ids of what was sent can tell whether it happened.
        """
        for attempt in range(RETRIES_MAX):
            try:
                async with self.transaction() as tx:
                    return await work(tx)
            except DatabaseContention:
                await asyncio.sleep(_pause_seconds(attempt))
        async with self.transaction() as tx:
            return await work(tx)

    async def _begin(self, statement: str) -> _Wire:
        """Take a connection that answers. Nothing was sent yet, so a dead one is replaced by the next."""
        for attempt in range(RETRIES_MAX + 1):
            connection = await self._acquire()
            try:
                with _translating():
                    await connection.execute(statement)
            except DatabaseUnavailable:
                _discard(connection)
                await self._pool.release(connection)
                if attempt == RETRIES_MAX:
                    raise
                await asyncio.sleep(_pause_seconds(attempt))
            except BaseException:
                _discard(connection)
                await self._pool.release(connection)
                raise
            else:
                return connection
        raise AssertionError

    async def _acquire(self) -> _Wire:
        try:
            async with asyncio.timeout(ACQUIRE_SECONDS_MAX):
                with _translating():
                    return await self._pool.acquire()
        except TimeoutError as error:
            raise DatabaseUnavailable(
                f"No database connection became free within {ACQUIRE_SECONDS_MAX} seconds."
            ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """How a server answers: `ready`, `starting` (or stopping), without the `database`, `stranger`, or `silent`.

    A stranger is a server that does not know our password. The version is known when it is ready.
    """

    state: Literal["ready", "starting", "database", "stranger", "silent"]
    version: str | None = None


async def greet(url: str, *, seconds_max: int = 5) -> Greeting:
    """Ask a server who it is. Never fails: an answer that is not an answer is one of the states."""
    try:
        connection = cast("_Wire", await asyncpg.connect(url, timeout=seconds_max, command_timeout=seconds_max))  # pyright: ignore[reportUnknownMemberType] - the driver is untyped
    except (asyncpg.CannotConnectNowError, asyncpg.TooManyConnectionsError):
        return Greeting(state="starting")
    except asyncpg.InvalidCatalogNameError:
        return Greeting(state="database")
    except asyncpg.InvalidAuthorizationSpecificationError:
        return Greeting(state="stranger")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
        return Greeting(state="silent")
    try:
        version = await connection.fetchval("SELECT current_setting('server_version')")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        return Greeting(state="silent")
    finally:
        connection.terminate()
    # Distributors add their own words: "15.20 (Debian 15.20-0+deb12u1)".
    return Greeting(state="ready", version=str(version).partition(" ")[0])


def name_session(keys: Sequence[int]) -> str:
    """Name a session as others see it: `regulars`, and the master keys that it knows if that is not just the first."""
    return "regulars" if tuple(keys) == (1,) else f"regulars/{','.join(map(str, keys))}"


async def create_database(url: str, name: str, *, template: str = "template1", may_be_there: bool = False) -> None:
    """Create a database, connecting to another one of the same server by `url`.

    With `may_be_there` it is no error if somebody else was faster, also by so little that both were at it.
    """
    with _translating():
        connection = cast("_Wire", await asyncpg.connect(url, timeout=CONNECT_SECONDS_MAX))  # pyright: ignore[reportUnknownMemberType] - the driver is untyped
        try:
            await connection.execute(f"CREATE DATABASE {_quote(name)} TEMPLATE {_quote(template)}")
        except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
            # PostgreSQL asks for the name first and takes it last: who asked before the other took it meets the index,
            # once the other has committed.
            if not may_be_there:
                raise
        finally:
            connection.terminate()


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def refuse_too_old(server_version_num: int) -> None:
    """Raise DatabaseTooOld for a server below the oldest supported; the number is PostgreSQL's, e.g. 150020."""
    major = server_version_num // 10_000
    if major < SERVER_MAJOR_MIN:
        raise DatabaseTooOld(
            f"PostgreSQL {major} is too old: use {SERVER_MAJOR_MIN} or newer.", major=major, major_min=SERVER_MAJOR_MIN
        )


async def _prepare(connection: _Wire) -> None:
    """Teach a new connection our way with moments."""
    await connection.set_type_codec(
        TIME_TYPE, schema="pg_catalog", encoder=write_moment, decoder=read_moment, format="binary"
    )


def _pause_seconds(attempt: int) -> float:
    """Wait longer each time, and not as long as the others: those who collided must not meet again."""
    return random.uniform(PAUSE_SECONDS_MIN, min(PAUSE_SECONDS_MAX, PAUSE_SECONDS_MIN * 4 ** (attempt + 1)))  # noqa: S311 - not a secret


async def _commit(connection: _Wire) -> None:
    try:
        with _translating():
            status = await connection.execute("COMMIT")
    except DatabaseUnavailable as error:
        _discard(connection)
        raise CommitUnknown(
            "The connection was lost while committing. Send the same again, with the same ids, to find out."
        ) from error
    except BaseException:
        await _leave(connection, "ROLLBACK")
        raise
    if status != "COMMIT":
        # PostgreSQL answers ROLLBACK when a statement had failed and somebody caught its error.
        raise TransactionMisused("a failed statement was caught and forgotten; the transaction was rolled back")


async def _leave(connection: _Wire, statement: str) -> None:
    """End a transaction that changed nothing. A connection on which this fails is never used again."""
    try:
        await connection.execute(statement)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        # Nothing can be lost: the server forgets an open transaction when its connection goes.
        _discard(connection)
    except BaseException:
        _discard(connection)
        raise


def _discard(connection: _Wire) -> None:
    """Cut a connection, so that the pool replaces it; one that broke by itself is gone already."""
    with suppress(asyncpg.InterfaceError):
        connection.terminate()


class _translating:  # noqa: N801 - used as a verb: `with _translating():`
    """Turn the driver's errors into ours. A class, for a generator would cost more than the check itself."""

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None and (ours := _translate(error)) is not None:
            raise ours from error


def _translate(error: BaseException) -> Exception | None:
    """Name what happened; None when it is a bug, which keeps its own name."""
    if isinstance(error, asyncpg.PostgresError):
        return _translate_state(error, str(getattr(error, "sqlstate", None) or ""))
    lost = isinstance(error, OSError | asyncpg.InternalClientError) or (
        # The pool takes a connection back the moment it breaks, and then says only that.
        isinstance(error, asyncpg.InterfaceError) and re.search(r"clos(ed|ing)|released back", str(error)) is not None
    )
    if lost:
        # Never str(error) of the driver: it may quote the address with its password.
        message = "The database does not answer. Is it running, and is REGULARS_DATABASE_URL right?"
        return DatabaseUnavailable(message, reason=type(error).__name__)
    return None


def _translate_state(error: asyncpg.PostgresError, state: str) -> Exception | None:
    reason = str(error)
    if state in {"40001", "40P01"}:
        return DatabaseContention("Others kept changing the same rows. Try again.", reason=reason)
    if state == "53100":
        return DiskFull("The database's disk is full. Free some space; nothing was changed.", reason=reason)
    if state in {"57014", "55P03"}:
        return DatabaseTimeout("The database took too long, so the work was undone. Try again.", reason=reason)
    # 55000: the database is closed to connections for a while (a restore, a copy of it being made).
    if state.startswith(("08", "53", "57P", "28", "3D", "55000")):
        return DatabaseUnavailable(f"The database refuses the connection: {reason}.", reason=reason)
    if state.startswith("23"):
        return ConstraintBroken(
            reason,
            constraint=str(getattr(error, "constraint_name", None) or ""),
            table=str(getattr(error, "table_name", None) or ""),
            sqlstate=state,
        )
    return None
