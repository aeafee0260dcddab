"""What every route is made with: the door that it declares, how a body is read, how an answer is written."""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal, TypeVar, cast

import msgspec
from fastapi import Request, Response

from regulars.base.errors import Refusal
from regulars.interfaces.http.problems import BodyInvalid, CursorInvalid, Fault, JsonInvalid, MediaTypeUnsupported

__all__ = [
    "KEY_HEADER",
    "PUBLIC",
    "Door",
    "Judge",
    "answer",
    "decode",
    "door",
    "door_of",
    "read_body",
    "read_bytes",
    "read_cursor",
    "request_id_of",
    "tell",
    "write_cursor",
]

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])
Who = Literal["anyone", "person", "proven", "member", "present"]
Judge = Callable[[Request, bytes], str | None]
"""Finds out from a request and its body for which action it needs a second person; None for none."""

PUBLIC: Final = None
"""The scope of a route that needs no key. It is written out: a route that says nothing is not mounted."""
KEY_HEADER: Final = "Idempotency-Key"
"""By which a sender names a write of a keyed door."""
NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})

# Names in one order: a stored receipt is answered in the very bytes in which it was answered first.
write_json = msgspec.json.Encoder(order="deterministic").encode

LOCATED = re.compile(r"(?P<what>.*?)(?: - at `(?:key in )?(?P<path>.+)`)?", re.DOTALL)
FIELD = re.compile(r"Object (?P<what>contains unknown|missing required) field `(?P<name>.*)`", re.DOTALL)
BYTE = re.compile(r"\(byte (\d+)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What a route declares of itself: who may enter, what it takes, what it gives, and what it refuses."""

    scope: str | None
    """None: public."""
    takes: Any = None
    """The type of the body, or several to choose from; None for no body."""
    gives: Mapping[int, Any] = field(default_factory=dict[int, Any])
    """By status: the type of the answer (or several), its media types as text, or None for no body."""
    refuses: tuple[type[Refusal], ...] = ()
    """Besides what every route may refuse."""
    examples: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    """Bodies to learn from, by a title. Tests send every one."""
    who: Who = "anyone"
    """Besides the scope: whether it has to be a person who works here and is signed in (and has just proved it), or a
    member who is (and has just shown that they are there)."""
    approval: str | Judge | None = None
    """What a second person may have to agree to: the action, or what finds out from the request whether it is one."""
    keyed: bool = False
    """Whether a sender may name the write by a header, so that sent again it is done once and answered again."""


def door(
    *,
    scope: str | None,
    gives: Mapping[int, Any],
    takes: Any = None,  # noqa: ANN401 - a type, or several to choose from
    refuses: tuple[type[Refusal], ...] = (),
    examples: Mapping[str, Mapping[str, Any]] = NOTHING,
    who: Who = "anyone",
    approval: str | Judge | None = None,
    keyed: bool = False,
) -> Callable[[F], F]:
    """Declare a route's door. It stands next to the function, below the line that names the address."""
    declared = Door(
        scope=scope,
        takes=takes,
        gives=gives,
        refuses=refuses,
        examples=examples,
        who=who,
        approval=approval,
        keyed=keyed,
    )

    def declare(endpoint: F) -> F:
        endpoint.__door__ = declared  # pyright: ignore[reportFunctionMemberAccess] - read back by door_of
        return endpoint

    return declare


def door_of(endpoint: object) -> Door | None:
    """Read the door that a route's function declares; None when it declares none."""
    declared = getattr(endpoint, "__door__", None)
    return declared if isinstance(declared, Door) else None


def answer(value: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Write an answer as JSON."""
    return Response(write_json(value), status_code=status, headers=dict(headers or {}), media_type="application/json")


async def read_body(request: Request, decoder: msgspec.json.Decoder[T]) -> T:
    """Read a JSON body. Raises MediaTypeUnsupported, JsonInvalid or BodyInvalid."""
    return decode(decoder, await read_bytes(request))


async def read_bytes(request: Request) -> bytes:
    """Read a body that says it is JSON. Raises MediaTypeUnsupported."""
    media, _, _ = request.headers.get("content-type", "").partition(";")
    media = media.strip().lower()
    if media != "application/json" and not (media.startswith("application/") and media.endswith("+json")):
        raise MediaTypeUnsupported("Send the body as JSON, with the header Content-Type: application/json.")
    return await request.body()


def decode(decoder: msgspec.json.Decoder[T], body: bytes | msgspec.Raw, *, root: str = "$", kept: bool = True) -> T:
    """Decode JSON. Raises JsonInvalid or BodyInvalid, whose path begins with `root`.

    What is `kept` must not hold the one character that PostgreSQL cannot keep.
    """
    try:
        value = decoder.decode(body)
        if kept and b"\\u0000" in bytes(body):
            _refuse_nul(msgspec.json.decode(body), "$")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _refuse_body(error, bytes(body), root) from error
    return value


def _refuse_body(error: Exception, body: bytes, root: str) -> Refusal:
    if isinstance(error, msgspec.ValidationError):
        fault = _find_fault(str(error), root)
        return BodyInvalid(f"{fault.path}: {fault.message}", errors=(fault,))
    if isinstance(error, RecursionError):
        return JsonInvalid("The body is nested deeper than anything that is read here.")
    place = BYTE.search(str(error))
    start = place and int(place[1])
    if isinstance(error, UnicodeDecodeError):
        start = error.start
    position = len(body) if start is None else start
    what = "ends too early" if start is None else "cannot be read"
    return JsonInvalid(f"The body is not JSON in UTF-8: it {what}, at byte {position}.", byte=position)


def _find_fault(text: str, root: str) -> Fault:
    """Put the decoder's complaint into a sentence and a path."""
    located = LOCATED.fullmatch(text)
    assert located is not None
    path, what = root + (located["path"] or "$")[1:], located["what"].replace("`", "")
    named = FIELD.fullmatch(located["what"])
    if named is not None:
        path = f"{path}.{named['name'][:64]}"
        what = "There is no such field" if named["what"].startswith("contains") else "This field is required"
    elif "timezone component" in what:
        what = "A time needs its zone, such as 2026-03-01T09:30:00+08:00: without it nobody knows which moment is meant"
    return Fault(path=path, message=f"{what.rstrip('.')}.")


def _refuse_nul(value: Any, path: str) -> None:  # noqa: ANN401 - any JSON
    """PostgreSQL keeps every character but one."""
    if isinstance(value, str) and "\0" in value:
        raise msgspec.ValidationError(f"The character U+0000 cannot be kept - at `{path}`")
    if isinstance(value, dict):
        for name, each in cast("dict[str, Any]", value).items():
            _refuse_nul(name, f"{path}[...]")
            _refuse_nul(each, f"{path}.{name}")
    elif isinstance(value, list):
        for place, each in enumerate(cast("list[Any]", value)):
            _refuse_nul(each, f"{path}[{place}]")


def write_cursor(place: tuple[object, ...]) -> str:
    """Write the place in a listing where the next page begins. Only for us to read."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def read_cursor(cursor: str, decoder: msgspec.json.Decoder[T]) -> T:
    """Read a place back. Raises CursorInvalid."""
    try:
        written = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return decoder.decode(written)
    except (ValueError, msgspec.DecodeError, RecursionError) as error:
        raise CursorInvalid("This is not a cursor of this listing. Leave it out to begin at the start.") from error


def tell(request: Request, name: str, value: str) -> None:
    """Send a header with the answer, whatever it will be."""
    told: dict[str, str] = request.scope["state"].setdefault("told", {})
    told[name] = value


def request_id_of(request: Request) -> str:
    """The name of this request, as the log and the header X-Request-Id have it."""
    return str(request.scope["state"]["request_id"])
