"""Texts of strangers, tried in a child whose memory and time are bounded."""

import subprocess
import sys

import msgspec
import pytest

from regulars.kernel.program.conditions import compile_condition, vet_conditions
from regulars.kernel.program.conditions.vet import MEMORY_BYTES_MAX
from tests.conditions.scene import make

TWICE = "basket.lines.all(a, basket.lines.all(b, a.sku == b.sku))"


def test_each_text_gets_its_answer(engine: str) -> None:
    texts = [
        ("basket.total >= 5000", "bool"),
        ("basket.totl", "int"),
        (TWICE, "bool"),
        ("basket.total / metrics.visits", "int"),
        ("basket.total", "bool"),
        ("basket.total / 100", "int"),
    ]
    found = vet_conditions(make(engine), texts)  # pyright: ignore[reportArgumentType] - plain words
    assert [[problem.message for problem in problems] for problems in found] == [
        [],
        ["'basket' has no 'totl'; did you mean 'total'?"],
        ["its loops turn too often for a basket of 500 lines"],
        [],
        ["true or false is expected here, and this is a whole number"],
        [],
    ]
    assert found[1][0].column == 8


def test_a_child_that_dies_takes_only_one_text_with_it(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = subprocess.run

    def run(command: list[str], **options: object) -> object:
        # The child is real; it is only told to die, as one does whose memory ends, when it comes to this text.
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

    monkeypatch.setattr(subprocess, "run", run)
    words = ["true", "'fatal' == ''", "1 > 0", "'fatal' != ''", "'fatal' < ''", "2 > 0"]
    found = vet_conditions(make(engine), [(word, "bool") for word in words])
    assert [problems[0].message.split(":")[0] if problems else "" for problems in found] == [
        "",
        "checking this takes more memory or time than is allowed",
        "",
        "checking this takes more memory or time than is allowed",
        "checking this takes more memory or time than is allowed",
        "this was not checked",
    ]


def test_the_memory_of_the_child_is_bounded() -> None:
    program = (
        "import regulars.kernel.program.conditions.vet as vet\n"
        "def grow(text, environment, *, gives): return bytearray(vet.MEMORY_BYTES_MAX)\n"
        "vet.compile_condition = grow\n"
        "vet.answer()\n"
    )
    order = {"roots": {}, "engine": "google", "texts": [["true", "bool"]]}
    child = subprocess.run(
        [sys.executable, "-c", program], input=msgspec.json.encode(order), capture_output=True, check=False
    )
    assert child.returncode != 0
    assert b"MemoryError" in child.stderr
    assert MEMORY_BYTES_MAX == 512 * 1024**2


def test_what_passes_the_child_compiles_here(engine: str) -> None:
    environment = make(engine)
    # The fields are numbered by their order: the child must count as we do.
    text = "member.tier == 'gold' && context.weather == 'snow' && balance.points > 1"
    assert vet_conditions(environment, [(text, "bool")]) == [()]
    assert compile_condition(text, environment, gives="bool").fields == {
        "member.tier",
        "context",
        "balance.points",
    }
