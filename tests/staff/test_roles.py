"""What a role may do: every scope that a route asks for is somebody's on purpose."""

import pytest

from regulars.features.staff import ROLES, SCOPES, scopes_of
from regulars.interfaces.http.app import list_scopes
from regulars.interfaces.http.shown import VOUCHES
from tests.http.site import Purchase
from tests.staff.people import Office, code_of

ASKED = {*list_scopes(), VOUCHES}
"""Of the doors and the commands, and the one that is asked for within."""


@pytest.mark.parametrize("scope", sorted(ASKED))
def test_each_scope_is_given_to_somebody_on_purpose(scope: str) -> None:
    assert scope in SCOPES, "say in features/staff/roles.py who may do this"
    assert "owner" in SCOPES[scope]


def test_no_role_has_what_nothing_asks_for() -> None:
    assert set(SCOPES) - ASKED == set()


def test_the_owner_may_do_everything_and_each_other_role_something_and_not_everything() -> None:
    assert set(scopes_of(["owner"])) == ASKED
    for role in set(ROLES) - {"owner"}:
        assert {"session:own"} < set(scopes_of([role])) < ASKED, role
    assert set(scopes_of(["analyst", "auditor"])) == {*scopes_of(["analyst"]), *scopes_of(["auditor"])}


# Role, what it may not do, whatever else changes.
NEVER = [
    ("auditor", ":write"),
    ("auditor", "points:"),
    ("auditor", "program:release"),
    ("analyst", ":write"),
    ("analyst", "members:"),
    ("marketer", "points:adjust"),
    ("marketer", "members:read"),
    ("store", "points:adjust"),
    ("store", "points:opening"),
    ("store", "staff:"),
    ("service_desk", "program:release"),
    ("developer", "points:"),
    ("developer", "members:read"),
]


@pytest.mark.parametrize(("role", "part"), NEVER)
def test_never(role: str, part: str) -> None:
    assert role in ROLES
    assert [scope for scope in scopes_of([role]) if part in scope] == []


def test_only_owners_decide_who_works_here() -> None:
    assert SCOPES["staff:write"] == {"owner"}


async def test_a_person_is_stopped_where_their_roles_end(office: Office, purchase: Purchase) -> None:
    bo = await office.work("bo@example.com", "analyst")
    refused = await office.send("POST", "/v1/activities", purchase(), by=bo)
    assert code_of(refused) == (403, "scope_missing")
    assert "Your roles" in refused.json()["detail"]
    assert (await office.send("GET", "/v1/program", by=bo)).status_code == 200


async def test_somebody_of_a_store_speaks_for_it_alone(office: Office, purchase: Purchase) -> None:
    cy = await office.work("cy@example.com", "store", store="s1")
    assert (await office.send("POST", "/v1/activities", purchase("a", store="s1"), by=cy)).status_code == 201
    other = await office.send("POST", "/v1/activities", purchase("b", store="s2"), by=cy)
    assert code_of(other) == (403, "store_forbidden")


async def test_what_a_person_sends_names_them_whatever_they_write(office: Office, purchase: Purchase) -> None:
    di, bo = await office.work("di@example.com", "service_desk"), await office.work("bo@example.com", "analyst")
    sent = purchase("a", data={"staff": str(bo.id), "weather": "rain"})
    assert (await office.send("POST", "/v1/activities", sent, by=di)).status_code == 201
    ask = {"currency": "points", "points": 5, "reason": "sorry", "by": "somebody else", "approved_by": "the boss"}
    assert (await office.send("POST", "/v1/activities", purchase("b", kind="adjust", lines=[], ask=ask), by=di)).json()[
        "points"
    ]
    async with office.site.database.snapshot() as read:
        bodies = [str(row["body"]) for row in await read.rows("SELECT body FROM activity.journal ORDER BY seq")]
    assert len(bodies) == 2
    assert all(str(di.id) in each for each in bodies)
    assert not any(str(bo.id) in each or "the boss" in each or "somebody else" in each for each in bodies)
    forged = await office.site.client.post("/v1/activities", json=purchase("c", data={"staff": str(di.id)}))
    assert code_of(forged) == (422, "body_invalid"), "a key cannot say that it is a person"
