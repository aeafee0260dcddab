"""Open the database that the settings name, migrated and ready; the embedded one is started if it must be."""

from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager

from regulars.base import embedded
from regulars.base.db import Database
from regulars.base.migrations import migrate
from regulars.base.settings import Settings

__all__ = ["open_database"]


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncGenerator[Database]:
    """Give the database for the length of the block. Raises a refusal that says what to do when it cannot."""
    with ExitStack() as stack:
        url = settings.database_url
        if url is None:
            # It may block this loop for seconds, while nothing can be done without a database anyway.
            server = stack.enter_context(
                embedded.using(settings.data_dir, bindir=settings.pg_bindir, port=settings.pg_port)
            )
            url = server.url
        database = await Database.open(
            url, pool_max=settings.pool_max, statement_timeout_seconds=settings.statement_timeout_seconds
        )
        try:
            await migrate(database)
            yield database
        finally:
            await database.close()
