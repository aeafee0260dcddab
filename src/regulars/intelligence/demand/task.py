"""The task `demand`: pieces of each category in each store in the four weeks after any cutoff."""

from datetime import date
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from regulars.intelligence.demand.forecast import average, forecast_demand
from regulars.intelligence.demand.series import HORIZON_WEEKS, Demand, TooLittle, count_demand
from regulars.intelligence.evaluation import Outcome, Progress, Task, compare_means
from regulars.intelligence.history import History

__all__ = ["TASKS", "measure_forecast"]

NAME: Final = "demand"
Numbers = npt.NDArray[Any]


def evaluate(history: History, cutoff: date, progress: Progress) -> Outcome:
    """Forecast from what was sold before the cutoff and from the plan of displays; compare with what was sold."""
    # The weeks to come are counted to judge by: a forecast reads columns before `origin`, and a test spoils the rest.
    progress("weeks", 0, 2)
    try:
        demand = count_demand(history, cutoff)
    except TooLittle as little:
        return Outcome(task=NAME, cutoff=cutoff, metrics={}, baseline={}, notes=(f"Nothing is forecast: {little}.",))
    weeks = min(HORIZON_WEEKS, ((history.last - cutoff).days + 1) // 7)
    progress("models", 1, 2)
    forecast = forecast_demand(demand)
    came = demand.sold[:, demand.origin : demand.origin + weeks]
    ours, theirs = forecast.pieces[:, :weeks], average(demand, demand.origin)[:, :weeks]
    inside = (came >= forecast.low[:, :weeks]) & (came <= forecast.high[:, :weeks])
    usual = came.mean()
    return Outcome(
        task=NAME,
        cutoff=cutoff,
        metrics={**measure_forecast(demand, ours, came), "interval_80_holds": float(inside.mean())},
        baseline=measure_forecast(demand, theirs, came),
        paired={
            "wape": compare_means(
                -np.abs(ours - came).mean(axis=1) / usual, -np.abs(theirs - came).mean(axis=1) / usual
            )
        },
        counts={"series": demand.series.height, "weeks_known": demand.origin, "weeks_judged": weeks},
        notes=("The baseline is an average of past weeks, each older one counting 15 % less.", forecast.why)
        if forecast.why
        else ("The baseline is an average of past weeks, each older one counting 15 % less.",),
    )


def measure_forecast(demand: Demand, pieces: Numbers, came: Numbers) -> dict[str, float]:
    """Measure a forecast: misses and sum as shares of what was sold, and misses scaled by each series' own unrest."""
    known = demand.sold[:, : demand.origin]
    unrest = np.maximum(np.sqrt((np.diff(known, axis=1) ** 2).mean(axis=1)), 1e-9)
    scaled = np.sqrt(((pieces - came) ** 2).mean(axis=1)) / unrest
    total = max(float(came.sum()), 1e-9)
    return {
        "wape": float(np.abs(pieces - came).sum() / total),
        "bias": float((pieces - came).sum() / total),
        "rmsse": float(scaled.mean()),
        "weighted_rmsse": float(np.average(scaled, weights=known[:, -HORIZON_WEEKS:].sum(axis=1) + 1e-9)),
    }


TASKS: Final = (Task(name=NAME, evaluate=evaluate),)
