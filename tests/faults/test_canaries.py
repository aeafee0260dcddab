"""Each deliberate bug is caught by the suite, and for its own reason. One that survives is a test that sleeps."""

import asyncio
import os
import re
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.faults.canaries import CANARIES, VARIABLE

ROOT: Final = Path(__file__).parents[2]
HISTORY: Final = "tests/invariants/test_history.py"
ORDER: Final = f"{HISTORY}::test_there_is_an_order_that_explains_what_all_clients_saw"
NAME: Final = f"{HISTORY}::test_one_name_has_one_effect_whoever_uses_it_at_once"
SHORT: Final = f"{HISTORY}::test_the_judge_finds_what_is_wrong"
MOMENT: Final = "tests/faults/test_clock.py::test_points_end_at_their_very_moment"
SWEEP: Final = "tests/faults/test_sweeper_deaths.py::test_a_second_sweep_finds_nothing"
CALLS: Final = "8"
SECONDS_MAX: Final = 240
TRIES: Final = 3
"""Some bugs show only where clients meet, and so few of them do not always."""

pytestmark = pytest.mark.slow

# The bug, the test that must fail, and what it must complain of.
CASES: Final = [
    ("forget_lock", ORDER, r"was answered with a bug: ConstraintBroken|check: ledger_"),
    ("answer_before_commit", ORDER, r"no order explains this circle"),
    ("forget_unique_key", NAME, r"assert \['', ''"),
    ("allocate_one_less", SHORT, r"ledger_i5_entry"),
    ("look_up_late", SHORT, r"ledger_i11_entries|whose activity came later"),
    ("expire_late", MOMENT, r"assert .*== 1|assert None is not None"),
    ("bring_twice", SWEEP, r"ConstraintBroken"),
]


@pytest.mark.parametrize(("canary", "test", "complaint"), CASES, ids=[case[0] for case in CASES])
async def test_no_canary_survives(canary: str, test: str, complaint: str) -> None:
    status, said, tries = 0, "", 0
    while status == 0 and tries < TRIES:
        status, said = await let_fly(canary, test)
        tries += 1
    assert status == 1, f"{canary} survived:\n{said[-2_000:]}"
    assert "1 failed" in said
    assert re.search(complaint, said), said[-3_000:]


async def let_fly(canary: str, test: str) -> tuple[int | None, str]:
    """Run one test with the bug in it, in a process of its own: how it ended, and what it said."""
    options = ("-q", "-n", "0", "-p", "no:cacheprovider", "-p", "tests.faults.canaries")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", *options, test),
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}",
            "COLUMNS": "200",
            "REGULARS_TEST_CALLS": CALLS,
            VARIABLE: canary,
        },
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(SECONDS_MAX):
        said = (await process.communicate())[0].decode()
    return process.returncode, said


def test_every_canary_is_let_fly() -> None:
    assert sorted(case[0] for case in CASES) == sorted(CANARIES)
