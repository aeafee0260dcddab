"""What insight costs beside bare libraries, on made-up members: fifths with segments, and BG/NBD.

Run it as .venv/bin/python bench/insight.py [--members 1000000] [--rows 10000000] [--rounds 3]. Ours and the bare script
take turns, and the best round of each counts; both see the same rows and must come to the same. Figures are seconds of
the wall, so ask when nobody else works on the machine; the ratios say more. Asked for: at most 1.3 for fifths with
segments, at most 1.2 for BG/NBD.
"""

import argparse
import json
import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.optimize import minimize  # pyright: ignore[reportMissingTypeStubs] - it has none
from scipy.special import gammaln, psi  # pyright: ignore[reportMissingTypeStubs] - it has none

from regulars.intelligence.segments import score_rfm
from regulars.intelligence.value.buying import fit_buying

DAYS: Final = 365
CUTOFF: Final = date(2026, 1, 1)
SEED: Final = 11
HIGH: Final = 4
LOW: Final = 2
PARAMETERS: Final = {"r": 0.6, "alpha": 5.0, "a": 0.8, "b": 2.5}
"""Of the members who are made up for BG/NBD."""
WEEKS: Final = (20, 50)
Floats = npt.NDArray[np.float64]


def make_visits(members: int, rows: int) -> pl.DataFrame:
    """Make visits up: some members come often, and what they spend differs; a day has one visit of a member."""
    rng = np.random.default_rng(SEED)
    drawn = rng.gamma(1.0, 1.0, members)
    who = np.repeat(np.arange(members), rng.poisson(drawn / drawn.sum() * rows) + 1)
    day = CUTOFF - timedelta(days=DAYS)
    return pl.DataFrame(
        {
            "member": who,
            "day": rng.integers(0, DAYS, who.size),
            "paid": (rng.gamma(2.0, 1_500.0, who.size)).astype(np.int64) + 1,
        }
    ).select(pl.col("member").cast(pl.Int64), day=pl.lit(day) + pl.duration(days="day"), paid="paid")


def name_segments(scored: pl.DataFrame) -> pl.DataFrame:
    """Name six segments by fifths: the same for both."""
    r, f, m = (pl.col(name) for name in ("r", "f", "m"))
    segment = (
        pl.when((r >= HIGH) & (f >= HIGH) & (m >= HIGH)).then(pl.lit("champion"))
        .when((r >= HIGH) & (f <= LOW)).then(pl.lit("new"))
        .when(f >= HIGH).then(pl.lit("loyal"))
        .when((r <= LOW) & (f >= LOW)).then(pl.lit("at_risk"))
        .when(r <= LOW).then(pl.lit("lost"))
        .otherwise(pl.lit("occasional"))
    )  # fmt: skip
    return scored.with_columns(segment=segment)


def score_bare(visits: pl.DataFrame) -> pl.DataFrame:
    """Do what somebody would write who has polars and nothing else."""
    summed = (
        visits.lazy()
        .filter(pl.col("day") < CUTOFF)
        .group_by("member")
        .agg(recency=(pl.lit(CUTOFF) - pl.col("day").max()).dt.total_days(), frequency=pl.len(), money=pl.sum("paid"))
        .sort("member")
        .with_columns(
            r=pl.col("recency").rank("ordinal", descending=True),
            f=pl.col("frequency").rank("ordinal"),
            m=pl.col("money").rank("ordinal"),
        )
        .with_columns((pl.col(name).cast(pl.Int64) - 1) * 5 // pl.len() + 1 for name in ("r", "f", "m"))
        .collect()
    )
    return name_segments(summed)


def score_ours(visits: pl.DataFrame) -> pl.DataFrame:
    """Score fifths as a run does, and name the same segments."""
    return name_segments(score_rfm(visits.lazy(), CUTOFF))


def make_buyers(members: int) -> tuple[Floats, Floats, Floats]:
    """Make members up who buy and leave as BG/NBD says, in weeks: repeats, last and known."""
    rng = np.random.default_rng(SEED)
    rate = rng.gamma(PARAMETERS["r"], 1 / PARAMETERS["alpha"], members)
    leaving = rng.beta(PARAMETERS["a"], PARAMETERS["b"], members)
    known = rng.integers(WEEKS[0] * 7, WEEKS[1] * 7, members) / 7
    repeats, last, now = np.zeros(members), np.zeros(members), np.zeros(members)
    active = np.ones(members, dtype=bool)
    while active.any():
        now = now + rng.exponential(1 / np.maximum(rate, 1e-12))
        bought = active & (now <= known)
        repeats[bought] += 1
        # Days are what a till knows.
        last[bought] = np.floor(now[bought] * 7) / 7
        active = bought & (rng.random(members) > leaving)
    return repeats, last, known


def fit_bare(repeats: Floats, last: Floats, known: Floats) -> Floats:
    """Fit as somebody would who has SciPy and knows the likelihood, its slope, and that equal rows count once."""
    rows, count = np.unique(np.column_stack([repeats, last, known]), axis=0, return_counts=True)
    x, t, span = rows.T
    scale = 10 / span.max()
    t, span, n, came = t * scale, span * scale, count.sum(), x > 0

    def weigh(logs: Floats) -> tuple[float, Floats]:
        r, alpha, a, b = np.exp(logs)
        stays = -(r + x) * np.log(alpha + span)
        left = np.log(a / np.where(came, b + x - 1, 1)) - (r + x) * np.log(alpha + t)
        leaves = np.where(came, left, -np.inf)
        both = np.logaddexp(stays, leaves)
        gone = np.exp(leaves - both)
        here = 1 - gone
        value = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + both
        value += gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
        slopes = [
            psi(r + x) - psi(r) + np.log(alpha) - here * np.log(alpha + span) - gone * np.log(alpha + t),
            r / alpha - (r + x) * (here / (alpha + span) + gone / (alpha + t)),
            psi(a + b) - psi(a + b + x) + gone / a,
            psi(a + b) + psi(b + x) - psi(b) - psi(a + b + x) - gone / np.where(came, b + x - 1, 1),
        ]
        slope = np.array([(count * each).sum() for each in slopes]) * np.exp(logs)
        return -(count * value).sum() / n, -slope / n

    starts: tuple[tuple[float, ...], ...] = ((0.0, 0.0, 0.0, 0.0), (-1.0, 1.0, -1.0, 1.0))
    limits = {"maxiter": 500, "ftol": 1e-13, "gtol": 1e-8}
    found = [
        minimize(weigh, np.array(start), jac=True, method="L-BFGS-B", bounds=[(-12, 12)] * 4, options=limits)
        for start in starts
    ]
    best: Floats = np.exp(min(found, key=lambda it: float(it.fun)).x)
    best[1] /= scale
    return best


def take_turns(ours: Callable[[], object], bare: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Take the best of several rounds of each, by turns."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for work, into in zip((ours, bare), times, strict=True):
            began = time.perf_counter()
            work()
            into.append(time.perf_counter() - began)
    return min(times[0]), min(times[1])


def tell(what: str, ours: float, bare: float, most: float) -> dict[str, Any]:
    """Print one row, and give it for the file."""
    ratio = ours / bare
    word = "reached" if ratio <= most else "not reached"
    print(f"{what}: {ours:.2f} s beside {bare:.2f} s, ratio {ratio:.2f}; at most {most:g} is asked: {word}", flush=True)
    return {"what": what, "ours_s": round(ours, 3), "bare_s": round(bare, 3), "ratio": round(ratio, 3)}


def main() -> None:
    """Measure, compare what came out, and print rows as JSON at the end."""
    asking = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asking.add_argument("--members", type=int, default=1_000_000)
    asking.add_argument("--rows", type=int, default=10_000_000)
    asking.add_argument("--rounds", type=int, default=3)
    asked = asking.parse_args()
    visits = make_visits(asked.members, asked.rows)
    print(f"{asked.members:,} members, {visits.height:,} visits", flush=True)
    same = ["member", "r", "f", "m", "segment"]
    if not score_ours(visits).select(same).equals(score_bare(visits).select(same)):
        raise SystemExit("The bare script and ours say different things of the same members.")
    ours, bare = take_turns(lambda: score_ours(visits), lambda: score_bare(visits), asked.rounds)
    told = [tell("fifths and segments", ours, bare, 1.3)]
    buyers = make_buyers(asked.members)
    fitted, plain = fit_buying(*buyers), fit_bare(*buyers)
    if not np.allclose((fitted.r, fitted.alpha, fitted.a, fitted.b), plain, rtol=1e-2):
        raise SystemExit(f"The bare script fits {plain}, and ours {fitted}.")
    ours, bare = take_turns(lambda: fit_buying(*buyers), lambda: fit_bare(*buyers), asked.rounds)
    told.append(tell(f"BG/NBD of {asked.members:,} members", ours, bare, 1.2))
    print(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()
