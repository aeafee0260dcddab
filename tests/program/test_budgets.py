"""A budget below what is already spent is refused where it stands, when a version is to go live."""

from datetime import UTC, datetime, timedelta

import pytest

from regulars.base import ids
from regulars.base.crypto import Keyring
from regulars.base.db import Database
from regulars.kernel import limits, program, spine
from regulars.kernel.nouns import Activity, Identifier, Line
from tests.program.story import BASE, HEAD

AT = datetime(2026, 3, 4, 9, tzinfo=UTC)


def write(budget: str) -> str:
    return HEAD + BASE.replace("id: base,", f"id: base,\n     budget: {{{budget}}},")


async def publish(database: Database, text: str, at: datetime) -> None:
    async with database.transaction() as tx:
        await spine.publish(tx, program.parse(text), live_from=at, by="test", at=at, text=text)


@pytest.mark.parametrize(
    ("before", "after", "path", "said"),
    [
        ("points: 100", "points: 69", "points", "69 is less than what is already spent or promised: 70"),
        ("money_minor: 100", "money_minor: 34", "money_minor", "34 is less than what is already spent or promised: 35"),
    ],
)
async def test_a_budget_below_what_is_spent_is_refused_with_its_place(
    database: Database, before: str, after: str, path: str, said: str
) -> None:
    house = spine.House(
        keyring=Keyring.derive({1: bytes(range(32))}, current=1), versions=program.Versions(), new_id=ids.new_id
    )
    await publish(database, write(before), AT)
    bought = Activity(
        id="1",
        source="till",
        kind="purchase",
        occurred_at=AT,
        member=Identifier(kind="card", value="7"),
        lines=(Line(sku="1", amount_minor=7_000),),
    )
    (outcome,) = await spine.record(database, house, [bought], replay=True)
    assert outcome.receipt is not None
    later = AT + timedelta(days=1)
    with pytest.raises(program.ProgramInvalid) as refused:
        await publish(database, write(after), later)
    place = (HEAD.count("\n") + 2, f"offers[0].budget.{path}", said)
    assert [(it.line, it.path, it.message) for it in refused.value.problems] == [place]
    # To the last point it may be lowered.
    await publish(database, write(after.replace("69", "70").replace("34", "35")), later)
    async with database.snapshot() as read:
        (ceiling,) = await limits.ceilings(read)
    assert ceiling.left == 0
