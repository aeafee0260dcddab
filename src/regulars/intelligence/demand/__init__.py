"""How much each store will sell of each category in the weeks to come, and what that asks of the stock of rewards."""

from regulars.intelligence.demand.forecast import (
    Forecast,
    Learned,
    apply_learned,
    average,
    forecast_demand,
    learn_demand,
)
from regulars.intelligence.demand.series import HORIZON_WEEKS, Demand, TooLittle, count_demand
from regulars.intelligence.demand.stock import Advice, advise_stock

__all__ = [
    "HORIZON_WEEKS",
    "Advice",
    "Demand",
    "Forecast",
    "Learned",
    "TooLittle",
    "advise_stock",
    "apply_learned",
    "average",
    "count_demand",
    "forecast_demand",
    "learn_demand",
]
