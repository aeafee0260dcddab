"""Who may enter: one check, before every route, of the scope that the route's door declares."""

from fastapi import Request

from regulars.features.access import Gate, Key, KeyMissing, ScopeMissing
from regulars.interfaces.http.kit import Door, door_of

__all__ = ["METRICS_SCOPE", "admit", "key_of"]

METRICS_SCOPE = "metrics:read"


async def admit(request: Request) -> None:
    """Let a request in, or raise KeyMissing, KeyInvalid or ScopeMissing."""
    door = door_of(request.scope["endpoint"])
    assert door is not None, "a route without a door is not mounted"
    if door.scope is None or (door.scope == METRICS_SCOPE and request.app.state.metrics_open):
        return
    request.state.key = await _check(request, door)


async def _check(request: Request, door: Door) -> Key:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise KeyMissing("Send an API key in the header Authorization: Bearer rk_… (`regulars keys new` issues one).")
    gate: Gate = request.app.state.gate
    key = await gate.admit(token.strip())
    if door.scope not in key.scopes:
        message = f"This API key may not do that: it lacks the scope {door.scope}. Issue one that has it."
        raise ScopeMissing(message, scope=door.scope)
    return key


def key_of(request: Request) -> Key:
    """The key of a request that was let in with one."""
    key: Key = request.state.key
    return key
