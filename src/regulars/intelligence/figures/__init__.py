"""Figures that a manager asks for, each with its meaning and the SQL that it is."""

from regulars.intelligence.figures.model import FIGURES, Figure, Grain
from regulars.intelligence.figures.reckon import (
    Period,
    Reckoned,
    list_periods,
    reckon_cohorts,
    reckon_figures,
    reckon_flows,
)

__all__ = [
    "FIGURES",
    "Figure",
    "Grain",
    "Period",
    "Reckoned",
    "list_periods",
    "reckon_cohorts",
    "reckon_figures",
    "reckon_flows",
]
