"""A real server on a real port, in the loop of the test."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from starlette.types import ASGIApp

from regulars.base.db import Database
from regulars.base.ids import new_id
from regulars.features import access
from regulars.interfaces.http.app import list_scopes
from regulars.interfaces.http.serve import Server, address_of, configure, open_socket
from regulars.kernel import spine

Purchase = Callable[..., dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Site:
    """A server, and a client that may do everything."""

    url: str
    client: httpx.AsyncClient
    database: Database
    house: spine.House
    app: ASGIApp

    async def issue(self, *scopes: str, store: str | None = None) -> str:
        """Issue a key and give its token."""
        async with self.database.transaction() as tx:
            issued = await access.issue_key(
                tx, id=new_id(), name="a test", scopes=scopes, at=datetime.now(tz=UTC), store=store
            )
        return issued.token

    def using(self, token: str) -> dict[str, str]:
        """Write the headers of a caller with this token."""
        return {"Authorization": f"Bearer {token}"}


async def run_site(database: Database, house: spine.House, made: ASGIApp) -> AsyncGenerator[Site]:
    with open_socket("127.0.0.1", 0) as listening:
        server = Server(configure(made))
        task = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:
            assert not task.done(), task
            await asyncio.sleep(0.005)
        url = address_of(listening)
        async with httpx.AsyncClient(base_url=url, timeout=10) as client:
            site = Site(url=url, client=client, database=database, house=house, app=made)
            client.headers["Authorization"] = f"Bearer {await site.issue(*list_scopes())}"
            yield site
        server.stop()
        await task


def codes(results: Sequence[Mapping[str, Any]]) -> list[str]:
    """What became of each activity of a batch: its status, or the code of its problem."""
    return [each.get("problem", {}).get("code") or each["status"] for each in results]
