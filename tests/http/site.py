"""A real server on a real port, in the loop of the test."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from fastapi import APIRouter, FastAPI
from fastapi.routing import _IncludedRouter
from starlette.types import ASGIApp

from regulars.base.db import Database
from regulars.base.ids import new_id
from regulars.features import access
from regulars.interfaces.http.app import list_scopes
from regulars.interfaces.http.serve import Server, address_of, configure, open_socket
from regulars.kernel import spine

Purchase = Callable[..., dict[str, Any]]
BARE = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts nobody, and need not: nothing is encrypted here. To read whom this machine trusts takes longer than a test."""

_included: list[tuple[APIRouter, _IncludedRouter]] = []
"""What FastAPI has made of our routers; it makes that when the first requests come, for each app again."""


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


def reuse_routes(made: FastAPI) -> None:
    """Let an app go on with what was made of the same routers for the first one."""
    for place, route in enumerate(made.router.routes):
        if isinstance(route, _IncludedRouter):
            known = [each for router, each in _included if router is route.original_router]
            if known:
                made.router.routes[place] = known[0]
            else:
                _included.append((route.original_router, route))


async def run_site(database: Database, house: spine.House, made: ASGIApp) -> AsyncGenerator[Site]:
    if isinstance(made, FastAPI):
        reuse_routes(made)
    with open_socket("127.0.0.1", 0) as listening:
        server = Server(configure(made))
        task = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:
            assert not task.done(), task
            await asyncio.sleep(0.005)
        url = address_of(listening)
        async with httpx.AsyncClient(base_url=url, timeout=60, verify=BARE) as client:
            site = Site(url=url, client=client, database=database, house=house, app=made)
            client.headers["Authorization"] = f"Bearer {await site.issue(*list_scopes())}"
            yield site
        server.stop()
        await task


def codes(results: Sequence[Mapping[str, Any]]) -> list[str]:
    """What became of each activity of a batch: its status, or the code of its problem."""
    return [each.get("problem", {}).get("code") or each["status"] for each in results]
