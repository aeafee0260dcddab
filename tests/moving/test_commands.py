"""`regulars import` and `regulars export` as people call them, also when the machine dies in between."""

import asyncio
import contextlib
import json
import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from regulars.base.db import Database
from regulars.kernel import program, spine
from tests.cli.calls import Shell
from tests.cli.conftest import shell
from tests.moving.conftest import CODES, DEAL, LOTS, MAPPING, MEMBERS, SALES

__all__ = ["shell"]

AS_OF = "2026-02-01T08:00+08:00"
ROWS = 4_000
SECONDS_MAX = 180


@pytest.fixture
async def desk(shell: Shell, database: Database) -> Shell:
    async with database.transaction() as tx:
        live_from = datetime(2025, 1, 1, tzinfo=UTC)
        await spine.publish(tx, program.parse(DEAL), live_from=live_from, by="test", at=datetime.now(UTC))
    shell.write("mapping.yaml", MAPPING)
    for name, text in {"members": MEMBERS, "lots": LOTS, "codes": CODES, "sales": SALES}.items():
        shell.write(f"{name}.csv", text)
    return shell


def test_there_and_back(desk: Shell) -> None:
    words = ("import", ".", "--mapping", "mapping.yaml", "--as-of", AS_OF)
    dry = desk(*words, "--dry-run")
    assert (dry.status, "Looked at as of 2026-02-01 00:00 UTC" in dry.said) == (0, True)
    report = desk(*words, "--json").value
    assert [part["brought"] for part in report["parts"]] == [3, 2, 2, 4, 2]
    assert report["currencies"][0]["difference_points"] == 0

    for form in ("csv", "parquet"):
        done = desk("export", "all", f"out-{form}", "--format", form)
        assert (done.status, "Identifiers lie open" in done.said) == (0, True), done.err
        assert desk("export", "verify", f"out-{form}/manifest.json").status == 0
    lots = pl.read_parquet(desk.folder / "out-parquet" / "lots.parquet")
    assert sorted(lots["amount"].to_list()) == [7, 120, 200, 300]
    assert lots.schema["expires_at"] == pl.Datetime("us", "UTC")
    assert pl.read_csv(desk.folder / "out-csv" / "identifiers.csv").height == 8
    manifest = json.loads((desk.folder / "out-csv" / "manifest.json").read_bytes())["document"]
    described = {table["name"]: [column["name"] for column in table["columns"]] for table in manifest["tables"]}
    head = (desk.folder / "out-csv" / "entries.csv").read_text().splitlines()[0]
    assert head.split(",") == described["entries"]
    assert (desk.folder / "out-csv" / "identifiers.csv").stat().st_mode & 0o077 == 0, "for nobody else to read"

    (desk.folder / "out-csv" / "lots.csv").write_text("nothing")
    assert "lots.csv is missing, or not as it was written" in desk("export", "verify", "out-csv/manifest.json").said
    assert "is not empty" in desk("export", "all", "out-csv").said

    assert desk("export", "member", "old_id:m1", "mine.json").status == 0
    assert "is as it was signed" in desk("export", "verify", "mine.json").said
    mine = (desk.folder / "mine.json").read_text()
    (desk.folder / "mine.json").write_text(mine.replace('"remaining":300', '"remaining":900'))
    refused = desk("export", "verify", "mine.json")
    assert (refused.status, "changed after it was signed" in refused.said) == (1, True)
    assert "entries" in desk("export", "schema").out


async def wait_for_part(database: Database, name: str = "") -> None:
    """Wait until an import has written how far it came with a part."""
    async with asyncio.timeout(SECONDS_MAX):
        while True:
            async with database.snapshot() as read:
                if await read.value("SELECT line FROM moving.part WHERE part LIKE $1 LIMIT 1", f"{name}%") is not None:
                    return
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("lanes", ["1", "2"])
async def test_an_import_that_was_killed_goes_on(desk: Shell, database: Database, lanes: str) -> None:
    people = (f"k{n},9{n:015d},,2025-01-02,,,,\n" for n in range(ROWS))
    points = (f"k{n},{n + 1},2025-02-01,,2026-12-31\n" for n in range(ROWS))
    desk.write("members.csv", "".join((MEMBERS.splitlines(keepends=True)[0], *people)))
    desk.write("lots.csv", "".join((LOTS.splitlines(keepends=True)[0], *points)))
    desk.write("codes.csv", "id,code,until\n")
    desk.write("sales.csv", "id,receipt,at,sku,amount,store\n")
    words = ("import", ".", "--mapping", "mapping.yaml", "--as-of", AS_OF, "--json", "--lanes", lanes)
    with desk.started(*words) as running:
        await wait_for_part(database, "lots")
        running.send_signal(signal.SIGKILL)
        assert running.wait() == -signal.SIGKILL, "it was at work"
    # The moment was settled by the first run, in whatever zone it was given.
    report = desk("import", ".", "--mapping", "mapping.yaml", "--json", "--lanes", lanes).value
    (total,) = report["currencies"]
    told = (total["source_points"], total["difference_points"], total["difference_lots"])
    assert told == (ROWS * (ROWS + 1) // 2, 0, 0)
    assert {part["part"]: part["brought"] + part["there"] for part in report["parts"]}["lots"] == ROWS
    async with database.snapshot() as read:
        assert await read.value("SELECT sum(amount)::bigint FROM ledger.lot") == ROWS * (ROWS + 1) // 2
        assert (await spine.check(read)).faults == ()


def list_lanes(parent: int) -> list[int]:
    """List the processes that a command has started to share its work."""
    found: list[int] = []
    for each in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            words = (each / "cmdline").read_bytes()
            # After the name, which may hold anything: the state, and the parent.
            above = int((each / "stat").read_text().rpartition(")")[2].split()[1])
            if above == parent and b"spawn_main" in words:
                found.append(int(each.name))
    return found


async def test_a_lane_that_dies_is_told_and_what_it_left_is_brought_again(desk: Shell, database: Database) -> None:
    people = (f"k{n},9{n:015d},,2025-01-02,,,,\n" for n in range(ROWS))
    desk.write("members.csv", "".join((MEMBERS.splitlines(keepends=True)[0], *people)))
    desk.write("lots.csv", "".join((LOTS.splitlines(keepends=True)[0], *(f"k{n},5,,,\n" for n in range(ROWS)))))
    words = ("import", ".", "--mapping", "mapping.yaml", "--as-of", AS_OF, "--json", "--lanes", "2")
    desk.write("codes.csv", "id,code,until\n")
    desk.write("sales.csv", "id,receipt,at,sku,amount,store\n")
    with desk.started(*words) as running:
        await wait_for_part(database)
        os.kill(list_lanes(running.pid)[-1], signal.SIGKILL)
        said = " ".join(running.communicate()[1].split())
        assert (running.returncode, "each goes on where it was" in said) == (1, True), said
    assert "Traceback" not in said
    report = desk(*words).value
    assert {part["part"]: part["brought"] + part["there"] for part in report["parts"]}["lots"] == ROWS
    async with database.snapshot() as read:
        assert await read.value("SELECT sum(amount)::bigint FROM ledger.lot") == 5 * ROWS


def test_what_cannot_be_read_is_said_with_the_cure(desk: Shell) -> None:
    done = desk("import", ".", "--mapping", "nowhere")
    assert "There is no mapping 'nowhere'" in done.said
    desk.write("lots.csv", LOTS.replace("m1,300", "m1,-300"))
    done = desk("import", ".", "--mapping", "mapping.yaml", "--as-of", AS_OF, "--problems", "problems.csv")
    assert (done.status, "lots.csv, line 2, points: -300 points" in done.said) == (1, True)
    assert "Nothing was written." in done.said
    problems = pl.read_csv(Path(desk.folder) / "problems.csv")
    assert problems["code"].to_list() == ["lot_negative"]
