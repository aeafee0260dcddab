"""What members will be worth: how often they come, what a visit is worth, and how sure that is."""

from regulars.intelligence.value.buying import Buying, FitFailed, fit_buying
from regulars.intelligence.value.model import VERSION, TooLittle, Value, learn_value, measure_spend
from regulars.intelligence.value.spending import Spending, fit_spending

__all__ = [
    "VERSION",
    "Buying",
    "FitFailed",
    "Spending",
    "TooLittle",
    "Value",
    "fit_buying",
    "fit_spending",
    "learn_value",
    "measure_spend",
]
