"""Whether the server is up, whether it can work, and what it counts."""

from datetime import datetime
from typing import Final, Literal

from fastapi import APIRouter, Request, Response
from msgspec import Struct
from msgspec.structs import replace

from regulars import features
from regulars.base import clock
from regulars.base.db import Database
from regulars.base.errors import Refusal
from regulars.base.migrations import find_differing
from regulars.interfaces.http.fellows import Fellows
from regulars.interfaces.http.gauges import render_gauges
from regulars.interfaces.http.guard import METRICS_SCOPE
from regulars.interfaces.http.kit import PUBLIC, answer, door
from regulars.interfaces.http.meters import MEDIA_TYPE
from regulars.interfaces.http.problems import NotReady
from regulars.interfaces.http.state import database_of, house_of, meters_of, settings_of
from regulars.kernel.members import burning
from regulars.kernel.spine import House

__all__ = ["router"]

DIFFERING_SHOWN_MAX: Final = 3

router = APIRouter(tags=["Operation"])


class Alive(Struct, frozen=True, kw_only=True):
    """The process is up."""

    status: Literal["alive"] = "alive"


class Ready(Struct, frozen=True, kw_only=True):
    """Activities can be recorded."""

    status: Literal["ready"] = "ready"
    ledger_time: datetime
    program: str
    burning: Literal["on", "off"] = "on"
    """Whether points may be used; off, they are only earned."""
    codes: Literal["sent", "shown"] = "sent"
    """How members get the codes that they sign in with. Shown, anybody may be anybody: it is a demo."""


@router.get("/healthz")
@door(scope=PUBLIC, gives={200: Alive})
async def tell_health() -> Response:
    """Tell that the process is up. It asks nobody else: restart what does not answer this."""
    return answer(Alive())


@router.get("/readyz")
@door(scope=PUBLIC, gives={200: Ready}, refuses=(NotReady,))
async def tell_readiness(request: Request) -> Response:
    """Tell whether activities can be recorded: the database answers, is migrated, and a programme is live.

    Where several workers serve, all of them must be up.

    503 says which of these is wrong. Send no requests to a server that is not ready; do not restart it for that.
    """
    _check_fellows(request.app.state.fellows)
    ready = await _check(database_of(request), house_of(request))
    return answer(replace(ready, codes="shown") if settings_of(request).show_codes else ready)


@router.get("/metrics")
@door(scope=METRICS_SCOPE, gives={200: "text/plain"})
async def tell_metrics(request: Request) -> Response:
    """Read what is counted, in Prometheus' text format."""
    counted = await render_gauges(database_of(request), features)
    return Response(meters_of(request).render() + counted, media_type=MEDIA_TYPE)


def _check_fellows(fellows: Fellows | None) -> None:
    if fellows is not None and fellows.ready < fellows.of:
        raise NotReady(f"Of {fellows.of} workers {fellows.ready} are ready.")


async def _check(database: Database, house: House) -> Ready:
    try:
        async with database.snapshot() as read:
            differing = await find_differing(read)
            now = await clock.now(read)
            stopped = await burning.read_stops(read, (), at=now)
            release = (await house.versions.read(read)).release_at(now)
    except Refusal as refusal:
        raise NotReady(f"The database: {refusal.code}. {type(refusal).__doc__}") from refusal
    if differing:
        shown = ", ".join(differing[:DIFFERING_SHOWN_MAX])
        raise NotReady(f"The database is migrated to another version than this one. They differ in {shown}.")
    if release is None:
        raise NotReady("No version of the programme is live. Publish one with `regulars program publish`.")
    return Ready(ledger_time=now, program=release.hash, burning="off" if stopped.rows else "on")
