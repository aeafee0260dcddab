"""Writes that a sender may name: one transaction does it and keeps the answer, for whoever sends it again."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeVar

from fastapi import Request, Response

from regulars.base import clock
from regulars.base.db import Tx
from regulars.features.repeats import NAME_MAX, NAME_PATTERN, Answered, do_once, fingerprint
from regulars.interfaces.http.guard import key_of
from regulars.interfaces.http.kit import KEY_HEADER, answer, door_of
from regulars.interfaces.http.problems import Fault, ParameterInvalid
from regulars.interfaces.http.state import database_of, house_of

__all__ = ["REPLAYED", "write_once"]

T = TypeVar("T")
REPLAYED: Final = "Idempotent-Replayed"
"""The header of an answer that was given before."""
NAMED: Final = re.compile(NAME_PATTERN)


async def write_once(
    request: Request,
    work: Callable[[Tx], Awaitable[T]],
    *,
    status: int = 200,
    headers: Callable[[T], Mapping[str, str]] | None = None,
) -> Response:
    """Do a write in one transaction, and answer what it gives; the route's door is `keyed`.

    Under the header `Idempotency-Key` it is done once: the answer is kept with it, and given to whoever sends it again
    with the same key. What is refused leaves nothing, and may be tried again. Raises ParameterInvalid, ActivityDiffers,
    RepeatTooEarly, and whatever `work` does.
    """
    declared = door_of(request.scope["endpoint"])
    assert declared is not None, "a route without a door is not mounted"
    assert declared.keyed, "the description must tell of the header"
    name = request.headers.get(KEY_HEADER)
    house = house_of(request)

    async def act(tx: Tx) -> Answered:
        value = await work(tx)
        made = answer(value, status=status)
        return Answered(status=status, body=bytes(made.body), headers=headers(value) if headers else {})

    if name is None:
        return _answer(await database_of(request).run(act), is_repeated=False)
    if len(name) > NAME_MAX or NAMED.fullmatch(name) is None:
        raise _refuse_name()
    digest = fingerprint(request.method, request.url.path, await request.body())
    caller = key_of(request).prefix

    async def act_once(tx: Tx) -> tuple[Answered, bool]:
        return await do_once(tx, house.keyring, act, name=(caller, name), digest=digest, at=await clock.now(tx))

    answered, is_repeated = await database_of(request).run(act_once)
    return _answer(answered, is_repeated=is_repeated)


def _answer(answered: Answered, *, is_repeated: bool) -> Response:
    headers = {**answered.headers, REPLAYED: "true"} if is_repeated else dict(answered.headers)
    return Response(answered.body, status_code=answered.status, headers=headers, media_type="application/json")


def _refuse_name() -> ParameterInvalid:
    fault = Fault(path=f"header.{KEY_HEADER}", message=f"Up to {NAME_MAX} printable characters of ASCII.")
    return ParameterInvalid(f"{fault.path}: {fault.message}", errors=(fault,))
