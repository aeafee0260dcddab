"""The app: every route behind its door, every failure a problem, every request watched."""

import asyncio
import pkgutil
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute

from regulars import features
from regulars.base.db import Database
from regulars.base.errors import Refusal
from regulars.base.settings import Settings
from regulars.features.access import Gate
from regulars.interfaces.http.activities import command_scope
from regulars.interfaces.http.guard import admit
from regulars.interfaces.http.kit import door_of, request_id_of
from regulars.interfaces.http.log import LOGGER
from regulars.interfaces.http.meters import Meters
from regulars.interfaces.http.openapi import write_openapi
from regulars.interfaces.http.problems import (
    BodyTooLarge,
    BodyTooSlow,
    Fault,
    MethodNotAllowed,
    ParameterInvalid,
    RouteUnknown,
    refuse,
)
from regulars.interfaces.http.watch import REQUESTS_MAX, Watch
from regulars.kernel.spine import House
from regulars.kernel.spine.commands import COMMANDS

__all__ = ["DoorMissing", "app", "find_routers", "list_routers", "list_scopes"]

NOTE_SECONDS: Final = 60
WITHOUT: Final = frozenset({"app", "serve"})
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
    extra: Sequence[APIRouter] = (),
) -> FastAPI:
    """Build the HTTP app over an open database.

    `metrics_open` lets anybody read /metrics; `extra` are routers besides our own and those of the features.
    Raises DoorMissing for a route that declares no scope.
    """
    meters, gate = Meters(), Gate(database)
    made = FastAPI(
        title="Regulars",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=lambda _: _noting(gate),
        dependencies=[Depends(admit)],
        generate_unique_id_function=lambda route: route.name,
    )
    for name, value in {
        "settings": settings,
        "database": database,
        "house": house,
        "gate": gate,
        "meters": meters,
        "metrics_open": metrics_open,
    }.items():
        setattr(made.state, name, value)
    routers = [*list_routers(), *extra]
    routes = [_check_door(route) for router in routers for route in router.routes]
    for router in routers:
        made.include_router(router)
    made.state.openapi = write_openapi(made, routes)
    made.add_middleware(Watch, meters=meters, requests_max=requests_max)
    _answer_failures(made, routes)
    return made


def list_routers() -> list[APIRouter]:
    """List the routes of the files beside this one that have a `router`, and then those of features."""
    beside = pkgutil.iter_modules([str(Path(__file__).parent)])
    names = sorted(found.name for found in beside if found.name not in WITHOUT)
    files = [import_module(f"{__package__}.{name}") for name in names]
    return [*(file.router for file in files if hasattr(file, "router")), *find_routers(features)]


def find_routers(package: ModuleType) -> list[APIRouter]:
    """Find the routes of every feature: `router` in its `http.py`, where it has one."""
    rooms = sorted(found.name for found in pkgutil.iter_modules(package.__path__) if found.ispkg)
    names = [f"{package.__name__}.{room}.http" for room in rooms]
    return [import_module(name).router for name in names if find_spec(name) is not None]


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
async def _noting(gate: Gate) -> AsyncGenerator[None]:
    """While the app is up, write once a minute which keys were used, and a last time when it ends."""
    task = asyncio.create_task(_note_uses(gate))
    try:
        yield
    finally:
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


def _answer_failures(made: FastAPI, routes: Sequence[APIRoute]) -> None:
    async def answer_refusal(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refusal)
        if isinstance(error, BodyTooLarge | BodyTooSlow):
            # The body is still arriving: the watch knows how to end that.
            raise error
        return refuse(error, request_id=request_id_of(request))

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

    made.add_exception_handler(Refusal, answer_refusal)
    made.add_exception_handler(RequestValidationError, answer_parameters)
    made.add_exception_handler(HTTPException, answer_nowhere)


def _find_fault(error: dict[str, Any]) -> Fault:
    return Fault(path=".".join(str(part) for part in error["loc"]), message=f"{error['msg']}.")
