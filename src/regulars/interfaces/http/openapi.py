"""The description of the API: what FastAPI sees of the routes, and what their doors declare besides."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import version
from typing import Any, Final, cast

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from regulars.base.errors import Refusal
from regulars.features.access import KeyInvalid, KeyMissing, ScopeMissing, SignatureInvalid
from regulars.features.entrance import MemberNeeded, MemberSessionInvalid, PresenceNeeded
from regulars.features.repeats import NAME_MAX, NAME_PATTERN, RepeatTooEarly
from regulars.features.staff import PersonNeeded, SessionInvalid, StepUpNeeded
from regulars.features.staff.approvals import Approval
from regulars.interfaces.http.guard import OwnHeaderMissing
from regulars.interfaces.http.kit import KEY_HEADER, Door, door_of
from regulars.interfaces.http.pace import RateLimited
from regulars.interfaces.http.problems import (
    BodyInvalid,
    BodyTooLarge,
    BodyTooSlow,
    Internal,
    JsonInvalid,
    MediaTypeUnsupported,
    Overloaded,
    ParameterInvalid,
    Problem,
    StoreForbidden,
    status_of,
)
from regulars.kernel.spine import ActivityDiffers

__all__ = ["SCHEME", "describe"]

SCHEME: Final = "key"
ABOUT: Final = """\
Points are kept like money, and every answer says why.

Send an API key as `Authorization: Bearer rk_…`, or the token of a session (`rs_…`). A failure is a problem (RFC 9457)
whose `code` never changes its meaning; `retryable` says whether the same request may succeed later. What is sent twice
under one name counts once.
Amounts of money are whole minor units, points are whole, times carry their offset from UTC.
"""
NAMING: Final = {
    "name": KEY_HEADER,
    "in": "header",
    "required": False,
    "description": (
        "Your own name of this write, so that it may be sent again: done once, it is answered with the same bytes for"
        " 400 days, and the header `Idempotent-Replayed: true`. What was refused may be tried again under its name."
    ),
    "schema": {"type": "string", "minLength": 1, "maxLength": NAME_MAX, "pattern": NAME_PATTERN},
}
PLACE: Final = "#/components/schemas/{name}"
Json = dict[str, Any]

written: Final[dict[tuple[int, ...], tuple[Sequence[APIRoute], bytes]]] = {}
"""By the ids of their routes: descriptions."""


def write_openapi(made: FastAPI, routes: Sequence[APIRoute]) -> bytes:
    """Describe every route in OpenAPI 3.1, as JSON: once in a process for the same routes, for it takes a while."""
    name = tuple(id(route) for route in routes)
    if name not in written:
        # The routes are kept with it, so that no other can come to have the id of one of them.
        written[name] = (routes, msgspec.json.encode(describe(made, routes)))
    return written[name][1]


def describe(made: FastAPI, routes: Sequence[APIRoute]) -> Json:
    """Describe every route in OpenAPI 3.1."""
    described: Json = get_openapi(
        title="Regulars",
        version=version("regulars"),
        summary="A loyalty platform",
        description=ABOUT,
        routes=made.routes,
    )
    doors = [
        (route, declared)
        for route in routes
        if route.include_in_schema and (declared := door_of(route.endpoint)) is not None
    ]
    shapes = _find_shapes([declared for _, declared in doors])
    _, components = msgspec.json.schema_components(shapes, ref_template=PLACE)
    described["components"] = {
        "schemas": components,
        "securitySchemes": {
            SCHEME: {
                "type": "http",
                "scheme": "bearer",
                "description": "A key or a session; scopes say what it may.",
            }
        },
    }
    for route, declared in doors:
        for method in route.methods or ():
            operation = described["paths"][route.path_format][method.lower()]
            _describe_door(operation, declared)
    return described


def _find_shapes(doors: Sequence[Door]) -> list[Any]:
    found: list[Any] = [Problem, Approval]
    for declared in doors:
        for shape in (declared.takes, *declared.gives.values()):
            found += [each for each in _list_shapes(shape) if not isinstance(each, str)]
    return list(dict.fromkeys(found))


def _list_shapes(shape: Any) -> tuple[Any, ...]:  # noqa: ANN401 - a type, or several to choose from
    if shape is None:
        return ()
    return cast("tuple[Any, ...]", shape) if isinstance(shape, tuple) else (shape,)


def _describe_door(operation: Json, declared: Door) -> None:
    operation["security"] = [] if declared.scope is None else [{SCHEME: [declared.scope]}]
    if declared.keyed:
        operation["parameters"] = [*operation.get("parameters", ()), NAMING]
    if declared.takes is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": _describe_body(declared)}}
    gives = declared.gives if declared.approval is None else {**declared.gives, 202: Approval}
    answers: Json = {str(status): _describe_answer(status, shape) for status, shape in gives.items()}
    refusals = [*_shared_refusals(declared, has_parameters="parameters" in operation), *declared.refuses]
    by_status: dict[int, list[type[Refusal]]] = {}
    for refusal in refusals:
        by_status.setdefault(status_of(refusal), []).append(refusal)
    for status, group in sorted(by_status.items()):
        answers[str(status)] = _describe_refusals(group)
    operation["responses"] = answers


def _shared_refusals(declared: Door, *, has_parameters: bool) -> list[type[Refusal]]:
    """What any route of this shape may refuse, and what the database behind it may."""
    shared: list[type[Refusal]] = [Internal, Overloaded]
    if declared.scope is not None:
        shared += [
            KeyMissing,
            KeyInvalid,
            SignatureInvalid,
            SessionInvalid,
            OwnHeaderMissing,
            ScopeMissing,
            RateLimited,
            StoreForbidden,
        ]
    if declared.who in {"person", "proven"} or declared.approval is not None:
        shared.append(PersonNeeded)
    if declared.who == "proven":
        shared.append(StepUpNeeded)
    if declared.who in {"member", "present"}:
        shared += [MemberNeeded, MemberSessionInvalid]
    if declared.who == "present":
        shared.append(PresenceNeeded)
    if declared.takes is not None:
        shared += [JsonInvalid, BodyInvalid, BodyTooLarge, BodyTooSlow, MediaTypeUnsupported]
    if declared.keyed:
        shared += [ActivityDiffers, RepeatTooEarly]
    if has_parameters:
        shared.append(ParameterInvalid)
    return shared


def _describe_body(declared: Door) -> Json:
    body: Json = {"schema": _refer(declared.takes)}
    if declared.examples:
        body["examples"] = {title: {"summary": title, "value": value} for title, value in declared.examples.items()}
    return body


def _describe_answer(status: int, shape: Any) -> Json:  # noqa: ANN401 - a type, or several to choose from
    described: Json = {"description": _first_line(shape, status)}
    if isinstance(shape, str):
        described["content"] = {media: {"schema": {"type": "string"}} for media in shape.split(", ")}
    elif shape is not None:
        described["content"] = {"application/json": {"schema": _refer(shape)}}
    return described


def _first_line(shape: Any, status: int) -> str:  # noqa: ANN401 - a type, or several to choose from
    plain = {200: "Done.", 201: "Made.", 204: "Done.", 303: "Go on there.", 304: "Nothing has changed."}
    if isinstance(shape, type) and shape is not str and shape.__doc__:
        return shape.__doc__.splitlines()[0]
    return plain[status]


def _describe_refusals(group: Sequence[type[Refusal]]) -> Json:
    lines = [f"- `{each.code}`: {(each.__doc__ or '').strip().splitlines()[0]}" for each in group]
    return {
        "description": "\n".join(lines),
        "content": {"application/problem+json": {"schema": _refer(Problem)}},
        "x-codes": [each.code for each in group],
    }


@cache
def _refer(shape: Any) -> Mapping[str, Any]:  # noqa: ANN401 - a type, or several to choose from
    # Kept, for a thousand refusals have the shape of a problem, and whoever starts a server waits for all of them.
    referred, _ = msgspec.json.schema_components(_list_shapes(shape), ref_template=PLACE)
    first, *others = referred
    return {"anyOf": [first, *others]} if others else first
