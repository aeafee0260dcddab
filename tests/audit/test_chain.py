"""Whoever changes, removes or inserts an entry is found out; and no spreadsheet runs what somebody wrote."""

import asyncio
import csv
import io
import json
from datetime import UTC, datetime
from uuid import UUID

import pytest

from regulars.base.db import Database, Tx
from regulars.features import audit
from regulars.features.audit.store import forget_entries, queries
from tests.audit.conftest import Watched
from tests.cli.calls import Shell
from tests.cli.conftest import shell
from tests.http.site import Site

__all__ = ["shell"]

SECONDS_MAX = 120
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def note(number: int, **told: object) -> audit.Noted:
    fields = {
        "at": NOON,
        "actor_kind": "key",
        "actor_id": UUID(int=7),
        "actor_name": "till",
        "agreed_by": None,
        "network": "203.0.113.0/24",
        "agent": "a test",
        "what": "put_store",
        "route": "PUT /v1/stores/{store}",
        "object": f"s{number}",
        "changes": {"is_open": (True, False)},
        "reason": "",
        "outcome": "done",
        "status": 200,
        "code": "",
        "request_id": f"r-{number}",
    }
    return audit.Noted(**{**fields, **told})  # pyright: ignore[reportArgumentType] - as the cases say


async def write(database: Database, count: int, **told: object) -> None:
    async with database.transaction() as tx:
        for number in range(count):
            await audit.append(tx, note(number, **told))


async def seal(database: Database, least: int) -> int:
    """Seal so many: others on this server may still be writing, and then it is not yet sure that all is there."""
    done = 0
    async with asyncio.timeout(SECONDS_MAX):
        while done < least:
            done += await database.run(audit.seal)
            await asyncio.sleep(0.01 if done < least else 0)
    return done


async def verify(database: Database, head: str = "") -> audit.Verdict:
    async with database.snapshot() as read:
        return await audit.verify(read, head=head)


COPIED = (
    "INSERT INTO audit.entry OVERRIDING SYSTEM VALUE SELECT {id}, xid, at, actor_kind, actor_id, 'Bo', agreed_by,"
    " network, agent, what, route, object, changes, reason, outcome, status, code, request_id"
    " FROM audit.entry WHERE id = 3"
)
TAMPERING: list[tuple[str, list[str], list[tuple[str, int | None, int | None]]]] = [
    ("nothing", [], []),
    ("a name", ["UPDATE audit.entry SET actor_name = 'Bo' WHERE id = 3"], [("entry_changed", 3, 3)]),
    ("a time", ["UPDATE audit.entry SET at = at + interval '1 microsecond' WHERE id = 1"], [("entry_changed", 1, 1)]),
    ("a difference", ["UPDATE audit.entry SET changes = '{}' WHERE id = 5"], [("entry_changed", 5, 5)]),
    ("a row less", ["DELETE FROM audit.entry WHERE id = 2"], [("entry_removed", 2, 2)]),
    (
        "a row less, and its link",
        ["DELETE FROM audit.entry WHERE id = 2", "DELETE FROM audit.seal WHERE number = 2"],
        [("link_removed", None, 2)],
    ),
    (
        "a row between",
        [
            "DELETE FROM audit.entry WHERE id = 4",
            COPIED.format(id=4),
        ],
        [("entry_changed", 4, 4)],
    ),
    (
        "an old row more",
        [COPIED.format(id=-1)],
        [("entry_inserted", -1, None)],
    ),
    ("a link", ["UPDATE audit.seal SET digest = hash WHERE number = 3"], [("link_changed", 3, 3)]),
]


@pytest.mark.parametrize(("what", "deeds", "faults"), TAMPERING, ids=[each[0] for each in TAMPERING])
async def test_tampering_is_found(
    database: Database, what: str, deeds: list[str], faults: list[tuple[str, int | None, int | None]]
) -> None:
    await write(database, 6)
    await seal(database, 6)
    async with database.transaction() as tx:
        for deed in deeds:
            await tx.run(deed)
    verdict = await verify(database)
    assert [(fault.what, fault.entry, fault.link) for fault in verdict.faults] == faults, what
    assert verdict.sealed == 6


async def test_a_tail_that_was_cut_off_is_found_by_the_head(database: Database) -> None:
    await write(database, 4)
    await seal(database, 4)
    head = (await verify(database)).head
    await write(database, 2)
    await seal(database, 2)
    assert (await verify(database, head)).faults == (), "what came later changes nothing"
    async with database.transaction() as tx:
        await tx.run("DELETE FROM audit.seal WHERE number >= 4")
        await tx.run("DELETE FROM audit.entry WHERE id >= 4")
    assert (await verify(database)).faults == (), "by itself, a shorter chain is whole"
    assert [fault.what for fault in (await verify(database, head)).faults] == ["head_differs"]


async def test_no_writer_waits_and_a_late_one_is_sealed_later(database: Database) -> None:
    async with database.transaction() as slow:
        await audit.append(slow, note(0))
        async with asyncio.timeout(SECONDS_MAX):
            await write(database, 3)
        assert await database.run(audit.seal) == 0, "the slow one began before the others, and has not ended"
    assert await seal(database, 4) == 4
    assert (await verify(database)).faults == ()


async def test_two_who_seal_do_not_double(database: Database) -> None:
    await write(database, 40)

    async def both(tx: Tx) -> int:
        async with asyncio.timeout(SECONDS_MAX):
            while not (first := await audit.seal(tx)):  # noqa: ASYNC110 - others on this server have to end first
                await asyncio.sleep(0.01)
        assert await database.run(audit.seal) == 0, "somebody else is at it"
        return first

    assert await database.run(both) == 40
    assert (await verify(database)).sealed == 40


def test_nothing_in_the_room_changes_what_a_row_says_and_only_what_is_old_is_removed() -> None:
    texts = {name: queries.text(name).upper() for name in queries.names}
    assert len(texts) > 10
    # Two say, after a restore into another server, that its transactions are over. No word of an entry changes.
    changing = {name for name, text in texts.items() if "UPDATE AUDIT" in text or "DO UPDATE" in text}
    assert changing == {"settle_entries", "settle_seals"}
    assert {name for name, text in texts.items() if "DELETE " in text} == {"drop_old_entries", "drop_old_acts"}


async def test_what_is_cleared_when_its_time_is_over_leaves_its_links_and_the_chain_is_whole(
    database: Database,
) -> None:
    await write(database, 6)
    await seal(database, 6)
    head = (await verify(database)).head
    far = datetime(2999, 1, 1, tzinfo=UTC)
    assert await database.run(lambda tx: forget_entries(tx, far, [], 4)) == 4
    after = await verify(database)
    assert (after.faults, after.sealed, after.head) == ((), 6, head)
    # What is not cleared may not be gone.
    await database.run(lambda tx: tx.run("DELETE FROM audit.entry WHERE id = (SELECT max(id) FROM audit.entry)"))
    assert [fault.what for fault in (await verify(database)).faults] == ["entry_removed"]


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_spreadsheet_runs_nothing(text: str) -> None:
    entry = audit.Entry(
        id=1, **{name: getattr(note(1, reason=text), name) for name in audit.Entry.__struct_fields__[1:]}
    )
    (row,) = csv.DictReader(io.StringIO(audit.write_csv([entry]), newline=""))
    assert row["reason"] == f"'{text}"
    assert json.loads(audit.write_lines([entry]))["reason"] == text


async def test_pages_follow_each_other(site: Site, trail: Watched) -> None:
    await write(site.database, 5)
    seen: list[int] = []
    query: dict[str, str] | None = {"limit": "2"}
    while query:
        page = (await site.client.get("/v1/audit", params=query)).json()
        seen += [each["id"] for each in page["entries"]]
        query = {"limit": "2", "cursor": page["next"]} if page["next"] else None
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 5
    assert [each["object"] for each in await trail.list(object="s3")] == ["s3"]
    assert await trail.list(actor=str(UUID(int=8))) == []
    assert len(await trail.list(actor=str(UUID(int=7)), outcome="done", what="put_store")) == 5
    assert await trail.list(until="2026-03-01T12:00:00Z") == []


async def test_an_export_is_itself_noted(site: Site, trail: Watched) -> None:
    await write(site.database, 2, reason="=cmd")
    told = await site.client.get("/v1/audit/export", params={"what": "put_store"})
    assert told.headers["content-type"].startswith("text/csv")
    assert "'=cmd" in told.text
    lines = (await site.client.get("/v1/audit/export", params={"format": "ndjson"})).text.splitlines()
    assert [json.loads(line)["what"] for line in lines] == ["export_audit", "put_store", "put_store"]
    assert len(await trail.list(what="export_audit")) == 2


async def test_the_command_line_tells_which_entry(database: Database, shell: Shell) -> None:
    await write(database, 3)
    await seal(database, 3)
    async with database.transaction() as tx:
        await tx.run("UPDATE audit.entry SET reason = 'x' WHERE id = 2")
    found = await asyncio.to_thread(shell, "audit", "verify")
    assert found.status == 1
    assert "entry 2: was changed after it was sealed" in found.said
