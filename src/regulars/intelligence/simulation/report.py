"""A simulation as one page for people: drafts side by side in tables, and what is owed month by month in a chart.

The page stands alone: no script, no font and no picture from elsewhere.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Final

from regulars.intelligence.simulation.model import LIVE, Simulated, Tally
from regulars.kernel.program import Document

__all__ = ["Table", "list_tables", "owed_by_month", "write_page"]

MICRO: Final = 1_000_000
MINOR: Final = 100
COLOURS: Final = ("#222222", "#0b6bcb", "#c2410c", "#15803d", "#7c3aed", "#a16207", "#be185d")
"""Dark enough on white for everybody; lines also differ by their dashes."""
DASHES: Final = ("", "7 3", "2 3", "9 3 2 3", "1 4", "12 4", "5 5")
WIDTH: Final = 860
HEIGHT: Final = 320
LEFT: Final = 90
BOTTOM: Final = 40

WORDS: Final = {
    "title": ("What the drafts would have done", "方案对比：假如当时就用新方案"),
    "window": ("From {since} until {until}, over what is stored.", "以 {since} 至 {until} 已记录的数据重算。"),
    "cost": ("What it gives", "发放成本"),
    "live": ("what is live", "现行方案"),
    "points": ("Points given ({currency})", "发放积分（{currency}）"),
    "money": ("Worth, {money}", "折合金额（{money}）"),
    "difference": ("Difference to what is live, {money}", "与现行方案之差（{money}）"),
    "offers": ("Worth by offer, {money}", "各活动折合金额（{money}）"),
    "levels": ("Members by level at the end", "期末各等级会员数"),
    "none": ("none", "无"),
    "up": ("Moves of level", "等级变动"),
    "groups": ("Who gains, who loses, by today's level", "得失会员（按现有等级）"),
    "gain": ("{level}: gain", "{level}：得利"),
    "lose": ("{level}: lose", "{level}：受损"),
    "net": ("{level}: together, {money}", "{level}：合计（{money}）"),
    "refused": ("Would be refused", "将被拒绝"),
    "left_out": ("Not rehearsed (they speak of others, or of holds)", "未参与重算（涉及他人或冻结积分）"),
    "owed": ("What is owed at the end of each month, {money}", "各月末未兑积分折合金额（{money}）"),
    "assumed": (
        "All points still there count in full, as if each were used one day; members redeem as they really did.",
        "未兑积分按全额计算，即假设最终全部兑换；兑换行为沿用实际记录。",
    ),
    "again": (
        "Shared budgets were given in the order of time; it took {passes} more passes.",
        "共享预算按时间先后分配，另外重算了 {passes} 轮。",
    ),
}

Table = tuple[str, Sequence[tuple[str, Sequence[str]]]]
"""A title, and rows: a label, and one cell for each version."""


def list_tables(done: Simulated, document: Document, *, lang: str) -> list[Table]:
    """Put the figures into tables, a column for each version. `document` names offers, levels and currencies."""
    names = list(done.tallies)
    tallies = [done.tallies[name] for name in names]
    money = document.money
    return [
        (_say("cost", lang), list(_tell_cost(tallies, document, lang))),
        (_say("offers", lang, money=money), list(_tell_offers(tallies, document, lang))),
        (_say("levels", lang), list(_tell_levels(tallies, document, lang))),
        (_say("up", lang), list(_tell_moves(tallies, lang))),
        (_say("groups", lang), list(_tell_groups(done, names, document, lang))),
        (_say("refused", lang), list(_count(tallies, "refused"))),
        (_say("left_out", lang), list(_count(tallies, "left_out"))),
    ]


def owed_by_month(tally: Tally) -> dict[str, int]:
    """What all points still there were worth at the end of each month, in millionths of a minor unit."""
    running, found = 0, dict[str, int]()
    for month in sorted(tally.owed):
        running += tally.owed[month]
        found[month] = running
    return found


def write_page(done: Simulated, document: Document, *, lang: str) -> str:
    """Write the page, `lang` being en or zh."""
    names = [_say("live", lang) if name == LIVE else name for name in done.tallies]
    title = _say("title", lang)
    window = _say("window", lang, since=f"{done.since:%Y-%m-%d}", until=f"{done.until:%Y-%m-%d}")
    parts = [
        "<!doctype html>",
        f'<html lang="{"zh-CN" if lang == "zh" else "en"}"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1><p>{escape(window)}</p>",
    ]
    parts += [_write_table(table, names) for table in list_tables(done, document, lang=lang) if table[1]]
    parts.append(f"<h2>{escape(_say('owed', lang, money=document.money))}</h2>")
    parts.append(_draw({name: owed_by_month(tally) for name, tally in zip(names, done.tallies.values(), strict=True)}))
    parts.append(f"<p>{escape(_say('assumed', lang))}</p>")
    if done.passes:
        parts.append(f"<p>{escape(_say('again', lang, passes=str(done.passes)))}</p>")
    parts.append("</body></html>\n")
    return "\n".join(parts)


def _say(word: str, lang: str, **values: str) -> str:
    return WORDS[word][1 if lang == "zh" else 0].format(**values)


def _named(names: Mapping[str, str] | None, lang: str, id_: str) -> str:
    return id_ if names is None else names.get("zh-CN" if lang == "zh" else "en", id_)


def _money(micro: int) -> str:
    """Whole cents, rounded towards nought."""
    minor = abs(micro) // MICRO
    return f"{'-' if micro < 0 and minor else ''}{minor // MINOR:,}.{minor % MINOR:02}"


def _tell_cost(tallies: Sequence[Tally], document: Document, lang: str) -> Iterable[tuple[str, list[str]]]:
    for id_, currency in document.currencies.items():
        sums = [sum(points for (_, name), points in tally.points.items() if name == id_) for tally in tallies]
        label = _say("points", lang, currency=_named(currency.name, lang, id_))
        yield label, [f"{points:,}" for points in sums]
    worth = [sum(tally.worth.values()) for tally in tallies]
    yield _say("money", lang, money=document.money), [_money(each) for each in worth]
    yield _say("difference", lang, money=document.money), [_money(each - worth[0]) for each in worth]


def _tell_offers(tallies: Sequence[Tally], document: Document, lang: str) -> Iterable[tuple[str, list[str]]]:
    names = {offer.id: offer.name for offer in document.offers}
    offers = {offer for tally in tallies for offer, _ in tally.worth}
    rows = [
        (offer, [sum(worth for (name, _), worth in tally.worth.items() if name == offer) for tally in tallies])
        for offer in offers
    ]
    for offer, worths in sorted(rows, key=lambda row: (-max(row[1]), row[0])):
        if any(worths):
            yield _named(names.get(offer), lang, offer), [_money(worth) for worth in worths]


def _names_of_levels(document: Document, lang: str) -> dict[str, str]:
    levels = [level for offer in document.offers for level in offer.settings.get("levels", ())]
    return {level["id"]: _named(level.get("name"), lang, level["id"]) for level in levels}


def _tell_levels(tallies: Sequence[Tally], document: Document, lang: str) -> Iterable[tuple[str, list[str]]]:
    names = _names_of_levels(document, lang)
    ranks = {level: rank for rank, level in enumerate(names)}
    found = {key for tally in tallies for key, count in tally.levels.items() if count}
    for trait, level in sorted(found, key=lambda key: (key[0], ranks.get(key[1], -1), key[1])):
        label = f"{trait}: {names.get(level, level) or _say('none', lang)}"
        yield label, [f"{tally.levels[trait, level]:,}" for tally in tallies]


def _tell_moves(tallies: Sequence[Tally], lang: str) -> Iterable[tuple[str, list[str]]]:
    found = {key for tally in tallies for key, count in tally.moves.items() if count}
    for trait, start, end in sorted(found):
        none = _say("none", lang)
        yield f"{trait}: {start or none} → {end or none}", [f"{tally.moves[trait, start, end]:,}" for tally in tallies]


def _tell_groups(
    done: Simulated, names: Sequence[str], document: Document, lang: str
) -> Iterable[tuple[str, list[str]]]:
    called = _names_of_levels(document, lang)
    levels = list(dict.fromkeys(group.level for groups in done.groups.values() for group in groups))
    for level in levels:
        label = called.get(level, level) or _say("none", lang)
        cells: dict[str, list[str]] = {"gain": [], "lose": [], "net": []}
        for name in names:
            group = next((each for each in done.groups.get(name, ()) if each.level == level), None)
            cells["gain"].append("" if group is None else f"{group.gain:,} / {group.members:,}")
            cells["lose"].append("" if group is None else f"{group.lose:,} / {group.members:,}")
            cells["net"].append("" if group is None else _money(group.difference_micro))
        for word, row in cells.items():
            yield _say(word, lang, level=label, money=document.money), row


def _count(tallies: Sequence[Tally], what: str) -> Iterable[tuple[str, list[str]]]:
    counters = [getattr(tally, what) for tally in tallies]
    for key in sorted({key for counter in counters for key, count in counter.items() if count}):
        yield key, [f"{counter[key]:,}" for counter in counters]


def _write_table(table: Table, names: Sequence[str]) -> str:
    title, rows = table
    head = "".join(f"<th scope=col>{escape(name)}</th>" for name in names)
    body = "".join(
        f"<tr><th scope=row>{escape(label)}</th>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
        for label, cells in rows
    )
    return (
        f"<h2>{escape(title)}</h2><div class=wide><table><thead><tr><th></th>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def _draw(lines: Mapping[str, Mapping[str, int]]) -> str:
    """Draw a line for each version over the months."""
    months = sorted({month for line in lines.values() for month in line})
    top = max((value for line in lines.values() for value in line.values()), default=0) or 1
    step = (WIDTH - LEFT - 20) / max(1, len(months) - 1)
    tall = HEIGHT - BOTTOM - 20

    def place(index: int, value: int) -> str:
        return f"{LEFT + index * step:.1f},{20 + tall - tall * value / top:.1f}"

    drawn = [f'<div class=wide><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" width="{WIDTH}" height="{HEIGHT}">']
    for part in range(5):
        y = 20 + tall - tall * part / 4
        drawn.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - 20}" y2="{y:.1f}" stroke="#ddd"/>')
        drawn.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{_money(top * part // 4)}</text>')
    every = max(1, len(months) // 8)
    for index, month in enumerate(months):
        if index % every == 0:
            x = LEFT + index * step
            drawn.append(f'<text x="{x:.1f}" y="{HEIGHT - 14}" text-anchor="middle">{escape(month)}</text>')
    for number, (name, line) in enumerate(lines.items()):
        value, places = 0, list[str]()
        for index, month in enumerate(months):
            value = line.get(month, value)
            places.append(place(index, value))
        colour, dash = COLOURS[number % len(COLOURS)], DASHES[number % len(DASHES)]
        drawn.append(
            f'<polyline fill="none" stroke="{colour}" stroke-width="2.5" stroke-dasharray="{dash}"'
            f' points="{" ".join(places)}"><title>{escape(name)}</title></polyline>'
        )
    drawn.append("</svg></div><p class=legend>")
    for number, name in enumerate(lines):
        colour, dash = COLOURS[number % len(COLOURS)], DASHES[number % len(DASHES)]
        drawn.append(
            f'<span><svg width="36" height="10"><line x1="0" y1="5" x2="36" y2="5" stroke="{colour}" stroke-width="2.5"'
            f' stroke-dasharray="{dash}"/></svg> {escape(name)}</span>'
        )
    drawn.append("</p>")
    return "".join(drawn)


STYLE: Final = """
body{font:16px/1.5 system-ui,"PingFang SC","Microsoft YaHei",sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;
color:#222;background:#fff}
h2{margin-top:2rem;font-size:1.15rem}
.wide{overflow-x:auto}
table{border-collapse:collapse;min-width:100%}
th,td{padding:.3rem .7rem;border-bottom:1px solid #ddd;text-align:right;white-space:nowrap}
th[scope=row]{text-align:left;font-weight:normal}
svg text{font-size:12px;fill:#444}
.legend span{margin-right:1.5rem;white-space:nowrap}
"""
