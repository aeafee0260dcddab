"""How long a house takes to move in, and how much memory: members with three lots each, reconciled to zero.

Run it as .venv/bin/python bench/import.py [--members 1000000]. It writes files of another system into a folder that is
removed afterwards, starts a PostgreSQL of its own there, brings the files in as `regulars import` does, lays the books
beside them, and looks at every row (`--no-check` leaves that out). Then it brings them once more, which must change
nothing. `--export` measures instead how long the file of a member with 10,000
activities takes, and how long it takes to forget them.
"""

import argparse
import asyncio
import csv
import multiprocessing
import os
import shutil
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import uvloop

from regulars.base.db import Database, Tx
from regulars.base.open import open_database
from regulars.base.settings import Settings
from regulars.features import moving, privacy
from regulars.interfaces.beside import find_signing, join_rooms, list_beside
from regulars.interfaces.cli.bringing import count_lanes, spread_over
from regulars.interfaces.cli.opening import make_house
from regulars.kernel import program, spine
from regulars.kernel.nouns import Activity, Identifier, Line

PROGRAM = """
program: bench
name: {en: Bench, zh-CN: 测试}
time_zone: UTC
money: USD
currencies:
  points:
    kind: spendable
    name: {en: Points, zh-CN: 积分}
    expiry: {model: rolling, days: 365}
    value: {minor: 1, per_points: 1}
offers:
  - id: base
    mechanic: spend
    on: [purchase]
    settings: {currency: points, points: 1, per_minor: 100}
"""
MAPPING = """
mapping: bench
source: bench
key: old_id
members:
  file: members.csv
  identifiers: {old_id: id, card: card, phone: phone}
  joined_at: joined
lots:
  file: lots.csv
  member: id
  id: lot
  currency: {value: points}
  points: points
  issued_at: issued
  expires_at: ends
"""
LOTS = 3
AS_OF = datetime(2026, 6, 1, tzinfo=UTC)
FORGOTTEN_AT = AS_OF + timedelta(days=10)
ACTIVITIES = 10_000
KB = 1024
TELL_SECONDS = 10
SECONDS_MAX = 5
"""In which a member with so many activities is written down, or forgotten."""


def write_files(folder: Path, members: int) -> int:
    """Write the files of another system; gives the points in them."""
    total = 0
    with (folder / "members.csv").open("w", newline="") as people, (folder / "lots.csv").open("w", newline="") as lots:
        person, lot = csv.writer(people), csv.writer(lots)
        person.writerow(["id", "card", "phone", "joined"])
        lot.writerow(["id", "lot", "points", "issued", "ends"])
        for n in range(members):
            joined = (AS_OF - timedelta(days=n % 900 + 30)).date()
            person.writerow([f"c-{n}", f"6220{n:012d}", f"+86138{n:08d}", joined])
            for k in range(LOTS):
                points = (n * 7 + k * 131) % 4_000 + 1
                total += points
                issued = AS_OF - timedelta(days=n % 200 + 30 * k)
                lot.writerow([f"c-{n}", f"{n}-{k}", points, issued.date(), (issued + timedelta(days=365)).date()])
    return total


class Memory(threading.Thread):
    """Looks every second at what our processes take together, pages that they share counted once."""

    peak_kb = 0

    def run(self) -> None:
        """Look until the program ends."""
        while True:
            pids = [os.getpid(), *(each.pid for each in multiprocessing.active_children())]
            self.peak_kb = max(self.peak_kb, sum(self.read(pid) for pid in pids))
            time.sleep(1)

    @staticmethod
    def read(pid: int | None) -> int:
        """Read a process's share; 0 where it has just ended."""
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
        except (FileNotFoundError, ProcessLookupError):
            return 0
        return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


async def bring(database: Database, house: spine.House, settings: Settings, folder: Path, lanes: int) -> moving.Report:
    """Bring the files in, and tell now and then how far it is."""
    mapped = moving.read_mapping(MAPPING, name="bench")
    sheets: dict[moving.PartName, moving.Sheet] = {
        name: moving.open_csv(folder / part.file, encoding="utf-8", delimiter=",") for name, part in mapped.list_parts()
    }
    began = told = time.perf_counter()

    def notice(done: int) -> None:
        nonlocal told
        now = time.perf_counter()
        if now - told > TELL_SECONDS:
            told = now
            print(f"  {done:,} lines, {done / (now - began):,.0f} a second", flush=True)

    return await moving.move_in(
        database,
        house,
        mapped,
        sheets,
        options=moving.Options(as_of=AS_OF, spread=spread_over(settings, folder, mapped, lanes=lanes, notice=notice)),
        joins=join_rooms(house),
        tell=print,
        notice=notice,
    )


async def move_in(
    database: Database, house: spine.House, settings: Settings, folder: Path, asked: argparse.Namespace
) -> bool:
    """Bring members and lots in, twice; say what it took. False where anything differs."""
    memory = Memory(daemon=True)
    memory.start()
    total = write_files(folder, asked.members)
    sizes = sum((folder / name).stat().st_size for name in ("members.csv", "lots.csv"))
    print(f"{asked.members:,} members, {asked.members * LOTS:,} lots, {total:,} points, {sizes / 1e6:,.0f} MB of CSV")
    lanes = asked.lanes or count_lanes(asked.members * (1 + LOTS))
    report = await bring(database, house, settings, folder, lanes)
    lines = sum(part.lines for part in report.parts)
    print(f"first:  {report.seconds:,.1f} s, {lines / report.seconds:,.0f} lines a second, {lanes} lanes")
    for each in report.currencies:
        print(
            f"  {each.currency}: source {each.source_points:,}, books {each.books_points:,},"
            f" difference {each.difference_points:,} points and {each.difference_lots:,} lots"
        )
    again = await bring(database, house, settings, folder, lanes)
    print(f"again:  {again.seconds:,.1f} s, and nothing changed")
    print(f"memory: {memory.peak_kb / KB:,.0f} MB at most, PostgreSQL's left out")
    sound = True
    if not asked.no_check:
        began = time.perf_counter()
        async with database.snapshot() as read:
            checked = await spine.check(read)
        sound = checked.is_sound
        print(f"check:  {time.perf_counter() - began:,.1f} s, {len(checked.faults)} faults")
    (points,) = report.currencies
    books = points.books_points == total and report.is_balanced and again.currencies == report.currencies
    return sound and books and not report.problems_found


async def forget(database: Database, house: spine.House, member: UUID) -> float:
    """Forget a member, as they would be at the desk; say what it took, in seconds."""
    began = time.perf_counter()
    async with database.snapshot() as read:
        shown = await privacy.preview(read, house, member, FORGOTTEN_AT)
    looked = time.perf_counter() - began

    async def erase(tx: Tx) -> privacy.Erasure:
        return await privacy.erase(
            tx, house, member, shown.confirm, asked_by="member", done_by="bench", at=FORGOTTEN_AT
        )

    began = time.perf_counter()
    done = await database.run(erase)
    took = time.perf_counter() - began
    print(f"erasure: shown in {looked:.2f} s, done in {took:.2f} s, {done.written_off[0].points:,} points written off")
    return max(looked, took)


async def take_out(database: Database, house: spine.House) -> bool:
    """Write the file of a member with many activities, and forget them. False where one takes over five seconds."""
    who = Identifier(kind="card", value="1")
    outcomes: list[spine.Outcome] = []
    for start in range(0, ACTIVITIES, 1_000):
        facts = [
            Activity(
                id=f"r-{n}",
                source="till",
                kind="purchase",
                occurred_at=AS_OF + timedelta(minutes=n),
                member=who,
                lines=tuple(Line(sku=f"sku-{k}", amount_minor=1_999) for k in range(8)),
            )
            for n in range(start, start + 1_000)
        ]
        outcomes = await spine.record(database, house, facts, replay=True)
    assert outcomes[-1].receipt is not None
    member = outcomes[-1].receipt.member
    sign = await find_signing(database, house)
    slowest = 0.0
    for form in ("json", "csv"):
        began = time.perf_counter()
        async with database.snapshot() as read:
            data = await moving.write_own(
                read, house.keyring, member, at=AS_OF, sign=sign, form=form, beside=list_beside()
            )
        took = time.perf_counter() - began
        slowest = max(slowest, took)
        print(f"{form}: a member with {ACTIVITIES:,} activities in {took:.2f} s, {len(data) / 1e6:,.1f} MB, signed")
    slowest = max(slowest, await forget(database, house, member))
    async with database.snapshot() as read:
        faults = (await spine.check(read)).faults
    print(f"check:  {len(faults)} faults")
    return slowest < SECONDS_MAX and not faults


async def measure(asked: argparse.Namespace) -> bool:
    """Measure one of the two, on a database of its own."""
    folder = Path(tempfile.mkdtemp(prefix="regulars-bench-"))
    try:
        settings = Settings(data_dir=folder)
        async with open_database(settings) as database:
            house = make_house(settings)
            async with database.transaction() as tx:
                begins = AS_OF - timedelta(days=1_000)
                await spine.publish(tx, program.parse(PROGRAM), live_from=begins, by="bench", at=AS_OF)
            if asked.export:
                return await take_out(database, house)
            return await move_in(database, house, settings, folder, asked)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Read what is asked for, and measure it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--lanes", type=int, default=None)
    parser.add_argument("--no-check", action="store_true")
    parser.add_argument("--export", action="store_true")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.exit(0 if runner.run(measure(parser.parse_args())) else 1)


if __name__ == "__main__":
    main()
