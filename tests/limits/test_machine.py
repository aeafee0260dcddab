"""One ceiling, told twice, by the database and by a few lines of Python, through whatever Hypothesis thinks of."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from regulars.base.db import Database, Tx
from regulars.base.errors import Refusal
from regulars.base.ids import new_id
from regulars.kernel import limits
from regulars.kernel.limits import Ceilings, ClaimName
from tests.limits.story import ANN, AT, BOB, find_faults

AMOUNTS = st.integers(min_value=1, max_value=6)
MINUTES = st.integers(min_value=1, max_value=9)


@dataclass(slots=True, kw_only=True)
class Part:
    """What the model knows of a claim."""

    member: UUID
    held: int
    how: str
    until: datetime | None = None

    def counts(self, at: datetime) -> bool:
        """Whether it uses anything up at this moment."""
        return self.how == "taken" or (self.how == "reserved" and self.until is not None and at < self.until)


class Shelf:
    """What should happen, in the plainest words. It never sweeps: what is left is worked out each time."""

    def __init__(self, amount: int) -> None:
        self.amount = amount
        self.parts: dict[ClaimName, Part] = {}

    def left(self, at: datetime) -> int:
        return self.amount - sum(part.held for part in self.parts.values() if part.counts(at))

    def claim(self, name: ClaimName, part: Part, at: datetime) -> str:
        if part.held > self.left(at):
            return "ceiling_spent"
        self.parts[name] = part
        return "done"

    def confirm(self, name: ClaimName, member: UUID, at: datetime) -> str:
        part = self.parts.get(name)
        if part is None or part.member != member:
            return "claim_unknown"
        if part.how != "reserved" or (not part.counts(at) and part.held > self.left(at)):
            return "claim_ended"
        part.how = "taken"
        return "done"

    def release(self, name: ClaimName, member: UUID, at: datetime) -> str:
        part = self.parts.get(name)
        if part is None or part.member != member:
            return "claim_unknown"
        if part.how != "reserved" or not part.counts(at):
            return "claim_ended"
        part.how = "gone"
        return "done"

    def give_back(self, name: ClaimName, member: UUID, amount: int, at: datetime) -> str:
        part = self.parts.get(name)
        if part is None or part.member != member:
            return "claim_unknown"
        if part.how == "reserved" and part.counts(at):
            return "claim_not_taken"
        if part.how != "taken":
            return "claim_ended"
        if amount > part.held:
            return "claim_too_small"
        part.held -= amount
        if part.held == 0:
            part.how = "gone"
        return "done"

    def set_amount(self, amount: int, at: datetime) -> str:
        if amount < self.amount - self.left(at):
            return "ceiling_too_low"
        self.amount = amount
        return "done"


class OneCeiling(RuleBasedStateMachine):
    """Each rule is a transaction on the database and a step of the model. They must agree on every answer."""

    runner: asyncio.Runner
    database: Database
    claims = Bundle("claims")

    @initialize(amount=st.integers(min_value=0, max_value=12), ensured=st.booleans())
    def begin(self, amount: int, ensured: bool) -> None:
        self.id = f"shelf:{new_id()}"
        self.at = AT
        self.model = Shelf(amount)
        self.told: dict[str, int] = {}
        # Every other story is of a cap that comes into being with its first claim.
        self.ensure = {self.id: amount} if ensured else {}
        if not ensured:
            self.runner.run(self.database.run(lambda tx: limits.set_ceilings(tx, {self.id: amount})))

    def transact(self, verb: Callable[[Ceilings], Any], *named: ClaimName, spoil: bool = False) -> str:
        """Do it in a transaction. `spoil`: first do it and take it back, as a fact refused for another reason."""

        async def work(tx: Tx) -> None:
            ceilings = await limits.lock(tx, [self.id], at=self.at, claims=named, ensure=self.ensure)
            if spoil:
                mark = ceilings.mark()
                try:
                    verb(ceilings)
                finally:
                    ceilings.undo(mark)
            verb(ceilings)
            await limits.write(tx, ceilings)

        return self.attempt(work)

    def attempt(self, work: Callable[[Tx], Awaitable[None]]) -> str:
        """Run a transaction; gives the code of the refusal, or `done`."""
        try:
            self.runner.run(self.database.run(work))
        except Refusal as refusal:
            return refusal.code
        return "done"

    @rule(minutes=MINUTES)
    def wait(self, minutes: int) -> None:
        self.at += timedelta(minutes=minutes)

    @rule()
    def sweep(self) -> None:
        """Sometimes. The model has no word for it."""
        self.runner.run(self.database.run(lambda tx: limits.sweep(tx, [self.id], at=self.at)))

    @rule(target=claims, amount=AMOUNTS, spoil=st.booleans())
    def take(self, amount: int, spoil: bool) -> ClaimName:
        name = (self.id, new_id())
        expected = self.model.claim(name, Part(member=ANN, held=amount, how="taken"), self.at)
        assert expected == self.transact(
            lambda it: it.take(self.id, amount, activity=name[1], member=ANN, at=self.at), spoil=spoil
        )
        return name

    @rule(target=claims, amount=AMOUNTS, minutes=MINUTES, spoil=st.booleans())
    def reserve(self, amount: int, minutes: int, spoil: bool) -> ClaimName:
        name, until = (self.id, new_id()), self.at + timedelta(minutes=minutes)
        expected = self.model.claim(name, Part(member=ANN, held=amount, how="reserved", until=until), self.at)
        assert expected == self.transact(
            lambda it: it.reserve(self.id, amount, activity=name[1], member=ANN, at=self.at, until=until), spoil=spoil
        )
        return name

    @rule(name=claims, member=st.sampled_from([ANN, ANN, ANN, BOB]), spoil=st.booleans())
    def confirm(self, name: ClaimName, member: UUID, spoil: bool) -> None:
        expected = self.model.confirm(name, member, self.at)
        assert expected == self.transact(lambda it: it.confirm(name, member=member, at=self.at), name, spoil=spoil)

    @rule(name=claims, member=st.sampled_from([ANN, ANN, ANN, BOB]), spoil=st.booleans())
    def release(self, name: ClaimName, member: UUID, spoil: bool) -> None:
        expected = self.model.release(name, member, self.at)
        assert expected == self.transact(lambda it: it.release(name, member=member, at=self.at), name, spoil=spoil)

    @rule(name=claims, amount=AMOUNTS, spoil=st.booleans())
    def give_back(self, name: ClaimName, amount: int, spoil: bool) -> None:
        expected = self.model.give_back(name, ANN, amount, self.at)
        assert expected == self.transact(
            lambda it: it.give_back(name, amount, member=ANN, at=self.at), name, spoil=spoil
        )

    @rule(amount=st.integers(min_value=0, max_value=15))
    def set_amount(self, amount: int) -> None:
        """A cap's amount is what the terms say, and changes with them; a ceiling's is kept and may be refused."""
        if self.ensure:
            self.ensure = {self.id: amount}
            self.model.amount = amount
            return
        expected = self.model.set_amount(amount, self.at)

        async def work(tx: Tx) -> None:
            await limits.set_ceilings(tx, {self.id: amount}, at=self.at)

        assert expected == self.attempt(work)

    @invariant()
    def agree(self) -> None:
        if hasattr(self, "id"):
            self.runner.run(self.compare())

    async def compare(self) -> None:
        async with self.database.snapshot() as read:
            left = await limits.left_many(read, [self.id], at=self.at, ensure=self.ensure)
            assert left == {self.id: self.model.left(self.at)}
            assert await find_faults(read) == []
            stored = await read.rows("SELECT activity_id, state FROM limits.claim WHERE ceiling_id = $1", self.id)
            # Only effects are stored: a refused claim has no row.
            assert {(self.id, row["activity_id"]) for row in stored} == self.model.parts.keys()
            taken = {row["activity_id"] for row in stored if row["state"] == "taken"}
            assert taken == {name[1] for name, part in self.model.parts.items() if part.how == "taken"}


def run_stories(database_url: str, *, stories: int, steps: int) -> None:
    with asyncio.Runner() as runner:
        database = runner.run(Database.open(database_url))

        class Machine(OneCeiling):
            pass

        Machine.runner, Machine.database = runner, database
        kept = settings(
            max_examples=stories,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        )
        try:
            run_state_machine_as_test(Machine, settings=kept)
        finally:
            runner.run(database.close())


@pytest.mark.slow
def test_one_ceiling_agrees_with_a_few_lines_of_python(database_url: str) -> None:
    run_stories(database_url, stories=40, steps=25)


@pytest.mark.soak
def test_one_ceiling_agrees_for_long(database_url: str) -> None:
    run_stories(database_url, stories=3_000, steps=60)
