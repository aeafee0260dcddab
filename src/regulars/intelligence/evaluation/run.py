"""One task at one cutoff, with what it cost."""

import resource
import sys
import time
from datetime import date, timedelta
from typing import Final

import msgspec

from regulars.base.errors import Refusal
from regulars.intelligence.evaluation.model import Outcome, Progress, stay_silent
from regulars.intelligence.evaluation.plugs import find_task
from regulars.intelligence.history import History

__all__ = ["CutoffImpossible", "evaluate", "measure_memory"]

AFTER_MIN: Final = timedelta(days=7)
"""With less after the cutoff there is nothing to judge by."""


class CutoffImpossible(Refusal):
    """There is no history before or after the cutoff."""

    code, kind = "insight_cutoff_impossible", "invalid"


def evaluate(name: str, history: History, cutoff: date, progress: Progress = stay_silent) -> Outcome:
    """Train on what is dated before the cutoff, and judge by what came after. Raises TaskUnknown, CutoffImpossible."""
    task = find_task(name)
    if not history.first < cutoff <= history.last - AFTER_MIN:
        raise CutoffImpossible(
            f"The history is from {history.first} to {history.last}. Choose a cutoff after its first day, and at least"
            f" {AFTER_MIN.days} days before its last.",
            first=history.first.isoformat(),
            last=history.last.isoformat(),
        )
    began = time.perf_counter()
    outcome = task.evaluate(history, cutoff, progress)
    return msgspec.structs.replace(outcome, seconds=time.perf_counter() - began, peak_mebibytes=measure_memory())


def measure_memory() -> int:
    """Tell the most memory that this process ever had, in mebibytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Kibibytes on Linux, bytes on a Mac.
    return most // 1024 if sys.platform != "darwin" else most // 1024**2
