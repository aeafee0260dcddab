"""Goods, and days of a member's own, in words: what many mechanics choose lines and days by."""

from collections.abc import Iterator, Sequence

from regulars.kernel.program.lines import Exclusion, Selection
from regulars.kernel.program.occasions import Occasion
from regulars.kernel.program.terms.clauses import Clause
from regulars.kernel.program.terms.speech import Speech

__all__ = ["name_goods", "name_selection", "tell_bounds", "tell_exclusion", "tell_occasion"]


def name_goods(
    speech: Speech,
    *,
    categories: Sequence[str] = (),
    brands: Sequence[str] = (),
    skus: Sequence[str] = (),
    stores: Sequence[str] = (),
) -> str:
    """Name goods by what tells them apart: items in A or B, of the brand C. Lists that are empty say nothing."""
    listed = {
        "categories": speech.join(categories, "or"),
        "brands": speech.join(brands, "or"),
        "skus": speech.join(skus, "or"),
        "stores": speech.join(stores, "or"),
    }
    if speech.lang == "zh":
        parts = [
            f"{listed['stores']}门店的" if stores else "",
            f"{listed['categories']}类" if categories else "",
            f"{listed['brands']}品牌" if brands else "",
            "商品",
            f"（货号{listed['skus']}）" if skus else "",
        ]
        return "".join(parts) if any(listed.values()) else "全部商品"
    parts = [
        f" in {listed['categories']}" if categories else "",
        f" of the brand {listed['brands']}" if brands else "",
        f" with the article number {listed['skus']}" if skus else "",
        f" bought in the store {listed['stores']}" if stores else "",
    ]
    return "items" + ",".join(part for part in parts if part) if any(listed.values()) else "all items"


def name_selection(speech: Speech, selection: Selection) -> str:
    """Name the goods that a selection takes. Empty where it takes all."""
    if not (selection.categories or selection.brands or selection.skus or selection.stores):
        return ""
    return name_goods(
        speech,
        categories=selection.categories,
        brands=selection.brands,
        skus=selection.skus,
        stores=selection.stores,
    )


def tell_bounds(speech: Speech, selection: Selection, lead: str = "") -> Iterator[Clause]:
    """Tell what a selection leaves out, and what it must come to. `lead` begins each sentence."""
    yield from tell_exclusion(speech, selection.exclude, lead)
    if selection.minimum_minor:
        text = speech.say(
            "{lead}The items that count must come to {money} or more together.",
            "{lead}计入的商品合计须满{money}。",
            lead=lead,
            money=speech.money(selection.minimum_minor),
        )
        yield Clause(text=text)
    if selection.minimum_milli:
        text = speech.say(
            "{lead}The items that count must come to a quantity of {quantity} or more together.",
            "{lead}计入的商品合计数量须满{quantity}件。",
            lead=lead,
            quantity=speech.quantity(selection.minimum_milli),
        )
        yield Clause(text=text)


def tell_exclusion(speech: Speech, exclude: Exclusion, lead: str = "") -> Iterator[Clause]:
    """Tell what does not count; nothing where all does."""
    items: list[str] = []
    if exclude.categories:
        items.append(speech.join(exclude.categories))
    if exclude.brands:
        items.append(speech.say("the brand {it}", "{it}品牌", it=speech.join(exclude.brands)))
    if exclude.skus:
        items.append(speech.say("the article number {it}", "货号{it}", it=speech.join(exclude.skus)))
    if items:
        text = speech.say(
            "{lead}Not counted: {what}.", "{lead}以下商品不计入：{what}。", lead=lead, what="; ".join(items)
        )
        yield Clause(text=text.replace("; ", "；") if speech.lang == "zh" else text)


def tell_occasion(speech: Speech, occasion: Occasion) -> Clause:
    """Tell around which day of the member's own something holds."""
    is_birthday = occasion.of == "birthday"
    if is_birthday:
        day = speech.say("your birthday", "您的生日")
    elif occasion.years:
        years = speech.join([speech.rank(year) if speech.lang == "en" else str(year) for year in occasion.years])
        day = speech.say("the {years} anniversary of your joining", "您入会满{years}周年的纪念日", years=years)
    else:
        day = speech.say("each anniversary of your joining", "您每年的入会纪念日", years="")
    stretch = {
        "day": ("On {day}", "限{day}当天"),
        "week": ("In the week (Monday to Sunday) of {day}", "限{day}所在周（周一至周日）"),
        "month": ("In the calendar month of {day}", "限{day}所在月份"),
    }[occasion.within]
    text = speech.say(*stretch, day=day)
    if occasion.days_before:
        text += speech.say(", and {n} days before", "，另含之前{n}天", n=occasion.days_before)
    if occasion.days_after:
        text += speech.say(", and {n} days after", "，另含之后{n}天", n=occasion.days_after)
    leap = ("28 February", "2月28日") if occasion.leap_day == "02-28" else ("1 March", "3月1日")
    text += speech.say(
        "; for a 29 February, in years without one, on {leap}.",
        "；2月29日在平年按{leap}计。",
        leap=speech.say(*leap),
    )
    if is_birthday:
        text += speech.say(" We must know the day and month of your birth.", "须事先登记生日的月和日。")
    return Clause(text=text)
