"""What is measured over many: a grocer's year, a night's work for a million members, and growth to as many."""

import random
from collections.abc import Mapping

from bench.baskets import write_bodies
from bench.rows import CONNECTIONS, Row, publish, take, warm
from bench.stand import Load, Stand

YEAR_BASKETS = 155_848
YEAR_SECONDS_MAX = 25
ALONE_EVERY = 50
"""One household in so many is replayed one by one, too: that takes twenty times as long."""
BODIES = 40_000
"""So many members are sent in a run, that what they hold lies all over the tables."""
HAND = "by_hand"


def measure_year(row: Row, stand: Stand, _rounds: int, _seconds: int, *, every: int) -> None:
    """B6: the grocer's year, each member's in time order, or that of one household in `every`; once, for it is long."""
    urls = {name: stand.make_database(name) for name in ("year", "year_together", "year_alone")}
    told = stand.inside("year", "--every", str(every), REGULARS_DATABASE_URL=urls["year"])
    same = stand.inside(
        "same-year",
        *("--every", str(every * ALONE_EVERY if every == 1 else every * 20)),
        REGULARS_DATABASE_URL=urls["year_together"],
        BENCH_OTHER_URL=urls["year_alone"],
    )
    row.rounds.append((told["baskets"] / told["seconds"], YEAR_BASKETS / YEAR_SECONDS_MAX))
    row.notes.append(
        f"{told['baskets']:,} baskets in {told['seconds']:.1f} s by two processes; accounts, lots and memories of"
        f" {same['members']} households are the same replayed one by one"
    )


def measure_expiry(row: Row, stand: Stand, _rounds: int, _seconds: int, *, members: int) -> None:
    """B7: points that end, by the worker and by hand; and before that, levels that are to be looked at (see below)."""
    night = _spend_night(stand, members)
    row.rounds.append((night["lots"] / night["expiry"], night["lots"] / night["expiry_by_hand"]))
    row.notes.append(
        f"{night['lots']:,.0f} lots of {night['ended']:,.0f} members among {members:,} in {night['expiry']:.1f} s;"
        f" by hand {night['expiry_by_hand']:.1f} s, without journal, receipts, seals, or letting others in; once"
    )


def measure_review(row: Row, stand: Stand, _rounds: int, _seconds: int, *, members: int) -> None:
    """B7t: levels that are to be looked at: of one in a hundred."""
    night = _spend_night(stand, members)
    row.rounds.append((night["reviewed"] / night["review"], night["reviewed"] / night["review_by_hand"]))
    row.notes.append(
        f"{night['reviewed']:,.0f} of {members:,} members in {night['review']:.1f} s; by hand"
        f" {night['review_by_hand']:.2f} s, which decides nothing; once"
    )


def measure_growth(row: Row, stand: Stand, rounds: int, seconds: int, *, workers: int, sizes: tuple[int, int]) -> None:
    """B8: B1 with many members stored, beside the same with few, by turns."""
    for _ in range(rounds):
        loads: list[Load] = []
        for members in sizes:
            url = _make_crowd(stand, members)
            die = random.Random(members)  # noqa: S311 - cards, no secrets
            cards = [str(die.randrange(members)) for _ in range(BODIES)]
            bodies = write_bodies(stand.folder / f"crowd-{members}.txt", lines=10, count=BODIES, cards=cards)
            with stand.serving(workers=workers, REGULARS_DATABASE_URL=url) as door:
                warm(stand, door, bodies)
                loads.append(stand.send(door, "/v1/activities", bodies, connections=CONNECTIONS, seconds=seconds))
        take(row, loads[1], loads[0].rate)


def _make_crowd(stand: Stand, members: int) -> str:
    """Have a database with so many members; gives its address."""
    if members not in stand.crowds:
        url = stand.make_database(f"crowd_{members}")
        publish(stand, REGULARS_DATABASE_URL=url)
        stand.inside("crowd", "--members", str(members), module="bench.night", REGULARS_DATABASE_URL=url)
        stand.command(url, "VACUUM (ANALYZE)", "CHECKPOINT")
        stand.crowds[members] = url
    return stand.crowds[members]


def _spend_night(stand: Stand, members: int) -> Mapping[str, float]:
    """Do the work of two nights in a crowd, and in a copy of it by hand; once."""
    if members in stand.nights:
        return stand.nights[members]
    url, copy = _make_crowd(stand, members), stand.url_of(HAND)

    def work(what: str, *, by: str) -> dict[str, float]:
        return stand.inside(what, module="bench.night", REGULARS_DATABASE_URL=by)

    stand.command(stand.server.url, f"CREATE DATABASE {HAND} TEMPLATE crowd_{members} STRATEGY file_copy")
    by_hand = {name: work(name, by=copy)["seconds"] for name in ("review", "expiry")}
    review, expiry = work("bring-review", by=url), work("bring", by=url)
    compared = [stand.inside("sums", module="bench.night", REGULARS_DATABASE_URL=each) for each in (url, copy)]
    assert compared[0] == compared[1], f"the books differ: {compared}"
    stand.command(stand.server.url, f"DROP DATABASE {HAND}")
    stand.command(url, "VACUUM (ANALYZE)", "CHECKPOINT")
    stand.nights[members] = {
        "lots": compared[0]["ended lots"],
        "ended": expiry["brought"],
        "expiry": expiry["seconds"],
        "expiry_by_hand": by_hand["expiry"],
        "reviewed": review["brought"],
        "review": review["seconds"],
        "review_by_hand": by_hand["review"],
    }
    return stand.nights[members]
