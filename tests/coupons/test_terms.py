"""What members are told of coupons and gifts; and every setting that changes what they get shows in it."""

import pytest
from msgspec import Struct

from regulars.features.coupons.model import Settings as Coupon
from regulars.features.gifts.mechanic import Settings as Gift
from regulars.kernel.program.meanings import list_structs
from regulars.kernel.program.terms import Language
from tests.program.story import BASE
from tests.program.telling import HEAD, LANGS, tell

COUPON = "coupon: ten, title: {en: Ten off, zh-CN: 九折券}, effect: {%s}"
TENTH = "type: percent, permille: 100"
PLAIN = COUPON % TENTH
FREE = COUPON % "type: buy_get, buy: 2"
PARTNER = COUPON % "type: partner, partner: {en: Roxy, zh-CN: 罗西}"
MORE = "type: points, currency: points, times: 3"
COUPONS = {
    "Settings.title": (PLAIN, PLAIN.replace("Ten off", "A tenth").replace("九折券", "打九折")),
    "Settings.effect": (PLAIN, COUPON % "type: amount, minor: 500"),
    "Settings.lines": (PLAIN, PLAIN + ", lines: {categories: [FUEL]}"),
    "Settings.days": (PLAIN, PLAIN + ", days: 7"),
    "Settings.per_purchase": (PLAIN, PLAIN + ", per_purchase: 2"),
    "Percent.permille": (PLAIN, PLAIN.replace("permille: 100", "permille: 200")),
    "Percent.max_minor": (PLAIN, COUPON % f"{TENTH}, max_minor: 900"),
    "Amount.minor": (COUPON % "type: amount, minor: 500", COUPON % "type: amount, minor: 600"),
    "Cheapest.permille": (COUPON % "type: cheapest", COUPON % "type: cheapest, permille: 500"),
    "BuyGet.buy": (FREE, COUPON % "type: buy_get, buy: 3"),
    "BuyGet.get": (FREE, COUPON % "type: buy_get, buy: 2, get: 2"),
    "BuyGet.permille": (FREE, COUPON % "type: buy_get, buy: 2, permille: 500"),
    "MorePoints.currency": (COUPON % MORE, COUPON % MORE.replace("points, times", "stars, times")),
    "MorePoints.times": (COUPON % MORE, COUPON % MORE.replace("3", "4")),
    "Settings.everybody": (PLAIN, PLAIN + ", everybody: true"),
    "Partner.partner": (PARTNER, PARTNER.replace("Roxy", "Lux").replace("罗西", "勒克斯")),
    "MorePoints.over": (COUPON % MORE, COUPON % f"{MORE}, over: 2"),
}
GIFT = "kind: article, what: mug, title: {en: A mug, zh-CN: 马克杯}"
GIFTS = {
    "Settings.title": (GIFT, GIFT.replace("A mug", "A cup").replace("马克杯", "杯子")),
    "Settings.count": (GIFT, GIFT + ", count: 2"),
    "Settings.lines": (GIFT, GIFT + ", lines: {categories: [FUEL]}"),
    "Settings.stock": (GIFT, GIFT + ", stock: 10"),
    "Settings.budget_minor": (GIFT + ", worth_minor: 5", GIFT + ", worth_minor: 5, budget_minor: 500"),
}
SELECTING = {
    "Selection.categories": ("categories: [FUEL]", "categories: [WINE]"),
    "Selection.brands": ("brands: [Private]", "brands: [National]"),
    "Selection.skus": ("skus: [a]", "skus: [b]"),
    "Selection.stores": ("stores: [s1]", "stores: [s2]"),
    "Selection.exclude": ("", "exclude: {categories: [WINE]}"),
    "Selection.minimum_minor": ("minimum_minor: 100", "minimum_minor: 200"),
    "Selection.minimum_milli": ("minimum_milli: 2000", "minimum_milli: 1500"),
    "Exclusion.categories": ("exclude: {categories: [FUEL]}", "exclude: {categories: [WINE]}"),
    "Exclusion.brands": ("exclude: {brands: [Private]}", "exclude: {brands: [National]}"),
    "Exclusion.skus": ("exclude: {skus: [a]}", "exclude: {skus: [b]}"),
}


def put(frame: str) -> dict[str, tuple[str, str]]:
    return {key: (f"{frame}, lines: {{{a}}}", f"{frame}, lines: {{{b}}}") for key, (a, b) in SELECTING.items()}


SETTINGS = {"coupons": {**COUPONS, **put(PLAIN)}, "gifts": {**GIFTS, **put(GIFT)}}
"""By mechanic and setting: settings before and after a change of it."""
SILENT = {
    "coupons": {"Settings.coupon": "the name of the coupon for machines"},
    "gifts": {
        "Settings.kind": "what machines do with it; what it is stands in its title",
        "Settings.worth_minor": "what it costs the house; members are told that there is an end",
        "Settings.what": "the name of the gift for machines",
    },
}
CHANGES = [
    pytest.param(mechanic, *change, id=f"{mechanic}.{setting}")
    for mechanic, rows in SETTINGS.items()
    for setting, change in rows.items()
]


def offer(mechanic: str, settings: str) -> str:
    return f"  - {{id: it, mechanic: {mechanic}, on: [purchase], settings: {{{settings}}}}}\n"


def list_settings(struct: type[Struct]) -> set[str]:
    return {
        f"{name.rpartition('.')[2]}.{field}"
        for name, each in list_structs([struct]).items()
        for field in each.__struct_encode_fields__
    }


@pytest.mark.parametrize(("mechanic", "struct"), [("coupons", Coupon), ("gifts", Gift)])
def test_every_setting_is_tried(mechanic: str, struct: type[Struct]) -> None:
    assert list_settings(struct) == SETTINGS[mechanic].keys() | SILENT[mechanic].keys()


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(("mechanic", "before", "after"), CHANGES)
def test_every_setting_that_changes_what_a_member_gets_shows(
    mechanic: str, before: str, after: str, lang: Language
) -> None:
    told = [tell(HEAD + BASE + offer(mechanic, it), lang) for it in (before, after)]
    assert told[0] != told[1]
