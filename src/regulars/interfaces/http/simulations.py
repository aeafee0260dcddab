"""Simulations over HTTP: asked for, watched as a task, and read when they are done."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter, Query, Request, Response
from msgspec import Meta, Struct

from regulars.base import clock
from regulars.base.db import Read, Tx
from regulars.features import tasks
from regulars.interfaces.cli.simulate import DRAFTS_MAX, SimulationNotPossible
from regulars.interfaces.http.comparing import Written, WrittenTwice, text_of
from regulars.interfaces.http.guard import key_of, now_of
from regulars.interfaces.http.kit import answer, door, read_body
from regulars.interfaces.http.page import POLICY
from regulars.interfaces.http.programs import NAMED, vet_apart
from regulars.interfaces.http.state import database_of, house_of
from regulars.interfaces.http.tasks import TaskPath, TaskView, find_own, view_task, wake
from regulars.interfaces.works.simulating import (
    KIND,
    DraftAsked,
    SimulationAsked,
    SimulationResult,
    name_report,
)
from regulars.kernel import program

__all__ = ["router"]

LIVE: Final = "live"

router = APIRouter(tags=["Programme"])

Lang = Annotated[Literal["en", "zh"], Query(description="The language: `en` or `zh`.")]
Moment = Annotated[datetime, Meta(tz=True)]


class SimulatedDraft(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A draft to simulate: a version, or what is not kept yet."""

    name: Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^[^\x00]*$")] = ""
    """By which the report calls it; without: the first letters of its hash."""
    version: Annotated[str, Meta(pattern=r"^[0-9a-f]{6,64}$")] | None = None
    """The first letters of its hash."""
    content: Written | None = None


class SimulationIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Drafts that are to decide over what is stored, beside what really decided."""

    drafts: Annotated[tuple[SimulatedDraft, ...], Meta(min_length=1, max_length=DRAFTS_MAX)]
    since: Moment | None = None
    """From when they decide; without: from the first activity."""
    until: Moment | None = None


class SimulationView(Struct, frozen=True, kw_only=True):
    """A simulation: how far it is, what was asked, and, when it is done, what came of it."""

    task: TaskView
    drafts: tuple[str, ...]
    """As the report calls them."""
    since: datetime | None
    until: datetime | None
    result: SimulationResult | None


read_simulation_in = msgspec.json.Decoder(SimulationIn)
read_result = msgspec.json.Decoder(SimulationResult)
read_asked = msgspec.json.Decoder(SimulationAsked)
EXAMPLE: Final[dict[str, Any]] = {
    "drafts": [{"version": "3f9c2a"}],
    "since": "2026-01-01T00:00:00+08:00",
    "until": "2026-07-01T00:00:00+08:00",
}


@router.post("/v1/simulations")
@door(
    scope="program:draft",
    takes=SimulationIn,
    gives={202: TaskView},
    refuses=(*NAMED, WrittenTwice, SimulationNotPossible, program.ProgramInvalid, tasks.TasksFull),
    examples={"A version over half a year": EXAMPLE},
)
async def start_simulation(request: Request) -> Response:
    """Let drafts decide over what is stored, beside what really decided: cost, levels, who gains and who loses.

    It takes seconds to minutes, one simulation after another, and nobody's points change. Watch the task.
    """
    sent = await read_body(request, read_simulation_in)
    asked = await _prepare(request, sent)
    task = await database_of(request).run(lambda tx: _start(tx, request, asked))
    wake(request)
    return answer(view_task(task), status=202, headers={"Location": f"/v1/tasks/{task.id}"})


@router.get("/v1/simulations/{task}")
@door(scope="program:read", gives={200: SimulationView}, refuses=(tasks.TaskUnknown,))
async def read_simulation(request: Request, task: TaskPath) -> Response:
    """Read a simulation: the same figures as `regulars program simulate` gives, and its tables in both languages."""
    async with database_of(request).snapshot() as read:
        found = await find_own(read, request, task, kind=KIND)
    return answer(_view(found), headers={"Cache-Control": "no-store"})


@router.get("/v1/simulations/{task}/report")
@door(scope="program:read", gives={200: "text/html"}, refuses=(tasks.TaskUnknown,))
async def read_simulation_report(request: Request, task: TaskPath, lang: Lang = "en") -> Response:
    """Read the report as a page that stands alone, with tables and a chart. It is kept for seven days."""
    house = house_of(request)
    async with database_of(request).snapshot() as read:
        found = await find_own(read, request, task, kind=KIND)
        page = await tasks.open_file(read, house.keyring, found.id, name_report(lang))
    return Response(page, media_type="text/html", headers={"Content-Security-Policy": POLICY})


async def _prepare(request: Request, sent: SimulationIn) -> SimulationAsked:
    """Check everything that would fail later, while whoever asks is still there."""
    if sent.since is not None and sent.until is not None and sent.since >= sent.until:
        raise SimulationNotPossible("`since` is not before `until`: there is nothing between them. Exchange the two.")
    drafts: list[DraftAsked] = []
    for each in sent.drafts:
        if each.content is not None and each.version is None:
            document = await vet_apart(request, text_of(each.content))
            name = each.name or program.content_hash(document)[:12]
            drafts.append(DraftAsked(name=name, document=msgspec.to_builtins(document)))
        elif each.version is not None and each.content is None:
            async with database_of(request).snapshot() as read:
                hash_ = await _find(read, each.version)
            drafts.append(DraftAsked(name=each.name or hash_[:12], version=hash_))
        else:
            raise WrittenTwice("Each draft has a `version` or a `content`: one of the two.")
    _check_names([each.name for each in drafts])
    return SimulationAsked(drafts=tuple(drafts), since=sent.since, until=sent.until)


def _check_names(names: Sequence[str]) -> None:
    if len({*names, LIVE}) <= len(names):
        raise SimulationNotPossible(
            f"Each draft has a name of its own, and none is called {LIVE}: that is beside them."
        )


async def _find(read: Read, version: str) -> str:
    return await program.find_version(read, version, at=await clock.now(read))


async def _start(tx: Tx, request: Request, asked: SimulationAsked) -> tasks.Task:
    house, key = house_of(request), key_of(request)
    return await tasks.start_task(
        tx,
        house.keyring,
        house.new_id(),
        KIND,
        msgspec.json.encode(asked),
        title=", ".join(each.name for each in asked.drafts),
        by=f"{key.name} ({key.prefix})",
        at=now_of(request),
    )


def _view(task: tasks.Task) -> SimulationView:
    asked = read_asked.decode(task.asked)
    return SimulationView(
        task=view_task(task),
        drafts=tuple(each.name for each in asked.drafts),
        since=asked.since,
        until=asked.until,
        result=None if task.result is None else read_result.decode(task.result),
    )
