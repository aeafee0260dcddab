"""Long work over HTTP: what is under way, how far it is, what came of it; and how it is cancelled."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response
from msgspec import Struct

from regulars.base.db import Read, Tx
from regulars.features import tasks
from regulars.interfaces.http.guard import key_of, now_of
from regulars.interfaces.http.kit import answer, door, read_cursor, write_cursor
from regulars.interfaces.http.problems import CursorInvalid
from regulars.interfaces.http.state import database_of
from regulars.interfaces.works.hands import Hands

__all__ = ["KINDS", "TaskPath", "TaskView", "find_own", "router", "view_task", "wake"]

PAGE_MAX: Final = 200
OPEN: Final = frozenset({"waiting", "running"})

router = APIRouter(tags=["Long work"])

TaskPath = Annotated[UUID, Path(description="Id of the task.")]
Kind = Literal["simulation", "import"]
Kinds = Annotated[Kind | None, Query(description="Of this kind only.")]
Cursor = Annotated[str | None, Query(max_length=500, description="Where to go on: `next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="How many at most.")]
KINDS: Final[Mapping[str, str]] = {"simulation": "program:read", "import": "members:import"}
"""By kind: the scope without which nobody hears of such a task."""


class TaskView(Struct, frozen=True, kw_only=True):
    """Long work, and how far it is. Ask again every second or two until `state` is done, failed or cancelled."""

    id: UUID
    kind: str
    """simulation, or import."""
    title: str
    state: tasks.TaskState
    """waiting, running, done, failed or cancelled."""
    done: int
    total: int
    """Of what `done` is a part; 0: not known yet. `done` may begin anew: some work is done in several passes."""
    code: str
    """Of the refusal, where it failed."""
    error: str
    """Why it failed, and what to do."""
    by: str
    asked_at: datetime
    begun_at: datetime | None
    ended_at: datetime | None
    is_stopping: bool
    """Somebody has cancelled it, and it ends in a moment."""
    has_result: bool
    """What came of it is there: `GET /v1/simulations/{task}` or `/v1/imports/{task}`."""


class TaskPage(Struct, frozen=True, kw_only=True):
    """Tasks, the newest first."""

    tasks: tuple[TaskView, ...]
    next: str | None


read_place = msgspec.json.Decoder(tuple[datetime, UUID])


@router.get("/v1/tasks")
@door(scope="tasks:read", gives={200: TaskPage}, refuses=(CursorInvalid,))
async def list_tasks(request: Request, kind: Kinds = None, cursor: Cursor = None, limit: Limit = 50) -> Response:
    """List long work that you may hear of, the newest first: what waits, what is under way, what has ended."""
    before = None if cursor is None else read_cursor(cursor, read_place)
    kinds = [each for each, scope in KINDS.items() if scope in key_of(request).scopes and kind in {None, each}]
    async with database_of(request).snapshot() as read:
        found = await tasks.list_tasks(read, kinds, before=before, most=limit)
    following = write_cursor((found[-1].asked_at, found[-1].id)) if len(found) == limit else None
    return answer(TaskPage(tasks=tuple(view_task(each) for each in found), next=following))


@router.get("/v1/tasks/{task}")
@door(scope="tasks:read", gives={200: TaskView}, refuses=(tasks.TaskUnknown,))
async def read_task(request: Request, task: TaskPath) -> Response:
    """Read how far a task is."""
    async with database_of(request).snapshot() as read:
        found = await find_own(read, request, task)
    if found.state in OPEN:
        # Whoever was at it may be gone.
        wake(request, is_asked=False)
    return answer(view_task(found), headers={"Cache-Control": "no-store"})


@router.post("/v1/tasks/{task}/cancel")
@door(scope="tasks:write", gives={200: TaskView}, refuses=(tasks.TaskUnknown, tasks.TaskEnded))
async def cancel_task(request: Request, task: TaskPath) -> Response:
    """Cancel a task. What waits ends at once, what is under way a moment later; what an import brought stays."""
    done = await database_of(request).run(lambda tx: _cancel(tx, request, task))
    return answer(view_task(done))


async def find_own(read: Read, request: Request, task: UUID, *, kind: str | None = None) -> tasks.Task:
    """Find a task of which whoever asks may hear. Raises TaskUnknown."""
    found = await tasks.find_task(read, task)
    if found is None or KINDS[found.kind] not in key_of(request).scopes or kind not in {None, found.kind}:
        raise tasks.TaskUnknown("There is no such task.", task=str(task))
    return found


def wake(request: Request, *, is_asked: bool = True) -> None:
    """See that somebody does what waits: where this server has hands of its own, they begin.

    `is_asked`: somebody waits for it; otherwise nobody begins who has just looked.
    """
    hands: Hands | None = getattr(request.app.state, "hands", None)
    if hands is not None:
        hands.wake(is_asked=is_asked)


def view_task(task: tasks.Task) -> TaskView:
    """Say of a task what everybody may know who may hear of it."""
    return TaskView(
        id=task.id,
        kind=task.kind,
        title=task.title,
        state=task.state,
        done=task.done,
        total=task.total,
        code=task.code,
        error=task.error,
        by=task.by,
        asked_at=task.asked_at,
        begun_at=task.begun_at,
        ended_at=task.ended_at,
        is_stopping=task.is_stopping and task.state == "running",
        has_result=task.state == "done",
    )


async def _cancel(tx: Tx, request: Request, task: UUID) -> tasks.Task:
    await find_own(tx, request, task)
    return await tasks.cancel_task(tx, task, at=now_of(request))
