"""The demo's report: what a year came to, in tables for people and figures for machines."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct
from rich.console import Console
from rich.table import Column, Table

from regulars.base.db import Read
from regulars.interfaces.cli.console import format_count, format_duration
from regulars.interfaces.cli.journey import CREDIT, Outline
from regulars.interfaces.cli.promises import Challenge, Coupons, read_challenges, read_coupons
from regulars.interfaces.cli.recording import Tally
from regulars.kernel import ledger, limits, members
from regulars.kernel.members.proofs import PROOFS as MEMBERS
from regulars.kernel.program import Document
from regulars.kernel.spine.check import Report

__all__ = ["Figures", "Year", "read_year", "show", "summarise"]

OFFERS_MAX: Final = 10
OFFERS_MAX_READ: Final = 1_000
MICRO: Final = 1_000_000
MINOR: Final = 100
TIER: Final = "tier"
POINTS: Final = "points"
BADGE: Final = "badge."

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "title": ("A grocer's year", "一家超市的一年"),
    "members": ("Members by level, {at}", "会员等级分布（{at}）"),
    "level": ("Level", "等级"),
    "count": ("Members", "会员数"),
    "share": ("Share", "占比"),
    "none": ("(none yet)", "（尚无）"),
    "points": ("Points, {at}", "积分（{at}）"),
    "currency": ("Currency", "币种"),
    "issued": ("Issued", "已发放"),
    "usable": ("Usable", "可用"),
    "pending": ("Pending", "待生效"),
    "expired": ("Ended unused", "已过期"),
    "outstanding": ("Outstanding", "未兑余额"),
    "liability": ("Liability", "负债"),
    "offers": ("What gave the points", "积分来源"),
    "offer": ("Offer", "活动"),
    "given": ("Points", "积分"),
    "times": ("Times", "次数"),
    "budgets": ("Budgets and stocks", "预算与库存"),
    "budget": ("Of", "项目"),
    "used": ("Used", "已用"),
    "of": ("Of", "总额"),
    "coupons": (
        "Coupons: who was written to and who used one is the data's, what one is worth is the programme's",
        "优惠券：寄给谁、谁用了来自数据；面值由方案决定",
    ),
    "campaign": ("Campaign type", "活动类型"),
    "letters": ("Letters", "邮件"),
    "handed": ("Given", "已发放"),
    "shown": ("Shown", "已出示"),
    "honoured": ("Used", "已核销"),
    "taken_off": ("Taken off", "抵扣金额"),
    "challenges": ("Challenges", "挑战"),
    "challenge": ("Challenge", "挑战"),
    "began": ("Members", "参与会员"),
    "reached": ("Times reached", "达成次数"),
    "badges": ("Badges", "徽章"),
    "badge": ("Badge", "徽章"),
    "work": ("The work", "耗时"),
    "stage": ("Stage", "阶段"),
    "seconds": ("Time", "时间"),
    "reading": ("Reading the data, all processes", "读取数据（各进程合计）"),
    "thinking": ("Folding the offers, putting rows together, all processes", "规则计算与组装（各进程合计）"),
    "waiting": ("Waiting for PostgreSQL, and for a free core, all processes", "等待 PostgreSQL 与处理器（各进程合计）"),
    "checking": ("Checking the books", "核对账目"),
    "slowest": ("slowest", "最慢"),
    "rate": (
        "{baskets} baskets with {lines} lines, and {others} letters, in {seconds}: {rate} baskets per second.",
        "{baskets} 个购物篮、{lines} 行商品，另有 {others} 封邮件，用时 {seconds}，每秒 {rate} 个购物篮。",
    ),
    "memory": (
        "Memory at most: Regulars {ours} MB ({each}), PostgreSQL {theirs} MB.",
        "内存峰值：Regulars {ours} MB（{each}），PostgreSQL {theirs} MB。",
    ),
    "there": (
        "All {baskets} baskets are there already; nothing was replayed.",
        "{baskets} 个购物篮均已在库，无需回放。",
    ),
}


class Currency(Struct, frozen=True, kw_only=True):
    """One currency over the year; points, and minor units of money."""

    issued: int
    usable: int
    pending: int
    expired: int
    outstanding: int
    liability_minor: int


class Offer(Struct, frozen=True, kw_only=True):
    """What one offer gave."""

    offer: str
    currency: str
    points: int
    times: int


class Budget(Struct, frozen=True, kw_only=True):
    """How much of a budget is used."""

    id: str
    used: int
    amount: int


class Year(Struct, frozen=True, kw_only=True):
    """What the books say at one moment."""

    at: datetime
    members: int
    tiers: Mapping[str, int]
    """By level; empty text for members who have none yet."""
    currencies: Mapping[str, Currency]
    offers: tuple[Offer, ...]
    budgets: tuple[Budget, ...]
    coupons: tuple[Coupons, ...]
    """By campaign type."""
    challenges: tuple[Challenge, ...]
    badges: Mapping[str, int]
    """Members who have it, by badge."""


class Figures(Struct, frozen=True, kw_only=True):
    """The report for machines: what `--report` writes."""

    data: str
    baskets: int
    lines: int
    baskets_recorded: int
    baskets_repeated: int
    baskets_refused: int
    letters: int
    """Activities beside the baskets: coupons sent to households."""
    letters_recorded: int
    coupons_left_out: int
    """Coupons that the data says were used, on a day without a basket."""
    replay_seconds: float
    baskets_per_second: int
    reading_seconds: float
    thinking_seconds: float
    waiting_seconds: float
    check_seconds: float | None
    check_faults: int | None
    """None where nothing was checked."""
    rss_mb: int
    """The most memory that our processes took, added up."""
    lanes_rss_mb: Sequence[int]
    """The part of each process that replayed."""
    postgres_rss_mb: int | None
    points_issued: int
    points_usable: int
    points_pending: int
    points_expired: int
    points_outstanding: int
    liability_minor: int
    year: Year


async def read_year(read: Read, document: Document, outline: Outline, *, at: datetime) -> Year:
    """Read from the books what stands at a moment."""
    ids = await MEMBERS.list_owners(read)
    history = await members.traits_many(read, ids, since=at)
    traits = [history.as_of(member, at) for member in ids]
    issued: Counter[str] = Counter()
    offers = await ledger.issued_by_offer(read, most=OFFERS_MAX_READ)
    for row in offers:
        issued[row["currency"]] += row["points"]
    by_offer = {row["offer"]: (row["points"], row["lots"]) for row in offers}
    moved = {(row["currency"], row["kind"]): row["points"] for row in await ledger.moved(read)}
    currencies: dict[str, Currency] = {}
    for row in await ledger.outstanding(read, at=at):
        name = row["currency"]
        currencies[name] = Currency(
            issued=issued[name],
            usable=row["available"],
            pending=row["pending"],
            expired=row["ended"] - moved.get((name, "expire"), 0),
            outstanding=row["available"] + row["pending"],
            # What is owed is rounded up: a part of a cent is still owed.
            liability_minor=-(-int(row["value_micro"]) // MICRO),
        )
    return Year(
        at=at,
        members=len(ids),
        tiers=dict(Counter(str(each.get(TIER, "")) for each in traits).most_common()),
        currencies=currencies,
        offers=tuple(
            Offer(offer=row["offer"], currency=row["currency"], points=row["points"], times=row["lots"])
            for row in offers
        ),
        budgets=tuple(Budget(id=each.id, used=each.taken, amount=each.amount) for each in await limits.ceilings(read)),
        coupons=await read_coupons(read, outline.mailings, outline.shown.coupons),
        challenges=await read_challenges(read, document, sorted(ids), by_offer),
        badges=dict(
            Counter(
                name.removeprefix(BADGE) for each in traits for name in each if name.startswith(BADGE)
            ).most_common()
        ),
    )


def summarise(
    year: Year,
    tally: Tally,
    report: Report | None,
    outline: Outline,
    *,
    letters_recorded: int,
    rss_mb: int,
    lanes_rss_mb: Sequence[int],
    postgres_rss_mb: int | None,
) -> Figures:
    """Put the figures together."""
    points = year.currencies.get(POINTS)
    # Whatever is no letter is a basket, and only baskets are counted as such.
    recorded = tally.recorded - letters_recorded
    return Figures(
        data=CREDIT["en"],
        baskets=outline.total,
        lines=outline.line_count,
        baskets_recorded=recorded,
        baskets_repeated=outline.total - recorded - tally.refused,
        baskets_refused=tally.refused,
        letters=len(outline.mailings),
        letters_recorded=letters_recorded,
        coupons_left_out=outline.shown.left_out,
        replay_seconds=round(tally.seconds, 3),
        baskets_per_second=round(outline.total / tally.seconds) if tally.seconds else 0,
        reading_seconds=round(tally.reading_seconds, 3),
        thinking_seconds=round(tally.thinking_seconds, 3),
        waiting_seconds=round(tally.waiting_seconds, 3),
        check_seconds=None if report is None else round(report.elapsed, 3),
        check_faults=None if report is None else len(report.faults),
        rss_mb=rss_mb,
        lanes_rss_mb=lanes_rss_mb,
        postgres_rss_mb=postgres_rss_mb,
        points_issued=points.issued if points else 0,
        points_usable=points.usable if points else 0,
        points_pending=points.pending if points else 0,
        points_expired=points.expired if points else 0,
        points_outstanding=points.outstanding if points else 0,
        liability_minor=points.liability_minor if points else 0,
        year=year,
    )


def show(console: Console, figures: Figures, document: Document, *, lang: str) -> None:
    """Print the report, `lang` being en or zh. First of all, where the data comes from."""
    year = figures.year
    console.print()
    console.rule(_say("title", lang))
    console.print(CREDIT[lang], style="yellow")
    console.print()
    at = f"{year.at:%Y-%m-%d}"
    tables = [_tell_members(year, document, lang, at), _tell_points(year, document, lang, at)]
    tables.append(_tell_offers(year, document, lang))
    if year.budgets:
        tables.append(_tell_budgets(year, document, lang))
    if year.coupons:
        tables.append(_tell_coupons(year, document, lang))
    if year.challenges:
        tables.append(_tell_challenges(year, document, lang))
    if year.badges:
        tables.append(_tell_badges(year, document, lang))
    tables.append(_tell_work(figures, lang))
    for table in tables:
        console.print(table)
    baskets = format_count(figures.baskets)
    if figures.baskets_recorded:
        seconds, rate = format_duration(figures.replay_seconds), format_count(figures.baskets_per_second)
        lines, others = format_count(figures.lines), format_count(figures.letters)
        told = _say("rate", lang).format(baskets=baskets, lines=lines, others=others, seconds=seconds, rate=rate)
        console.print(told, soft_wrap=True)
    else:
        console.print(_say("there", lang).format(baskets=baskets))
    each = " + ".join(map(str, (figures.rss_mb - sum(figures.lanes_rss_mb), *figures.lanes_rss_mb)))
    theirs = "?" if figures.postgres_rss_mb is None else figures.postgres_rss_mb
    console.print(_say("memory", lang).format(ours=figures.rss_mb, each=each, theirs=theirs))


def _say(word: str, lang: str) -> str:
    return WORDS[word][1 if lang == "zh" else 0]


def _table(title: str, *columns: str) -> Table:
    """Make a table whose first column names, and whose others count."""
    first, *others = columns
    return Table(Column(first), *(Column(name, justify="right") for name in others), title=title, title_justify="left")


def _name(names: Mapping[str, str] | None, lang: str, id_: str) -> str:
    return id_ if names is None else names.get("zh-CN" if lang == "zh" else "en", id_)


def _tell_members(year: Year, document: Document, lang: str, at: str) -> Table:
    table = _table(_say("members", lang).format(at=at), *(_say(word, lang) for word in ("level", "count", "share")))
    levels = [level for offer in document.offers for level in offer.settings.get("levels", ())]
    names = {level["id"]: level.get("name") for level in levels}
    order = [*names, *(tier for tier in year.tiers if tier not in names)]
    for tier in order:
        count = year.tiers.get(tier, 0)
        label = _name(names.get(tier), lang, tier) or _say("none", lang)
        table.add_row(label, format_count(count), f"{1000 * count // max(1, year.members) / 10} %")
    return table


def _tell_points(year: Year, document: Document, lang: str, at: str) -> Table:
    words = ("currency", "issued", "usable", "pending", "expired", "outstanding", "liability")
    table = _table(_say("points", lang).format(at=at), *(_say(word, lang) for word in words))
    for id_, each in year.currencies.items():
        currency = document.currencies.get(id_)
        amounts = (each.issued, each.usable, each.pending, each.expired, each.outstanding)
        money = _put_money(document, each.liability_minor)
        worth = money if currency is not None and currency.value is not None else "-"
        name = _name(None if currency is None else currency.name, lang, id_)
        table.add_row(name, *map(format_count, amounts), worth)
    return table


def _tell_offers(year: Year, document: Document, lang: str) -> Table:
    table = _table(_say("offers", lang), *(_say(word, lang) for word in ("offer", "currency", "given", "times")))
    names = {offer.id: offer.name for offer in document.offers}
    for each in year.offers[:OFFERS_MAX]:
        currency = document.currencies.get(each.currency)
        table.add_row(
            _name(names.get(each.offer), lang, each.offer),
            _name(None if currency is None else currency.name, lang, each.currency),
            format_count(each.points),
            format_count(each.times),
        )
    return table


def _tell_budgets(year: Year, document: Document, lang: str) -> Table:
    table = _table(_say("budgets", lang), *(_say(word, lang) for word in ("budget", "used", "of", "share")))
    names = {f"offer:{offer.id}:points": offer.name for offer in document.offers}
    names |= {f"stock:{offer.settings.get('what')}": offer.name for offer in document.offers}
    for each in year.budgets:
        share = f"{1000 * each.used // max(1, each.amount) / 10} %"
        name = _name(names.get(each.id), lang, each.id)
        table.add_row(name, format_count(each.used), format_count(each.amount), share)
    return table


def _tell_coupons(year: Year, document: Document, lang: str) -> Table:
    words = ("campaign", "letters", "handed", "shown", "honoured", "taken_off", "given")
    table = _table(_say("coupons", lang), *(_say(word, lang) for word in words))
    for each in year.coupons:
        counts = map(format_count, (each.letters, each.given, each.shown, each.used))
        table.add_row(each.type, *counts, _put_money(document, each.taken_off_minor), format_count(each.points))
    return table


def _tell_challenges(year: Year, document: Document, lang: str) -> Table:
    table = _table(_say("challenges", lang), *(_say(word, lang) for word in ("challenge", "began", "reached", "given")))
    names = {offer.id: offer.name for offer in document.offers}
    for each in year.challenges:
        counts = map(format_count, (each.members, each.times, each.points))
        table.add_row(_name(names.get(each.offer), lang, each.offer), *counts)
    return table


def _tell_badges(year: Year, document: Document, lang: str) -> Table:
    table = _table(_say("badges", lang), _say("badge", lang), _say("count", lang))
    titles = {str(offer.settings.get("badge")): offer.settings.get("title") for offer in document.offers}
    for badge, count in year.badges.items():
        table.add_row(_name(titles.get(badge), lang, badge), format_count(count))
    return table


def _put_money(document: Document, minor: int) -> str:
    return f"{document.money} {minor // MINOR:,}.{minor % MINOR:02}"


def _tell_work(figures: Figures, lang: str) -> Table:
    table = _table(_say("work", lang), _say("stage", lang), _say("seconds", lang), "")
    stages = {
        "reading": figures.reading_seconds,
        "thinking": figures.thinking_seconds,
        "waiting": figures.waiting_seconds,
        "checking": figures.check_seconds or 0,
    }
    slowest = max(stages, key=lambda stage: stages[stage])
    for stage, seconds in stages.items():
        table.add_row(_say(stage, lang), format_duration(seconds), _say("slowest", lang) if stage == slowest else "")
    return table
