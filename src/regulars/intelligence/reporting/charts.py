"""Charts as inline SVG: lines and bars, told apart without colour too."""

import math
from collections.abc import Callable, Sequence
from html import escape
from typing import Final, Literal

from regulars.intelligence.evaluation import Chart, Series

__all__ = ["draw_chart"]

Place = Callable[[float], float]
"""From a value to how far down it is drawn."""
COLOURS: Final = ("#0b6bcb", "#c2410c", "#15803d", "#7c3aed", "#a16207", "#be185d", "#222222")
"""Dark enough on white for everybody; lines also differ by their dashes."""
DASHES: Final = ("", "7 3", "2 3", "9 3 2 3", "1 4", "12 4", "5 5")
WIDTH: Final = 720
HEIGHT: Final = 300
LEFT: Final = 60
RIGHT: Final = 16
TOP: Final = 16
BOTTOM: Final = 40
TICKS: Final = 4
LETTER: Final = 13.5
"""Width of a letter at the size that a phone shows."""
GAP: Final = 14
WIDE: Final = 0x2E80
"""From here on letters are twice as wide."""
STEEP: Final = 90
"""More room below, for names that are written steeply."""
BARS_SHARE: Final = 0.8
"""Of the room that bars of one place have."""


def draw_chart(chart: Chart, lang: Literal["en", "zh"]) -> str:
    """Draw a chart, with a legend where there is more than one series. What has no value is a gap."""
    values = [value for series in chart.series for value in series.values if value is not None]
    low, high, step = _choose_ticks(min(values, default=0.0), max(values, default=0.0))
    # As wide as the widest number at the side, in the large letters of a phone.
    left = max(LEFT, LETTER * max(len(_write(low, step)), len(_write(high, step))) + GAP)
    names = [name if isinstance(name, str) else name[lang] for name in chart.x]
    broad = WIDTH - left - RIGHT
    slot = broad / max(1, len(names))
    every, is_steep = _fit_names(chart.kind, names, slot)
    tall = HEIGHT - TOP - BOTTOM
    below = STEEP if is_steep else 0

    def place(value: float) -> float:
        return TOP + tall - tall * (value - low) / (high - low)

    unit = f" ({chart.unit[lang]})" if chart.unit[lang] else ""
    label = escape(chart.title[lang] + unit)
    drawn = [f'<svg class=chart viewBox="0 0 {WIDTH} {HEIGHT + below}" role="img" aria-label="{label}">']
    for number in range(round((high - low) / step) + 1):
        value, y = low + number * step, place(low + number * step)
        drawn.append(f'<line x1="{left}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#ddd"/>')
        drawn.append(f'<text x="{left - 8}" y="{y + 5:.1f}" text-anchor="end">{_write(value, step)}</text>')
    for index, name in enumerate(names):
        if index % every == 0:
            drawn.append(_draw_name(name, left + slot * (index + 0.5), is_steep=is_steep))
    for number, series in enumerate(chart.series):
        if chart.kind == "bar":
            drawn += _draw_bars(series, (number, len(chart.series)), (left, slot), place)
        else:
            drawn += _draw_line(series, number, (left, slot), place)
    drawn.append("</svg>")
    return "".join(drawn) + (_write_legend(chart, lang) if len(chart.series) > 1 else "")


def _fit_names(kind: str, names: Sequence[str], slot: float) -> tuple[int, bool]:
    """Say how many places further the next name fits, and whether names are steep: bars need a name each."""
    longest = max((sum(2 if ord(letter) > WIDE else 1 for letter in name) for name in names), default=0)
    every = max(1, math.ceil((longest * LETTER + GAP) / slot))
    return (1, True) if kind == "bar" and every > 1 else (every, False)


def _draw_name(name: str, x: float, *, is_steep: bool) -> str:
    if not is_steep:
        return f'<text x="{x:.1f}" y="{HEIGHT - 12}" text-anchor="middle">{escape(name)}</text>'
    y = HEIGHT - BOTTOM + 20
    turned = f'transform="rotate(-40 {x:.1f} {y})"'
    return f'<text x="{x:.1f}" y="{y}" text-anchor="end" {turned}>{escape(name)}</text>'


def _draw_bars(series: Series, order: tuple[int, int], room: tuple[float, float], place: Place) -> list[str]:
    (number, count), (left, slot) = order, room
    thick = slot * BARS_SHARE / count
    drawn: list[str] = []
    for index, value in enumerate(series.values):
        if value is not None:
            x = left + slot * index + slot * (1 - BARS_SHARE) / 2 + thick * number
            top, foot = sorted((place(value), place(0.0)))
            drawn.append(
                f'<rect x="{x:.1f}" y="{top:.1f}" width="{max(thick - 1, 0.5):.1f}" height="{foot - top:.1f}"'
                f' fill="{COLOURS[number % len(COLOURS)]}"><title>{value:,.6g}</title></rect>'
            )
    return drawn


def _draw_line(series: Series, number: int, room: tuple[float, float], place: Place) -> list[str]:
    left, slot = room
    runs: list[list[str]] = [[]]
    for index, value in enumerate(series.values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append(f"{left + slot * (index + 0.5):.1f},{place(value):.1f}")
    return [f'<polyline fill="none" {_stroke(number)} points="{" ".join(run)}"/>' for run in runs if run]


def _write_legend(chart: Chart, lang: Literal["en", "zh"]) -> str:
    parts: list[str] = []
    for number, series in enumerate(chart.series):
        colour = COLOURS[number % len(COLOURS)]
        mark = (
            f'<rect x="8" y="0" width="14" height="10" fill="{colour}"/>'
            if chart.kind == "bar"
            else f'<line x1="0" y1="5" x2="36" y2="5" {_stroke(number)}/>'
        )
        parts.append(
            f'<span><svg width="36" height="10" aria-hidden="true">{mark}</svg> {escape(series.name[lang])}</span>'
        )
    return f"<p class=legend>{''.join(parts)}</p>"


def _stroke(number: int) -> str:
    colour, dash = COLOURS[number % len(COLOURS)], DASHES[number % len(DASHES)]
    return f'stroke="{colour}" stroke-width="2.5" stroke-dasharray="{dash}"'


def _choose_ticks(lowest: float, highest: float) -> tuple[float, float, float]:
    """Choose where the axis begins and ends, and steps of 1, 2 or 5 of a power of ten. Bars and lines begin at 0."""
    lowest, highest = min(0.0, lowest), max(0.0, highest)
    span = (highest - lowest) or 1.0
    power = 10.0 ** math.floor(math.log10(span / TICKS))
    step = next(times * power for times in (1, 2, 5, 10) if span <= times * power * TICKS * 1.0001 or times == 10)  # noqa: PLR2004 - the last is enough
    return math.floor(lowest / step) * step, (math.ceil(highest / step) or 1) * step, step


def _write(value: float, step: float) -> str:
    decimals = max(0, -math.floor(math.log10(step)))
    return f"{value:,.{decimals}f}"
