"""What is told of a member and a coupon before its campaign begins: a row for each coupon of each member written to."""

from datetime import date, timedelta
from typing import Final

import polars as pl

from regulars.intelligence.history import History

__all__ = ["APART", "describe_campaign", "list_campaigns"]

APART: Final = ("campaign", "member", "coupon", "taken", "weight")
"""Columns that are no description."""
LATE_DAYS: Final = 56
HALF_LIFE_DAYS: Final = 60
PAIR: Final = ("member", "coupon")


def list_campaigns(history: History) -> pl.DataFrame:
    """List the campaigns that wrote to somebody and had coupons, in the order of their start. Empty where none did."""
    if history.campaigns is None or history.targets is None or history.coupons is None:
        return pl.DataFrame(schema={"campaign": pl.String(), "kind": pl.String(), "start": pl.Date(), "end": pl.Date()})
    known = history.campaigns.join(history.targets, on="campaign", how="semi")
    return known.join(history.coupons, on="campaign", how="semi").sort("start", "campaign")


def describe_campaign(history: History, campaign: str) -> pl.DataFrame:
    """Describe each coupon for each member whom the campaign wrote to, by what is dated before its start.

    `taken` says whether the member used it in the campaign, as far as the history goes. Sorted by member and coupon.
    """
    assert history.campaigns is not None, "only campaigns that were listed are described"
    assert history.targets is not None
    assert history.coupons is not None
    assert history.redemptions is not None
    row = history.campaigns.row(by_predicate=pl.col("campaign") == campaign, named=True)
    start: date = row["start"]
    written = history.targets.filter(pl.col("campaign") == campaign).select("member").unique()
    known = history.lines.filter(pl.col("day") < start)
    offered = _describe_products(history, known, campaign)
    used = history.redemptions.filter(pl.col("day") < start)
    own = known.join(written, on="member", how="semi").with_columns(
        age=(start - pl.col("day")).dt.total_days().cast(pl.Int32)
    )
    coupons = _describe_coupons(known, offered, used, start)
    taken = history.redemptions.filter((pl.col("campaign") == campaign) & (pl.col("day") >= start))
    told = (
        written.join(coupons, how="cross")
        .join(_meet(own, offered, "sku", "own"), on=PAIR, how="left")
        .join(_meet(own, offered, "type", "type"), on=PAIR, how="left")
        .join(_meet(own, offered, "category", "kind"), on=PAIR, how="left")
        .join(_tell_members(own), on="member", how="left")
        .join(_tell_response(history, used, start), on="member", how="left")
        .join(_tell_again(history, used, offered), on=PAIR, how="left")
        .join(taken.select(*PAIR).unique().with_columns(taken=pl.lit(1, pl.Int8)), on=PAIR, how="left")
    )
    return (
        _relate(told)
        .with_columns(
            pl.col("taken").fill_null(0),
            campaign=pl.lit(campaign),
            broad=pl.lit(float(coupons.height)),
            reach=pl.lit(float(written.height)),
            days=pl.lit(float((row["end"] - start).days)),
            form=pl.lit(_number_kind(row["kind"])),
        )
        .sort(*PAIR)
    )


def _number_kind(kind: str) -> float:
    """Give a kind of campaign a number that is the same in every history: its last letter's place."""
    return float(ord(kind[-1].lower()) - ord("a")) if kind else -1.0


def _describe_products(history: History, known: pl.DataFrame, campaign: str) -> pl.DataFrame:
    """List the products of each coupon, with what sales told of them."""
    assert history.coupons is not None
    kinds = known.group_by("sku").agg(
        pl.col("type").first(),
        pl.col("category").first(),
        private=(pl.col("brand").first() == "Private"),
        price=pl.col("paid_minor").sum() / pl.col("quantity").sum(),
    )
    named = history.coupons.filter(pl.col("campaign") == campaign).select("coupon", "sku").unique()
    return named.join(kinds, on="sku", how="left")


def _describe_coupons(known: pl.DataFrame, offered: pl.DataFrame, used: pl.DataFrame, start: date) -> pl.DataFrame:
    late = known.filter(pl.col("day") >= start - timedelta(days=LATE_DAYS)).join(offered, on="sku", how="semi")
    sold = late.group_by("sku").agg(lines=pl.len(), buyers=pl.col("member").n_unique())
    before = used.group_by("coupon").agg(coupon_before=pl.len())
    return (
        offered.join(sold, on="sku", how="left")
        .group_by("coupon")
        .agg(
            coupon_skus=pl.len(),
            coupon_known=pl.col("type").count(),
            coupon_types=pl.col("type").n_unique(),
            coupon_kinds=pl.col("category").n_unique(),
            coupon_lines=pl.col("lines").sum(),
            coupon_buyers=pl.col("buyers").max(),
            coupon_price=pl.col("price").median(),
            coupon_private=pl.col("private").mean(),
        )
        .join(before, on="coupon", how="left")
    )


def _meet(own: pl.DataFrame, offered: pl.DataFrame, by: str, name: str) -> pl.DataFrame:
    """Tell how a member bought what the coupon is for: its products, their types or their categories."""
    named = offered.select("coupon", by).drop_nulls().unique()
    if by != "sku":
        named = named.filter(pl.col(by) != "")
    # Summed up for each product or kind first: a coupon is for hundreds of them.
    bought = (
        own.join(named.select(by).unique(), on=by, how="semi")
        .group_by("member", by)
        .agg(
            lines=pl.len(),
            days=pl.col("age").n_unique(),
            late=(pl.col("age") <= LATE_DAYS).sum(),
            paid=pl.col("paid_minor").sum(),
            last=pl.col("age").min(),
            decayed=(0.5 ** (pl.col("age") / HALF_LIFE_DAYS)).sum(),
            by_coupon=(pl.col("coupon_minor") > 0).sum(),
        )
    )
    summed = ("lines", "days", "late", "paid", "decayed", "by_coupon")
    return (
        bought.join(named, on=by)
        .group_by(*PAIR)
        .agg(
            *(pl.col(column).sum().alias(f"{name}_{column}") for column in summed),
            pl.col("last").min().alias(f"{name}_last"),
            pl.col("decayed").max().alias(f"{name}_most"),
            pl.len().alias(f"{name}_kinds"),
        )
    )


def _tell_members(own: pl.DataFrame) -> pl.DataFrame:
    late = pl.col("age") <= LATE_DAYS
    return own.group_by("member").agg(
        m_lines=pl.len(),
        m_days=pl.col("age").n_unique(),
        m_days_late=pl.col("age").filter(late).n_unique(),
        m_days_14=pl.col("age").filter(pl.col("age") <= 14).n_unique(),  # noqa: PLR2004 - two weeks
        m_paid=pl.col("paid_minor").sum(),
        m_paid_late=pl.col("paid_minor").filter(late).sum(),
        m_last=pl.col("age").min(),
        m_skus=pl.col("sku").n_unique(),
        m_by_coupon=(pl.col("coupon_minor") > 0).sum(),
        m_by_coupon_late=((pl.col("coupon_minor") > 0) & late).sum(),
        m_discount=pl.col("discount_minor").sum() / (pl.col("paid_minor").sum() + 1),
        m_private=(pl.col("brand") == "Private").mean(),
    )


def _tell_response(history: History, used: pl.DataFrame, start: date) -> pl.DataFrame:
    """Tell how often a member was written to, and what came of it."""
    assert history.campaigns is not None
    assert history.targets is not None
    earlier = history.campaigns.filter(pl.col("start") < start)
    written = (
        history.targets.join(earlier, on="campaign")
        .group_by("member")
        .agg(r_written=pl.len(), r_written_last=(start - pl.col("start").max()).dt.total_days())
    )
    answered = used.group_by("member").agg(
        r_used=pl.len(),
        r_campaigns=pl.col("campaign").n_unique(),
        r_last=(start - pl.col("day").max()).dt.total_days(),
    )
    return written.join(answered, on="member", how="full", coalesce=True).with_columns(
        r_rate=(pl.col("r_used").fill_null(0) + 0.3) / (pl.col("r_written").fill_null(0) + 2),
        r_rate_campaigns=(pl.col("r_campaigns").fill_null(0) + 0.1) / (pl.col("r_written").fill_null(0) + 1),
    )


def _tell_again(history: History, used: pl.DataFrame, offered: pl.DataFrame) -> pl.DataFrame:
    """Tell whether the member used this coupon before, or others for products of it."""
    assert history.coupons is not None
    skus = offered.select("coupon", "sku")
    sizes = history.coupons.group_by("coupon", "campaign").agg(size=pl.len())
    bought = used.join(history.coupons, on=["coupon", "campaign"]).join(sizes, on=["coupon", "campaign"])
    near = (
        bought.select("member", "sku", "size", other="coupon")
        .join(skus, on="sku")
        .group_by(*PAIR)
        .agg(again_near=(1 / pl.col("size")).sum(), again_count=pl.col("other").n_unique())
    )
    same = used.group_by(*PAIR).agg(again=pl.len())
    return near.join(same, on=PAIR, how="full", coalesce=True)


def _relate(told: pl.DataFrame) -> pl.DataFrame:
    """Relate a coupon to the others that the member may use."""
    known = told.with_columns(pl.col("own_decayed", "type_decayed", "kind_decayed", "coupon_buyers").fill_null(0))
    liking = pl.col("own_decayed") + 0.0001 * pl.col("coupon_buyers")
    return known.with_columns(
        liking=liking,
        liking_share=(liking / (liking.sum().over("member") + 1)),
        liking_place=liking.rank("average", descending=True).over("member"),
        type_place=pl.col("type_decayed").rank("average", descending=True).over("member"),
        fitting=(pl.col("own_decayed") > 0).sum().over("member"),
        buyers_place=pl.col("coupon_buyers").rank("average", descending=True).over("member"),
        prior=(pl.col("own_decayed") + 0.02) * pl.col("r_rate").fill_null(0.15),
        own_of_type=pl.col("own_decayed") / (pl.col("type_decayed") + 0.1),
    )
