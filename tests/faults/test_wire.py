"""Answers are lost on the way: between till and server, and between server and database. What was done is done once."""

import asyncio
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

from regulars.base.db import Database
from tests.faults.shop import open_site
from tests.faults.wire import Wire, open_wire
from tests.invariants.history import choose_seed

CUTS: Final = 12
EVERY: Final = 4


async def wait_for_cuts(wire: Wire) -> None:
    async with asyncio.timeout(180):
        while wire.cut < CUTS:  # noqa: ASYNC110 - a wire does not ring
            await asyncio.sleep(0.02)


async def test_answers_to_tills_are_lost(database: Database, database_url: str, tmp_path: Path) -> None:
    wire = Wire(marks=(b"POST /v1/activities ",), cuts_left=CUTS, every=EVERY)
    async with (
        open_wire(wire) as port,
        open_site(database, database_url, tmp_path, seed=choose_seed(), http_port=port) as shop,
    ):
        wire.port = shop.port
        await shop.start()
        async with shop.busy():
            await wait_for_cuts(wire)
            await asyncio.sleep(0.3)
        assert wire.cut == CUTS
        doubtful = await shop.ask_again()
        verdict = await shop.judge()
        # Of a request of several, each is in doubt.
        assert verdict.counts["unknown"] >= CUTS
        assert verdict.counts["repeated"] > 0
        print(f"{wire.cut} answers lost, {doubtful} in doubt, {dict(verdict.counts)}")  # noqa: T201


async def test_answers_to_commits_are_lost(database: Database, database_url: str, tmp_path: Path) -> None:
    """The server cannot know, says so, and finds out when it is asked again."""
    parts = urlsplit(database_url)
    where = parse_qs(parts.query)
    socket_path = f"{where['host'][0]}/.s.PGSQL.{where['port'][0]}" if "host" in where else None
    wire = Wire(path=socket_path, port=parts.port, marks=(b"COMMIT\0",), every=EVERY)
    async with open_wire(wire) as port:
        secrets, _, _ = parts.netloc.rpartition("@")
        url = f"postgresql://{secrets}@127.0.0.1:{port}{parts.path}?sslmode=disable"
        async with open_site(database, url, tmp_path, seed=choose_seed()) as shop:
            await shop.start()
            wire.cuts_left = CUTS
            async with shop.busy():
                await wait_for_cuts(wire)
                await asyncio.sleep(0.3)
            doubtful = await shop.ask_again()
            verdict = await shop.judge()
            # Some of those commits were of reads, of which nobody needs to know.
            assert verdict.counts["unknown"] > 0
            assert verdict.counts["repeated"] > 0
            print(f"{wire.cut} commits lost, {doubtful} in doubt, {dict(verdict.counts)}")  # noqa: T201
