"""The straight way to a route leads nowhere that the framework's way does not, and past nobody."""

import inspect
from collections.abc import AsyncGenerator
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi.routing import APIRoute

from regulars.base.db import Database
from regulars.base.settings import Settings
from regulars.interfaces.http.activities import record_activities
from regulars.interfaces.http.app import app, list_routers
from regulars.interfaces.http.kit import PUBLIC, answer, door
from regulars.interfaces.http.straight import is_plain
from regulars.kernel import spine
from tests.http.site import BARE, Purchase, Site, run_site

router = APIRouter()


@router.get("/v1/walked")
@door(scope=PUBLIC, gives={200: None})
async def tell_walked(request: Request) -> Response:
    """Tell whether the framework was in between."""
    walked = any(frame.filename.endswith("fastapi/routing.py") for frame in inspect.stack(0))
    return answer({"walked": walked})


@router.get("/v1/walked/{name}")
@door(scope=PUBLIC, gives={200: None})
async def tell_named(request: Request, name: str) -> Response:
    """Answer an address with a name."""
    return answer({"name": name})


@router.get("/v1/asked")
@door(scope=PUBLIC, gives={200: None})
async def tell_asked(request: Request, most: Annotated[int, Query(ge=1)] = 1) -> Response:
    """Answer what is worked out from the query."""
    return answer({"most": most})


@pytest.fixture
def made(database: Database, house: spine.House, settings: Settings) -> FastAPI:
    return app(settings, database, house, extra=[router])


@pytest.fixture
async def walked(database: Database, house: spine.House, made: FastAPI) -> AsyncGenerator[Site]:
    async for each in run_site(database, house, made):
        yield each


async def test_what_needs_only_the_request_goes_straight_and_all_else_does_not(walked: Site) -> None:
    client = walked.client
    assert (await client.get("/v1/walked")).json() == {"walked": False}
    assert (await client.get("/v1/walked/here")).json() == {"name": "here"}
    assert (await client.get("/v1/asked?most=3")).json() == {"most": 3}
    assert (await client.get("/v1/asked?most=0")).status_code == 422
    wrong = await client.delete("/v1/walked")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert (await client.head("/v1/walked")).status_code == 200
    assert (await client.get("/v1/walked/")).status_code == 404


async def test_the_doors_of_tills_are_on_the_straight_way() -> None:
    routes = [route for each in list_routers() for route in each.routes if isinstance(route, APIRoute)]
    plain = {route.path for route in routes if is_plain(route)}
    assert {"/v1/activities", "/v1/orders", "/v1/quotes"} <= plain
    assert inspect.signature(record_activities).parameters.keys() == {"request"}


async def test_nobody_comes_past_the_guards(site: Site, purchase: Purchase) -> None:
    async with httpx.AsyncClient(base_url=site.url, verify=BARE, timeout=60) as stranger:
        assert (await stranger.post("/v1/activities", json=purchase())).status_code == 401
    token = await site.issue("activities:preview")
    refused = await site.client.post("/v1/activities", json=purchase(), headers=site.using(token))
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    # Who tried what they may not is noted, as on the other way.
    async with site.database.snapshot() as read:
        assert await read.value("SELECT count(*) FROM audit.entry WHERE code = 'scope_missing'") == 1


async def test_it_is_counted_under_its_route(site: Site, purchase: Purchase) -> None:
    await site.client.post("/v1/activities", json=purchase())
    text = (await site.client.get("/metrics")).text
    assert 'regulars_http_requests_total{method="POST",route="/v1/activities",status="201"} 1.0' in text
