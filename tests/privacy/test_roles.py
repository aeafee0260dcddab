"""Whoever serves and owns no table forgets a member all the same; what they may not rewrite the owner finishes."""

from uuid import UUID

from regulars.base.db import Database, Tx
from regulars.features import privacy
from regulars.kernel import spine
from regulars.kernel.nouns import Activity
from tests.privacy.test_books import prove
from tests.secrets.test_roles import logins
from tests.spine.conftest import PROGRAM, START, Shop, buy

__all__ = ["logins"]

NICK = "Wei who is known"


async def read_words(shop: Shop, member: UUID) -> str:
    async with shop.database.snapshot() as read:
        found = await read.value(
            "SELECT string_agg(j.body::text || j.receipt::text || t.value::text, '')"
            " FROM activity.journal AS j LEFT JOIN members.trait AS t ON j.id = t.activity_id WHERE j.member_id = $1",
            member,
        )
    return str(found)


async def test_a_server_without_the_owners_power_forgets_and_the_owner_finishes(
    shop: Shop, logins: dict[str, Database]
) -> None:
    await shop.publish(PROGRAM.replace("catalog: {", "catalog: {traits: [nickname], "), live_from=START)
    member = (await shop.receipt(buy("a", 1000))).member
    told = Activity(id="t", source="crm", kind=spine.TRAITS, occurred_at=START, member=member, ask={"nickname": NICK})
    before = await shop.receipt(told)
    assert before.traits[0].value == NICK
    async with logins["app"].snapshot() as read:
        shown = await privacy.preview(read, shop.house, member, shop.at)

    async def work(tx: Tx) -> privacy.Erasure:
        return await privacy.erase(tx, shop.house, member, shown.confirm, asked_by="desk", done_by="app", at=shop.at)

    done = await logins["app"].run(work)
    assert not done.is_whole
    assert NICK in await read_words(shop, member), "the journal cannot be changed by whoever serves"
    async with shop.database.snapshot() as read:
        assert await read.value("SELECT wrapped_key IS NULL FROM members.member WHERE id = $1", member)
        assert (await privacy.count(read)).unfinished == 1
    await prove(shop)

    # A round by whoever serves leaves to the owner what is theirs; the owner's finishes.
    served = await privacy.clear(logins["app"], shop.house)
    assert served is not None
    assert {line.name for line in served.lines if line.outcome == "needs_owner"} == {"audit.act", "audit.entry"}
    owned = await privacy.clear(shop.database, shop.house)
    assert owned is not None
    assert not [line for line in owned.lines if line.outcome == "needs_owner"]
    async with shop.database.snapshot() as read:
        assert (await privacy.count(read)).unfinished == 0
    words = await read_words(shop, member)
    assert NICK not in words
    assert '"nickname":null' in words
    await prove(shop)
