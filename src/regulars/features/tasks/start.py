"""Ask for a task, cancel it, and its files: sealed, each under a key of its own."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from regulars.base.crypto import Keyring, new_member_key, open_sealed, seal
from regulars.base.db import Read, Tx
from regulars.features.tasks.model import (
    FILE_BYTES_MAX,
    WAITING_MAX,
    File,
    Task,
    TaskEnded,
    TasksFull,
    TaskUnknown,
    place_of,
)
from regulars.features.tasks.store import add_task, count_open, find_file, find_task, put_file, stop_task

__all__ = ["cancel_task", "keep_file", "open_file", "start_task"]


async def start_task(  # noqa: PLR0913 - what a task is
    tx: Tx,
    keyring: Keyring,
    id_: UUID,
    kind: str,
    asked: bytes,
    *,
    title: str,
    by: str,
    at: datetime,
    files: Sequence[File] = (),
) -> Task:
    """Ask for a task; it waits until somebody takes it up. `asked` is JSON. Raises TasksFull."""
    if await count_open(tx) >= WAITING_MAX:
        raise TasksFull(f"{WAITING_MAX} tasks wait or run. Wait until some have ended, or cancel what nobody needs.")
    await add_task(tx, id_, kind, asked, title=title, by=by, at=at)
    for file in files:
        await keep_file(tx, keyring, id_, file, at=at)
    return await _find(tx, id_)


async def cancel_task(tx: Tx, id_: UUID, *, at: datetime) -> Task:
    """Cancel a task. One that runs ends a moment later. Raises TaskUnknown, TaskEnded."""
    await _find(tx, id_)
    if not await stop_task(tx, id_, at=at):
        raise TaskEnded("This task has ended: there is nothing to cancel.", task=str(id_))
    return await _find(tx, id_)


async def keep_file(tx: Tx, keyring: Keyring, id_: UUID, file: File, *, at: datetime) -> None:
    """Keep a file with a task, sealed."""
    assert len(file.content) <= FILE_BYTES_MAX, "the door keeps files small"
    key, place = new_member_key(), place_of(id_, file.name)
    await put_file(tx, id_, file.name, (keyring.wrap(key, place), seal(key, file.content, place)), at=at)


async def open_file(read: Read, keyring: Keyring, id_: UUID, name: str) -> bytes:
    """Give a file of a task. Raises TaskUnknown where there is none: files go before tasks do."""
    found = await find_file(read, id_, name)
    if found is None:
        raise TaskUnknown(f"The task has no file {name!r}, or it is kept no more.", task=str(id_))
    wrapped, sealed = found
    place = place_of(id_, name)
    return open_sealed(keyring.unwrap(wrapped, place), sealed, place)


async def _find(read: Read, id_: UUID) -> Task:
    found = await find_task(read, id_)
    if found is None:
        raise TaskUnknown("There is no such task.", task=str(id_))
    return found
