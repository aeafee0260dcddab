"""Every table that knows of members, or keeps bytes, has its fate decided; and what is decided is what there is."""

from regulars.base.db import Database
from regulars.features import privacy

FIND = """
SELECT
    format('%s.%s', n.nspname, c.relname) AS name,
    bool_or(a.attname ~ '(^|_)member(_id)?$|^(owner|newcomer|referrer)_id$') AS names_members,
    bool_or(a.atttypid = 'bytea'::regtype) AS has_bytes
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
INNER JOIN pg_attribute AS a ON c.oid = a.attrelid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'public')
GROUP BY n.nspname, c.relname
ORDER BY 1
"""
OWN = {"privacy.erasure", "privacy.legal_hold", "privacy.warning"}
"""What forgetting itself writes down: ids and times."""


async def list_tables(database: Database) -> dict[str, bool]:
    async with database.snapshot() as read:
        return {row["name"]: row["names_members"] or row["has_bytes"] for row in await read.rows(FIND)}


async def test_every_table_that_knows_of_members_is_decided(database: Database) -> None:
    there = await list_tables(database)
    known = {name for name, knows in there.items() if knows}
    assert {"members.identifier", "ledger.hold_lot", "fraud.referral", "entrance.passkey"} <= known
    undecided = known - privacy.list_decided().keys() - OWN
    assert undecided == set(), "say in the room's `forget.py` what becomes of these when a member is forgotten"


async def test_what_is_decided_is_there(database: Database) -> None:
    assert privacy.list_decided().keys() <= (await list_tables(database)).keys()


async def test_a_new_table_is_seen(database: Database) -> None:
    await database.run(lambda tx: tx.run("CREATE TABLE privacy.diary (member_id uuid, words text)"))
    assert (await list_tables(database))["privacy.diary"]
