"""A simulation as one page: the tables, and what is owed month by month in a chart.

The page stands alone: no script, no font and no picture from elsewhere. It reads on a phone.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final
from zoneinfo import ZoneInfo

from regulars.intelligence.simulation.model import LIVE, Draft, Simulated
from regulars.intelligence.simulation.report import Table, list_tables, name_versions, owed_by_month, write_money
from regulars.intelligence.simulation.words import say
from regulars.kernel.program import Document, content_hash
from regulars.kernel.program.terms.speech import MINOR_DECIMALS

__all__ = ["write_page"]

MICRO: Final = 1_000_000
COLOURS: Final = ("#222222", "#0b6bcb", "#c2410c", "#15803d", "#7c3aed", "#a16207", "#be185d")
"""Dark enough on white for everybody; lines also differ by their dashes."""
DASHES: Final = ("", "7 3", "2 3", "9 3 2 3", "1 4", "12 4", "5 5")
WIDTH: Final = 720
HEIGHT: Final = 340
LEFT: Final = 112
RIGHT: Final = 30
TOP: Final = 24
BOTTOM: Final = 44
TICKS_MAX: Final = 5
MONTHS_SHOWN_MAX: Final = 5
SHOWN: Final = 12


def write_page(
    done: Simulated, drafts: Sequence[Draft], documents: Sequence[Document], *, lang: str, credit: str = ""
) -> str:
    """Write the page, `lang` being en or zh; `documents` as `list_tables` has them.

    `credit` says where the data comes from, when that has to be said.
    """
    title, zone = say("title", lang), ZoneInfo(documents[0].time_zone)
    live = done.tallies[LIVE]
    window = say(
        "window",
        lang,
        since=f"{done.since.astimezone(zone):%Y-%m-%d %H:%M}",
        until=f"{done.until.astimezone(zone):%Y-%m-%d %H:%M}",
        facts=f"{live.facts:,}",
        members=f"{live.members:,}",
    )
    cost, *tables = list_tables(done, documents, lang=lang)
    versions = "".join(
        f"<li>{escape(draft.name)} <code>{content_hash(draft.document)[:SHOWN]}</code></li>" for draft in drafts
    )
    parts = [
        "<!doctype html>",
        f'<html lang="{"zh-CN" if lang == "zh" else "en"}"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>",
        f"<h1>{escape(title)}</h1><p>{escape(window)}</p>",
        f"<p class=note>{escape(credit)}</p>" if credit else "",
        _write_table(cost),
        _write_chart(done, documents[0].money, lang),
        *(_write_table(table) for table in tables),
        f"<p class=note>{escape(say('again', lang, passes=str(done.passes)))}</p>" if done.passes else "",
        f"<h2>{escape(say('versions', lang))}</h2><ul>{versions}</ul>",
        "</main></body></html>\n",
    ]
    return "\n".join(part for part in parts if part)


def _write_table(table: Table) -> str:
    head = "".join(f"<th scope=col>{escape(name)}</th>" for name in table.columns)
    body = "".join(
        f"<tr><th scope=row>{escape(label)}</th>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
        for label, cells in table.rows
    )
    note = f"<p class=note>{escape(table.note)}</p>" if table.note else ""
    return (
        f"<h2>{escape(table.title)}</h2>{note}<div class=wide tabindex=0><table><thead><tr><td></td>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def _write_chart(done: Simulated, money: str, lang: str) -> str:
    names = name_versions(done.tallies, lang)
    lines = {name: owed_by_month(tally) for name, tally in zip(names, done.tallies.values(), strict=True)}
    title = say("owed", lang, money=money)
    legend = [
        f'<span><svg width="36" height="10" aria-hidden="true"><line x1="0" y1="5" x2="36" y2="5" {_stroke(number)}/>'
        f"</svg> {escape(say('ends', lang, name=name, amount=write_money(_last(line), money)))}</span>"
        for number, (name, line) in enumerate(lines.items())
    ]
    return (
        f"<h2>{escape(title)}</h2><p class=note>{escape(say('assumed', lang))}</p>"
        f"{_draw(lines, money, title)}<p class=legend>{''.join(legend)}</p>"
    )


def _stroke(number: int) -> str:
    colour, dash = COLOURS[number % len(COLOURS)], DASHES[number % len(DASHES)]
    return f'stroke="{colour}" stroke-width="2.5" stroke-dasharray="{dash}"'


def _last(line: Mapping[str, int]) -> int:
    return line[max(line)] if line else 0


def _draw(lines: Mapping[str, Mapping[str, int]], money: str, title: str) -> str:
    """Draw a line for each version over the months."""
    months = sorted({month for line in lines.values() for month in line})
    tick = _choose_tick(max((value for line in lines.values() for value in line.values()), default=0), money)
    highest = max((value for line in lines.values() for value in line.values()), default=0)
    top = max(1, -(-highest // tick)) * tick
    step = (WIDTH - LEFT - RIGHT) / max(1, len(months) - 1)
    tall = HEIGHT - BOTTOM - TOP
    # The figures are in the tables; the picture is read out by its title.
    drawn = [f'<svg class=chart viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">']
    for part in range(top // tick + 1):
        y = TOP + tall - tall * part * tick / top
        amount = part * tick // (MICRO * 10 ** MINOR_DECIMALS.get(money, 2))
        drawn.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#ddd"/>')
        drawn.append(f'<text x="{LEFT - 8}" y="{y + 5:.1f}" text-anchor="end">{amount:,}</text>')
    every = -(-len(months) // MONTHS_SHOWN_MAX) or 1
    for index, month in enumerate(months):
        if index % every == 0:
            x = LEFT + index * step
            anchor = "end" if index and index == len(months) - 1 else "middle"
            drawn.append(f'<text x="{x:.1f}" y="{HEIGHT - 12}" text-anchor="{anchor}">{escape(month)}</text>')
    for number, (name, line) in enumerate(lines.items()):
        value, places = 0, list[str]()
        for index, month in enumerate(months):
            value = line.get(month, value)
            places.append(f"{LEFT + index * step:.1f},{TOP + tall - tall * value / top:.1f}")
        drawn.append(
            f'<polyline fill="none" {_stroke(number)} points="{" ".join(places)}"><title>{escape(name)}</title>'
            "</polyline>"
        )
    drawn.append("</svg>")
    return "".join(drawn)


def _choose_tick(highest: int, money: str) -> int:
    """Choose what lies between two lines: 1, 2 or 5 of a power of ten of whole money, so that few lines are enough."""
    tick = MICRO * 10 ** MINOR_DECIMALS.get(money, 2)
    while True:
        for times in (1, 2, 5):
            if highest <= tick * times * TICKS_MAX:
                return tick * times
        tick *= 10


STYLE: Final = """
:root{color-scheme:light}
body{font:16px/1.55 system-ui,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;margin:0;color:#222;
background:#fff}
main{max-width:60rem;margin:0 auto;padding:1rem}
h1{font-size:1.5rem;line-height:1.25;margin:.5rem 0}
h2{margin:2rem 0 .3rem;font-size:1.15rem;line-height:1.3}
.note{color:#555;font-size:.9rem;margin:.2rem 0 .6rem;max-width:46rem}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.35rem .7rem;border-bottom:1px solid #ddd;text-align:right;white-space:nowrap}
thead th{border-bottom:2px solid #999;vertical-align:bottom}
th[scope=row],thead td{text-align:left;font-weight:normal;position:sticky;left:0;background:#fff;padding-left:0}
.chart{display:block;width:100%;max-width:45rem;height:auto}
svg text{font-size:14px;fill:#444}
.legend span{display:inline-block;margin-right:1.5rem}
li{margin:.2rem 0}
@media(max-width:40rem){
body{font-size:15px}
th,td{padding:.35rem .45rem}
th[scope=row]{white-space:normal;min-width:7.5rem;max-width:9.5rem}
svg text{font-size:24px}
.legend span{display:block}
}
@media print{.wide{overflow:visible}}
"""
