"""A run as one page: what happened, who, why, what to do, how sure.

It stands alone: no script, no font and no picture from elsewhere.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final, Literal

from regulars.intelligence.evaluation import Chart, Section, Table, Words
from regulars.intelligence.reporting.charts import draw_chart
from regulars.intelligence.reporting.keep import Kept

__all__ = ["Lang", "write_page"]

Lang = Literal["en", "zh"]

SAY: Final[Mapping[str, Words]] = {
    "title": {"en": "Our members", "zh": "会员洞察"},
    "as_of": {"en": "As of {day}, from everything dated before.", "zh": "截至 {day}（不含当日）的全部记录。"},
    "journey": {
        "en": (
            "The data is The Complete Journey by 84.51°, which its publisher describes as simulated from real shopping"
            " patterns and for education. It says nothing about any business."
        ),
        "zh": "数据为 84.51° 发布的 The Complete Journey，发布者说明其为依据真实购物模式模拟的教学数据，"
        "不能据此得出任何商业结论。",
    },
    "to_do": {"en": "What to do", "zh": "建议做什么"},
    "how_sure": {"en": "How sure this is", "zh": "有多大把握"},
    "left_out": {"en": "What is left out, and why", "zh": "哪些没有算进来，为什么"},
    "contents": {"en": "In this report", "zh": "目录"},
    "rows_left_out": {"en": "{count} rows: {why}", "zh": "{count} 行：{why}"},
}
REASONS: Final[Mapping[str, str]] = {
    "no amount or time": "缺少金额或时间",
    "negative amount": "金额为负",
    "no quantity": "数量为零或为负",
    "erased member": "会员已注销",
    "absurd amount": "金额离谱",
}
TEXT_MIN: Final = 24
"""A cell with more letters is no number: it is read from the left, on several lines."""
TEXT_MAX: Final = 160
"""One with more is for those who look it up: on one line, so that it makes no row tall."""


def write_page(kept: Kept, *, lang: Lang) -> str:
    """Write the page in a language."""
    title = SAY["title"][lang]
    day = SAY["as_of"][lang].format(day=kept.day.isoformat())
    sections = [(made.name, made.section) for made in kept.steps]
    parts = [
        "<!doctype html>",
        f'<html lang="{"zh-CN" if lang == "zh" else "en"}"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>",
        f"<h1>{escape(title)}</h1><p>{escape(day)}</p>",
        f"<p class=note>{escape(SAY['journey'][lang])}</p>" if kept.data == "journey" else "",
        _write_contents(sections, lang),
        *(_write_section(name, section, lang) for name, section in sections),
        _write_left_out(kept.left_out, lang),
        "</main></body></html>\n",
    ]
    return "\n".join(part for part in parts if part)


def _write_contents(sections: Sequence[tuple[str, Section]], lang: Lang) -> str:
    items = "".join(f'<li><a href="#{escape(name)}">{escape(it.title[lang])}</a></li>' for name, it in sections)
    return f'<nav aria-label="{escape(SAY["contents"][lang])}"><ul class=contents>{items}</ul></nav>'


def _write_section(name: str, section: Section, lang: Lang) -> str:
    told = "".join(f"<p>{escape(words[lang])}</p>" for words in section.tells)
    parts = [
        f'<section id="{escape(name)}"><h2>{escape(section.title[lang])}</h2>{told}',
        *(_write_chart(chart, lang) for chart in section.charts),
        *(_write_table(table, lang) for table in section.tables),
        _write_list("to_do", section.to_do, lang),
        _write_list("how_sure", section.how_sure, lang),
        _write_list("left_out", section.left_out, lang),
        "</section>",
    ]
    return "".join(parts)


def _write_list(what: str, words: Sequence[Words], lang: Lang) -> str:
    if not words:
        return ""
    items = "".join(f"<li>{escape(each[lang])}</li>" for each in words)
    return f"<h3>{escape(SAY[what][lang])}</h3><ul class={what}>{items}</ul>"


def _write_chart(chart: Chart, lang: Lang) -> str:
    return f"<figure><figcaption>{escape(chart.title[lang])}</figcaption>{draw_chart(chart, lang)}</figure>"


def _write_table(table: Table, lang: Lang) -> str:
    head = "".join(f"<th scope=col>{escape(words[lang])}</th>" for words in table.columns)
    body: list[str] = []
    for row in table.rows:
        first, *rest = (cell if isinstance(cell, str) else cell[lang] for cell in row)
        cells = "".join(f"<td{_sort_cell(cell)}>{escape(cell)}</td>" for cell in rest)
        body.append(f"<tr><th scope=row>{escape(first)}</th>{cells}</tr>")
    return (
        f"<h3>{escape(table.title[lang])}</h3><div class=wide tabindex=0><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def _sort_cell(cell: str) -> str:
    if len(cell) <= TEXT_MIN:
        return ""
    return " class=text" if len(cell) <= TEXT_MAX else " class=code"


def _write_left_out(left_out: Mapping[str, int], lang: Lang) -> str:
    words: list[Words] = []
    for why, count in left_out.items():
        told = {"en": why, "zh": REASONS.get(why, why)}
        said = SAY["rows_left_out"][lang].format(count=f"{count:,}", why=told[lang])
        words.append({"en": said, "zh": said})
    return _write_list("left_out", words, lang)


STYLE: Final = """
:root{color-scheme:light}
body{font:16px/1.6 system-ui,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;margin:0;color:#222;
background:#fff}
main{max-width:60rem;margin:0 auto;padding:1rem}
h1{font-size:1.6rem;line-height:1.25;margin:.5rem 0}
h2{margin:2.5rem 0 .4rem;font-size:1.25rem;line-height:1.3;border-bottom:2px solid #222;padding-bottom:.2rem}
h3{margin:1.4rem 0 .3rem;font-size:1.02rem;line-height:1.3}
p{margin:.5rem 0;max-width:46rem}
.note{color:#555;font-size:.9rem}
.contents{columns:2;padding-left:1.2rem}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.35rem .7rem;border-bottom:1px solid #ddd;text-align:right;white-space:nowrap}
thead th{border-bottom:2px solid #999;vertical-align:bottom}
thead th:first-child,th[scope=row]{text-align:left;font-weight:normal;position:sticky;left:0;background:#fff;
padding-left:0}
td.text{text-align:left;white-space:normal;min-width:15rem}
td.code{text-align:left}
figure{margin:1.2rem 0}
figcaption{font-weight:600;margin-bottom:.3rem}
.chart{display:block;width:100%;max-width:45rem;height:auto}
svg text{font-size:14px;fill:#444}
.legend{margin:.2rem 0;font-size:.9rem}
.legend span{display:inline-block;margin-right:1.5rem}
li{margin:.25rem 0;max-width:46rem}
.to_do{background:#f1f6fd;padding:.6rem .6rem .6rem 1.8rem;border-left:4px solid #0b6bcb}
.how_sure,.left_out{color:#555;font-size:.92rem}
@media(max-width:40rem){
body{font-size:15px}
th,td{padding:.35rem .45rem}
th[scope=row]{white-space:normal;min-width:7.5rem;max-width:10rem}
svg text{font-size:24px}
.legend span{display:block}
.contents{columns:1}
}
@media print{.wide{overflow:visible}}
"""
