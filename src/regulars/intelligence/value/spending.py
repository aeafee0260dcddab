"""What a visit of each is worth: Gamma-Gamma (Fader and Hardie 2013), by maximum likelihood.

What a member spends at a visit varies around a mean of their own (gamma: `p`), and these means differ (gamma: `q`,
`scale`). What is needed of each is how many visits there were and what they were worth on average.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from regulars.intelligence.value.buying import BOUND, FitFailed

__all__ = ["Spending", "fit_spending"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """The fitted parameters; `scale` is in the unit of money of the data (the papers write gamma)."""

    p: float
    q: float
    scale: float

    def expect(self, visits: Floats, mean: Floats) -> Floats:
        """Give what each is expected to spend at a visit; of those without visits, what all are."""
        own = self.p * (self.scale + mean * visits) / (self.p * visits + self.q - 1)
        return np.where(visits > 0, own, self.p * self.scale / (self.q - 1))


def fit_spending(visits: Floats, mean: Floats) -> Spending:
    """Find the parameters that make what was seen most likely. Whoever spent nothing says nothing. Raises FitFailed."""
    kept = (visits > 0) & (mean > 0)
    x, m = visits[kept], mean[kept]
    if x.size < 3:  # noqa: PLR2004 - as many as there are parameters
        raise FitFailed("too few came again")
    unit = float(m.mean())
    m = m / unit
    special: Any = import_module("scipy.special")

    def weigh(logs: Floats) -> tuple[float, Floats]:
        p, q, scale = np.exp(logs)
        px, whole = p * x, scale + m * x
        likely = (
            special.gammaln(px + q) - special.gammaln(px) - special.gammaln(q) + q * np.log(scale)
            + (px - 1) * np.log(m) + px * np.log(x) - (px + q) * np.log(whole)
        )  # fmt: skip
        by_p = x * (special.psi(px + q) - special.psi(px) + np.log(m) + np.log(x) - np.log(whole))
        by_q = special.psi(px + q) - special.psi(q) + np.log(scale) - np.log(whole)
        by_scale = q / scale - (px + q) / whole
        return -float(likely.mean()), -np.array([by_p.mean() * p, by_q.mean() * q, by_scale.mean() * scale])

    minimize = import_module("scipy.optimize").minimize
    found = [
        minimize(
            weigh,
            np.array(start),
            jac=True,
            method="L-BFGS-B",
            bounds=[(-BOUND, BOUND)] * 3,
            options={"maxiter": 1000, "ftol": 1e-14},
        )
        for start in ((0.0, 0.0, 0.0), (2.0, 1.0, 1.0))
    ]
    best = min(found, key=lambda it: float(it.fun))
    p, q, scale = (float(value) for value in np.exp(best.x))
    if not np.isfinite(best.fun) or q <= 1:
        raise FitFailed("a visit would be worth without end")
    return Spending(p=p, q=q, scale=scale * unit)
