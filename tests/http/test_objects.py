"""Every route with somebody's object, tried by all others: made from the description, so that a new route is tried."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from regulars.base.ids import new_id
from regulars.features import entrance
from regulars.interfaces.http.app import list_routers, list_scopes
from regulars.interfaces.http.kit import Door, door_of
from tests.http.site import Purchase, Site

NOBODYS = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
WORDS = {"day": "2026-03-01", "part": "1", "page": "1", "currency": "points", "code": "key_missing"}
"""What stands in an address and is nobody's object."""
ABOUT = {"/v1/members/{member}/vouchers", "/v1/vouchers/check"}
"""Where the store in the body is not whose word it is, but where a voucher may be used."""
MINE, THEIRS = "s1", "s2"
"""The store of a bound key, and another."""


@dataclass(frozen=True, kw_only=True)
class Route:
    """A route as the description has it, with its door."""

    method: str
    path: str
    door: Door
    parameters: Mapping[str, Any]
    """By name: the schemas of what stands in the path."""
    body: Any

    def fill(self, **values: object) -> str:
        """Write an address of it. What is not given is nobody's."""
        filled = {
            name: values.get(name, WORDS.get(name, NOBODYS if schema.get("format") == "uuid" else "nobody-7"))
            for name, schema in self.parameters.items()
        }
        return self.path.format_map(filled)

    @property
    def name(self) -> str:
        """How it is called in a failure."""
        return f"{self.method} {self.path}"


def list_routes() -> Iterator[Route]:
    """List every route that asks who one is."""
    for router in list_routers():
        for route in router.routes:
            door = door_of(getattr(route, "endpoint", None))
            assert door is not None
            for method in getattr(route, "methods", ()):
                if door.scope is not None:
                    yield Route(
                        method=method,
                        path=route.path_format,  # pyright: ignore[reportAttributeAccessIssue] - of every API route
                        door=door,
                        parameters={},
                        body=next(iter(door.examples.values()), None),
                    )


async def describe(site: Site) -> list[Route]:
    """Lay the description beside the doors: a route that is in one of them only is a mistake."""
    told = (await site.client.get("/openapi.json")).json()["paths"]
    doors = {(each.path, each.method): each for each in list_routes()}
    found: list[Route] = []
    for path, methods in told.items():
        for method, operation in methods.items():
            if not operation["security"]:
                continue
            known = doors.pop((path, method.upper()))
            parameters = {it["name"]: it["schema"] for it in operation.get("parameters", ()) if it["in"] == "path"}
            found.append(Route(method=known.method, path=path, door=known.door, parameters=parameters, body=known.body))
    assert not doors, "a route is not in the description"
    return found


@dataclass(frozen=True, kw_only=True)
class Guest:
    """A member who is signed in."""

    member: UUID
    session: UUID
    headers: dict[str, str]


async def welcome(site: Site) -> Guest:
    made = await site.client.post("/v1/members", json={})
    member = UUID(made.json()["id"])
    async with site.database.transaction() as tx:
        session, token = await entrance.open_session(tx, member, id=new_id(), at=datetime.now(tz=UTC), agent="")
    return Guest(member=member, session=session.id, headers=site.using(token))


async def call(site: Site, route: Route, address: str, headers: Mapping[str, str], body: Any = None) -> httpx.Response:  # noqa: ANN401 - JSON
    named = {"Idempotency-Key": "of-the-matrix", "If-Match": '"1"'} if route.method != "GET" else {}
    told = route.body if body is None else body
    return await site.client.request(route.method, address, json=told, headers={**headers, **named})


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


@pytest.fixture
async def guests(site: Site) -> tuple[Guest, Guest]:
    return await welcome(site), await welcome(site)


async def test_members_enter_no_door_of_the_house(site: Site, guests: tuple[Guest, Guest]) -> None:
    first, second = guests
    for route in await describe(site):
        if route.door.who in {"member", "present"}:
            continue
        # Their own id, and another member's: the function is not theirs, whoever it is about.
        for member in (first.member, second.member):
            answer = await call(site, route, route.fill(member=member), first.headers)
            assert code_of(answer) == (403, "scope_missing"), route.name


async def test_members_find_nothing_of_others_under_what_is_theirs(site: Site, guests: tuple[Guest, Guest]) -> None:
    first, second = guests
    objects = [second.session, second.member, NOBODYS]
    tried = 0
    for route in await describe(site):
        if route.door.who not in {"member", "present"} or not route.parameters:
            continue
        for theirs in objects:
            answer = await call(site, route, route.fill(**dict.fromkeys(route.parameters, theirs)), first.headers)
            assert answer.status_code == 404, (route.name, answer.text)
            tried += 1
    assert tried >= len(objects), "there are such routes"
    assert (await site.client.get("/v1/me", headers=second.headers)).status_code == 200, "and nothing of theirs ended"


async def test_members_cannot_say_that_they_are_somebody_else(site: Site, guests: tuple[Guest, Guest]) -> None:
    first, second = guests
    for route in await describe(site):
        if route.door.who not in {"member", "present"}:
            continue
        if route.body is not None:
            named = {**route.body, "member": str(second.member)}
            answer = await call(site, route, route.fill(), first.headers, named)
            assert code_of(answer) in {(422, "body_invalid"), (409, "passkeys_unset")}, (route.name, answer.text)
        elif route.method == "GET":
            answer = await call(site, route, f"{route.fill()}?member={second.member}", first.headers)
            assert str(second.member) not in answer.text, route.name


async def test_what_is_nobodys_is_not_found(site: Site) -> None:
    headers = dict(site.client.headers)
    for route in await describe(site):
        if not any(schema.get("format") == "uuid" for schema in route.parameters.values()):
            continue
        answer = await call(site, route, route.fill(), {"Authorization": headers["authorization"]})
        expected = {
            "anyone": {404},
            "person": {403},
            "proven": {403},
            "member": {403},
            "present": {403},
        }[route.door.who]
        assert answer.status_code in expected, (route.name, answer.text)


async def test_a_key_of_one_store_touches_nothing_of_another(site: Site, purchase: Purchase) -> None:
    bound = site.using(await site.issue(*list_scopes(), store=MINE))
    member = (await welcome(site)).member
    tried = 0
    for route in await describe(site):
        addresses = [(route.fill(store=THEIRS), route.body)] if "store" in route.parameters else []
        if isinstance(route.body, dict) and "store" in route.body and route.path not in ABOUT:
            # Of today: what is too old is refused for that, and says nothing of stores.
            today = {"occurred_at": datetime.now(tz=UTC).isoformat()} if "occurred_at" in route.body else {}
            addresses.append((route.fill(member=member), {**route.body, **today, "store": THEIRS}))
        for address, body in addresses:
            answer = await call(site, route, address, bound, body)
            told = code_of(answer)
            assert told in {(403, "store_forbidden"), (403, "person_needed")}, (route.name, answer.text)
            tried += 1
    assert tried
    sold = await site.client.post("/v1/activities", json=purchase(store=MINE), headers=bound)
    assert sold.status_code == 201, "its own store is open to it"
