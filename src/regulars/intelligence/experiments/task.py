"""The tasks `uplift` (for whom does it work?) and `ab` (does it work, and may one look before the end?)."""

from datetime import date
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from regulars.intelligence.evaluation import Outcome, Paired, Progress, Task
from regulars.intelligence.experiments.looking import find_bounds
from regulars.intelligence.experiments.trials import SPAN_DAYS, People, describe_people, invent_trial, read_spending
from regulars.intelligence.experiments.who import learn_targeting, measure_qini
from regulars.intelligence.history import History

__all__ = ["TASKS", "judge_looks", "judge_targeting"]

Numbers = npt.NDArray[Any]

SEEDS: Final = 10
TOP: Final = 0.3
PEOPLE_MIN: Final = 2_000
RUNS: Final = 2_000
CASES_A_DAY: Final = 50
ALARM: Final = 0.05
NAIVE: Final = 1.96
PLANNED: Final = 2.8
"""The planned effect in standard errors at the end: one look at the end finds it in four tests of five."""


def evaluate_uplift(history: History, cutoff: date, progress: Progress) -> Outcome:
    """Judge who is ranked first in made-up trials over real members, and that nobody is where all are moved alike."""
    people = describe_people(history, cutoff)
    if len(people.often) < PEOPLE_MIN:
        note = f"Nothing is judged: {len(people.often)} descriptions of members are fewer than {PEOPLE_MIN}."
        return Outcome(task="uplift", cutoff=cutoff, metrics={}, baseline={}, notes=(note,))
    shares: list[tuple[float, ...]] = []
    chosen: list[str] = []
    for seed in range(SEEDS):
        progress("trials", seed, SEEDS + 1)
        learner, *measured = judge_targeting(people, seed)
        chosen.append(learner or "nothing to rank")
        shares.append(tuple(measured))
    progress("trials", SEEDS, SEEDS + 1)
    flat = [judge_targeting(people, seed, flat=True)[0] for seed in range(3)]
    table = np.array(shares)
    oracle = table[:, 1].mean()
    ratio, base = table[:, 0] / oracle, table[:, 2] / oracle
    gains = table[:, 0] / oracle - base
    return Outcome(
        task="uplift",
        cutoff=cutoff,
        metrics={
            "qini_share_of_best": float(ratio.mean()),
            "standard_error": float(ratio.std(ddof=1) / np.sqrt(SEEDS)),
            "value_of_first_30_share_of_best": float(table[:, 3].mean()),
            "trials_ranked": sum(name != "nothing to rank" for name in chosen) / SEEDS,
            "flat_trials_refused": sum(not name for name in flat) / len(flat),
        },
        baseline={
            "qini_share_of_best": float(base.mean()),
            "value_of_first_30_share_of_best": float(table[:, 4].mean()),
        },
        paired={
            "qini_share_of_best": Paired(
                difference=float(gains.mean()),
                standard_error=float(gains.std(ddof=1) / np.sqrt(SEEDS)),
                cases=SEEDS,
            )
        },
        counts={"descriptions": len(people.often), "members": int(people.member.max()) + 1, "trials": SEEDS},
        notes=(
            "Effects are made up over real members: no trial of a shop is at hand.",
            "The baseline writes to those who come most anyway (the likeliest buyers).",
            f"Chosen: {', '.join(chosen)}.",
            f"Where all are moved alike it said: {', '.join(name or 'nothing to rank' for name in flat)}.",
        ),
    )


def judge_targeting(people: People, seed: int, *, flat: bool = False) -> tuple[str, float, float, float, float, float]:
    """Learn from three members of five and judge on the others.

    Gives the learner, its Qini, that of the true effects and of the likeliest buyers, and what treating the first 30 of
    a hundred brings as a share of the best, for ours and for the likeliest buyers.
    """
    trial = invent_trial(people, seed=seed, flat=flat)
    learned = trial.learned
    rest = ~learned
    targeting = learn_targeting(
        people.known[learned],
        trial.outcome[learned],
        trial.treated[learned],
        chance=0.5,
        member=people.member[learned],
        seed=seed,
    )
    ranked = targeting.rank(people.known[rest])
    foretold = np.zeros(int(rest.sum())) if ranked is None else ranked
    likely = people.known[rest, people.columns.index("days_28")]
    outcome, treated, effect = trial.outcome[rest], trial.treated[rest], trial.effect[rest]
    best = _first(effect, effect)
    return (
        targeting.learner,
        measure_qini(foretold, outcome, treated) if ranked is not None else 0.0,
        measure_qini(effect, outcome, treated),
        measure_qini(likely, outcome, treated),
        _first(foretold, effect) / best,
        _first(likely, effect) / best,
    )


def _first(foretold: Numbers, effect: Numbers) -> float:
    return float(effect[np.argsort(-foretold, kind="stable")[: int(TOP * len(effect))]].mean())


def evaluate_ab(history: History, cutoff: date, progress: Progress) -> Outcome:
    """Judge the test that may be looked at each day: on nothing, and on the effect that it was planned for.

    The money is what members really spent in the four weeks from the cutoff on, drawn anew for each made-up test.
    """
    after, before = read_spending(history, cutoff)
    if len(after) < CASES_A_DAY or after.std() == 0:
        note = f"Nothing is judged: {len(after)} members were known before {cutoff}."
        return Outcome(task="ab", cutoff=cutoff, metrics={}, baseline={}, notes=(note,))
    progress("tests", 0, 1)
    found = judge_looks(after, runs=RUNS, seed=0)
    removed = float(np.corrcoef(after, before)[0, 1] ** 2) if before.std() > 0 else 0.0
    return Outcome(
        task="ab",
        cutoff=cutoff,
        metrics={
            "false_alarms_any_look": found["ours_false"],
            "power": found["ours_power"],
            "power_lost": found["fixed_power"] - found["ours_power"],
            "mean_share_of_cases_used": found["ours_used"],
            "variance_removed": removed,
        },
        baseline={
            "false_alarms_any_look": found["naive_false"],
            "false_alarms_one_look": found["fixed_false"],
            "power": found["fixed_power"],
        },
        paired={
            "false_alarms_avoided": Paired(
                difference=found["naive_false"] - found["ours_false"],
                standard_error=float(np.sqrt(found["naive_false"] * (1 - found["naive_false"]) / RUNS)),
                cases=RUNS,
            )
        },
        counts={"members": len(after), "tests": RUNS, "looks": SPAN_DAYS},
        notes=(
            f"{SPAN_DAYS} daily looks, {CASES_A_DAY} members a day and side; how many at most was agreed beforehand.",
            "The baseline decides at 1.96 standard errors: at each look, and once at the end.",
            "The variance removed is that of spending in four weeks, by spending in the thirteen weeks before.",
        ),
    )


def judge_looks(
    spent: Numbers, *, runs: int, seed: int, looks: int = SPAN_DAYS, cases: int = CASES_A_DAY
) -> dict[str, float]:
    """Make up tests from what was spent, with daily looks: how often each way to decide is wrong, how often right."""
    drawn = np.random.default_rng(seed)
    bounds = np.asarray(find_bounds(tuple(at / looks for at in range(1, looks + 1)), ALARM))
    seen = np.arange(1, looks + 1) * cases
    z = np.zeros((runs, looks))
    for run in range(runs):
        sides = drawn.choice(spent, (2, looks, cases))
        sums, squares = np.cumsum(sides.sum(axis=2), axis=1), np.cumsum((sides**2).sum(axis=2), axis=1)
        spread = (squares - sums**2 / seen) / (seen - 1)
        z[run] = (sums[0] - sums[1]) / seen / np.sqrt(spread.sum(axis=0) / seen)
    planned = z + PLANNED * np.sqrt(seen / seen[-1])
    crossed = np.abs(planned) > bounds
    used = np.where(crossed.any(axis=1), (crossed.argmax(axis=1) + 1) / looks, 1.0)
    return {
        "ours_false": float((np.abs(z) > bounds).any(axis=1).mean()),
        "naive_false": float((np.abs(z) > NAIVE).any(axis=1).mean()),
        "fixed_false": float((np.abs(z[:, -1]) > NAIVE).mean()),
        "ours_power": float(crossed.any(axis=1).mean()),
        "fixed_power": float((np.abs(planned[:, -1]) > NAIVE).mean()),
        "ours_used": float(used.mean()),
    }


TASKS: Final = (Task(name="uplift", evaluate=evaluate_uplift), Task(name="ab", evaluate=evaluate_ab))
