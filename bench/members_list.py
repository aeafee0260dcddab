"""What a page of members costs with a million of them: milliseconds in the server, by what is asked for.

Run it as .venv/bin/python bench/members_list.py [--members 1000000]. It works on an embedded PostgreSQL in a folder of
its own, which is removed afterwards. The members are made by SQL: each has a card, an account with two lots and five
purchases; a third is silver, one of a hundred is gold, one of ten thousand is frozen, one of ten thousand is platinum.
Pages are asked for through the app itself, with nothing between: reading the key, reading, writing JSON. The target is
200 ms for the slowest of the pages.
"""

import argparse
import asyncio
import json
import re
import statistics
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any, Final
from uuid import UUID

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
import httpx
import msgspec

from regulars.base import embedded
from regulars.base.crypto import Keyring
from regulars.base.db import Database
from regulars.base.ids import new_id
from regulars.base.migrations import find, migrate
from regulars.base.settings import Settings
from regulars.features import access
from regulars.interfaces.http.app import app
from regulars.interfaces.http.kit import write_cursor
from regulars.kernel import program, spine
from regulars.kernel.nouns import Body, Receipt

ROUNDS: Final = 15
PART: Final = 100_000
AT: Final = datetime(2026, 1, 1, tzinfo=UTC)
ONE: Final = new_id()
# What stands for a member, an activity and the members of a part in the statements below.
WORDS: Final = {
    "MEMBER": "cast(lpad(to_hex(many.number * 16), 12, '0') || '70008000000000000000' AS uuid)",
    "ACTIVITY": "cast(lpad(to_hex(many.number * 16 + part.number), 12, '0') || '70008000000000000001' AS uuid)",
    "MANY": "generate_series(cast($1 AS bigint), cast($2 AS bigint)) AS many (number)",
    "NOW": "cast($3 AS timestamptz)",
}
MADE: Final = (
    """
INSERT INTO members.member (id, state, region, joined_at, enrolled_by, wrapped_key)
SELECT MEMBER, CASE WHEN many.number % 10000 = 7 THEN 'frozen' ELSE 'active' END, '', NOW, 'bench', cast('' AS bytea)
FROM MANY
""",
    """
INSERT INTO members.identifier (kind, blind, blind_key_id, member_id, cipher, added_at)
SELECT 'card', sha256(convert_to(cast(many.number AS text), 'UTF8')), 1, MEMBER, cast('' AS bytea), NOW
FROM MANY
""",
    """
INSERT INTO members.trait (member_id, name, since, value, activity_id)
SELECT
    MEMBER, 'tier', NOW,
    to_jsonb(
        CASE WHEN many.number % 10000 = 3 THEN 'platinum' WHEN many.number % 100 = 1 THEN 'gold' ELSE 'silver' END
    ),
    MEMBER
FROM MANY
WHERE many.number % 3 = 0 OR many.number % 100 = 1 OR many.number % 10000 = 3
""",
    """
INSERT INTO ledger.account (member_id, currency, account, version, balance, at)
SELECT MEMBER, 'points', 'points', 2, 150, NOW
FROM MANY
""",
    """
INSERT INTO ledger.lot (
    member_id, currency, number, amount, remaining, issued_at, usable_from, expires_at, activity_id, offer, program,
    funder, value_micro
)
SELECT MEMBER, 'points', part.number, 75, 75, NOW, NOW, NOW + interval '1 year', MEMBER, 'base', '', '', 0
FROM MANY CROSS JOIN generate_series(1, 2) AS part (number)
""",
    """
INSERT INTO activity.journal (member_id, id, kind, occurred_at, recorded_at, program, body, receipt, seal)
SELECT
    MEMBER, ACTIVITY, CASE WHEN part.number = 6 THEN 'adjust' ELSE 'purchase' END, NOW, NOW, '',
    cast(cast($4 AS text) AS json), cast(cast($5 AS text) AS json), cast('' AS bytea)
FROM MANY CROSS JOIN generate_series(1, 6) AS part (number)
""",
)
PAGES: Final[dict[str, dict[str, Any]]] = {
    "the newest 50": {},
    "the newest 200": {"limit": 200},
    "silver, a third": {"trait": "tier:silver"},
    "gold, 1 of 100": {"trait": "tier:gold"},
    "platinum, 1 of 10,000": {"trait": "tier:platinum"},
    "nobody": {"trait": "tier:none"},
    "frozen, 1 of 10,000": {"state": "frozen"},
    "frozen and silver": {"state": "frozen", "trait": "tier:silver"},
    "active and platinum": {"state": "active", "trait": "tier:platinum"},
}


async def measure(url: str, folder: Path, count: int) -> dict[str, Any]:
    """Make so many members, and ask for pages of them; in milliseconds."""
    database = await Database.open(url)
    try:
        await migrate(database, find())
        keyring = Keyring.derive({1: bytes(range(32))}, current=1)
        house = spine.House(keyring=keyring, versions=program.Versions(), new_id=new_id)
        async with database.transaction() as tx:
            key = await access.issue_key(
                tx, id=new_id(), name="bench", scopes=["members:read"], at=datetime.now(UTC), store=None
            )
        transport = httpx.ASGITransport(app(Settings(data_dir=folder), database, house))
        begun = perf_counter()
        await make(url, count)
        made = perf_counter() - begun
        headers = {"Authorization": f"Bearer {key.token}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://bench", headers=headers) as client:
            pages = {name: await ask(client, asked) for name, asked in PAGES.items()}
            middle = UUID(hex=f"{count // 2 * 16:012x}70008000000000000000")
            pages["200 from the middle"] = await ask(client, {"limit": 200}, write_cursor((middle,)))
            pages["found by a card"] = await search(client)
    finally:
        await database.close()
    slowest = max(page["slowest_ms"] for page in pages.values())
    return {"members": count, "made_seconds": round(made, 1), "slowest_ms": slowest, "pages": pages}


async def make(url: str, count: int) -> None:
    """Make the members."""
    body = Body(id="bench", source="till", kind="purchase", occurred_at=AT)
    receipt = Receipt(
        activity=ONE, member=ONE, source="till", id="bench", kind="purchase", occurred_at=AT, recorded_at=AT, program=""
    )
    texts = msgspec.json.encode(body).decode(), msgspec.json.encode(receipt).decode()
    connection: Any = await asyncpg.connect(url)
    try:
        await connection.execute("SET synchronous_commit = off")
        for first in range(1, count + 1, PART):
            for statement in MADE:
                told = (first, min(first + PART - 1, count), AT, *texts)
                await connection.execute(write(statement), *told[: 5 if "$4" in statement else 3])
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


def write(statement: str) -> str:
    """Put what they stand for in the place of words."""
    return re.sub("|".join(WORDS), lambda found: WORDS[found[0]], statement)


async def ask(client: httpx.AsyncClient, asked: dict[str, Any], cursor: str | None = None) -> dict[str, Any]:
    """Ask for a page, and for those after it; of the last page, for the first again."""
    taken: list[float] = []
    rows = 0
    for _ in range(ROUNDS):
        begun = perf_counter()
        answer = await client.get("/v1/members", params={**asked, **({} if cursor is None else {"cursor": cursor})})
        taken.append(perf_counter() - begun)
        answer.raise_for_status()
        rows, cursor = max(rows, len(answer.json()["members"])), answer.json()["next"]
    return tell(taken) | {"rows": rows}


async def search(client: httpx.AsyncClient) -> dict[str, Any]:
    """Look for a card that nobody has: the digest of this house is not that of the cards."""
    taken: list[float] = []
    for number in range(ROUNDS):
        begun = perf_counter()
        answer = await client.post("/v1/members/search", json={"text": str(number)})
        taken.append(perf_counter() - begun)
        answer.raise_for_status()
    return tell(taken)


def tell(taken: list[float]) -> dict[str, Any]:
    """Say what they took."""
    return {
        "median_ms": round(statistics.median(taken) * 1000, 1),
        "slowest_ms": round(max(taken) * 1000, 1),
    }


def main() -> None:
    """Print milliseconds by page, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=1_000_000)
    count = parser.parse_args().members
    with tempfile.TemporaryDirectory() as folder, embedded.using(Path(folder)) as server:
        print(json.dumps(asyncio.run(measure(server.url, Path(folder), count)), indent=2))


if __name__ == "__main__":
    main()
