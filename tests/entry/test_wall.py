"""The second wall: what a member reads of the entrance is theirs, even where a query forgot to say so."""

from uuid import UUID

from regulars.base import roles
from tests.entry.guests import MAIL, Guests

OTHER = "bob@example.com"


async def test_behind_the_wall_only_ones_own_sessions_are_there(guests: Guests) -> None:
    await guests.enrol(("email", MAIL))
    await guests.enrol(("email", OTHER))
    token, _ = await guests.sign_in(), await guests.sign_in(OTHER)
    async with guests.site.database.transaction() as tx:
        await tx.run("SELECT pg_advisory_xact_lock(hashtext('roles of the tests'))")
        await roles.make_roles(tx)
    listed = await guests.send("GET", "/v1/me/sessions", by=token)
    assert listed.status_code == 200, listed.text
    (mine,) = listed.json()["sessions"]
    everything = "SELECT id FROM entrance.session"
    async with guests.site.database.snapshot() as read:
        assert len(await read.rows(everything)) == 2
        assert await roles.speak_for_member(read, UUID(mine["member"]))
        assert [str(row["id"]) for row in await read.rows(everything)] == [mine["id"]]
