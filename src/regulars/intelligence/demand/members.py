"""What stores would sell of categories if the members who come to them bought there as they buy anywhere.

A member who moves to another store takes what they buy along, and one whose long habit is known says more of the weeks
to come than the few pieces that they happened to buy lately: the weeks of a store and a category know neither.
"""

# SciPy's sparse matrices have no types: what is unknown of them stays in this file.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from datetime import date
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import sparse

__all__ = ["expect_of_members"]

# Chosen on cutoffs up to the beginning of week 41; others nearby did as well.
STORE_DECAY: Final = 0.85
"""How much each older week counts of where members go."""
HABIT_DECAY: Final = 0.97
"""How much each older week counts of what they buy."""

Numbers = npt.NDArray[np.float64]


def expect_of_members(lines: pl.DataFrame, series: pl.DataFrame, cutoff: date) -> Numbers:
    """Expect pieces of each series, by what was sold before a day. Only how they compare says something."""
    known = lines.filter(pl.col("day") < cutoff).with_columns(
        ago=((pl.lit(cutoff) - pl.col("day")).dt.total_days() - 1) // 7
    )
    members = known["member"].unique().sort()
    stores, categories = (known[column].unique().sort() for column in ("store", "category"))
    going = _weigh(known, "store", members, stores, STORE_DECAY)
    habit = _weigh(known, "category", members, categories, HABIT_DECAY)
    whole = np.asarray(habit.sum(axis=1)).ravel()
    habit = sparse.diags_array(1 / np.maximum(whole, 1e-9)) @ habit
    expected: Numbers = (going.T @ habit).toarray()
    return expected[_place(series["store"], stores), _place(series["category"], categories)]


def _weigh(known: pl.DataFrame, column: str, members: pl.Series, names: pl.Series, decay: float) -> Any:  # noqa: ANN401
    """Lay out pieces by member and store or category, each older week counting less."""
    # Whole pieces are added up first: in whatever order that is done, they are the same.
    counted = known.group_by("member", column, "ago").agg(pieces=pl.col("quantity").sum()).sort("member", column, "ago")
    pieces = counted["pieces"].to_numpy() * decay ** counted["ago"].to_numpy()
    at = (_place(counted["member"], members), _place(counted[column], names))
    return sparse.coo_array((pieces, at), shape=(members.len(), names.len())).tocsr()


def _place(wanted: pl.Series, names: pl.Series) -> npt.NDArray[np.int64]:
    """Give the places of names in a sorted list that has all of them."""
    return names.search_sorted(wanted).to_numpy().astype(np.int64)
