"""Tasks and steps, found by the names of files: nothing lists rooms."""

from collections.abc import Mapping
from importlib import import_module
from typing import Final

from regulars.base.plugs import find_plugs
from regulars.intelligence.evaluation.model import Step, Task, TaskUnknown

__all__ = ["find_steps", "find_task", "find_tasks"]

FLOOR: Final = "regulars.intelligence"


def find_tasks() -> Mapping[str, Task]:
    """Find the tasks of all rooms, by name."""
    plugs = find_plugs(import_module(FLOOR), "task").values()
    found: list[Task] = [task for plug in plugs for task in plug.TASKS]
    assert len({task.name for task in found}) == len(found), "two tasks have one name"
    return {task.name: task for task in found}


def find_task(name: str) -> Task:
    """Find one. Raises TaskUnknown, which names those that there are."""
    tasks = find_tasks()
    if name not in tasks:
        raise TaskUnknown(f"There is no task {name!r}. There are: {', '.join(sorted(tasks))}.", task=name)
    return tasks[name]


def find_steps() -> list[Step]:
    """Find the steps of a run, in the order of the report."""
    plugs = find_plugs(import_module(FLOOR), "run").values()
    # A room that runs something else in a file of that name has no steps.
    found: list[Step] = [step for plug in plugs for step in getattr(plug, "STEPS", ())]
    return sorted(found, key=lambda step: (step.order, step.name))
