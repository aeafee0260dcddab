"""Long work that a person starts, watches, leaves and comes back to: done one at a time, beside what is served."""

from regulars.features.tasks.model import (
    FILE_BYTES_MAX,
    Bench,
    File,
    Task,
    TaskEnded,
    TasksFull,
    TaskState,
    TaskUnknown,
    Work,
    WorkUnfinished,
)
from regulars.features.tasks.run import run_next
from regulars.features.tasks.start import cancel_task, open_file, start_task
from regulars.features.tasks.store import find_task, list_tasks

__all__ = [
    "FILE_BYTES_MAX",
    "Bench",
    "File",
    "Task",
    "TaskEnded",
    "TaskState",
    "TaskUnknown",
    "TasksFull",
    "Work",
    "WorkUnfinished",
    "cancel_task",
    "find_task",
    "list_tasks",
    "open_file",
    "run_next",
    "start_task",
]
