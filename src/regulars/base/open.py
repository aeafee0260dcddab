"""Open the database that the settings name, migrated and ready; the embedded one is started if it must be."""

from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager

from regulars.base import embedded
from regulars.base.db import Database
from regulars.base.migrations import migrate
from regulars.base.roles import renew_roles
from regulars.base.settings import Settings

__all__ = ["open_database"]


@asynccontextmanager
async def open_database(settings: Settings, *, nurse: embedded.Tell | None = None) -> AsyncGenerator[Database]:
    """Give the database for the length of the block. Raises a refusal that says what to do when it cannot.

    With a `nurse`, which is told what happens, an embedded one that dies meanwhile is started again.
    """
    with ExitStack() as stack:
        url = settings.database_url
        if url is None:
            # It may block this loop for seconds, while nothing can be done without a database anyway.
            server = stack.enter_context(
                embedded.using(settings.data_dir, bindir=settings.pg_bindir, port=settings.pg_port)
            )
            url = server.url
            if nurse is not None:
                bindir, port = settings.pg_bindir, settings.pg_port
                stack.enter_context(embedded.nursing(server, bindir=bindir, port=port, tell=nurse))
        database = await Database.open(
            url,
            pool_max=settings.pool_max,
            statement_timeout_seconds=settings.statement_timeout_seconds,
            keys=settings.list_keys(),
        )
        try:
            if await migrate(database):
                await database.run(renew_roles)
            yield database
        finally:
            await database.close()
