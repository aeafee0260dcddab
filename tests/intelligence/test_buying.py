"""Published parameters are reproduced on the purchases that they were published for; and those of a simulation."""

from datetime import date, datetime
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from regulars.intelligence.value.buying import FitFailed, fit_buying
from regulars.intelligence.value.spending import fit_spending


def read_cdnow() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Repeats, last and known (weeks) and mean spend of the 2,357 customers, from January to September 1997."""
    spec = find_spec("lifetimes")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    file = Path(spec.submodule_search_locations[0]) / "datasets" / "CDNOW_sample.txt"
    days: dict[str, dict[int, float]] = {}
    for line in file.read_text().splitlines():
        parts = line.split()
        if len(parts) < 4 or not parts[0].isdigit():
            continue
        day = (datetime.strptime(parts[-3], "%Y%m%d").date() - date(1997, 1, 1)).days  # noqa: DTZ007 - a day only
        if day <= 272:
            bought = days.setdefault(parts[0], {})
            bought[day] = bought.get(day, 0.0) + float(parts[-1])
    rows = []
    for bought in days.values():
        order = sorted(bought)
        again = [bought[day] for day in order[1:]]
        mean = float(np.mean(again)) if again else 0.0
        rows.append((len(again), (order[-1] - order[0]) / 7, (272 - order[0]) / 7, mean))
    repeats, last, known, mean = np.array(rows, dtype=float).T
    return repeats, last, known, mean


def test_published_parameters_of_buying_come_out() -> None:
    repeats, last, known, _ = read_cdnow()
    fitted = fit_buying(repeats, last, known)
    assert repeats.size == 2_357
    assert (fitted.r, fitted.alpha, fitted.a, fitted.b) == pytest.approx((0.243, 4.414, 0.793, 2.426), abs=6e-4)
    assert fitted.log_likelihood == pytest.approx(-9582.4, abs=0.1)


def test_published_expectation_comes_out() -> None:
    repeats, last, known, _ = read_cdnow()
    one = fit_buying(repeats, last, known).expect(39, np.array([2.0]), np.array([30.43]), np.array([38.86]))
    assert one[0] == pytest.approx(1.226, abs=1e-3)


def test_published_parameters_of_spending_come_out() -> None:
    repeats, _, _, mean = read_cdnow()
    fitted = fit_spending(repeats, mean)
    assert (fitted.p, fitted.q, fitted.scale) == pytest.approx((6.25, 3.74, 15.44), abs=0.01)


def test_simulated_parameters_come_back() -> None:
    rng = np.random.default_rng(7)
    count, (r, alpha, a, b) = 20_000, (0.6, 5.0, 0.8, 2.5)
    rate, leaving, known = rng.gamma(r, 1 / alpha, count), rng.beta(a, b, count), rng.uniform(20, 50, count)
    repeats, last, now, active = np.zeros(count), np.zeros(count), np.zeros(count), np.ones(count, dtype=bool)
    while active.any():
        now = now + rng.exponential(1 / np.maximum(rate, 1e-12))
        bought = active & (now <= known)
        repeats[bought] += 1
        last[bought] = now[bought]
        active = bought & (rng.random(count) > leaving)
    fitted = fit_buying(repeats, last, known)
    assert (fitted.r, fitted.alpha, fitted.a, fitted.b) == pytest.approx((r, alpha, a, b), rel=0.12)


def test_equal_rows_are_counted_and_not_lost() -> None:
    repeats, last, known = np.array([0.0, 2.0, 5.0]), np.array([0.0, 8.0, 20.0]), np.array([10.0, 20.0, 25.0])
    one, many = fit_buying(repeats, last, known), fit_buying(*(np.tile(each, 7) for each in (repeats, last, known)))
    assert many.log_likelihood == pytest.approx(7 * one.log_likelihood)


def test_nobody_who_came_twice_is_no_ground_for_a_fit() -> None:
    with pytest.raises(FitFailed):
        fit_buying(np.zeros(9), np.zeros(9), np.full(9, 20.0))
    with pytest.raises(FitFailed):
        fit_spending(np.zeros(9), np.zeros(9))
