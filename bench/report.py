"""What came out: medians and ratios, as JSON for programs, and as a table and a chart for people."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from bench.rows import Row

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
BAR_PIXELS = 420
ROW_PIXELS = 34
LEFT_PIXELS = 60
SHOWN_MAX = 8.0
"""A bar ends here: whatever is faster is told in its number."""


def conclude(row: Row) -> dict[str, Any]:
    """Make the result of a row: the medians of its rounds, and the median of their ratios."""
    ours, others = [each for each, _ in row.rounds], [each for _, each in row.rounds]
    ratio = median(one / other for one, other in row.rounds)
    is_memory = row.unit == "MB"
    value = median(ours) if not is_memory else max(ours)
    met = value <= row.target if is_memory else ratio >= row.target
    return {
        "what": row.what,
        "value": round(value, 1),
        "unit": row.unit,
        "beside": round(median(others), 1),
        "beside_what": row.beside,
        "ratio": round(ratio, 2),
        "target": row.target,
        "met": met,
        "note": row.notes[-1] if row.notes else "",
        "rounds": [[round(one, 1), round(other, 1)] for one, other in row.rounds],
    }


def write_results(
    results: Mapping[str, Mapping[str, Any]], machine: Mapping[str, str], settings: Mapping[str, Any], folder: Path
) -> Path:
    """Write what came out for programs; gives the file."""
    folder.mkdir(parents=True, exist_ok=True)
    told = {
        "at": datetime.now(tz=UTC).isoformat(timespec="seconds"),
        "machine": dict(machine),
        "settings": dict(settings),
        "results": dict(results),
    }
    path = folder / "latest.json"
    path.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def write_table(
    results: Mapping[str, Mapping[str, Any]], machine: Mapping[str, str], settings: Mapping[str, Any]
) -> str:
    """Write the table for people, with the machine and what was run."""
    lines = [
        "| | What | Came to | Beside it, by turns | Ratio | Asked for | |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, each in results.items():
        asked = f"≤ {each['target']:g} MB" if each["unit"] == "MB" else f"≥ {each['target']:g}"
        came = f"{each['value']:,.0f} {each['unit']}"
        beside = f"{each['beside_what']}: {each['beside']:,.0f}"
        word = "reached" if each["met"] else "not reached"
        cells = [name, each["what"], came, beside, f"{each['ratio']:.2f}", asked, f"{word}; {each['note']}"]
        lines.append(f"| {' | '.join(cells)} |")
    ran = ", ".join(f"{name} {value}" for name, value in machine.items())
    how = f"{settings['rounds']} rounds of {settings['seconds']} s, {settings['workers']} workers"
    return "\n".join([*lines, "", f"{datetime.now(tz=UTC):%Y-%m-%d}: {how}. On: {ran}.", ""])


def put_into_page(page: Path, table: str) -> None:
    """Put the table where the page has it."""
    text = page.read_text(encoding="utf-8")
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    assert begin, f"{page} has no place for the table"
    assert end, f"{page} has no end of the table"
    page.write_text(f"{head}{BEGIN}\n{table}{END}{tail}", encoding="utf-8")


def write_chart(results: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """Draw the ratios as bars, and a line at what was asked for."""
    shown = [(name, each) for name, each in results.items() if each["unit"] != "MB"]
    longest = min(SHOWN_MAX, max([each["ratio"] for _, each in shown] + [each["target"] for _, each in shown]) * 1.1)
    scale = BAR_PIXELS / longest
    drawn = [_draw(place, name, each, scale, longest) for place, (name, each) in enumerate(shown)]
    height = ROW_PIXELS * len(shown) + 40
    size = f'width="620" height="{height}" font-family="sans-serif" font-size="13"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size}>'
    title = '<text x="10" y="20">How many times as fast as what stands beside it; the line: asked for</text>'
    path.write_text(
        "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', title, *drawn, "</svg>", ""]), "utf-8"
    )


def _draw(place: int, name: str, each: Mapping[str, Any], scale: float, longest: float) -> str:
    top = 36 + place * ROW_PIXELS
    width, mark = min(each["ratio"], longest) * scale, LEFT_PIXELS + min(each["target"], longest) * scale
    colour = "#2f855a" if each["met"] else "#b7791f"
    return (
        f'<text x="10" y="{top + 16}">{name}</text>'
        f'<rect x="{LEFT_PIXELS}" y="{top}" width="{width:.0f}" height="22" fill="{colour}"/>'
        f'<line x1="{mark:.0f}" x2="{mark:.0f}" y1="{top - 3}" y2="{top + 25}" stroke="black"/>'
        f'<text x="{LEFT_PIXELS + max(width, mark - LEFT_PIXELS) + 8:.0f}" y="{top + 16}">{each["ratio"]:.2f} ×</text>'
    )


def compare_with(baseline: Mapping[str, Any], latest: Mapping[str, Any], *, loss_max: float) -> Sequence[str]:
    """List what has become slower, relative to what stands beside it, than the baseline by more than a share."""
    worse: list[str] = []
    for name, before in baseline["results"].items():
        after = latest["results"].get(name)
        if after is None:
            continue
        is_memory = before["unit"] == "MB"
        old, new = (before["value"], after["value"]) if is_memory else (before["ratio"], after["ratio"])
        lost = (new - old) / old if is_memory else (old - new) / old
        if lost > loss_max:
            worse.append(f"{name}: {old:g} became {new:g}")
    return worse
