"""Every route says who may enter, and nobody else does."""

import sys
from collections.abc import AsyncGenerator
from importlib import import_module
from pathlib import Path

import pytest
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.routing import iter_route_contexts
from starlette.types import ASGIApp

from regulars.base.db import Database
from regulars.base.settings import Settings
from regulars.features import access
from regulars.interfaces.http.app import DoorMissing, app, find_routers, list_scopes
from regulars.interfaces.http.kit import answer, door, door_of
from regulars.kernel import spine
from tests.http.site import Purchase, Site, codes, run_site

OPEN = {"/", "/docs", "/healthz", "/openapi.json", "/problems/{code}", "/readyz", "/undo", "/v1/entry", "/welcome"}
PAGES = {
    "/assets/{name:path}",
    *(f"/{entry}{rest}" for entry in ("console", "member", "register") for rest in ("", "/{place:path}")),
}
SIGNING_IN = {
    "/v1/entry/code",
    "/v1/entry/code/try",
    "/v1/entry/join",
    "/v1/entry/join/try",
    "/v1/entry/passkey",
    "/v1/entry/passkey/options",
    "/v1/entry/undo",
    "/v1/session",
    "/v1/session/second",
    "/v1/session/sign-on",
    "/v1/session/sign-on/back",
    "/v1/staff/welcome",
    "/v1/staff/welcome/look",
}
STOPPING = {"/stop/{token}"}
PUBLIC = OPEN | PAGES | SIGNING_IN | STOPPING
"""Whoever signs in has nothing yet; each of these asks for something that only they know. So do links in mails."""


def list_addresses(made: ASGIApp) -> list[tuple[str, str, str | None]]:
    """Every (method, path, scope) that the app answers to, as the framework itself has it."""
    assert isinstance(made, FastAPI)
    found = []
    for context in iter_route_contexts(made.routes):
        declared = door_of(context.endpoint)
        assert declared is not None, f"{context.path} does not declare its scope"
        found += [(method, str(context.path), declared.scope) for method in context.methods or ()]
    return found


def fill(path: str) -> str:
    path = path.replace("{name:path}", "none.js").replace("{place:path}", "members")
    return path.replace("{member}", "01890a5d-ac96-774b-bcce-b302099a8057").replace("{code}", "key_missing")


async def test_every_route_declares_its_scope(site: Site) -> None:
    addresses = list_addresses(site.app)
    assert len(addresses) > 10
    assert {path for _, path, scope in addresses if scope is None} == PUBLIC
    assert {scope for _, _, scope in addresses if scope is not None} <= set(list_scopes())


async def test_nobody_enters_without_a_key_but_where_all_may(site: Site) -> None:
    del site.client.headers["Authorization"]
    for method, path, scope in list_addresses(site.app):
        answer = await site.client.request(method, fill(path))
        if scope is None and path in SIGNING_IN:
            assert answer.json()["code"] in {"media_type_unsupported", "sign_on_unset", "passkeys_unset"}, path
        elif path in PAGES:
            # Nobody's own is in them; without a build they say how to get one.
            assert answer.status_code in {200, 303, 404}, path
        elif scope is None and path in STOPPING:
            assert (answer.status_code, answer.json()["code"]) == (404, "stop_link_invalid"), path
        elif scope is None:
            assert answer.status_code == 200, path
        else:
            assert (answer.status_code, answer.json()["code"]) == (401, "key_missing"), path
            assert answer.headers["www-authenticate"] == 'Bearer realm="regulars"'


async def test_a_key_opens_no_door_but_its_own(site: Site) -> None:
    for method, path, scope in list_addresses(site.app):
        if scope is not None:
            others = [each for each in list_scopes() if each != scope]
            answer = await site.client.request(method, fill(path), headers=site.using(await site.issue(*others)))
            assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing"), path
            assert answer.json()["context"] == {"scope": scope}
            assert scope in answer.json()["detail"]


NO_KEYS = [
    ("", "key_missing"),
    ("Bearer", "key_missing"),
    ("Basic dXNlcjpwYXNz", "key_missing"),
    ("Bearer hello", "key_invalid"),
    (f"Bearer rk_{'a' * 10}_{'b' * 52}", "key_invalid"),
    ("bearer " + "x" * 5000, "key_invalid"),
]


async def test_what_is_no_key_opens_nothing(site: Site) -> None:
    for header, code in NO_KEYS:
        answer = await site.client.get("/v1/program", headers={"Authorization": header})
        assert (answer.status_code, answer.json()["code"]) == (401, code)


async def test_a_revoked_key_is_answered_like_one_that_never_was(site: Site) -> None:
    token = await site.issue("program:read")
    async with site.database.transaction() as tx:
        (key,) = [each for each in await access.list_keys(tx) if each.prefix == token.split("_")[1]]
        await access.revoke_key(tx, key.prefix, at=key.created_at)
    revoked = await site.client.get("/v1/program", headers=site.using(token))
    unknown = await site.client.get("/v1/program", headers=site.using(f"rk_{'a' * 10}_{'b' * 52}"))
    assert revoked.status_code == unknown.status_code == 401
    assert revoked.json() | {"instance": ""} == unknown.json() | {"instance": ""}


async def test_a_command_needs_a_scope_of_its_own(site: Site, purchase: Purchase) -> None:
    headers = site.using(await site.issue("activities:write", "points:redeem"))
    sent = [purchase("a"), purchase("b", kind="adjust", lines=[]), purchase("c", kind="redeem", lines=[])]
    answer = await site.client.post("/v1/activities", json={"activities": sent}, headers=headers)
    recorded, adjusted, redeemed = codes(answer.json()["results"])
    assert (recorded, adjusted) == ("recorded", "scope_missing")
    assert redeemed != "scope_missing", "the other command gets as far as what it asks"


async def test_the_last_use_of_a_key_is_written_when_the_server_ends(
    database: Database, house: spine.House, settings: Settings
) -> None:
    async for site in run_site(database, house, app(settings, database, house)):
        await site.client.get("/v1/program")
        async with database.snapshot() as read:
            assert [key.last_used_at for key in await access.list_keys(read)] == [None]
    async with database.snapshot() as read:
        (key,) = await access.list_keys(read)
    assert key.last_used_at is not None


@pytest.fixture
async def rooms(tmp_path: Path) -> AsyncGenerator[Path]:
    """A package of features, made for the test."""
    folder = tmp_path / "some_features"
    for room in ("greet", "silent"):
        (folder / room).mkdir(parents=True)
        (folder / room / "__init__.py").touch()
    (folder / "__init__.py").touch()
    sys.path.insert(0, str(tmp_path))
    yield folder
    sys.path.remove(str(tmp_path))
    for name in [each for each in sys.modules if each.startswith("some_features")]:
        del sys.modules[name]


async def test_the_routes_of_a_feature_are_found_by_the_name_of_their_file(rooms: Path) -> None:
    (rooms / "greet" / "http.py").write_text("from fastapi import APIRouter\nrouter = APIRouter(tags=['x'])\n")
    (router,) = find_routers(import_module("some_features"))
    assert router.tags == ["x"]


async def test_a_file_of_routes_without_a_router_is_a_bug(rooms: Path) -> None:
    (rooms / "greet" / "http.py").touch()
    with pytest.raises(AttributeError):
        find_routers(import_module("some_features"))


async def test_what_a_feature_brings_is_behind_its_door(
    database: Database, house: spine.House, settings: Settings
) -> None:
    router = APIRouter()

    @router.get("/v1/greetings")
    @door(scope="greetings:read", gives={200: None})
    async def greet(request: Request) -> Response:
        return answer({"hello": "world"})

    async for site in run_site(database, house, app(settings, database, house, extra=[router])):
        assert (await site.client.get("/v1/greetings")).json()["code"] == "scope_missing"
        headers = site.using(await site.issue("greetings:read"))
        assert (await site.client.get("/v1/greetings", headers=headers)).json() == {"hello": "world"}


async def test_a_route_that_says_nothing_is_not_mounted(
    database: Database, house: spine.House, settings: Settings
) -> None:
    router = APIRouter()

    @router.get("/v1/open")
    async def leak(request: Request) -> Response:
        return answer({"secret": 7})

    with pytest.raises(DoorMissing, match="/v1/open"):
        app(settings, database, house, extra=[router])
