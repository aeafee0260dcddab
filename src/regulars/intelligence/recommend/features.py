"""What is told of a member and an item before a day: the columns that the ranker reads, for pairs from all sources."""

from datetime import timedelta

import polars as pl

from regulars.intelligence.history import History
from regulars.intelligence.recommend.baskets import Baskets
from regulars.intelligence.recommend.neighbours import find_alike

__all__ = ["PERSONAL_MAX", "describe_pairs", "find_pairs", "score_decayed"]

# How many candidates each source may name, for each member.
PERSONAL_MAX = 200
NEIGHBOUR_MAX = 50
STORE_MAX = 40
TYPES_MAX = 25
PER_TYPE_MAX = 3
NEWCOMER_MAX = 5
NEWCOMER_DAYS = 42
# Chosen on cutoffs before week 45.
HALF_LIVES = (14, 30, 90, 365)
SHARE_HALF_LIVES = (30, 90, 180, 365)
PART_HALF_LIVES = (90, 365)
POPULARITY_SHARE = 0.001
LATE_DAYS = 28


def _decay(half_life: int) -> pl.Expr:
    return (0.5 ** (pl.col("age") / half_life)).sum().cast(pl.Float32)


def score_decayed(baskets: Baskets, half_life: int) -> pl.DataFrame:
    """Score what each member bought by how often and how lately, and break ties by popularity: u, i, score."""
    most = baskets.bought.group_by("i").len("sales")
    most = most.with_columns(shared=POPULARITY_SHARE * pl.col("sales") / (pl.col("sales").max() + 1))
    return (
        baskets.bought.group_by("u", "i")
        .agg(score=_decay(half_life))
        .join(most.select("i", "shared"), on="i")
        .select("u", "i", pl.col("score") + pl.col("shared"))
    )


def find_pairs(baskets: Baskets, members: pl.Series) -> pl.DataFrame:
    """Name candidates for each member, and score how alike members buy them: u, i, overlap, nearest, habit.

    They come from what the member bought, from what alike members and the member's store buy, and from what is new.
    """
    some = baskets.bought.filter(pl.col("u").is_in(members.implode()))
    own = some.group_by("u", "i").agg(score=_decay(90)).sort("u", "score", "i", descending=[False, True, False])
    own = own.group_by("u", maintain_order=True).head(PERSONAL_MAX).select("u", "i")
    who = baskets.members.filter(pl.col("u").is_in(members.implode())).select("u", store="home")
    sold = _count_store_sales(baskets).sort("store", "store_late", "i", descending=[False, True, False])
    liked = sold.group_by("store", maintain_order=True).head(STORE_MAX)
    fresh = baskets.items.filter(pl.col("item_first") <= NEWCOMER_DAYS).select("i")
    new = sold.join(fresh, on="i").group_by("store", maintain_order=True).head(NEWCOMER_MAX)
    by_store = [who.join(found, on="store").select("u", "i") for found in (liked, new)]
    pairs = pl.concat([own, *by_store, _find_by_type(baskets, some, who, sold)])
    return find_alike(baskets, members.sort().to_numpy(), pairs, count=NEIGHBOUR_MAX)


def _find_by_type(baskets: Baskets, some: pl.DataFrame, who: pl.DataFrame, sold: pl.DataFrame) -> pl.DataFrame:
    """Name what the member's store sells most, of the types that the member buys."""
    types = baskets.items.select("i", "type_id")
    wanted = (
        some.join(types, on="i")
        .group_by("u", "type_id")
        .agg(score=_decay(90))
        .sort("u", "score", "type_id", descending=[False, True, False])
        .group_by("u", maintain_order=True)
        .head(TYPES_MAX)
    )
    most = sold.join(types, on="i").group_by("store", "type_id", maintain_order=True).head(PER_TYPE_MAX)
    return wanted.join(who, on="u").join(most, on=["store", "type_id"]).select("u", "i")


def _count_store_sales(baskets: Baskets) -> pl.DataFrame:
    late = pl.col("age") <= LATE_DAYS
    return baskets.bought.group_by("store", "i").agg(
        store_late=late.sum().cast(pl.Float32),
        store_week=(pl.col("age") <= 7).sum().cast(pl.Float32),  # noqa: PLR2004 - a week
        store_sales=pl.len().cast(pl.Float32),
        store_last=pl.col("age").min(),
    )


def describe_pairs(history: History, baskets: Baskets, members: pl.Series) -> pl.DataFrame:
    """Find the candidates of these members and describe them: u, i, and a column for each thing that is told."""
    told = find_pairs(baskets, members)
    some = baskets.bought.filter(pl.col("u").is_in(members.implode()))
    told = told.join(_tell_habits(baskets, some), on=["u", "i"], how="left")
    told = told.join(_tell_members(baskets, some), on="u", how="left")
    told = told.join(_tell_items(baskets), on="i", how="left")
    for group in ("type_id", "category_id"):
        told = told.join(_tell_group(baskets, some, group), on=["u", group], how="left")
    told = told.join(_tell_store(baskets), on=["home", "i"], how="left")
    told = _tell_displays(told, history, baskets)
    if baskets.level == "type":
        told = _tell_shares(told, baskets, some)
    return _relate(told).drop("home", "type_id", "category_id").sort("u", "i")


def _tell_habits(baskets: Baskets, some: pl.DataFrame) -> pl.DataFrame:
    """Tell how the member buys the item: how often, how lately, at what pace."""
    age = pl.col("age")
    last = some.join(baskets.members.select("u", "baskets"), on="u").with_columns(
        back=pl.col("baskets") - 1 - pl.col("b")
    )
    return last.group_by("u", "i").agg(
        *[_decay(days).alias(f"own_{days}") for days in HALF_LIVES],
        own_count=pl.len(),
        own_first=age.max(),
        own_last=age.min(),
        own_gap=((age.max() - age.min()) / (pl.len() - 1)).cast(pl.Float32),
        own_last_gap=(age.sort().slice(1, 1).first() - age.min()).cast(pl.Float32),
        own_back=pl.col("back").min(),
        own_in_3=(pl.col("back") < 3).sum(),  # noqa: PLR2004 - the last three
        own_in_10=(pl.col("back") < 10).sum(),  # noqa: PLR2004 - the last ten
        own_on_offer=pl.col("on_offer").mean(),
    )


def _tell_shares(told: pl.DataFrame, baskets: Baskets, some: pl.DataFrame) -> pl.DataFrame:
    """Tell in which share of the member's day-baskets the item was, and how much of them it was; late ones count more.

    A basket of few things says more of what the next ten places should hold than one of many.
    """
    part = 1 / pl.len().over("u", "b")
    halved = [(f"share_{days}", days, pl.lit(1.0)) for days in SHARE_HALF_LIVES]
    halved += [(f"part_{days}", days, pl.col("part")) for days in PART_HALF_LIVES]
    decayed = [(0.5 ** (pl.col("age") / days) * times).sum().alias(name) for name, days, times in halved]
    whole = [(0.5 ** (pl.col("age") / days)).sum().alias(f"{name}_all") for name, days, _ in halved]
    shares = [(pl.col(name) / pl.col(f"{name}_all")).cast(pl.Float32).alias(name) for name, _, _ in halved]
    visits = some.select("u", "b", "age").unique().group_by("u").agg(whole)
    own = some.with_columns(part=part).group_by("u", "i").agg(decayed)
    own = own.join(visits, on="u").select("u", "i", *shares)
    late = baskets.bought.with_columns(part=part).filter(pl.col("age") <= LATE_DAYS)
    count = max(late.select("u", "b").n_unique(), 1)
    by_item = late.group_by("i").agg(item_part=pl.col("part").sum() / count)
    told = told.join(own, on=["u", "i"], how="left").join(by_item, on="i", how="left")
    told = told.with_columns(pl.col(*(name for name, _, _ in halved), "item_part").fill_null(0))
    return told.with_columns(share_180_place=pl.col("share_180").rank("ordinal", descending=True).over("u"))


def _tell_members(baskets: Baskets, some: pl.DataFrame) -> pl.DataFrame:
    days = some.group_by("u", "b").agg(size=pl.len(), age=pl.col("age").first(), offers=pl.col("on_offer").mean())
    late = pl.col("b") >= pl.col("b").max() - 4
    told = days.group_by("u").agg(
        u_baskets=pl.len(),
        u_size=pl.col("size").mean(),
        u_size_late=pl.col("size").filter(late).mean(),
        u_last=pl.col("age").min(),
        u_gap=(pl.col("age").max() - pl.col("age").min()) / (pl.len() - 1).clip(1),
        u_late=(pl.col("age") <= LATE_DAYS).sum(),
        u_offers=pl.col("offers").mean(),
    )
    private = (
        some.join(baskets.items.select("i", "private"), on="i").group_by("u").agg(u_private=pl.col("private").mean())
    )
    return told.join(private, on="u").join(baskets.members.select("u", "home"), on="u")


def _tell_items(baskets: Baskets) -> pl.DataFrame:
    late = baskets.bought.group_by("i").agg(
        item_late=(pl.col("age") <= LATE_DAYS).sum(),
        item_week=(pl.col("age") <= 7).sum(),  # noqa: PLR2004 - a week
    )
    paces = (
        baskets.bought.group_by("u", "i")
        .agg(gap=(pl.col("age").max() - pl.col("age").min()) / (pl.len() - 1), n=pl.len())
        .filter(pl.col("n") > 1)
        .group_by("i")
        .agg(item_gap=pl.col("gap").median())
    )
    told = baskets.items.drop("item", "category", "type", strict=False)
    told = told.join(late, on="i", how="left").join(paces, on="i", how="left")
    return told.with_columns(item_share=pl.col("item_late") / pl.col("item_late").sum().over("type_id"))


def _tell_group(baskets: Baskets, some: pl.DataFrame, group: str) -> pl.DataFrame:
    """Tell how the member buys what is like the item."""
    short = group.removesuffix("_id")
    found = some.join(baskets.items.select("i", group), on="i")
    days = found.group_by("u", group, "age").agg(items=pl.len())
    kinds = found.group_by("u", group).agg(pl.col("i").n_unique().alias(f"{short}_items"))
    return (
        days.group_by("u", group)
        .agg(
            pl.len().alias(f"{short}_days"),
            _decay(30).alias(f"{short}_30"),
            _decay(120).alias(f"{short}_120"),
            pl.col("age").min().alias(f"{short}_last"),
            ((pl.col("age").max() - pl.col("age").min()) / (pl.len() - 1)).cast(pl.Float32).alias(f"{short}_gap"),
            pl.col("items").mean().cast(pl.Float32).alias(f"{short}_at_once"),
        )
        .join(kinds, on=["u", group])
    )


def _tell_store(baskets: Baskets) -> pl.DataFrame:
    sold = _count_store_sales(baskets).join(baskets.items.select("i", "type_id"), on="i")
    sold = sold.with_columns(store_share=pl.col("store_late") / pl.col("store_late").sum().over("store", "type_id"))
    return sold.drop("type_id").rename({"store": "home"})


def _tell_displays(told: pl.DataFrame, history: History, baskets: Baskets) -> pl.DataFrame:
    """Tell what the member's store shows and mails in the week of the day: the retailer has planned it."""
    if history.displays is None or baskets.level != "sku":
        return told
    monday = baskets.cutoff - timedelta(days=baskets.cutoff.weekday())
    # Both weeks at once: it is the reading that takes time.
    planned = (
        history.displays.filter(pl.col("week").is_between(monday, monday + timedelta(days=7)))
        .join(baskets.items.lazy().select("i", sku="item"), on="sku")
        .select("week", "i", pl.col("store").alias("home"), _stands("display"), _stands("mailer"))
        .group_by("week", "i", "home")
        .max()
        .collect()
    )
    now, next_week = (planned.filter(pl.col("week") == monday + timedelta(days=days)).drop("week") for days in (0, 7))
    told = told.join(now, on=["home", "i"], how="left")
    told = told.join(next_week, on=["home", "i"], how="left", suffix="_next")
    return told.with_columns(pl.col("display", "mailer", "display_next", "mailer_next").fill_null(0))


def _stands(column: str) -> pl.Expr:
    return (pl.col(column) != "0").cast(pl.Int8).alias(column)


def _relate(told: pl.DataFrame) -> pl.DataFrame:
    """Relate what is told to each other: how much is due, and which share of what is like it."""
    ranked = [pl.col(name).rank("ordinal", descending=True).over("u").alias(f"{name}_place") for name in RANKED]
    return told.with_columns(
        pl.col("own_count", "own_30", "own_90", "own_365", "own_in_3", "own_in_10").fill_null(0),
    ).with_columns(
        *ranked,
        due=pl.col("own_last") / pl.col("own_gap"),
        due_by_item=pl.col("own_last") / pl.col("item_gap"),
        due_by_type=pl.col("type_last") / pl.col("type_gap"),
        share=pl.col("own_count") / pl.col("u_baskets"),
        share_of_type=pl.col("own_90") / (pl.col("type_120") + 0.01),
        expected=pl.col("type_30") * pl.col("store_share").fill_null(0),
        at_pace=pl.col("own_count") / (pl.col("own_first") + 7),
        trend=pl.col("item_week") * 4 / (pl.col("item_late") + 1),
        store_trend=pl.col("store_late") / (pl.col("store_sales") + 1),
        offered_more=pl.col("offered_late") - pl.col("offered"),
    )


RANKED = ("own_90", "habit", "overlap", "nearest")
