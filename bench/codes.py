"""What a list of coupon codes costs: seconds to make 100,000 codes and to add them, beside what cannot be left out.

Run it as .venv/bin/python bench/codes.py [--codes 100000]. It works on an embedded PostgreSQL in a folder of its own,
which is removed afterwards. `copied` is one COPY of as many rows of the same width into a table without any index: what
the disk and the wire take. The ratio is what digests, names, constraints and indexes cost on top.
"""

import argparse
import asyncio
import json
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import asyncpg  # pyright: ignore[reportMissingTypeStubs]

from regulars.base import clock, embedded
from regulars.base.crypto import Keyring
from regulars.base.db import Database
from regulars.base.migrations import find, migrate
from regulars.features.coupons.codes import Terms, add_codes, make_code


async def measure(url: str, count: int) -> dict[str, float]:
    """Make, add and copy so many codes; in seconds."""
    database = await Database.open(url)
    try:
        await migrate(database, find())
        keyring = Keyring.derive({1: bytes(range(32))}, current=1)
        begun = perf_counter()
        codes = [make_code() for _ in range(count)]
        made = perf_counter() - begun
        begun = perf_counter()
        async with database.transaction() as tx:
            await add_codes(tx, keyring, codes, Terms(coupon="bench", batch="one"), at=await clock.now(tx))
        added = perf_counter() - begun
    finally:
        await database.close()
    return {"made": made, "added": added, "copied": await copy(url, codes)}


async def copy(url: str, codes: list[str]) -> float:
    """Copy rows of two texts and a digest into a table without an index."""
    connection: Any = await asyncpg.connect(url)
    try:
        await connection.execute("CREATE UNLOGGED TABLE bench (name TEXT, batch TEXT, digest BYTEA)")
        rows = [(f"code:bench:{code}", "bench:one", code.encode().ljust(32)) for code in codes]
        begun = perf_counter()
        await connection.copy_records_to_table("bench", records=rows)
        return perf_counter() - begun
    finally:
        await connection.close()


def main() -> None:
    """Print seconds and the ratio as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--codes", type=int, default=100_000)
    count = parser.parse_args().codes
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as folder:
        server = embedded.start(Path(folder))
        try:
            figures = asyncio.run(measure(server.url, count))
        finally:
            embedded.release(server)
    told = {name: round(seconds, 2) for name, seconds in figures.items()}
    print(json.dumps({"codes": count, **told, "added / copied": round(figures["added"] / figures["copied"], 1)}))


if __name__ == "__main__":
    main()
