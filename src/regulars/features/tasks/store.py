"""The only SQL of the room."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from regulars.base import sql
from regulars.base.db import Read, Record, Tx
from regulars.features.tasks.model import STALE_SECONDS, Task, TaskState

__all__ = [
    "add_task",
    "beat",
    "count_open",
    "end_task",
    "find_file",
    "find_task",
    "forget_files",
    "forget_tasks",
    "list_tasks",
    "put_back",
    "put_file",
    "stop_task",
    "take_task",
]

queries: Final = sql.load(__package__ or __name__)


async def count_open(read: Read) -> int:
    """Count the tasks that wait or run."""
    return int(await queries.value(read, "count_open"))


async def add_task(tx: Tx, id_: UUID, kind: str, asked: bytes, *, title: str, by: str, at: datetime) -> None:
    """Write a task that waits."""
    await queries.run(tx, "add_task", id=id_, kind=kind, title=title, asked=asked.decode(), by=by, at=at)


async def find_task(read: Read, id_: UUID) -> Task | None:
    """Find a task, with its result."""
    row = await queries.row(read, "find_task", id=id_)
    return None if row is None else _task(row)


async def list_tasks(
    read: Read, kinds: Collection[str], *, before: tuple[datetime, UUID] | None, most: int
) -> list[Task]:
    """List tasks of these kinds without their results, the newest first: those that were asked for before one."""
    at, id_ = before or (None, None)
    rows = await queries.rows(read, "tasks", kinds=list(kinds), before_at=at, before=id_, most=most)
    return [_task(row) for row in rows]


async def take_task(tx: Tx, kinds: Collection[str], *, at: datetime) -> Task | None:
    """Take up the task that has waited longest; None where there is none, or somebody works on another."""
    await queries.row(tx, "take_alone")
    stale = at - timedelta(seconds=STALE_SECONDS)
    row = await queries.row(tx, "take_task", kinds=list(kinds), at=at, stale=stale)
    return None if row is None else _task(row)


async def beat(tx: Tx, task: Task, progress: tuple[int, int], *, at: datetime) -> bool | None:
    """Say that a task is worked on, and how far it is; gives whether it is to stop, None where it is another's now."""
    done, total = progress
    row = await queries.row(tx, "beat", id=task.id, runs=task.runs, done=done, total=total, at=at)
    return None if row is None else bool(row["is_stopping"])


async def end_task(
    tx: Tx, task: Task, state: TaskState, *, at: datetime, result: bytes | None = None, why: tuple[str, str] = ("", "")
) -> bool:
    """Write how a task ended; False where it is another's now."""
    code, error = why
    row = await queries.row(
        tx,
        "end_task",
        id=task.id,
        runs=task.runs,
        state=state,
        result=None if result is None else result.decode(),
        code=code,
        error=error,
        at=at,
    )
    return row is not None


async def put_back(tx: Tx, task: Task) -> None:
    """Let a task wait again: whoever works on it has to stop."""
    await queries.row(tx, "put_back", id=task.id, runs=task.runs)


async def stop_task(tx: Tx, id_: UUID, *, at: datetime) -> bool:
    """Cancel a task; False where it has ended."""
    return await queries.row(tx, "cancel_task", id=id_, at=at) is not None


async def find_file(read: Read, id_: UUID, name: str) -> tuple[bytes, bytes] | None:
    """Find a file of a task: the key that opens it, and what is sealed."""
    row = await queries.row(read, "find_file", id=id_, called=name)
    return None if row is None else (row["wrapped"], row["sealed"])


async def put_file(tx: Tx, id_: UUID, name: str, sealed: tuple[bytes, bytes], *, at: datetime) -> None:
    """Keep a file of a task."""
    await queries.run(tx, "put_file", id=id_, called=name, wrapped=sealed[0], sealed=sealed[1], at=at)


async def forget_files(tx: Tx, before: datetime, _spared: Sequence[UUID], most: int) -> int:
    """Delete files of tasks that have ended; gives how many."""
    return len(await queries.rows(tx, "drop_files", before=before, most=most))


async def forget_tasks(tx: Tx, before: datetime, _spared: Sequence[UUID], most: int) -> int:
    """Delete tasks that ended long ago; gives how many."""
    return len(await queries.rows(tx, "drop_tasks", before=before, most=most))


def _task(row: Record) -> Task:
    return Task(
        id=row["id"],
        kind=row["kind"],
        title=row["title"],
        asked=msgspec.Raw(row["asked"].encode()),
        state=row["state"],
        done=row["done"],
        total=row["total"],
        result=None if row["result"] is None else msgspec.Raw(row["result"].encode()),
        code=row["code"],
        error=row["error"],
        by=row["by"],
        asked_at=row["asked_at"],
        begun_at=row["begun_at"],
        ended_at=row["ended_at"],
        runs=row["runs"],
        is_stopping=row["is_stopping"],
    )
