"""The app: every route behind its door, every failure a problem, every request watched."""

import asyncio
import pkgutil
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute

from regulars import features
from regulars.base import clock
from regulars.base.db import Database
from regulars.base.errors import Refusal
from regulars.base.plugs import find_plugs
from regulars.base.settings import Settings
from regulars.features.access import Gate
from regulars.features.staff import Hashing, Provider, SignOn
from regulars.interfaces.http.activities import command_scope
from regulars.interfaces.http.fellows import Fellows
from regulars.interfaces.http.gather import LANES, MANY_WAIT_SECONDS_MAX, QUOTES_TOGETHER_MAX, Gathering, Row
from regulars.interfaces.http.guard import Waiting, admit
from regulars.interfaces.http.kit import answer, door_of, request_id_of
from regulars.interfaces.http.log import LOGGER
from regulars.interfaces.http.meters import Meters
from regulars.interfaces.http.openapi import write_openapi
from regulars.interfaces.http.pace import BURNS_AT_ONCE, BURNS_PER_SECOND, Pace
from regulars.interfaces.http.problems import (
    BodyTooLarge,
    BodyTooSlow,
    Fault,
    MethodNotAllowed,
    ParameterInvalid,
    RouteUnknown,
    refuse,
)
from regulars.interfaces.http.straight import Straight
from regulars.interfaces.http.telling import Telling
from regulars.interfaces.http.trail import Trail, follow
from regulars.interfaces.http.watch import REQUESTS_MAX, Watch
from regulars.kernel import spine
from regulars.kernel.nouns import Activity
from regulars.kernel.spine import House
from regulars.kernel.spine.commands import COMMANDS

__all__ = ["DoorMissing", "app", "find_routers", "list_routers", "list_scopes"]

NOTE_SECONDS: Final = 60
WITHOUT: Final = frozenset({"app", "crew", "serve"})
"""Files that need the app, and have no routes."""


class DoorMissing(Exception):
    """A route does not say who may enter: a bug, found before anybody can."""


def app(
    settings: Settings,
    database: Database,
    house: House,
    *,
    metrics_open: bool = False,
    requests_max: int = REQUESTS_MAX,
    fellows: Fellows | None = None,
    extra: Sequence[APIRouter] = (),
) -> FastAPI:
    """Build the HTTP app over an open database.

    `metrics_open` lets anybody read /metrics; `extra` are routers besides our own and those of the features; `fellows`
    are the workers of this server, where it has several.
    Raises DoorMissing for a route that declares no scope.
    """
    meters = Meters(None if fellows is None else fellows.counts)
    gate, workers = Gate(database, keyring=house.keyring), 1 if fellows is None else fellows.of
    rows = _make_rows(settings, database, house, meters)
    made = FastAPI(
        title="Regulars",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        # Asked at each request whether somebody wants it; ours is in the counts and in the log.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        lifespan=lambda _: _living(gate, rows),
        dependencies=[Depends(admit), Depends(follow)],
        generate_unique_id_function=lambda route: route.name,
    )
    for name, value in {
        "settings": settings,
        "database": database,
        "house": house,
        "gate": gate,
        "meters": meters,
        "fellows": fellows,
        "few": rows[0],
        "many": rows[1],
        "quotes": _make_quotes(database, house),
        "metrics_open": metrics_open,
        "now": tell_time,
        "key_pace": Pace(rate=settings.key_rate, most=settings.key_rate),
        "burn_pace": Pace(rate=max(1, BURNS_PER_SECOND // workers), most=max(1, BURNS_AT_ONCE // workers)),
        "hashing": Hashing(),
        "sign_on": None if (provider := find_provider(settings)) is None else SignOn(provider),
    }.items():
        setattr(made.state, name, value)
    routers = [*list_routers(), *extra]
    routes = [_check_door(route) for router in routers for route in router.routes]
    for router in routers:
        made.include_router(router)
    made.state.openapi = write_openapi(made, routes)
    made.add_middleware(
        Straight,
        routes=routes,
        guards=(admit, follow),
        answers=((Waiting, answer_waiting), (Refusal, answer_refusal)),
    )
    made.add_middleware(Trail)
    made.add_middleware(Telling)
    made.add_middleware(Watch, meters=meters, requests_max=requests_max)
    _answer_failures(made, routes)
    return made


def _make_rows(settings: Settings, database: Database, house: House, meters: Meters) -> tuple[Gathering, Gathering]:
    """Make the row of tills, and that of those who bring many at once. Reads keep a part of the connections."""
    together, alone = partial(spine.record_together, database, house), partial(spine.record, database, house)
    few = Gathering(together, alone, lanes_max=max(LANES, settings.pool_max - 2 * LANES), note=meters.note_together)
    many = Gathering(
        together,
        alone,
        lanes_max=LANES,
        wait_seconds_max=MANY_WAIT_SECONDS_MAX,
        note=meters.note_together,
    )
    return few, many


def _make_quotes(database: Database, house: House) -> Row[spine.Previewed]:
    """Make the row of those who ask what a basket comes to: what they share is the moment, and what is read of it."""

    async def show(facts: Sequence[Activity]) -> list[spine.Previewed]:
        async with database.snapshot() as read:
            return await spine.preview_apart(read, house, facts, await clock.now(read))

    return Row(show, show, together_max=QUOTES_TOGETHER_MAX)


def find_provider(settings: Settings) -> Provider | None:
    """Read who signs people on, where the settings name somebody."""
    if settings.oidc_issuer is None or settings.oidc_client_id is None or settings.oidc_client_secret is None:
        return None
    return Provider(
        issuer=settings.oidc_issuer, client_id=settings.oidc_client_id, client_secret=settings.oidc_client_secret
    )


def tell_time() -> datetime:
    """The world's time, by which sessions and codes end."""
    return datetime.now(tz=UTC)


def list_routers() -> list[APIRouter]:
    """List the routes of the files beside this one that have a `router`, and then those of features."""
    beside = pkgutil.iter_modules([str(Path(__file__).parent)])
    names = sorted(found.name for found in beside if found.name not in WITHOUT)
    files = [import_module(f"{__package__}.{name}") for name in names]
    return [*(file.router for file in files if hasattr(file, "router")), *find_routers(features)]


def find_routers(package: ModuleType) -> list[APIRouter]:
    """Find the routes of every feature: `router` in its `http.py`, where it has one."""
    return [plug.router for plug in find_plugs(package, "http").values()]


def list_scopes() -> list[str]:
    """List every scope that a route or a command asks for: what a key may be given."""
    routes = [_check_door(route) for router in list_routers() for route in router.routes]
    doors = [door_of(route.endpoint) for route in routes]
    asked = {door.scope for door in doors if door is not None and door.scope is not None}
    return sorted(asked | {command_scope(kind) for kind in COMMANDS})


def _check_door(route: BaseRoute) -> APIRoute:
    if not isinstance(route, APIRoute) or door_of(route.endpoint) is None:
        address = getattr(route, "path", route)
        raise DoorMissing(f"{address} does not declare its scope: put @door(scope=...) below its address")
    return route


@asynccontextmanager
async def _living(gate: Gate, rows: Sequence[Gathering]) -> AsyncGenerator[None]:
    """While the app is up, write once a minute which keys were used, and a last time when it ends.

    What waits to be recorded then is recorded first.
    """
    task = asyncio.create_task(_note_uses(gate))
    try:
        yield
    finally:
        for row in rows:
            await row.drain()
        task.cancel()
        await asyncio.wait([task])
        await _note_once(gate)


async def _note_uses(gate: Gate) -> None:
    while True:
        await asyncio.sleep(NOTE_SECONDS)
        await _note_once(gate)


async def _note_once(gate: Gate) -> None:
    try:
        await gate.note_uses()
    except Refusal as refusal:
        # Kept for the next minute.
        LOGGER.warning("uses of keys not noted", extra={"facts": {"code": refusal.code}})


async def answer_refusal(request: Request, error: Exception) -> Response:
    """Answer what was refused with a problem."""
    assert isinstance(error, Refusal)
    if isinstance(error, BodyTooLarge | BodyTooSlow):
        # The body is still arriving: the watch knows how to end that.
        raise error
    return refuse(error, request_id=request_id_of(request))


async def answer_waiting(_: Request, error: Exception) -> Response:
    """Answer that a second person has to agree, and where to see whether they did."""
    assert isinstance(error, Waiting)
    return answer(error.approval, status=202, headers={"Location": f"/v1/approvals/{error.approval.id}"})


def _answer_failures(made: FastAPI, routes: Sequence[APIRoute]) -> None:
    async def answer_parameters(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        faults = tuple(_find_fault(each) for each in error.errors())
        detail = "; ".join(f"{fault.path}: {fault.message}" for fault in faults)
        return refuse(ParameterInvalid(detail, errors=faults), request_id=request_id_of(request))

    async def answer_nowhere(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        assert error.status_code in {404, 405}
        path = request.scope["path"]
        # An address that is written out is not also the one with a name in its place.
        matching = [each for each in routes if each.path == path] or [
            each for each in routes if each.path_regex.match(path)
        ]
        allowed = {method for route in matching for method in route.methods or ()}
        if not allowed:
            message = "There is nothing at this address. What there is is listed in the reference, at /docs."
            return refuse(RouteUnknown(message), request_id=request_id_of(request))
        allowed |= {"HEAD", "OPTIONS"} if "GET" in allowed else {"OPTIONS"}
        headers = {"Allow": ", ".join(sorted(allowed))}
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=headers)
        message = f"This address answers to {headers['Allow']}."
        return refuse(MethodNotAllowed(message), request_id=request_id_of(request), headers=headers)

    made.add_exception_handler(Waiting, answer_waiting)
    made.add_exception_handler(Refusal, answer_refusal)
    made.add_exception_handler(RequestValidationError, answer_parameters)
    made.add_exception_handler(HTTPException, answer_nowhere)


def _find_fault(error: dict[str, Any]) -> Fault:
    return Fault(path=".".join(str(part) for part in error["loc"]), message=f"{error['msg']}.")
