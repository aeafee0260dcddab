"""Begin a sketch, write on it, make a version of it, throw it away."""

from uuid import UUID

from regulars.base.db import Tx
from regulars.features.sketches.model import (
    SKETCHES_MAX,
    Sketch,
    SketchChanged,
    SketchesFull,
    SketchUnknown,
    Told,
)
from regulars.features.sketches.store import (
    add_sketch,
    count_sketches,
    drop_sketch,
    find_page,
    find_sketch,
    lock_sketch,
    mark_drafted,
    turn_page,
)

__all__ = ["begin_sketch", "discard_sketch", "note_drafted", "write_sketch"]


async def begin_sketch(tx: Tx, id_: UUID, name: str, told: Told, *, base: str) -> Sketch:
    """Begin a sketch. `base` is the hash of the version from which it begins, or empty. Raises SketchesFull."""
    if await count_sketches(tx) >= SKETCHES_MAX:
        raise SketchesFull(f"There are {SKETCHES_MAX} sketches. Throw away those that nobody needs.")
    await add_sketch(tx, id_, name, told, base=base)
    return await _find(tx, id_)


async def write_sketch(tx: Tx, id_: UUID, name: str, told: Told, *, page: int) -> Sketch:
    """Write the next page on top of the one that was read. The same text again turns no page.

    Raises SketchUnknown, and SketchChanged where `page` is not the last any more: whose it is, is in the context.
    """
    there = await _lock(tx, id_, page)
    last = await find_page(tx, id_, there.page)
    assert last is not None, "the last page is kept"
    if last.text == told.text and there.name == name:
        return there
    await turn_page(tx, id_, name, there.page + 1, told)
    return await _find(tx, id_)


async def discard_sketch(tx: Tx, id_: UUID, *, page: int) -> None:
    """Throw a sketch away, as it was read. Raises SketchUnknown, SketchChanged."""
    await _lock(tx, id_, page)
    await drop_sketch(tx, id_)


async def note_drafted(tx: Tx, id_: UUID, hash_: str) -> None:
    """Write down that a version was made of a sketch. Raises SketchUnknown."""
    if not await mark_drafted(tx, id_, hash_):
        raise _miss(id_)


async def _lock(tx: Tx, id_: UUID, page: int) -> Sketch:
    there = await lock_sketch(tx, id_)
    if there is None:
        raise _miss(id_)
    if there.page != page:
        message = (
            f"{there.changed_by} changed this at {there.changed_at:%Y-%m-%d %H:%M} UTC, while you were working on it."
            f" You began from page {page}, and it is at page {there.page}. Nothing of yours was lost or kept: look at"
            " what changed, put your part on top of it, and send it with the new ETag."
        )
        raise SketchChanged(
            message,
            page=there.page,
            yours=page,
            by=there.changed_by,
            at=there.changed_at.isoformat(),
            sketch=str(id_),
        )
    return there


async def _find(tx: Tx, id_: UUID) -> Sketch:
    found = await find_sketch(tx, id_)
    assert found is not None, "it was just written"
    return found


def _miss(id_: UUID) -> SketchUnknown:
    return SketchUnknown("There is no such sketch. Somebody may have thrown it away.", sketch=str(id_))
