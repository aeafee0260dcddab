"""Why somebody may be about to stay away: what weighed most, in words."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from regulars.intelligence.evaluation import Words
from regulars.intelligence.fading.features import to_rows
from regulars.intelligence.fading.model import Fading

__all__ = ["REASONS", "name_reasons"]

REASONS: Final[Mapping[str, Words]] = {
    "silence": {"en": "has not come for longer than is usual for them", "zh": "离店时间比自己平常更久"},
    "fewer_visits": {"en": "has come less often lately", "zh": "近来到店次数减少"},
    "rare": {"en": "has always come rarely", "zh": "一向来得少"},
    "less_money": {"en": "spends less than before", "zh": "消费金额下降"},
    "new": {"en": "has not been with us for long", "zh": "成为会员不久"},
    "narrow": {"en": "buys from few departments", "zh": "购买的品类少"},
    "no_letters": {"en": "is reached by few offers", "zh": "很少收到优惠"},
    "store": {"en": "comes less to their store, or others do", "zh": "常去的门店到店减少"},
    "other": {"en": "other habits", "zh": "其他购物习惯"},
}
"""By code: what it says of a member."""
LAST: Final = 1e9
PLACES: Final[tuple[tuple[str, str], ...]] = (
    ("silence", "silence"),
    ("recency", "silence"),
    ("gap", "rare"),
    ("visits_182", "rare"),
    ("visits", "fewer_visits"),
    ("pace_90", "rare"),
    ("pace", "fewer_visits"),
    ("week", "fewer_visits"),
    ("trend_money", "less_money"),
    ("trend", "fewer_visits"),
    ("rate", "rare"),
    ("paid", "less_money"),
    ("flow", "less_money"),
    ("basket", "less_money"),
    ("age", "new"),
    ("skus", "narrow"),
    ("departments", "narrow"),
    ("letters", "no_letters"),
    ("redeemed", "no_letters"),
    ("any_recency", "silence"),
    ("any_", "fewer_visits"),
    ("empty", "rare"),
    ("full", "fewer_visits"),
    ("lines", "less_money"),
    ("home", "store"),
)
"""How columns begin, and which reason they are; the first that fits."""


def name_reasons(learned: Fading) -> list[str]:
    """Give the code of a reason for each member who was foretold: what weighs more with them than with most others.

    What is seen in many columns weighs more with everybody, and would be the reason of all.
    """
    if not learned.told.height:
        return []
    model = learned.learned.line if learned.learned.trees is None else learned.learned.trees
    rows = to_rows(learned.told, model.columns)
    codes = [_find_reason(column) for column in model.columns]
    names = list(REASONS)
    weights = _weigh(learned, rows)
    summed = np.zeros((len(names), rows.shape[0]))
    for number, code in enumerate(codes):
        summed[names.index(code)] += weights[:, number]
    spread = summed.std(axis=1, keepdims=True)
    unusual = (summed - summed.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1.0)
    # What speaks for staying is no reason; and what cannot be put in words is one only where there is no other.
    unusual = np.where(summed > 0, unusual, -np.inf)
    unusual[names.index("other")] = -LAST
    return [names[place] for place in unusual.argmax(axis=0)]


def _weigh(learned: Fading, rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How much each column moved each member's odds, against those of an average member."""
    trees = learned.learned.trees
    return learned.learned.line.weigh(rows) if trees is None else trees.explain(rows)[:, :-1]


def _find_reason(column: str) -> str:
    return next((code for start, code in PLACES if column.startswith(start)), "other")
