"""The campaigns of The Complete Journey: letters with coupons to chosen households, and the coupons that they used.

What is the data's: which household a campaign wrote to, when the campaign began, on which day a household used which
coupon, and for which products that coupon was. What is ours: what a coupon is worth (the programme says it, by the
campaign's type), how many a letter has, and in which basket a coupon was shown, for the data names the day only. It is
the last basket of that day with one of the coupon's products; where there is none, the last basket of the day.

A letter is an activity `mailing` on the campaign's first day, or on the year's first where the campaign had begun
before. Its coupons are those that a programme calls mail-a, mail-b and mail-c. Each coupon that a household used in a
campaign is shown as the next of its letter; beyond the letter's number it is one that nobody holds, which stops no
purchase.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from regulars.features.coupons.mechanic import name_held

__all__ = ["MAILING", "SOURCE", "TYPES", "Shown", "name_coupon", "name_mailing", "read_mailings", "read_shown"]

SOURCE: Final = "complete-journey"
MAILING: Final = "mailing"
TYPES: Final = ("A", "B", "C")
ZONE: Final = "America/New_York"
YEAR_BEGINS: Final = pl.datetime(2017, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The coupons that were used, by the basket in which they are shown."""

    coupons: Mapping[int, tuple[str, ...]]
    left_out: int
    """Used on a day without a basket, and so shown nowhere."""

    @property
    def count(self) -> int:
        """How many are shown."""
        return sum(map(len, self.coupons.values()))


def name_mailing(campaign: int, household: int) -> str:
    """Give the id of the activity that is a letter."""
    return f"mailing-{campaign}-{household}"


def name_coupon(type_: str, campaign: int, household: int, number: int) -> str:
    """Give the name of a letter's coupon, numbered from 0, as whoever was given it holds it."""
    return name_held(f"mail-{type_.lower()}", SOURCE, name_mailing(campaign, household), number)


def read_mailings(folder: Path, households: pl.Series) -> pl.DataFrame:
    """List the letters to these households in time order: campaign, type, household, moment in microseconds."""
    return (
        _scan_campaigns(folder)
        .filter(pl.col("household_id").is_in(households.implode()))
        .with_columns(moment=_start_of(pl.max_horizontal("start_date", YEAR_BEGINS)))
        .select("campaign_id", "type", "household_id", "moment")
        .sort("moment", "campaign_id", "household_id")
        .collect()
    )


def read_shown(folder: Path, households: pl.Series, lines: pl.LazyFrame) -> Shown:
    """Find the baskets in which these households used coupons, among lines with basket, household, product, moment."""
    used = (
        pl.scan_parquet(folder / "coupon_redemptions.parquet")
        .with_columns(pl.col("household_id").cast(pl.Int32), day=pl.col("redemption_date").dt.date())
        .filter(pl.col("household_id").is_in(households.implode()))
        .join(_scan_campaigns(folder), on=("campaign_id", "household_id"))
        .select("campaign_id", "type", "household_id", "coupon_upc", "day")
        .sort("campaign_id", "household_id", "day", "coupon_upc")
        .with_columns(number=pl.int_range(pl.len()).over("campaign_id", "household_id"))
        .collect()
    )
    products = (
        pl.scan_parquet(folder / "coupons.parquet")
        .select("coupon_upc", "campaign_id", pl.col("product_id").cast(pl.Int32), fits=True)
        .unique()
    )
    found = (
        # Few households, and few of their days: what is not looked at is not even read.
        lines.filter(pl.col("household_id").is_in(used["household_id"].unique().implode()))
        .select("household_id", "basket_id", "product_id", "moment", day=_day_of("moment"))
        .join(used.lazy(), on=("household_id", "day"))
        .join(products, on=("coupon_upc", "campaign_id", "product_id"), how="left")
        .group_by("campaign_id", "type", "household_id", "number")
        # The last with a product that fits comes after all that have none.
        .agg(pl.col("basket_id").sort_by(pl.col("fits").fill_null(value=False), "moment", "basket_id").last())
        .sort("basket_id", "campaign_id", "number")
        .collect()
    )
    return Shown(coupons=_name_all(found.rows()), left_out=used.height - found.height)


def _name_all(rows: Sequence[tuple[int, str, int, int, int]]) -> dict[int, tuple[str, ...]]:
    coupons: dict[int, tuple[str, ...]] = {}
    for campaign, type_, household, number, basket in rows:
        coupons[basket] = (*coupons.get(basket, ()), name_coupon(type_, campaign, household, number))
    return coupons


def _scan_campaigns(folder: Path) -> pl.LazyFrame:
    """Who was written to, by campaign."""
    told = pl.scan_parquet(folder / "campaign_descriptions.parquet").select(
        "campaign_id", "start_date", type=pl.col("campaign_type").str.tail(1)
    )
    return (
        pl.scan_parquet(folder / "campaigns.parquet")
        .with_columns(pl.col("household_id").cast(pl.Int32))
        .join(told, on="campaign_id")
    )


def _day_of(moment: str) -> pl.Expr:
    """The day on the shop's wall."""
    return (
        pl.from_epoch(pl.col(moment), time_unit="us").dt.replace_time_zone("UTC").dt.convert_time_zone(ZONE).dt.date()
    )


def _start_of(day: pl.Expr) -> pl.Expr:
    """The first moment of a day in the shop, in microseconds since 1970."""
    return day.cast(pl.Datetime("us")).dt.replace_time_zone(ZONE).dt.epoch("us")
