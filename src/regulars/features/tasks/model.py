"""A task, what does one, and what it works with. Values only."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

import msgspec

from regulars.base.db import Database
from regulars.base.errors import Refusal
from regulars.base.settings import Settings
from regulars.kernel.spine import House

__all__ = [
    "FILE_BYTES_MAX",
    "RUNS_MAX",
    "STALE_SECONDS",
    "WAITING_MAX",
    "Bench",
    "File",
    "Task",
    "TaskEnded",
    "TaskState",
    "TaskUnknown",
    "TasksFull",
    "Work",
    "WorkUnfinished",
    "place_of",
]

WAITING_MAX: Final = 50
"""Tasks that may wait or run at once."""
FILE_BYTES_MAX: Final = 64 * 1024 * 1024
STALE_SECONDS: Final = 30
"""Whoever works on a task and has not said so for this long is gone: another takes it up."""
RUNS_MAX: Final = 3
"""How often a task is taken up whose worker died. What kills three workers would kill the next."""

TaskState = Literal["waiting", "running", "done", "failed", "cancelled"]


class TaskUnknown(Refusal):
    """There is no such task."""

    code, kind = "task_unknown", "not_found"


class TaskEnded(Refusal):
    """The task has ended: there is nothing to cancel."""

    code, kind = "task_ended", "conflict"


class TasksFull(Refusal):
    """Too many tasks are waiting already."""

    code, kind, retryable = "tasks_full", "conflict", True


class WorkUnfinished(Refusal):
    """Whatever worked on the task died, again and again."""

    code, kind = "work_unfinished", "unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that a task was given, or has made."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Long work, and how far it is."""

    id: UUID
    kind: str
    title: str
    """For people: what it is about."""
    asked: msgspec.Raw
    """What it is to do, as its kind understands it."""
    state: TaskState
    done: int
    total: int
    """Of what `done` is a part; 0: not known yet."""
    result: msgspec.Raw | None
    code: str
    """Of a refusal, where it failed."""
    error: str
    """Why it failed, in words for people."""
    by: str
    asked_at: datetime
    begun_at: datetime | None
    ended_at: datetime | None
    runs: int
    """How often it was taken up."""
    is_stopping: bool
    """Somebody has cancelled it, and whoever works on it has not heard of it yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What a work has at hand while it is done."""

    database: Database
    house: House
    settings: Settings
    task: Task
    tell: Callable[[int, int], None]
    """How much is done, of how much. It may be told as often as one likes: it is written down now and then."""
    read_file: Callable[[str], Awaitable[bytes]]
    """Give a file of this task. Raises TaskUnknown where it has none of this name."""
    keep_file: Callable[[File], Awaitable[None]]
    """Keep a file with the task; one of the same name is replaced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A kind of task, and how it is done."""

    kind: str
    run: Callable[[Bench], Awaitable[object]]
    """Do it and give what is to be kept as its result, which can be written as JSON. Refusals are told to people.

    It may be begun anew after a death in the middle: what it did before has to come out as done once.
    """


def place_of(task: UUID, name: str) -> bytes:
    """Whose file it is, so that it opens as no other's."""
    return b"tasks/" + task.bytes + b"/" + name.encode()
