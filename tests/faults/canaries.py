"""Deliberate bugs. Each must be caught by the suite: a canary that survives shows that a test sleeps.

Chosen by the environment, so that processes of a test have it too; nothing in the product knows of it. Loaded into
pytest with `-p tests.faults.canaries`.
"""

# ruff: noqa: SLF001 - a deliberate bug sits deeper than any caller reaches
import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from regulars.base import db, sql
from regulars.kernel import spine
from regulars.kernel.activity import Waiting
from regulars.kernel.ledger import book, model
from regulars.kernel.nouns import Activity
from regulars.kernel.spine import batch
from regulars.kernel.spine.waiting import Waits

__all__ = ["CANARIES", "VARIABLE", "apply"]

VARIABLE: Final = "REGULARS_TEST_CANARY"
"""Settings of tests are none of the product's."""
LATE_SECONDS: Final = 0.1


def forget_lock() -> None:
    """Members are read, and nobody waits for anybody."""
    _change_query("regulars.kernel.members", "lock_members", "FOR UPDATE", "")


def forget_unique_key() -> None:
    """A name may be used again and again: its index is gone before the first connection is used."""
    connect = db.Database.open.__func__

    async def open_without_index(cls: type[db.Database], url: str, **more: Any) -> db.Database:  # noqa: ANN401
        opened = await connect(cls, url, **more)
        async with opened.transaction() as tx:
            await tx.run("ALTER TABLE IF EXISTS activity.key DROP CONSTRAINT IF EXISTS key_pkey")
        return opened

    db.Database.open = classmethod(open_without_index)  # pyright: ignore[reportAttributeAccessIssue]


def answer_before_commit() -> None:
    """The answer is out while the commit is still to come."""
    commit = db._commit
    late: set[asyncio.Task[None]] = set()

    async def run(self: db.Database, work: Callable[[db.Tx], Any]) -> Any:  # noqa: ANN401
        connection = await self._begin("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
        try:
            answer = await work(db.Tx(db._Lease(connection)))
        except BaseException:
            await db._leave(connection, "ROLLBACK")
            await self._pool.release(connection)
            raise

        async def finish() -> None:
            await asyncio.sleep(LATE_SECONDS)
            await commit(connection)
            await self._pool.release(connection)

        task = asyncio.create_task(finish())
        late.add(task)
        task.add_done_callback(late.discard)
        return answer

    db.Database.run = run


def allocate_one_less() -> None:
    """The first lot of a debit is told one point less than was taken."""
    allocate = book.Book.allocate

    def allocate_less(self: book.Book, lot: model.Lot, version: int, amount: int, **more: Any) -> None:  # noqa: ANN401
        allocate(self, lot, version, amount + 1 if amount < -1 else amount, **more)

    book.Book.allocate = allocate_less


def expire_late() -> None:
    """At the very moment of its end a lot can still be used, and the sweeper leaves it alone."""

    def is_usable(self: model.Lot, at: Any) -> bool:  # noqa: ANN401
        return self.remaining > 0 and self.usable_from <= at and (self.expires_at is None or at <= self.expires_at)

    model.Lot.is_usable = is_usable
    _change_query("regulars.kernel.ledger", "due_members", "due_at <= ", "due_at < ")


def bring_twice() -> None:
    """What was due is done and not noted as done."""

    def forget(self: Waits, waiting: Waiting, state: str) -> None:
        del self, waiting, state

    Waits.end = forget


def look_up_late() -> None:
    """Whether it came before is asked when it has already been done."""
    take = batch.Batch.take

    def take_first(self: batch.Batch, fact: Activity, *given: Any) -> spine.Outcome:  # noqa: ANN401
        known, keys = self.keys.get((fact.source, fact.id)), self.keys
        if known is None:
            return take(self, fact, *given)
        self.keys = {}
        take(self, fact, *given)
        self.keys = keys
        self.recorded.pop((fact.source, fact.id), None)
        return spine.Outcome(receipt=known.receipt, repeated=True)

    batch.Batch.take = take_first  # pyright: ignore[reportAttributeAccessIssue]


def _change_query(package: str, name: str, old: str, new: str) -> None:
    queries = sql.load(package)
    query = queries._queries[name]
    assert old in query.text, f"{name} of {package} no longer says {old!r}: the canary is dead"
    text = query.text.replace(old, new)
    queries._queries = MappingProxyType({**queries._queries, name: replace(query, text=text)})


CANARIES: Final[Mapping[str, Callable[[], None]]] = MappingProxyType(
    {
        each.__name__: each
        for each in (
            forget_lock,
            forget_unique_key,
            answer_before_commit,
            allocate_one_less,
            expire_late,
            bring_twice,
            look_up_late,
        )
    }
)


def apply(names: Sequence[str] | None = None) -> None:
    """Put in the bug that the environment names; none, almost always."""
    for name in os.environ.get(VARIABLE, "").split() if names is None else names:
        CANARIES[name]()


def pytest_configure() -> None:
    """Put in the bug before the first test is read."""
    apply()
