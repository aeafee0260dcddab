"""The corner shop, with levels, coupons and traits, and files of another system."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from regulars.features import moving
from regulars.interfaces.beside import join_rooms
from regulars.interfaces.cli.frames import open_parquet
from tests.spine.conftest import PROGRAM, Shop, shop

__all__ = ["shop"]

DEAL = (
    PROGRAM.replace(
        "catalog: {categories: [DAIRY, PRODUCE]}",
        "catalog: {categories: [DAIRY, PRODUCE], traits: [birthday, language, wholesale], segments: [vip]}",
    )
    + """
  - id: tiers
    mechanic: tiers
    on: [purchase]
    settings:
      counts: stars
      levels:
        - {id: green, name: {en: Green, zh-CN: 绿卡}, at: 0}
        - {id: gold, name: {en: Gold, zh-CN: 金卡}, at: 20}
  - id: welcome-back
    mechanic: coupons
    on: [purchase]
    settings:
      coupon: welcome
      title: {en: Welcome, zh-CN: 欢迎}
      effect: {type: amount, minor: 500}
      days: 30
"""
)
AS_OF = datetime(2026, 2, 1, tzinfo=UTC)
MAPPING = """
mapping: old system
source: old
key: old_id
members:
  file: members.csv
  identifiers: {old_id: id, card: card, phone: phone}
  joined_at: joined
  traits: {birthday: {column: born, month_day: true}, language: lang}
tiers:
  file: members.csv
  member: id
  level: {column: level, values: {G: gold, B: green}}
  since: since
lots:
  file: lots.csv
  member: id
  currency: {value: points}
  points: points
  issued_at: issued
  usable_from: usable
  expires_at: ends
coupons:
  file: codes.csv
  member: id
  code: code
  coupon: {value: welcome}
  valid_until: until
purchases:
  file: sales.csv
  member: id
  id: receipt
  occurred_at: at
  sku: sku
  amount: {column: amount, decimals: 2}
  store: store
"""
MEMBERS = """id,card,phone,joined,born,lang,level,since
m1,6220000000000001,+86 138 0013 8001,2024-05-01,1990-05-17,zh-CN,G,2025-06-01
m2,6220000000000002,+86 138 0013 8002,2025-01-02T10:00:00+08:00,,en,B,2025-07-01
m3,6220000000000003,,2025-03-04,,,,
"""
LOTS = """id,points,issued,usable,ends
m1,300,2025-06-01,,2026-06-30
m1,200,2025-01-01,,2026-06-30
m1,50,2025-02-01,,2025-12-31
m2,120,2025-07-01,2026-03-15,2026-12-31
m2,0,2025-07-02,,2026-12-31
m3,7,2025-08-01,,
"""
CODES = "id,code,until\nm1,WELCOME-M1,2026-12-31\n,WELCOME-ALL,\n"
SALES = """id,receipt,at,sku,amount,store
m1,r-1,2025-10-01 10:00,rice,89.90,s1
m1,r-1,2025-10-01 10:00,tea,45.50,s1
m2,r-2,2025-10-02 11:00,pears,12.80,s1
"""


@dataclass(slots=True, kw_only=True)
class Desk:
    """Where files are brought in."""

    shop: Shop
    folder: Path
    joins: moving.Joins
    mapping: str = MAPPING
    told: list[moving.Problem] = field(default_factory=list[moving.Problem])

    def write(self, **files: str | bytes) -> None:
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            (self.folder / f"{name}.csv").write_bytes(data)

    async def bring(self, **options: object) -> moving.Report:
        mapped = moving.read_mapping(self.mapping, name="mapping.yaml")
        sheets: dict[moving.PartName, moving.Sheet] = {
            name: open_parquet(self.folder / part.file)
            if part.file.endswith(".parquet")
            else moving.open_csv(self.folder / part.file, encoding=mapped.encoding, delimiter=mapped.delimiter)
            for name, part in mapped.list_parts()
        }
        self.told.clear()
        notice = options.pop("notice", lambda _done: None)
        return await moving.move_in(
            self.shop.database,
            self.shop.house,
            mapped,
            sheets,
            options=moving.Options(**{"as_of": AS_OF, **options}),  # pyright: ignore[reportArgumentType]
            joins=self.joins,
            tell=self.told.append,
            notice=notice,  # pyright: ignore[reportArgumentType]
        )

    def only(self, *parts: str) -> None:
        """Keep these parts of the mapping only."""
        kept: list[str] = []
        keeping = True
        for line in self.mapping.splitlines():
            if line and not line.startswith(" "):
                word = line.partition(":")[0]
                keeping = word not in moving.PART_NAMES or word in parts
            if keeping:
                kept.append(line)
        self.mapping = "\n".join(kept)

    def change(self, old: str, new: str) -> None:
        assert old in self.mapping
        self.mapping = self.mapping.replace(old, new)

    def find(self, code: str) -> moving.Problem:
        return next(each for each in self.told if each.code == code)


@pytest.fixture
async def desk(shop: Shop, tmp_path: Path) -> Desk:
    await shop.publish(DEAL)
    made = Desk(shop=shop, folder=tmp_path, joins=join_rooms(shop.house))
    made.write(members=MEMBERS, lots=LOTS, codes=CODES, sales=SALES)
    return made
