"""What members are told: nothing that is not set, in two languages, on pages that stand alone."""

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from regulars.interfaces.cli.program import app
from regulars.kernel.program import compile_plan, parse
from regulars.kernel.program.terms import Language, draw_terms, write_html, write_markdown
from tests.program.story import BASE, STARS, TIERS
from tests.program.telling import HEAD, LANGS, RATED, WRAPPED, draw, offer, read, tell

ROOT = Path(__file__).parents[2]
GROCER = (ROOT / "programs" / "grocer.yaml").read_text(encoding="utf-8")
CORNER = (ROOT / "docs" / "examples" / "corner.yaml").read_text(encoding="utf-8")

# --- what is said ----------------------------------------------------------------------------------------------------

CORNER_EN = """\
Corner Shop: terms
# General
Dates and times are local times of China (Beijing time). A day counts to its end.
A purchase counts at the time at which it was made, at the price you paid after every discount, and by the terms that \
held then.
What reaches us late counts for the day on which it happened, if it is no more than 30 days late. What is limited in \
number is given as it comes in.
# What you collect
# Points
Points are earned and then used with us.
Points can be used at once.
Points expire 12 months after the day on which they were earned, at the end of that day.
Example: Points earned on 15 March 2026 can be used for the last time on 15 March 2027.
Whenever you use Points, those that expire first are used first.
When they are used, 100 Points are worth ¥1.
# What brings it
# A point for every yuan
For purchases you get 1 Point for every ¥1.
What is less than 1 Point is dropped, once, over the whole purchase.
Example: ¥12.60 brings 12 Points.
On a return, the share of Points that belongs to the goods brought back is taken back.
# Returns
A part is reckoned from all that was brought back so far, and rounded down in your favour; when everything is back, \
exactly what was given is taken back.
What is taken back is taken first from what the same purchase brought, then from what you have besides. If you have \
used it already, the rest is settled with what you earn next. What had expired unused is not asked for.
# What we reserve
We may change or end this programme. A change holds from the moment that we announce; what you were given before keeps \
its amount and its end.
We may correct what was booked by mistake. Each correction stands in your statement with its reason.
"""
CORNER_ZH = """\
街角小店会员规则
# 总则
本规则所称日期和时间均以北京时间为准，日期含当天全天。
消费以发生时间为准，按优惠后的实付金额计算，并适用发生时有效的规则。
补传的消费在30天内仍按实际发生日计算；限量奖励以系统收到的先后为准。
# 积分种类
# 积分
积分由您获得，可按本规则使用。
积分到账即可使用。
积分自获得之日起12个月内有效（含到期当天）。
例：2026年3月15日获得的积分，2027年3月15日为最后可用日。
使用积分时，先到期的先扣。
使用时，100积分抵1元。
# 如何获得
# 消费一元积一分
消费每1元得1积分。
不足1积分的部分，按整单合计后舍去。
例：消费12.60元，得12积分。
退货时，按所退商品收回相应的积分。
# 退货
部分退货时，收回数量按累计已退部分计算，不足最小单位的不收；全部退回时，恰好收回当时所得的全部。
收回时先扣该笔消费所得，再扣其他余额；已用掉的，差额从以后所得中抵扣。其中已过期未使用的部分不再追收。
# 其他约定
我们可调整或终止本计划。调整自公告的时间起生效，此前已发放的数量和有效期不变。
记录有误的，我们可以更正；每次更正及其原因都会列在您的明细中。
"""


@pytest.mark.parametrize(("lang", "whole"), [("en", CORNER_EN), ("zh", CORNER_ZH)])
def test_the_smallest_programme_has_no_sentence_for_what_it_does_not_set(lang: Language, whole: str) -> None:
    assert tell(CORNER, lang) == whole.splitlines()


GROCER_PARTS: dict[Language, tuple[str, ...]] = {
    "en": (
        "Points can be used from the start of the 14th day after the day on which they were earned.",
        (
            "Example: Points earned on 15 March 2017 can be used from 29 March 2017 on, for the last time on 31 March"
            " 2018."
        ),
        "When they are used, 200 Points are worth $1.",
        "Stars are only counted. They cannot be spent, given away or paid out.",
        "- items in PRODUCE, MEAT, SEAFOOD, DELI or SALAD BAR: 3 Points for every $2",
        "- items in FUEL: 1 Point for every $5",
        "- everything else: 1 Point for every $1",
        "- Silver: 1.25 times as much",
        "Example: $12.60 spent on everything else brings 12 Points; 15 Points for Silver; 18 Points for Gold.",
        "Runs from 1 June 2017 to 31 August 2017, both days included.",
        (
            "While stocks last: 150,000 Points in all are given, all members together. When they are gone, the offer"
            " ends early, and what is left may be less than a purchase would bring."
        ),
        "The items that count must come to $75 or more together; below that a purchase brings nothing here.",
        "Example: $78 brings 15 Points.",
        (
            "On a return, the share of Points that belongs to the goods brought back is taken back; all of it is, if"
            " what you keep would not have qualified."
        ),
        "- Green: every member",
        "- Silver: 1,500 Stars",
        "It is safe for 365 days. Example: reached on 15 March 2017, it is safe to the end of 15 March 2018.",
        "The level that you have when you buy decides. A higher level never changes what earlier purchases brought.",
    ),
    "zh": (
        "积分自获得之日起第14天零点起可用（获得当天不计）。",
        "例：2017年3月15日获得的积分，2017年3月29日起可用，2018年3月31日为最后可用日。",
        "使用时，200积分抵1美元。",
        "星星仅用于累计，不能消费、转赠或兑换现金。",
        "- PRODUCE、MEAT、SEAFOOD、DELI或SALAD BAR类商品：每2美元得3积分",
        "- 其他商品：每1美元得1积分",
        "- 银卡：1.25倍",
        "例：其他商品消费12.60美元，得12积分；银卡得15积分；金卡得18积分。",
        "活动期：2017年6月1日至2017年8月31日（含首尾两日）。",
        "全体会员共150,000积分，先到先得，送完即止；临近送完时，单次所得可能少于应得数量。",
        "例：消费78美元，得15积分。",
        "退货时，按所退商品收回相应的积分；退货后余下部分不再符合条件的，全部收回。",
        "- 银卡：1500星星",
        "等级自达到之日起保留365天。例：2017年3月15日达到，保留至2018年3月15日（含当天）。",
        "按消费当时的等级计算，升级后不对此前的消费补发。",
    ),
}


@pytest.mark.parametrize("lang", LANGS)
def test_the_grocer_says_what_it_promises(lang: Language) -> None:
    told = tell(GROCER, lang)
    assert [part for part in GROCER_PARTS[lang] if part not in told] == []


@pytest.mark.parametrize(("rounding", "points"), [("down", 12), ("nearest", 13), ("up", 13)])
def test_examples_are_worked_out_by_the_mechanic(rounding: str, points: int) -> None:
    told = tell(HEAD + offer("spend", f"{RATED}, round: {rounding}"), "en")
    assert f"Example: $12.60 brings {points} Points." in told


CONDITIONS = [
    ("basket.total >= 5000", ["the purchase comes to $50 or more"], ["消费总额不少于50美元"], True),
    ("1500 < basket.total", ["the purchase comes to more than $15"], ["消费总额超过15美元"], True),
    ("!(basket.total >= 5000)", ["the purchase comes to less than $50"], ["消费总额少于50美元"], True),
    ('member.tier == "gold"', ["your level is Gold"], ["您的等级为金"], True),
    ('member.tier in ["gold", "green"]', ["your level is Gold or Green"], ["您的等级为金或绿"], True),
    ('"FUEL" in basket.categories', ["the purchase has an item in FUEL"], ["消费中含FUEL类商品"], True),
    ('!("FUEL" in basket.categories)', ["the purchase has no item in FUEL"], ["消费中不含FUEL类商品"], True),
    ("activity.weekday >= 6", ["it is Saturday or Sunday"], ["时间为周六或周日"], True),
    ("activity.hour < 10", ["the time is from 00:00 to before 10:00"], ["时间为00:00起、10:00前"], True),
    (
        "member.birthday_month == activity.month",
        ["it is the month of your birthday"],
        ["时间为您的生日当月"],
        True,
    ),
    (
        'basket.lines.exists(l, l.brand == "Private" && l.amount >= 500)',
        [
            (
                "at least one item of the purchase fits this: (the brand of the item is Private and the price paid"
                " for the item is $5 or more)"
            )
        ],
        ["消费中至少有一件商品符合：（商品品牌为Private，且商品实付金额不少于5美元）"],
        True,
    ),
    (
        "basket.total > 500 && basket.count > 2",
        ["the purchase comes to more than $5", "the number of items on the receipt is more than 2"],
        ["消费总额超过5美元", "小票上的商品行数超过2"],
        True,
    ),
    (
        "basket.total > 500 && basket.total % 7 == 0",
        ["the purchase comes to more than $5"],
        ["消费总额超过5美元"],
        False,
    ),
    ("basket.total > 500 || basket.total % 7 == 0", [], [], False),
    ("metrics.visits > 3", [], [], False),
]


@pytest.mark.parametrize(("when", "en", "zh", "whole"), CONDITIONS, ids=[row[0] for row in CONDITIONS])
def test_conditions_are_told_as_far_as_they_are_plain(when: str, en: list[str], zh: list[str], *, whole: bool) -> None:
    text = HEAD + STARS + TIERS + WRAPPED % f"when: '{when}'"
    for lang, wanted, further in zip(LANGS, (en, zh), ("Further conditions apply.", "另有其他条件。"), strict=True):
        drawn = draw(text, lang)
        told = "\n".join(read(drawn.chapters))
        assert [each for each in wanted if each not in told] == []
        assert (further in told) != whole
        # Whoever edits sees what words could not say.
        assert (when in write_markdown(drawn)) != whole


def test_a_formula_is_told_by_its_cases() -> None:
    told = tell(
        HEAD + offer("spend", 'currency: points, formula: "line.amount > 2000 ? (line.amount - 2000) / 500 : 0"'), "en"
    )
    assert "- if the price paid for the item is more than $20: (the price paid for the item − 2000) ÷ 500" in told
    assert "- else: 0" in told
    assert "- 6 Points for one item of $50" in told


def test_a_mechanic_without_words_is_honest_about_it() -> None:
    plan = compile_plan(parse(HEAD + BASE))
    bound = plan.offers["base"]
    mute = replace(plan, offers={"base": replace(bound, mechanic=replace(bound.mechanic, terms=None))})
    drawn = draw_terms(mute, "en")
    assert "This offer is for purchases. What it gives is said where it is announced." in read(drawn.chapters)
    assert "the mechanic spend has no words of its own" in write_markdown(drawn)


# --- pages -----------------------------------------------------------------------------------------------------------


def test_names_stay_names_on_every_page() -> None:
    evil = "{en: '<script>x</script> *a* [b](c)', zh-CN: '<i>'}"
    drawn = draw(HEAD + BASE.replace("id: base,", f"id: base, name: {evil},"), "en")
    page, text = write_html(drawn), write_markdown(drawn)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert r"\<script\>x\</script\> \*a\* \[b\](c)" in text


def test_a_comment_cannot_be_ended_from_within() -> None:
    when = '"--->" in basket.skus && metrics.x > 1'
    drawn = draw(HEAD + WRAPPED % f"when: '{when}'", "en")
    for page in (write_html(drawn), write_markdown(drawn)):
        assert page.count("-->") == page.count("<!--")


@pytest.mark.parametrize("lang", LANGS)
def test_a_page_stands_alone(lang: Language) -> None:
    drawn = draw(GROCER, lang)
    page = write_html(drawn)
    assert not [word for word in ("<script", "src=", "href=", "url(", "http", "@import") if word in page]
    assert page.count("<h3>") == sum(len(chapter.parts) for chapter in drawn.chapters)
    assert drawn.version[:12] in page


def test_the_command_writes_text_or_a_page(tmp_path: Path) -> None:
    file = tmp_path / "corner.yaml"
    file.write_text(CORNER, encoding="utf-8")
    done = CliRunner().invoke(app, ["terms", str(file), "--lang", "zh"])
    assert done.output == write_markdown(draw(CORNER, "zh"))
    done = CliRunner().invoke(app, ["terms", str(file), "--html", str(tmp_path / "terms.html")])
    assert done.exit_code == 0
    assert (tmp_path / "terms.html").read_text(encoding="utf-8") == write_html(draw(CORNER, "en"))
