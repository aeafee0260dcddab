"""What is measured, and beside what: a function for each row, which is asked for a round at a time."""

import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.baskets import MEMBERS, now, write_batches, write_bodies, write_members
from bench.stand import GROCER, PORT, Door, Load, Stand, read_memory_mb, read_seconds

CONNECTIONS = 64
BATCH = 500
BATCH_CONNECTIONS = 4
BATCH_SECONDS_MIN = 10
"""A batch takes seconds on a slow machine, and only answers are counted."""
MEMORY_MB_MAX = 300
BUDGET = """
  - id: shared-budget
    mechanic: spend
    on: [purchase]
    budget: {points: 100000000000}
    settings: {currency: points, points: 1, per_minor: 1000}
"""


@dataclass(slots=True, kw_only=True)
class Row:
    """A row of the results: what came out in each round, ours and what it is measured beside."""

    id: str
    what: str
    unit: str
    beside: str
    target: float
    """That the ratio must reach; of memory, that the value must not exceed."""
    rounds: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    notes: list[str] = field(default_factory=list[str])


Measure = Callable[[Row, Stand, int, int], None]
"""(row, stand, rounds, seconds): measures ours and the other by turns, and fills the row."""


def measure_intake(row: Row, stand: Stand, rounds: int, seconds: int, *, workers: int) -> None:
    """B1 and B9: single activities over HTTP, beside TPC-B; and the memory of the server meanwhile."""
    bodies = write_bodies(stand.folder / "singles.txt", lines=10)
    with stand.serving(workers=workers) as door:
        warm(stand, door, bodies)
        for _ in range(rounds):
            before = read_seconds(door.process)
            load = stand.send(door, "/v1/activities", bodies, connections=CONNECTIONS, seconds=seconds)
            used = (read_seconds(door.process) - before) / (load.rate * seconds)
            take(row, load, stand.run_tpcb(seconds))
            row.notes[-1] += f"; bound by the processor: {used * 1e6:.0f} µs of it for each, in the server alone"


def measure_memory(row: Row, stand: Stand, rounds: int, seconds: int, *, workers: int, minutes: int) -> None:
    """B9: the memory of the largest process of the server under B1's load, and its growth; for so many minutes."""
    rounds = max(rounds, minutes * 60 // seconds)
    bodies = write_bodies(stand.folder / "singles.txt", lines=10)
    with stand.serving(workers=workers) as door:
        warm(stand, door, bodies)
        first = max(read_memory_mb(door.process))
        began = time.perf_counter()
        for _ in range(rounds):
            stand.send(door, "/v1/activities", bodies, connections=CONNECTIONS, seconds=seconds)
            row.rounds.append((max(read_memory_mb(door.process)), first))
        row.notes.append(
            f"over {(time.perf_counter() - began) / 60:.1f} minutes, {workers} workers; beside: after warming up"
        )


def measure_bulk(row: Row, stand: Stand, rounds: int, seconds: int, *, workers: int) -> None:
    """B2: batches of 500 over HTTP, beside TPC-B."""
    bodies = write_batches(stand.folder / "batches.txt", lines=10, size=BATCH)
    with stand.serving(workers=workers) as door:
        warm(stand, door, bodies, connections=BATCH_CONNECTIONS)
        for _ in range(rounds):
            load = stand.send(
                door, "/v1/activities", bodies, connections=BATCH_CONNECTIONS, seconds=max(seconds, BATCH_SECONDS_MIN)
            )
            take(row, load, stand.run_tpcb(seconds), times=BATCH)


def measure_earn(row: Row, stand: Stand, rounds: int, seconds: int, *, workers: int) -> None:
    """B3: one lot for each of 200 members in a transaction, beside TPC-B; and by hand, which bounds it."""
    # In a database of its own: lots without a receipt are what `regulars check` rightly complains of.
    url = stand.make_database("earn")
    seed(stand, REGULARS_DATABASE_URL=url)
    words = ("--seconds", str(seconds), "--processes", str(workers))
    for _ in range(rounds):
        ours, by_hand = (
            stand.inside(what, *words, REGULARS_DATABASE_URL=url)["rate"] for what in ("earn", "earn-by-hand")
        )
        row.rounds.append((ours, stand.run_tpcb(seconds)))
        row.notes.append(f"SQL by hand for the same rows, in the same round: {by_hand:,.0f} /s, {workers} processes")


def measure_redeem(row: Row, stand: Stand, rounds: int, seconds: int) -> None:
    """B4: hold and capture of 1,000 hot members, beside TPC-B. What is used is counted afterwards."""
    for _ in range(rounds):
        row.rounds.append((stand.inside("redeem", "--seconds", str(seconds))["rate"], stand.run_tpcb(seconds)))
    row.notes.append(
        "every point that was used was missing afterwards, and no other;"
        " bound by the processor: two activities, each ruled on and journalled"
    )


def measure_quotes(row: Row, stand: Stand, rounds: int, seconds: int) -> None:
    """B5: quotes of 20 lines by one process, beside a bare route over the same database in one process."""
    bodies = write_bodies(stand.folder / "quotes.txt", lines=20, kind=None)
    bare = [sys.executable, str(Path(__file__).parent / "bare.py"), stand.server.url, str(PORT)]
    for _ in range(rounds):
        with stand.serving(workers=1) as door:
            warm(stand, door, bodies, path="/v1/quotes")
            ours = stand.send(door, "/v1/quotes", bodies, connections=CONNECTIONS, seconds=seconds)
        with stand.started(bare, until=b"Listening on"):
            stand.send(door, "/v1/quotes", bodies, connections=CONNECTIONS, seconds=2)
            other = stand.send(door, "/v1/quotes", bodies, connections=CONNECTIONS, seconds=seconds)
        take(row, ours, other.rate)


def measure_budget(row: Row, stand: Stand, rounds: int, seconds: int, *, workers: int) -> None:
    """B7b: B1 under a programme with a budget that all members draw on, beside B1 without it, by turns."""
    bodies = write_bodies(stand.folder / "singles.txt", lines=10)
    url = stand.make_database("budget")
    text = GROCER.read_text(encoding="utf-8")
    with_budget = stand.folder / "budget.yaml"
    with_budget.write_text(text.replace("\ncatalog:", f"{BUDGET}\ncatalog:", 1), encoding="utf-8")
    seed(stand, program=with_budget, REGULARS_DATABASE_URL=url)
    for _ in range(rounds):
        rates: list[Load] = []
        for where in (url, stand.server.url):
            with stand.serving(workers=workers, REGULARS_DATABASE_URL=where) as door:
                warm(stand, door, bodies)
                rates.append(stand.send(door, "/v1/activities", bodies, connections=CONNECTIONS, seconds=seconds))
        take(row, rates[0], rates[1].rate)
    stand.run("check", REGULARS_DATABASE_URL=url)


def publish(stand: Stand, *, program: Path = GROCER, **more: str) -> None:
    """Let a programme decide, for all that is bought here."""
    stand.run("program", "publish", str(program), "--from", "2016-01-01T00:00+00:00", **more)


def seed(stand: Stand, *, program: Path = GROCER, **more: str) -> None:
    """Publish the programme and have 10,000 members, each with a purchase of today."""
    publish(stand, program=program, **more)
    members = write_members(stand.folder / "members.ndjson", range(MEMBERS), at=now())
    stand.run("replay", str(members), **more)


@contextmanager
def compared(stand: Stand) -> Generator[Mapping[str, int]]:
    """Give the same baskets one by one and gathered, each into a database of its own."""
    urls = [stand.make_database(name) for name in ("alone", "gathered")]
    for url in urls:
        publish(stand, REGULARS_DATABASE_URL=url)
    yield stand.inside("compare", BENCH_OTHER_URL=urls[1], REGULARS_DATABASE_URL=urls[0])


def warm(
    stand: Stand, door: Door, bodies: Path, *, path: str = "/v1/activities", connections: int = CONNECTIONS
) -> None:
    """Let it compile and cache what it does once; not counted."""
    stand.send(door, path, bodies, connections=connections, seconds=3)


def take(row: Row, load: Load, beside: float, *, times: int = 1) -> None:
    """Keep what came out of a round; every answer must have been a success."""
    assert not load.wrong, f"{load.wrong} answers of {row.id} were no success"
    row.rounds.append((load.rate * times, beside))
    row.notes.append(f"p50 {load.p50_ms:.0f} ms, p99 {load.p99_ms:.0f} ms")
