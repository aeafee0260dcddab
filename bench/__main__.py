"""How fast Regulars is, beside what bounds it: `make bench` (ARGS="--quick", ARGS="--only B1 B5 --rounds 7").

Each row is measured by turns with what stands beside it on the same server, and the ratios of the rounds are what
counts: they say more than figures of a machine that others use too. It ends with `regulars check` and by giving 600
baskets one by one and gathered, which must come to the same. See docs/benchmarks.md.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bench.big import measure_expiry, measure_growth, measure_review, measure_year
from bench.report import compare_with, conclude, put_into_page, write_chart, write_results, write_table
from bench.rows import (
    MEMORY_MB_MAX,
    Measure,
    Row,
    compared,
    measure_budget,
    measure_bulk,
    measure_earn,
    measure_intake,
    measure_memory,
    measure_quotes,
    measure_redeem,
    seed,
)
from bench.stand import Stand, describe_machine, stand

RESULTS = Path("bench/results")
BASELINE = RESULTS / "baseline.json"
PAGE = Path("docs/benchmarks.md")
CHART = Path("docs/images/bench.svg")
TPCB = "pgbench TPC-B, scale 50, 8 clients, tps"
BARE = "bare FastAPI route with one SELECT, one process, /s"
LOSS_MAX = 0.2


def list_rows(workers: int, sizes: Sequence[int], every: int, minutes: int) -> list[tuple[Row, Measure]]:
    """List what there is to measure, in order."""
    return [*list_till_rows(workers), *list_night_rows(workers, sizes, every, minutes)]


def list_till_rows(workers: int) -> list[tuple[Row, Measure]]:
    """List what tills wait for."""
    rows = {
        "B1": ("single activities of 10 lines over HTTP, 64 connections, grocer (25 offers)", TPCB, 1.0),
        "B2": ("activities of 10 lines in batches of 500 over HTTP", TPCB, 4.0),
        "B3": ("ledger: one lot earned, 200 in a transaction", TPCB, 6.0),
        "B4": ("points held and used, 1,000 hot members, 32 clients", TPCB, 0.5),
        "B5": (
            "quotes of 20 lines, grocer (25 offers), one process",
            "bare FastAPI route with one SELECT, one process, /s",
            0.4,
        ),
        "B7b": ("B1 with a budget that all members share", "B1 without it, /s", 0.7),
    }
    work: dict[str, Measure] = {
        "B1": partial(measure_intake, workers=workers),
        "B2": partial(measure_bulk, workers=workers),
        "B3": partial(measure_earn, workers=workers),
        "B4": measure_redeem,
        "B5": measure_quotes,
        "B7b": partial(measure_budget, workers=workers),
    }
    return [
        (Row(id=name, what=what, unit="/s", beside=beside, target=target), work[name])
        for name, (what, beside, target) in rows.items()
    ]


def list_night_rows(workers: int, sizes: Sequence[int], every: int, minutes: int) -> list[tuple[Row, Measure]]:
    """List what takes many members, and memory, which is looked at last."""
    few, many = sizes[:2]
    by_hand = "SQL by hand that changes the same rows, /s"
    year = Row(
        id="B6",
        what="baskets of a grocer's year replayed, each member's in time order",
        unit="/s",
        beside="the year in 25 s, /s",
        target=1.0,
    )
    review = Row(
        id="B7t", what=f"levels looked at again: 1 in 100 of {many:,} members", unit="/s", beside=by_hand, target=0.5
    )
    expiry = Row(id="B7", what=f"lots that ended, swept among {many:,} members", unit="/s", beside=by_hand, target=0.5)
    memory = Row(
        id="B9",
        what="memory of the largest process under B1",
        unit="MB",
        beside="warmed up, MB",
        target=MEMORY_MB_MAX,
    )
    growth = [
        Row(
            id="B8" if size == many else f"B8-{size // 1_000_000}M",
            what=f"B1 with {size:,} members stored",
            unit="/s",
            beside=f"with {few:,}, /s",
            target=0.8,
        )
        for size in sizes[1:]
    ]
    return [
        (year, partial(measure_year, every=every)),
        (review, partial(measure_review, members=many)),
        (expiry, partial(measure_expiry, members=many)),
        *(
            (row, partial(measure_growth, workers=workers, sizes=(few, size)))
            for row, size in zip(growth, sizes[1:], strict=True)
        ),
        (memory, partial(measure_memory, workers=workers, minutes=minutes)),
    ]


def measure(made: Stand, asked: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Measure each row that is asked for, and tell as it goes."""
    results: dict[str, dict[str, Any]] = {}
    for row, work in list_rows(asked.workers, asked.members, asked.every, asked.minutes):
        if asked.only and row.id not in asked.only:
            continue
        work(row, made, asked.rounds, asked.seconds)
        results[row.id] = told = conclude(row)
        word = "reached" if told["met"] else "not reached"
        print(
            f"{row.id:<4} {told['value']:>9,.1f} {row.unit:<3} beside {told['beside']:>9,.1f}"
            f"  ratio {told['ratio']:>5.2f}  asked {row.target:g}: {word}; {told['note']}",
            flush=True,
        )
    return results


def guard() -> None:
    """Compare the latest results with the committed baseline; ends with status 1 where a ratio was lost."""
    if not BASELINE.exists():
        sys.exit(f"There is no {BASELINE} yet: copy the latest.json of a run that is worth comparing with.")
    latest = json.loads((RESULTS / "latest.json").read_text(encoding="utf-8"))
    worse = compare_with(json.loads(BASELINE.read_text(encoding="utf-8")), latest, loss_max=LOSS_MAX)
    if worse:
        sys.exit("Slower than the baseline by more than a fifth:\n" + "\n".join(worse))
    print("Nothing is slower than the baseline by more than a fifth.")


def main() -> None:
    """Measure, check, and write down."""
    asking = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asking.add_argument("--rounds", type=int, default=5)
    asking.add_argument("--seconds", type=int, default=20, help="of each half of a round")
    asking.add_argument("--quick", action="store_true", help="2 rounds of 4 s: to see that it works, not for figures")
    asking.add_argument(
        "--members",
        type=int,
        nargs="+",
        default=[10_000, 1_000_000],
        help="stored, few and many: B8 compares them, B7 sweeps the second; 10,000,000 take 100 GB",
    )
    asking.add_argument("--minutes", type=int, default=0, help="B9: for how long, at least; 30 show whether it is flat")
    asking.add_argument("--every", type=int, default=1, help="B6: the year of one household in so many")
    asking.add_argument("--workers", type=int, default=2)
    asking.add_argument("--only", nargs="+", default=[], help="rows such as B1 B5; the files are then not written")
    asking.add_argument("--guard", action="store_true", help="only compare the latest results with the baseline")
    asked = asking.parse_args()
    if asked.guard:
        guard()
        return
    if shutil.which("wrk") is None:
        asking.error("wrk is not installed: `make bench` installs it, or says how")
    if asked.quick:
        asked.rounds, asked.seconds, asked.members, asked.every = 2, 4, [2_000, 20_000], 20
    with stand() as made:
        machine = describe_machine(made.server.version)
        print(", ".join(f"{name} {value}" for name, value in machine.items()), flush=True)
        made.make_tpcb()
        seed(made)
        results = measure(made, asked)
        print(made.run("check").strip().splitlines()[-1])
        with compared(made) as same:
            print(f"{same['compared']} baskets gave the same one by one and gathered: {same['points']} points.")
    settings = {"rounds": asked.rounds, "seconds": asked.seconds, "workers": asked.workers}
    if asked.quick or asked.only:
        return
    print(f"Written: {write_results(results, machine, settings, RESULTS)}")
    put_into_page(PAGE, write_table(results, machine, settings))
    write_chart(results, CHART)


if __name__ == "__main__":
    main()
