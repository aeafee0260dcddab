"""Segments that people write, over everything that is known of members on a day."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from regulars.intelligence.evaluation import Progress, find_steps, stay_silent
from regulars.intelligence.history import History
from regulars.intelligence.profile import measure_members
from regulars.intelligence.reporting.run import run_steps
from regulars.intelligence.segments import Segments, build_segments

__all__ = ["try_segments"]

WORTH: Final = "value_minor"


def try_segments(
    history: History, day: date, conditions: Mapping[str, str], progress: Progress = stay_silent
) -> Segments:
    """Judge conditions over what is measured of each member and what steps say of them. Raises ConditionInvalid.

    Only steps are taken whose traits some condition names, and the one that says what members are worth.
    """
    measured = measure_members(history.before(day), day)
    named = " ".join(conditions.values())
    steps = [step for step in find_steps() if WORTH in step.traits or any(trait in named for trait in step.traits)]
    traits = run_steps(history, day, steps, progress).traits
    fresh = [name for name in traits.columns if name == "member" or name not in measured.columns]
    return build_segments(measured.join(traits.select(fresh), on="member", how="left").sort("member"), conditions)
