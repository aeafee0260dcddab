"""What members are told of challenges and badges, in both languages; every setting that changes what they get shows."""

import pytest
from msgspec import Struct

from regulars.features.badges.mechanic import Settings as BadgeSettings
from regulars.features.challenges.mechanic import Settings
from regulars.kernel.program.meanings import list_structs
from regulars.kernel.program.terms import Language
from tests.program.story import BASE
from tests.program.telling import HEAD, LANGS, tell

NAMED = "challenge: june, title: {en: June, zh-CN: 六月挑战}, currency: points"
GOAL = "goals: [{id: a, at: 3, points: 100}]"
PLAIN = f"{NAMED}, {GOAL}, counts: {{of: days}}"
GIVING = f"challenge: june, title: {{en: June, zh-CN: 六月挑战}}, counts: {{of: %s}}, goals: [{{id: a, at: 3, {'%s'}}}]"
GRANTS = "grants: [{kind: badge, what: tea%s}]"
ROW = PLAIN.replace("of: days", "of: streak%s")
LINES = PLAIN + ", lines: {%s}"
SETTINGS = {
    "Settings.title": (PLAIN, PLAIN.replace("June", "Jun").replace("六月", "陆月")),
    "Settings.counts": (PLAIN, PLAIN.replace("of: days", "of: spend")),
    "Settings.goals": (PLAIN, PLAIN.replace("}]", "}, {id: b, at: 5, points: 7}]")),
    "Settings.currency": (PLAIN, PLAIN.replace("currency: points", "currency: stars")),
    "Settings.lines": (PLAIN, LINES % "categories: [FUEL]"),
    "Settings.per": (PLAIN, PLAIN + ", per: week"),
    "Settings.within_days": (PLAIN, PLAIN + ", within_days: 30"),
    "Settings.opt_in": (PLAIN, PLAIN + ", opt_in: true"),
    "Settings.team": (PLAIN + ", opt_in: true", PLAIN + ", opt_in: true, team: {most: 3}"),
    "Team.most": (PLAIN + ", opt_in: true, team: {most: 3}", PLAIN + ", opt_in: true, team: {most: 4}"),
    "Team.hold_days": (
        PLAIN + ", opt_in: true, team: {most: 3}",
        PLAIN + ", opt_in: true, team: {most: 3, hold_days: 14}",
    ),
    "Goal.at": (PLAIN, PLAIN.replace("at: 3", "at: 4")),
    "Goal.every": (PLAIN, PLAIN.replace("at: 3", "every: 3")),
    "Goal.most": (PLAIN.replace("at: 3", "every: 3"), PLAIN.replace("at: 3", "every: 3, most: 2")),
    "Goal.title": (PLAIN, PLAIN.replace("at: 3", "title: {en: Three, zh-CN: 三连}, at: 3")),
    "Goal.points": (PLAIN, PLAIN.replace("points: 100", "points: 200")),
    "Goal.grants": (PLAIN, PLAIN.replace("points: 100", "points: 100, " + GRANTS % "")),
    "Gift.kind": (GIVING % ("days", GRANTS % ""), GIVING % ("days", "grants: [{kind: coupon, what: off}]")),
    "Gift.count": (GIVING % ("days", GRANTS % ""), GIVING % ("days", GRANTS % ", count: 2")),
    "Activities.most_per_day": (
        PLAIN.replace("of: days", "of: activities"),
        PLAIN.replace("of: days", "of: activities, most_per_day: 2"),
    ),
    "Categories.among": (
        PLAIN.replace("of: days", "of: categories"),
        PLAIN.replace("of: days", "of: categories, among: [FUEL, WINE, PRODUCE]"),
    ),
    "Brands.among": (
        PLAIN.replace("of: days", "of: brands").replace("at: 3", "at: 2"),
        PLAIN.replace("of: days", "of: brands, among: [National, Private]").replace("at: 3", "at: 2"),
    ),
    "Streak.unit": (ROW % "", ROW % ", unit: week"),
    "Streak.least": (ROW % "", ROW % ", least: 2"),
    "Streak.freeze": (ROW % "", ROW % ", freeze: 2"),
    "Selection.categories": (LINES % "categories: [FUEL]", LINES % "categories: [WINE]"),
    "Selection.brands": (LINES % "brands: [Private]", LINES % "brands: [National]"),
    "Selection.skus": (LINES % "skus: [a]", LINES % "skus: [b]"),
    "Selection.stores": (LINES % "stores: [s1]", LINES % "stores: [s2]"),
    "Selection.exclude": (PLAIN, LINES % "exclude: {categories: [WINE]}"),
    "Selection.minimum_minor": (LINES % "minimum_minor: 100", LINES % "minimum_minor: 200"),
    "Selection.minimum_milli": (LINES % "minimum_milli: 2000", LINES % "minimum_milli: 1500"),
    "Exclusion.categories": (LINES % "exclude: {categories: [FUEL]}", LINES % "exclude: {categories: [WINE]}"),
    "Exclusion.brands": (LINES % "exclude: {brands: [Private]}", LINES % "exclude: {brands: [National]}"),
    "Exclusion.skus": (LINES % "exclude: {skus: [a]}", LINES % "exclude: {skus: [b]}"),
}
"""By setting: settings before and after a change of it."""
SILENT = {
    "Settings.challenge": "the name of the challenge for machines",
    "Goal.id": "the name of the goal for machines",
    "Gift.what": "the name of the coupon or badge for machines; its own title is told",
}
TEA = "badge: tea, title: {en: Tea lover, zh-CN: 茶友}"
BADGES = {
    "Settings.title": (TEA, TEA.replace("lover", "fan").replace("茶友", "茶客")),
    "Settings.text": (TEA, TEA + ", text: {en: For three teas., zh-CN: 喝满三杯茶可得。}"),
}
COUPON = (
    "  - {id: off, mechanic: coupons, on: [purchase], settings:"
    " {coupon: off, title: {en: Off, zh-CN: 立减券}, effect: {type: amount, minor: 100}}}\n"
)


def offer(settings: str, *, on: str = "[purchase]", more: str = "") -> str:
    return f"  - {{id: it, mechanic: challenges, on: {on}, settings: {{{settings}}}{more}}}\n" + badge(TEA) + COUPON


def badge(settings: str) -> str:
    return f"  - {{id: tea, mechanic: badges, on: [badge], settings: {{{settings}}}}}\n"


def list_settings(types: list[type[Struct]]) -> set[str]:
    return {
        f"{name.rpartition('.')[2]}.{field}"
        for name, struct in list_structs(types).items()
        for field in struct.__struct_encode_fields__
    }


def test_every_setting_is_tried() -> None:
    assert list_settings([Settings]) == {*SETTINGS, *SILENT}
    silent = {"Settings.badge", "Settings.image"}
    assert list_settings([BadgeSettings]) == {*BADGES, *silent}


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("setting", SETTINGS)
def test_every_setting_that_changes_what_a_member_gets_shows(setting: str, lang: Language) -> None:
    before, after = (tell(HEAD + BASE + offer(it), lang) for it in SETTINGS[setting])
    assert before != after


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("setting", BADGES)
def test_every_setting_of_a_badge_shows(setting: str, lang: Language) -> None:
    before, after = (tell(HEAD + BASE + badge(it), lang) for it in BADGES[setting])
    assert before != after


@pytest.mark.parametrize("lang", LANGS)
def test_every_measure_is_told_in_words_of_its_own(lang: Language) -> None:
    measures = ["days", "activities", "spend", "items", "categories", "brands", "streak"]
    told = {tuple(tell(HEAD + BASE + offer(PLAIN.replace("of: days", f"of: {it}")), lang)) for it in measures}
    assert len(told) == len(measures)
    assert all("{" not in line for lines in told for line in lines)


BACK = (
    "What you bring back no longer counts. What is no longer reached without it is taken back, and so are coupons that"
    " are not used and badges; it comes again when the goal is reached again."
)
ROWS = "Counted are weeks in a row: each week (Monday to Sunday) needs 2 check-ins."
CARD = (
    f"{NAMED}, opt_in: true, per: month, counts: {{of: items}}, lines: {{categories: [WINE]}}, goals:"
    " [{id: a, at: 3, points: 100}, {id: b, every: 10, most: 2, grants: [{kind: coupon, what: off, count: 2},"
    " {kind: badge, what: tea}]}]"
)
WEEKS = (
    f"{NAMED}, counts: {{of: streak, unit: week, least: 2, freeze: 1}},"
    " goals: [{id: a, title: {en: A month, zh-CN: 满月}, at: 4, points: 100}]"
)


@pytest.mark.parametrize(
    ("settings", "on", "more", "lang", "said"),
    [
        (
            CARD,
            "[purchase, challenge_join]",
            "",
            "en",
            [
                "“June” is for those who join. What you do on the day of joining and afterwards counts.",
                "Counted are the pieces of items in WINE that you bought.",
                "What there is to reach:",
                "- 3 pieces: 100 Points",
                "- each 10 pieces: 2 coupons “Off” and the badge “Tea lover”, at most 2 times",
                "Each calendar month is counted by itself.",
                BACK,
            ],
        ),
        (
            CARD,
            "[purchase]",
            "",
            "zh",
            [
                "“六月挑战”须先报名参加，自报名当日起计入。",
                "累计购买WINE类商品的件数。",
                "达成目标可得：",
                "- 满3件：100积分",
                "- 每满10件：优惠券“立减券”2张、徽章“茶友”1枚，最多2次",
                "按自然月计算，次月重新计数。",
                "退货部分不再计入；因此未达成的目标，所得奖励将收回（含未使用的优惠券和徽章），再次达成时重新发放。",
            ],
        ),
        (
            WEEKS,
            "[check_in]",
            ", on_return: keep",
            "en",
            [
                "You take part in “June” without joining.",
                f"{ROWS} The row is not broken by up to 1 week missed in between, which do not count.",
                "What there is to reach:",
                "- A month, 4 weeks in a row: 100 Points",
                "What you bring back does not change what was counted.",
            ],
        ),
        (
            WEEKS,
            "[check_in]",
            ", on_return: keep",
            "zh",
            [
                "“六月挑战”无需报名，自动参加。",
                "累计连续周数：每周（周一至周日）须有签到至少2次。中间最多可间断1周，间断不计入，也不清零。",
                "达成目标可得：",
                "- 满月，连续4周：100积分",
                "发生退货的，已计入的进度不受影响。",
            ],
        ),
    ],
)
def test_members_are_told_how_it_works(settings: str, on: str, more: str, lang: Language, said: list[str]) -> None:
    told = tell(HEAD + BASE + offer(settings, on=on, more=more), lang)
    start = told.index(said[0])
    assert told[start : start + len(said)] == said


def test_audience_with_a_badge_is_called_by_its_title() -> None:
    vip = (
        "  - {id: vip, mechanic: bonus, on: [purchase], audience: {traits: {badge.tea: [true]}},"
        " settings: {currency: points, points: 5}}\n"
    )
    told = tell(HEAD + BASE + vip + badge(TEA), "en")
    assert [line for line in told if "Tea lover" in line and "badge" not in line]
