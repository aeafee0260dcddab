"""Which rewards to show each member first: what they ordered, lately and often, and else what everybody orders."""

from datetime import date
from typing import Final

import polars as pl

__all__ = ["PLACES", "rank_rewards"]

PLACES: Final = 3
HALF_LIFE_DAYS: Final = 90
OTHERS_SHARE: Final = 0.5
"""What everybody orders counts so much of one order of one's own, for the reward that is ordered most."""


def rank_rewards(rewards: pl.DataFrame, members: pl.Series, day: date) -> pl.DataFrame:
    """Rank rewards that were ordered before a day for each member: member, place, reward. What is sold out is left out.

    Orders count half every 90 days; of equals, the first by name.
    """
    known = rewards.filter((pl.col("day") < day) & (pl.col("in_stock").is_null() | (pl.col("in_stock") > 0)))
    weight = pl.col("ordered") * 0.5 ** ((pl.lit(day) - pl.col("day")).dt.total_days() / HALF_LIFE_DAYS)
    often = known.group_by("reward").agg(all=weight.sum())
    often = often.with_columns(all=OTHERS_SHARE * pl.col("all") / pl.col("all").max())
    own = known.group_by("member", "reward").agg(own=weight.sum())
    pairs = members.to_frame("member").join(often, how="cross").join(own, on=["member", "reward"], how="left")
    scored = pairs.with_columns(score=pl.col("own").fill_null(0) + pl.col("all"))
    ordered = scored.sort("member", "score", "reward", descending=[False, True, False])
    best = ordered.group_by("member", maintain_order=True).head(PLACES)
    return best.select("member", (pl.int_range(pl.len()).over("member") + 1).alias("place"), "reward")
