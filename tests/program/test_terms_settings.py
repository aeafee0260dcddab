"""Every setting that changes what a member gets shows in the terms; the others are listed, each with its reason."""

from pathlib import Path

import pytest
from msgspec import Struct

from regulars.kernel.program import find_mechanics
from regulars.kernel.program.meanings import list_structs
from regulars.kernel.program.model import Document
from regulars.kernel.program.terms import Language
from tests.program.story import BASE, STARS, TIERS
from tests.program.telling import HEAD, LANGS, RATED, WRAPPED, offer, tell

# --- every setting shows ---------------------------------------------------------------------------------------------


TESTS = Path(__file__).parents[1]
SPEND = "currency: points"
RATE = f"{SPEND}, rates: [{{%s, points: 2, per_minor: 100}}]"
GIFT = "currency: points, points: 5"
TWICE = "currency: points, times: 2"
LEVELS = "levels: [{id: a, name: {en: A, zh-CN: 甲}, at: 0}, {id: b, name: {en: B, zh-CN: 乙}, %s}], trait: club, "
ONE = LEVELS % "at: 100" + "counts: stars"
MANY = LEVELS % "needs: [{m: 3}]" + "measures: {m: {%s}}"
YEAR = ONE + ", window: {model: %s}"

SPENDING = {
    "Settings.currency": ("currency: points, points: 1, per_minor: 100", "currency: stars, points: 1, per_minor: 100"),
    "Settings.points": (RATED, f"{SPEND}, points: 2, per_minor: 100"),
    "Settings.per_minor": (RATED, f"{SPEND}, points: 1, per_minor: 200"),
    "Settings.rates": (RATED, RATED + ", rates: [{brands: [Private], points: 2, per_minor: 100}]"),
    "Settings.formula": (f"{SPEND}, formula: line.amount / 100", f"{SPEND}, formula: line.amount / 200"),
    "Settings.formula_per": (
        f"{SPEND}, formula: basket.total / 100",
        f"{SPEND}, formula: basket.total / 100, formula_per: basket",
    ),
    "Settings.exclude": (RATED, RATED + ", exclude: {categories: [FUEL]}"),
    "Settings.times": (RATED, RATED + ", times: {gold: {times: 2}}"),
    "Settings.times_by": (
        RATED + ", times: {gold: {times: 2}}",
        RATED + ", times: {gold: {times: 2}}, times_by: vip",
    ),
    "Settings.step_minor": (RATED, RATED + ", step_minor: 500"),
    "Settings.minimum_minor": (RATED, RATED + ", minimum_minor: 500"),
    "Settings.round": (RATED, RATED + ", round: nearest"),
    "Settings.round_per": (RATED, RATED + ", round_per: line"),
    "Rate.categories": (RATE % "categories: [FUEL]", RATE % "categories: [WINE]"),
    "Rate.brands": (RATE % "brands: [Private]", RATE % "brands: [National]"),
    "Rate.skus": (RATE % "skus: [a]", RATE % "skus: [b]"),
    "Rate.stores": (RATE % "stores: [s1]", RATE % "stores: [s2]"),
    "Rate.points": (RATE % "brands: [Private]", (RATE % "brands: [Private]").replace("points: 2", "points: 3")),
    "Rate.per_minor": (RATE % "brands: [Private]", (RATE % "brands: [Private]").replace("100", "200")),
    "Times.times": (RATED + ", times: {gold: {times: 2}}", RATED + ", times: {gold: {times: 3}}"),
    "Times.over": (RATED + ", times: {gold: {times: 3}}", RATED + ", times: {gold: {times: 3, over: 2}}"),
}
EXCLUDING = {
    "Exclusion.categories": ("exclude: {categories: [FUEL]}", "exclude: {categories: [WINE]}"),
    "Exclusion.brands": ("exclude: {brands: [Private]}", "exclude: {brands: [National]}"),
    "Exclusion.skus": ("exclude: {skus: [a]}", "exclude: {skus: [b]}"),
}
SELECTING = {
    "Selection.categories": ("categories: [FUEL]", "categories: [WINE]"),
    "Selection.brands": ("brands: [Private]", "brands: [National]"),
    "Selection.skus": ("skus: [a]", "skus: [b]"),
    "Selection.stores": ("stores: [s1]", "stores: [s2]"),
    "Selection.exclude": ("", "exclude: {categories: [WINE]}"),
    "Selection.minimum_minor": ("minimum_minor: 100", "minimum_minor: 200"),
    "Selection.minimum_milli": ("minimum_milli: 2000", "minimum_milli: 1500"),
    **EXCLUDING,
}
OCCASIONS = {
    "Occasion.of": ("of: birthday", "of: anniversary"),
    "Occasion.within": ("of: birthday", "of: birthday, within: week"),
    "Occasion.days_before": ("of: birthday", "of: birthday, days_before: 3"),
    "Occasion.days_after": ("of: birthday", "of: birthday, days_after: 3"),
    "Occasion.leap_day": ("of: birthday", "of: birthday, leap_day: 03-01"),
    "Occasion.years": ("of: anniversary", "of: anniversary, years: [1, 5]"),
}
COUNTING = {
    "Counting.every": ("most: 1", "most: 1, every: 5"),
    "Counting.most": ("most: 1", "most: 3"),
    "Counting.per": ("most: 1", "most: 1, per: month"),
    "Counting.of": ("every: 5", "every: 5, of: days"),
    "Counting.in_each": ("most: 1", "most: 1, in_each: store"),
}
GIVING = {
    "Settings.currency": (GIFT, "currency: stars, points: 5"),
    "Settings.points": (GIFT, "currency: points, points: 6"),
    "Settings.each": (GIFT, GIFT + ", each: unit"),
    "Settings.step_minor": (GIFT + ", each: money, step_minor: 100", GIFT + ", each: money, step_minor: 200"),
    "Settings.points_max": (GIFT + ", each: line", GIFT + ", each: line, points_max: 20"),
    "Settings.lines": (GIFT, GIFT + ", lines: {categories: [FUEL]}"),
    "Settings.basket_minimum_minor": (GIFT, GIFT + ", basket_minimum_minor: 500"),
    "Settings.joined_within_days": (GIFT, GIFT + ", joined_within_days: 30"),
    "Settings.occasion": (GIFT, GIFT + ", occasion: {of: birthday}"),
    "Settings.by_clock": (GIFT + ", occasion: {of: birthday}", GIFT + ", occasion: {of: birthday}, by_clock: true"),
    "Settings.counting": (GIFT, GIFT + ", counting: {most: 1}"),
}
MULTIPLYING = {
    "Settings.currency": (TWICE, "currency: stars, times: 2"),
    "Settings.times": (TWICE, "currency: points, times: 3"),
    "Settings.over": ("currency: points, times: 3", "currency: points, times: 3, over: 2"),
    "Settings.lines": (TWICE, TWICE + ", lines: {categories: [FUEL]}"),
    "Settings.basket_minimum_minor": (TWICE, TWICE + ", basket_minimum_minor: 500"),
    "Settings.occasion": (TWICE, TWICE + ", occasion: {of: birthday}"),
    "Settings.points_max": (TWICE, TWICE + ", points_max: 20"),
    "Settings.round": (
        "currency: points, times: 3, over: 2",
        "currency: points, times: 3, over: 2, round: nearest",
    ),
}
LIFTING = {
    "Settings.levels": (
        ONE,
        (LEVELS % "at: 100").replace("], ", ", {id: c, name: {en: C, zh-CN: 丙}, at: 200}], ", 1) + "counts: stars",
    ),
    "Settings.counts": (ONE, LEVELS % "at: 100" + "counts: points"),
    "Settings.measures": (MANY % "of: visits", MANY % "of: spend"),
    "Settings.window_days": (ONE, ONE + ", window_days: 180"),
    "Settings.window": (ONE, YEAR % "calendar_year"),
    "Settings.keep_days": (ONE, ONE + ", keep_days: 90"),
    "Settings.keep": (ONE, ONE + ", keep: {model: year_end}"),
    "Settings.fall": (ONE, ONE + ", fall: one_level"),
    "Settings.grace_days": (ONE, ONE + ", grace_days: 30"),
    "Level.name": (ONE, ONE.replace("zh-CN: 乙", "zh-CN: 丁").replace("en: B", "en: D")),
    "Level.at": (ONE, LEVELS % "at: 200" + "counts: stars"),
    "Level.needs": (MANY % "of: visits", (MANY % "of: visits").replace("m: 3", "m: 4")),
    "Level.invitation": (ONE, LEVELS % "invitation: true" + "counts: stars"),
    "Level.lifetime": (ONE, LEVELS % "at: 100, lifetime: [{stars: 900}]" + "counts: stars"),
    "Level.benefits": (ONE, LEVELS % "at: 100, benefits: [{id: x, name: {en: X, zh-CN: 礼}}]" + "counts: stars"),
    "Benefit.name": (
        LEVELS % "at: 100, benefits: [{id: x, name: {en: X, zh-CN: 礼}}]" + "counts: stars",
        LEVELS % "at: 100, benefits: [{id: x, name: {en: Y, zh-CN: 品}}]" + "counts: stars",
    ),
    "RollingDays.days": (YEAR % "rolling, days: 30", YEAR % "rolling, days: 60"),
    "KeepDays.days": (ONE + ", keep: {model: days, days: 30}", ONE + ", keep: {model: days, days: 60}"),
    "KeepYears.years": (ONE + ", keep: {model: year_end}", ONE + ", keep: {model: year_end, years: 2}"),
    "Points.currency": (MANY % "of: points, currency: stars", MANY % "of: points, currency: points"),
    "Spend.lines": (MANY % "of: spend", MANY % "of: spend, lines: {categories: [FUEL]}"),
    "Spend.kinds": (MANY % "of: spend", MANY % "of: spend, kinds: [stay]"),
    "Visits.per": (MANY % "of: visits", MANY % "of: visits, per: purchase"),
    "Visits.lines": (MANY % "of: visits", MANY % "of: visits, lines: {categories: [FUEL]}"),
    "Visits.kinds": (MANY % "of: visits", MANY % "of: visits, kinds: [stay]"),
    "Categories.among": (
        MANY % "of: categories, among: [FUEL, WINE, PRODUCE]",
        MANY % "of: categories, among: [FUEL, WINE, TOBACCO]",
    ),
    "Categories.kinds": (
        MANY % "of: categories, among: [FUEL, WINE, PRODUCE]",
        MANY % "of: categories, among: [FUEL, WINE, PRODUCE], kinds: [stay]",
    ),
    "Fact.name": (MANY % "of: data, name: nights", MANY % "of: data, name: meals"),
    "Fact.kinds": (MANY % "of: data, name: nights", MANY % "of: data, name: nights, kinds: [stay]"),
}


def put(frame: str, rows: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    return {key: (frame % before, frame % after) for key, (before, after) in rows.items()}


SETTINGS = {
    "spend": {**SPENDING, **put(RATED + ", %s", EXCLUDING)},
    "bonus": {
        **GIVING,
        **put(GIFT + ", lines: {%s}", SELECTING),
        **put(GIFT + ", occasion: {%s}", OCCASIONS),
        **put(GIFT + ", counting: {%s}", COUNTING),
    },
    "multiplier": {
        **MULTIPLYING,
        **put(TWICE + ", lines: {%s}", SELECTING),
        **put(TWICE + ", occasion: {%s}", OCCASIONS),
    },
    "tiers": {**LIFTING, **put(MANY % "of: spend, lines: {%s}", SELECTING)},
}
"""By mechanic and setting: settings before and after a change of it, and of nothing else where that can be."""
SILENT = {
    "bonus.Occasion.trait": "where the shop keeps the birthday; the birthday is the same",
    "multiplier.Occasion.trait": "where the shop keeps the birthday; the birthday is the same",
    "tiers.Settings.trait": "the name of the level for machines",
    "tiers.Level.id": "the name of the level for machines",
    "tiers.Benefit.id": "the name of the benefit for machines",
    "tiers.Benefit.value": "a number for the till; what members get stands in the name",
}
CHANGES = [
    pytest.param(mechanic, *change, id=f"{mechanic}.{setting}")
    for mechanic, rows in SETTINGS.items()
    for setting, change in rows.items()
]


def list_settings(prefix: str, types: list[type[Struct]]) -> set[str]:
    return {
        f"{prefix}{name.rpartition('.')[2]}.{field}"
        for name, struct in list_structs(types).items()
        for field in struct.__struct_encode_fields__
    }


def test_every_setting_of_every_mechanic_is_tried() -> None:
    there = {it for name in SETTINGS for it in list_settings(f"{name}.", [find_mechanics()[name].settings])}
    tried = {f"{mechanic}.{setting}" for mechanic, rows in SETTINGS.items() for setting in rows}
    assert tried.isdisjoint(SILENT)
    assert there == tried | set(SILENT)


@pytest.mark.parametrize("mechanic", sorted(find_mechanics().keys() - SETTINGS.keys()))
def test_other_mechanics_try_theirs_beside_their_own_tests(mechanic: str) -> None:
    pages = [file.read_text(encoding="utf-8") for file in TESTS.glob("*/test_*.py")]
    assert any(f"features.{mechanic}." in page and "def test_every_setting" in page for page in pages)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(("mechanic", "before", "after"), CHANGES)
def test_every_setting_that_changes_what_a_member_gets_shows(
    mechanic: str, before: str, after: str, lang: Language
) -> None:
    told = [tell(HEAD + BASE + STARS + TIERS + offer(mechanic, it), lang) for it in (before, after)]
    assert told[0] != told[1]


# --- every part of the envelope shows --------------------------------------------------------------------------------

PLAIN = HEAD.replace("  traits: [vip, birthday]\n", "  traits: [vip, birthday]\n  segments: [lapsed, fresh]\n").replace(
    "offers:\n", "calendars: {cn: [2017-10-01, 2017-10-02], us: [2017-07-04]}\noffers:\n"
)
RIVAL = (
    "  - {id: rival, mechanic: spend, on: [purchase], settings: {currency: points, points: 9, per_minor: 100},"
    " stacking: {group: g, mode: exclusive}}\n"
)
ENVELOPE = {
    "Offer.name": ("name: {en: One, zh-CN: 壹}", "name: {en: Two, zh-CN: 贰}"),
    "Offer.on": ("", "on: [visit]"),
    "Offer.on_return": ("", "on_return: keep"),
    "Offer.when": ("when: basket.total > 500", "when: basket.total > 600"),
    "Offer.schedule": ("", "schedule: {from: 2017-06-01}"),
    "Offer.windows": ("", "windows: [{weekdays: [mon]}]"),
    "Offer.holidays": ("", "holidays: {calendar: cn, days: only}"),
    "Offer.time_zone": ("windows: [{from: 07:00}]", "windows: [{from: 07:00}], time_zone: Asia/Shanghai"),
    "Offer.audience": ("", "audience: {stores: [s1]}"),
    "Offer.limits": ("", "limits: [{times: 1}]"),
    "Offer.stacking": ("", "stacking: {group: g, mode: exclusive}"),
    "Offer.budget": ("", "budget: {points: 10}"),
    "Offer.priority": (
        "stacking: {group: g, mode: exclusive}",
        "stacking: {group: g, mode: exclusive}, priority: 5",
    ),
    "Schedule.from": ("schedule: {from: 2017-06-01}", "schedule: {from: 2017-06-02}"),
    "Schedule.until": ("schedule: {until: 2017-06-01}", "schedule: {until: 2017-06-02}"),
    "Window.weekdays": ("windows: [{weekdays: [mon]}]", "windows: [{weekdays: [tue]}]"),
    "Window.from": ("windows: [{from: 07:00}]", "windows: [{from: 08:00}]"),
    "Window.until": ("windows: [{until: 07:00}]", "windows: [{until: 08:00}]"),
    "Window.month_days": ("windows: [{month_days: [1]}]", "windows: [{month_days: [-1]}]"),
    "Window.months": ("windows: [{months: [1]}]", "windows: [{months: [2]}]"),
    "Holidays.calendar": ("holidays: {calendar: cn, days: only}", "holidays: {calendar: us, days: only}"),
    "Holidays.days": ("holidays: {calendar: cn, days: only}", "holidays: {calendar: cn, days: except}"),
    "Audience.traits": ("audience: {traits: {tier: [gold]}}", "audience: {traits: {tier: [green]}}"),
    "Audience.segments": ("audience: {segments: [lapsed]}", "audience: {segments: [fresh]}"),
    "Audience.stores": ("audience: {stores: [s1]}", "audience: {stores: [s2]}"),
    "Audience.channels": ("audience: {channels: [app]}", "audience: {channels: [web]}"),
    "Audience.share": ("", "audience: {share: {permille: 5, salt: a}}"),
    "Share.permille": ("audience: {share: {permille: 5, salt: a}}", "audience: {share: {permille: 50, salt: a}}"),
    "Limit.points": ("limits: [{points: 1}]", "limits: [{points: 2}]"),
    "Limit.times": ("limits: [{times: 1}]", "limits: [{times: 2}]"),
    "Limit.per": ("limits: [{times: 1}]", "limits: [{times: 1, per: household}]"),
    "Limit.period": ("limits: [{times: 1}]", "limits: [{times: 1, period: week}]"),
    "Stacking.group": ("stacking: {group: other, mode: exclusive}", "stacking: {group: g, mode: exclusive}"),
    "Stacking.mode": ("stacking: {group: h, mode: exclusive}", "stacking: {group: h, mode: best}"),
    "Budget.points": ("budget: {points: 10}", "budget: {points: 20}"),
    "Budget.money_minor": ("budget: {money_minor: 10}", "budget: {money_minor: 20}"),
}
HEADS = {
    "Document.name": ("Corner Shop, zh-CN: 街角小店", "Other Shop, zh-CN: 另一家店"),
    "Document.time_zone": ("America/Chicago", "America/Denver"),
    "Document.money": ("money: USD", "money: EUR"),
    "Document.currencies": ("  stars:", "  extra: {kind: spendable, name: {en: Extra, zh-CN: 另}}\n  stars:"),
    "Document.activities": ("offers:\n", "activities: {purchase: {name: {en: Orders, zh-CN: 下单}}}\noffers:\n"),
    "Kind.name": ("offers:\n", "activities: {purchase: {name: {en: Orders, zh-CN: 下单}}}\noffers:\n"),
    "Document.calendars": ("cn: [2017-10-01, 2017-10-02]", "cn: [2017-10-01]"),
    "Document.conversions": ("offers:\n", "conversions: [{from: points, into: more, take: 3, give: 2}]\noffers:\n"),
    "Document.offers": ("id: base", "id: other"),
    "Currency.kind": ("kind: qualifying", "kind: spendable"),
    "Currency.name": ("{en: Points, zh-CN: 积分}", "{en: Coins, zh-CN: 金币}"),
    "Currency.expiry": ("{model: rolling, months: 12, round_to: month_end}", "{model: never}"),
    "Currency.pending": ("    pending: {days: 14}\n", ""),
    "Currency.value": ("    value: {minor: 1, per_points: 2}\n", ""),
    "Currency.scale": ("    pending:", "    scale: 2\n    pending:"),
    "Currency.regions": ("    pending:", "    regions: {east: {model: rolling, months: 3}}\n    pending:"),
    "Rolling.days": ("months: 12, round_to: month_end", "days: 90"),
    "Rolling.months": ("months: 12", "months: 6"),
    "Rolling.round_to": (", round_to: month_end", ""),
    "FixedEnd.date": ("{model: rolling, months: 12, round_to: month_end}", "{model: fixed, date: 2018-05-05}"),
    "CalendarEnd.grace_months": ("rolling, months: 12, round_to: month_end", "calendar_end, grace_months: 3"),
    "Inactivity.months": ("rolling, months: 12, round_to: month_end", "inactivity, months: 18"),
    "Pending.days": ("{days: 14}", "{days: 15}"),
    "Pending.until": ("{days: 14}", "{until: delivery}"),
    "Value.minor": ("{minor: 1,", "{minor: 2,"),
    "Value.per_points": ("per_points: 2", "per_points: 4"),
    "Conversion.from": ("from: points, into: more", "from: more, into: points"),
    "Conversion.into": ("into: more", "into: also"),
    "Conversion.take": ("take: 3", "take: 4"),
    "Conversion.give": ("give: 2", "give: 1"),
    "Conversion.spread_permille": ("give: 2}", "give: 2, spread_permille: 25}"),
    "Catalog.regions": ("east: [s1]", "east: [s1, s2]"),
}
"""By setting: what is written in a whole document, and what is written instead."""
UNSAID = {
    "Document.program": "the name of the programme for machines",
    "Document.catalog": "the names that offers may speak of, not what they say of them",
    **{
        f"Catalog.{name}": "names that offers may speak of, not what they say of them"
        for name in ("categories", "brands", "stores", "channels", "traits", "segments")
    },
    "Kind.data": "what is told with an activity, and no part of the deal",
    **{
        f"Datum.{name}": "what is told with an activity, and no part of the deal"
        for name in ("type", "required", "min", "max", "one_of")
    },
    "Currency.funder": "who pays; the member gets the same",
    "Currency.priority": "a member who uses points names the kind",
    "Offer.id": "the name of the offer for machines",
    "Offer.mechanic": "what it is shows in its settings, which are tried by themselves",
    "Offer.settings": "tried by themselves",
    "Offer.funder": "who pays; the member gets the same",
    "Share.salt": "which members are drawn, not what is promised",
    "Share.start": "which members are drawn, not what is promised",
}
RICH = (
    PLAIN.replace("stars:", "more: {kind: spendable, name: {en: More, zh-CN: 多}}\n  stars:")
    .replace("  stars:", "  also: {kind: spendable, name: {en: Also, zh-CN: 又}}\n  stars:")
    .replace("  traits: [vip, birthday]", "  traits: [vip, birthday]\n  regions: {east: [s1]}")
)
CONVERTING = RICH.replace("offers:\n", "conversions: [{from: points, into: more, take: 3, give: 2}]\noffers:\n")
REGIONAL = RICH.replace("    pending:", "    regions: {east: {model: rolling, months: 3}}\n    pending:")


def choose_head(setting: str) -> str:
    if setting.startswith("Conversion."):
        return CONVERTING
    return REGIONAL if setting == "Catalog.regions" else RICH


def test_every_setting_of_the_document_is_tried() -> None:
    tried = set(ENVELOPE) | set(HEADS)
    assert tried.isdisjoint(UNSAID)
    assert list_settings("", [Document]) == tried | set(UNSAID)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("setting", ENVELOPE)
def test_every_part_of_the_envelope_that_changes_what_a_member_gets_shows(setting: str, lang: Language) -> None:
    rivals = RIVAL + RIVAL.replace("rival", "third").replace("group: g, mode: exclusive", "group: h, mode: %s")

    def write(envelope: str) -> str:
        wrapped = WRAPPED % envelope
        if envelope.startswith("on: "):
            wrapped = wrapped.replace("on: [purchase], ", "", 1)
        return PLAIN + BASE + STARS + TIERS + rivals % ("best" if "best" in envelope else "exclusive") + wrapped

    told = [tell(write(it), lang) for it in ENVELOPE[setting]]
    assert told[0] != told[1]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("setting", HEADS)
def test_every_part_of_the_document_that_changes_what_a_member_gets_shows(setting: str, lang: Language) -> None:
    head, (old, new) = choose_head(setting), HEADS[setting]
    extra = "  - {id: holiday, mechanic: spend, on: [purchase], holidays: {calendar: cn, days: only}, settings: {%s}}\n"
    text = head + BASE + STARS + TIERS + extra % RATED
    assert old in text
    assert tell(text, lang) != tell(text.replace(old, new, 1), lang)
