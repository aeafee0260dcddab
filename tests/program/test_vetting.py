"""A programme by a stranger: its conditions and formulas are tried in a child before this process touches them."""

import subprocess
import sys

import pytest

from regulars.kernel.program import ProgramInvalid, formulas, parse, vet
from tests.program.story import BASE, HEAD

PAIRS = "basket.lines.all(a, basket.lines.all(b, a.sku == b.sku))"
OFFERS = f"""\
  - id: pairs
    mechanic: spend
    on: [purchase]
    when: {PAIRS}
    settings: {{currency: points, points: 1, per_minor: 100}}
  - id: typo
    mechanic: spend
    on: [purchase]
    when: basket.totl > 1
    settings: {{currency: gems, points: 1, per_minor: 100}}
  - id: sums
    mechanic: spend
    on: [purchase]
    settings:
      currency: points
      formula: line.amout / 100
  - id: dance
    mechanic: dancing
    on: [purchase]
    when: member.vip == true
"""


def refuse(text: str) -> list[tuple[int, str, str]]:
    with pytest.raises(ProgramInvalid) as refused:
        vet(text)
    return [(it.line, it.path, it.message.partition(";")[0]) for it in refused.value.problems]


def test_everything_is_told_at_once_where_it_stands() -> None:
    start = HEAD.count("\n")
    assert refuse(HEAD + OFFERS) == [
        (
            start + 4,
            "offers[0].when",
            "at line 1, column 1 of the condition: its loops turn too often for a basket of 500 lines",
        ),
        (start + 9, "offers[1].when", "at line 1, column 8 of the condition: 'basket' has no 'totl'"),
        (
            start + 10,
            "offers[1].settings.currency",
            "the currency 'gems' is not among the document's currencies",
        ),
        (start + 16, "offers[2].settings.formula", "at line 1, column 6 of the formula: 'line' has no 'amout'"),
        (start + 18, "offers[3].mechanic", "there is no mechanic 'dancing'"),
    ]


def test_what_passes_is_what_is_read() -> None:
    good = HEAD + BASE.replace("on:", "when: basket.total >= 5000 && member.vip == 'yes', on:")
    assert vet(good) == parse(good)
    assert vet(HEAD + BASE) == parse(HEAD + BASE)


def test_what_kills_the_child_is_refused_where_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    real = subprocess.run
    compiled: list[str] = []
    compile_here = formulas.compile_condition

    def watch(text: str, *args: object, **options: object) -> object:
        compiled.append(text)
        return compile_here(text, *args, **options)  # pyright: ignore[reportArgumentType, reportCallIssue]

    def run(command: list[str], **options: object) -> object:
        # The child is real; it is told to die when it comes to this text, as one does whose memory ends.
        program = (
            "import os, regulars.kernel.program.conditions.vet as vet\n"
            "check = vet.compile_condition\n"
            "def stumble(text, environment, *, gives):\n"
            "    if 'fatal' in text: os.abort()\n"
            "    return check(text, environment, gives=gives)\n"
            "vet.compile_condition = stumble\n"
            "vet.answer()\n"
        )
        return real([sys.executable, "-c", program], **options)  # pyright: ignore[reportCallIssue, reportArgumentType]

    monkeypatch.setattr(formulas, "compile_condition", watch)
    monkeypatch.setattr(subprocess, "run", run)
    bad = HEAD + BASE.replace("on:", "when: activity.store != 'fatal', on:")
    message = "at line 1, column 1 of the condition: checking this takes more memory or time than is allowed"
    assert refuse(bad) == [(HEAD.count("\n") + 1, "offers[0].when", message)]
    assert compiled == [], "this process compiled what killed the child"
