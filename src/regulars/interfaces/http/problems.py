"""What is answered when the answer is no: RFC 9457 problems, with a code that never changes its meaning."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec
from fastapi import Response
from msgspec import UNSET, Struct, UnsetType

from regulars.base.errors import Kind, Refusal, known_refusals

__all__ = [
    "BodyInvalid",
    "BodyTooLarge",
    "BodyTooSlow",
    "CursorInvalid",
    "Explanation",
    "Fault",
    "Internal",
    "JsonInvalid",
    "MediaTypeUnsupported",
    "MethodNotAllowed",
    "NotReady",
    "Overloaded",
    "ParameterInvalid",
    "Problem",
    "ProblemUnknown",
    "ProgramNotLive",
    "RouteUnknown",
    "StoreForbidden",
    "explain",
    "problem_of",
    "refuse",
    "status_of",
]

STATUS_OF_KIND: Final[Mapping[Kind, int]] = MappingProxyType(
    {
        "invalid": 422,
        "unauthenticated": 401,
        "forbidden": 403,
        "not_found": 404,
        "conflict": 409,
        "limited": 429,
        "unavailable": 503,
    }
)
STATUS_OF_CODE: Final[Mapping[str, int]] = MappingProxyType(
    {
        "json_invalid": 400,
        "method_not_allowed": 405,
        "body_too_slow": 408,
        "body_too_large": 413,
        "media_type_unsupported": 415,
        # The same name for another thing can never go well, so it is not something to be tried again: not 409.
        "key_reused": 422,
        "internal": 500,
    }
)
RETRY_SECONDS: Final = 1


class JsonInvalid(Refusal):
    """The body is not JSON."""

    code, kind = "json_invalid", "invalid"


class BodyInvalid(Refusal):
    """The body is JSON, but does not say what this route needs."""

    code, kind = "body_invalid", "invalid"


class ParameterInvalid(Refusal):
    """A part of the path or of the query cannot be used."""

    code, kind = "parameter_invalid", "invalid"


class CursorInvalid(Refusal):
    """The cursor is not one that this route gave."""

    code, kind = "cursor_invalid", "invalid"


class BodyTooLarge(Refusal):
    """The body is larger than a body may be."""

    code, kind = "body_too_large", "invalid"


class BodyTooSlow(Refusal):
    """The body did not arrive in the time that it may take."""

    code, kind, retryable = "body_too_slow", "invalid", True


class MediaTypeUnsupported(Refusal):
    """The body is not sent as JSON."""

    code, kind = "media_type_unsupported", "invalid"


class StoreForbidden(Refusal):
    """The API key speaks for another store."""

    code, kind = "store_forbidden", "forbidden"


class RouteUnknown(Refusal):
    """There is nothing at this address."""

    code, kind = "route_unknown", "not_found"


class MethodNotAllowed(Refusal):
    """This address does not answer to this method."""

    code, kind = "method_not_allowed", "invalid"


class ProblemUnknown(Refusal):
    """No problem has this code."""

    code, kind = "problem_unknown", "not_found"


class Overloaded(Refusal):
    """More requests are being answered than can be answered well."""

    code, kind, retryable = "overloaded", "unavailable", True


class NotReady(Refusal):
    """The server is up, but something that it needs is not."""

    code, kind, retryable = "not_ready", "unavailable", True


class ProgramNotLive(Refusal):
    """No version of the programme is live at this moment."""

    code, kind = "program_not_live", "not_found"


class Internal(Refusal):
    """Something went wrong on our side; the log has it under the request's id."""

    code, kind = "internal", "unavailable"


class Fault(Struct, frozen=True, kw_only=True):
    """One thing that is wrong with a request, and where."""

    path: str
    """From the root, such as `$.lines[0].amount_minor`."""
    message: str


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why something was not done, and whether asking again may help (RFC 9457)."""

    type: str
    """The address of an explanation, relative to this server."""
    title: str
    status: int
    detail: str
    code: str
    """For programs: it never changes its meaning."""
    retryable: bool
    """Whether the same request may succeed later."""
    instance: str = ""
    """Names the request, as the log does."""
    errors: tuple[Fault, ...] = ()
    context: Mapping[str, Any] | UnsetType = UNSET
    """The facts of `detail`, for programs."""


class Explanation(Struct, frozen=True, kw_only=True):
    """What a code means."""

    code: str
    title: str
    kind: str
    status: int
    retryable: bool


def status_of(refusal: type[Refusal]) -> int:
    """The HTTP status of a refusal: of its kind, but for a few codes."""
    return STATUS_OF_CODE.get(refusal.code, STATUS_OF_KIND[refusal.kind])


def problem_of(refusal: Refusal, *, request_id: str = "") -> Problem:
    """Say a refusal to the caller. What other programs said of it (`reason`) stays here: it may quote anything."""
    meaning = type(refusal)
    quotes = "reason" in refusal.context
    told = {} if quotes or refusal.kind == "unavailable" else refusal.context
    facts = {name: msgspec.to_builtins(each, enc_hook=str) for name, each in told.items() if name != "errors"}
    return Problem(
        type=f"/problems/{meaning.code}",
        title=_title(meaning),
        status=status_of(meaning),
        detail=f"{_title(meaning)}." if quotes else refusal.detail,
        code=meaning.code,
        retryable=meaning.retryable,
        instance=f"/requests/{request_id}" if request_id else "",
        errors=_faults(told.get("errors", ())),
        context=facts or UNSET,
    )


def refuse(refusal: Refusal, *, request_id: str, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with a problem."""
    problem = problem_of(refusal, request_id=request_id)
    sent = dict(headers or {})
    if refusal.kind == "unauthenticated":
        sent["WWW-Authenticate"] = 'Bearer realm="regulars"'
    if refusal.retryable and problem.status in {429, 503}:
        sent["Retry-After"] = str(refusal.context.get("retry_after_seconds", RETRY_SECONDS))
    return Response(
        msgspec.json.encode(problem),
        status_code=problem.status,
        headers=sent,
        media_type="application/problem+json",
    )


def explain(code: str) -> Explanation:
    """Tell what a code means. Raises ProblemUnknown."""
    meaning = known_refusals().get(code)
    if meaning is None:
        raise ProblemUnknown("No problem has this code. All of them are listed in the reference, at /docs.")
    return Explanation(
        code=code,
        title=_title(meaning),
        kind=meaning.kind,
        status=status_of(meaning),
        retryable=meaning.retryable,
    )


def _title(meaning: type[Refusal]) -> str:
    first, *_ = (meaning.__doc__ or meaning.code).strip().splitlines()
    return first.rstrip(".")


def _faults(given: object) -> tuple[Fault, ...]:
    return tuple(given) if isinstance(given, Iterable) else ()  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - made in reading.py
