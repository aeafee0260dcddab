"""How often whoever has not left will come: BG/NBD (Fader, Hardie and Lee 2005), by maximum likelihood.

While active, a member buys at a rate that differs between members (gamma: `r`, `alpha`), and leaves after each purchase
with a chance that differs too (beta: `a`, `b`). What is needed of each is: `repeats` (purchase days after the first),
`last` (time from the first to the last) and `known` (time from the first until now), in one unit of time.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

import numpy as np
import numpy.typing as npt

__all__ = ["Buying", "FitFailed", "fit_buying"]

Floats = npt.NDArray[np.float64]
BOUND: Final = 12.0
"""Logarithms of parameters are looked for between minus this and this."""
STARTS: Final = ((0.0, 0.0, 0.0, 0.0), (-1.0, 1.0, -1.0, 1.0))
SPAN: Final = 10.0
"""The longest time is scaled to this while fitting."""


class FitFailed(ValueError):
    """There is too little to fit, or no maximum was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Buying:
    """The fitted parameters, in the unit of time of the data."""

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float

    def count_alive(self, repeats: Floats, last: Floats, known: Floats) -> Floats:
        """Give the chance that each is still active."""
        exponent = (
            np.log(self.a)
            - np.log(np.maximum(self.b + repeats - 1, 1e-300))
            + (self.r + repeats) * (np.log(self.alpha + known) - np.log(self.alpha + last))
        )
        return np.where(repeats > 0, 1 / (1 + np.exp(np.clip(exponent, -700, 700))), 1.0)

    def expect(self, ahead: float, repeats: Floats, last: Floats, known: Floats) -> Floats:
        """Give the purchase days that each is expected to have in a time ahead."""
        share = ahead / (self.alpha + known + ahead)
        # Euler's transform of the series, which otherwise overflows for those who come often.
        series = _special().hyp2f1(self.a - 1, self.a + self.b - 1 - self.r, self.a + self.b + repeats - 1, share)
        log_tail = (
            np.log(series)
            + (self.a - 1 - (self.r + repeats)) * np.log1p(-share)
            + (self.r + repeats) * (np.log(self.alpha + known) - np.log(self.alpha + known + ahead))
        )
        most = (self.a + self.b + repeats - 1) / (self.a - 1)
        return most * (1 - np.exp(log_tail)) * self.count_alive(repeats, last, known)


def fit_buying(repeats: Floats, last: Floats, known: Floats) -> Buying:
    """Find the parameters that make what was seen most likely. Rows that are the same are reckoned once.

    Raises FitFailed.
    """
    if repeats.size < 2 or not (repeats > 0).any():  # noqa: PLR2004 - one says nothing of how others differ
        raise FitFailed("nobody came twice")
    count, values = _compress(repeats, last, known)
    scale = SPAN / max(float(known.max()), 1e-9)
    goal = _Likelihood(repeats=values[:, 0], last=values[:, 1] * scale, known=values[:, 2] * scale, count=count)
    minimize = import_module("scipy.optimize").minimize
    bounds = [(-BOUND, BOUND)] * 4
    found = [
        minimize(
            goal.weigh,
            np.array(start),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-8},
        )
        for start in STARTS
    ]
    best = min(found, key=lambda it: float(it.fun))
    if not np.isfinite(best.fun):
        raise FitFailed("no maximum was found")
    r, alpha, a, b = (float(value) for value in np.exp(best.x))
    total = float(count.sum())
    return Buying(
        r=r,
        alpha=alpha / scale,
        a=a,
        b=b,
        log_likelihood=-float(best.fun) * total + float((count * values[:, 0]).sum() * np.log(scale)),
    )


def _compress(repeats: Floats, last: Floats, known: Floats) -> tuple[Floats, Floats]:
    rows, count = np.unique(np.column_stack([repeats, last, known]), axis=0, return_counts=True)
    return count.astype(np.float64), rows


@dataclass(frozen=True, slots=True, kw_only=True)
class _Likelihood:
    """Minus the mean log-likelihood, and its slope, at the logarithms of the parameters."""

    repeats: Floats
    last: Floats
    known: Floats
    count: Floats

    def weigh(self, logs: Floats) -> tuple[float, Floats]:
        special = _special()
        log_gamma, digamma = special.gammaln, special.psi
        r, alpha, a, b = np.exp(logs)
        x, came = self.repeats, self.repeats > 0
        active = -(r + x) * np.log(alpha + self.known)
        left = np.where(
            came, np.log(a) - np.log(np.maximum(b + x - 1, 1e-300)) - (r + x) * np.log(alpha + self.last), -np.inf
        )
        either = np.logaddexp(active, left)
        by_left = np.exp(left - either)
        by_active = 1 - by_left
        likely = (
            log_gamma(r + x) - log_gamma(r) + r * np.log(alpha)
            + log_gamma(a + b) + log_gamma(b + x) - log_gamma(b) - log_gamma(a + b + x) + either
        )  # fmt: skip
        slopes = (
            digamma(r + x) - digamma(r) + np.log(alpha)
            - by_active * np.log(alpha + self.known) - by_left * np.log(alpha + self.last),
            r / alpha - (r + x) * (by_active / (alpha + self.known) + by_left / (alpha + self.last)),
            digamma(a + b) - digamma(a + b + x) + by_left / a,
            digamma(a + b) + digamma(b + x) - digamma(b) - digamma(a + b + x)
            - np.where(came, by_left / np.maximum(b + x - 1, 1e-300), 0),
        )  # fmt: skip
        total = self.count.sum()
        slope = -np.array([(self.count * each).sum() for each in slopes]) * np.exp(logs) / total
        return -float((self.count * likely).sum() / total), slope


def _special() -> Any:  # noqa: ANN401 - SciPy has no types of its own
    return import_module("scipy.special")
