"""What is shown: the best candidates under the rules of the house, of several kinds; and something for strangers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from regulars.intelligence.history import History
from regulars.intelligence.recommend.baskets import BASKETS_MIN, Baskets
from regulars.intelligence.recommend.learning import Ranker

__all__ = ["Rules", "suggest_all", "suggest_beside", "suggest_to_strangers"]

LATE_DAYS: Final = 28
BESIDE_MIN: Final = 20
"""Two things that were bought together less often are together by chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the house wants: nothing of some kinds, only what there is, not too much of one kind, some of it new."""

    places: int = 10
    per_category: int = 3
    new_places: int = 0
    """How many places are kept for what the member never bought."""
    never: frozenset[str] = frozenset()
    """Items and categories that are not suggested."""
    only: frozenset[str] | None = None
    """Items that may be, such as what is in stock; None: all."""


def suggest_all(history: History, baskets: Baskets, ranker: Ranker, rules: Rules) -> pl.DataFrame:
    """Suggest to every member: member, place, item, why. Those with too few baskets get what their store sells most.

    `why` is `again` (bought before), `new` (never bought) or `popular` (we do not know them yet).
    """
    known = baskets.members.filter(pl.col("baskets") >= BASKETS_MIN)["u"]
    scored = ranker.score(history, baskets, known).filter(pl.col("u").is_in(known.implode()))
    own = baskets.bought.select("u", "i").unique().with_columns(why=pl.lit("again"))
    told = scored.join(own, on=["u", "i"], how="left").with_columns(pl.col("why").fill_null("new"))
    strangers = suggest_to_strangers(baskets, baskets.members.filter(pl.col("baskets") < BASKETS_MIN))
    return _apply(baskets, pl.concat([told, strangers]), rules)


def suggest_to_strangers(baskets: Baskets, members: pl.DataFrame) -> pl.DataFrame:
    """Score what each store sold most lately, for members (u, home) of whom too little is known: u, i, score, why."""
    late = baskets.bought.filter(pl.col("age") <= LATE_DAYS)
    overall = late.group_by("i").agg(all_sales=pl.len())
    by_store = late.group_by("i", home="store").agg(sales=pl.len())
    # A small store says little by itself: what all stores sell decides where it is silent.
    pairs = members.select("u", "home").join(overall, how="cross").join(by_store, on=["home", "i"], how="left")
    score = pl.col("sales").fill_null(0) + pl.col("all_sales") / (pl.col("all_sales").max() + 1)
    return pairs.select("u", "i", score=score.cast(pl.Float64), why=pl.lit("popular"))


def suggest_beside(baskets: Baskets, basket: Sequence[str], rules: Rules) -> list[str]:
    """Suggest what is bought together with what lies in one basket: online, for anybody, known or not.

    Each item counts by how much more often it is bought with those of the basket than without.
    """
    items = baskets.items.filter(pl.col("item").is_in(list(basket)))["i"]
    days = baskets.bought.select("u", "b", "i")
    here = days.filter(pl.col("i").is_in(items.implode())).select("u", "b", with_i="i")
    alone = days.group_by("i").agg(sales=pl.len())
    whole = days.select("u", "b").unique().height
    together = (
        days.join(here, on=["u", "b"])
        .filter(~pl.col("i").is_in(items.implode()))
        .group_by("i", "with_i")
        .agg(both=pl.len())
        .filter(pl.col("both") >= BESIDE_MIN)
        .join(alone, on="i")
        .join(alone.rename({"i": "with_i", "sales": "with_sales"}), on="with_i")
        .with_columns(lift=(pl.col("both") / pl.col("with_sales") - pl.col("sales") / whole))
        .group_by("i")
        .agg(score=pl.col("lift").sum())
    )
    told = together.select(pl.lit(0, pl.Int32).alias("u"), "i", "score", why=pl.lit("new"))
    return _pick(baskets, told, rules).sort("place")["item"].to_list()


def _apply(baskets: Baskets, told: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    picked = _pick(baskets, told, rules)
    return picked.join(baskets.members.select("u", "member"), on="u").select("member", "place", "item", "why")


def _pick(baskets: Baskets, told: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Take the best that the rules allow: u, place, item, why."""
    allowed = baskets.items.select("i", "item", "category").filter(
        ~pl.col("item").is_in(list(rules.never)) & ~pl.col("category").is_in(list(rules.never))
    )
    if rules.only is not None:
        allowed = allowed.filter(pl.col("item").is_in(list(rules.only)))
    ordered = told.join(allowed, on="i").sort("u", "score", "item", descending=[False, True, False])
    kept = ordered.filter(pl.int_range(pl.len()).over("u", "category") < rules.per_category)
    is_new = pl.col("why") != "again"
    rank_new = pl.when(is_new).then(is_new.cum_sum().over("u"))
    first_new = rank_new.is_not_null() & (rank_new <= rules.new_places)
    marked = kept.with_columns(promised=first_new)
    # The promised places come out of the others, so the others are cut first.
    rest = marked.filter(~pl.col("promised")).with_columns(at=pl.int_range(pl.len()).over("u"))
    promised = marked.filter("promised").with_columns(at=pl.int_range(pl.len()).over("u"))
    taken = promised.group_by("u").agg(taken=pl.len())
    fitting = rest.join(taken, on="u", how="left").filter(pl.col("at") < rules.places - pl.col("taken").fill_null(0))
    chosen = pl.concat([promised.drop("at"), fitting.drop("at", "taken")])
    chosen = chosen.sort("u", "score", "item", descending=[False, True, False])
    return chosen.with_columns(place=pl.int_range(pl.len()).over("u") + 1).select("u", "place", "item", "why")
