"""API keys: issued, listed and revoked by people. Whoever issues one can give it no more than they may themselves."""

from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Path, Request, Response
from msgspec import Meta, Struct

from regulars.base.db import Tx
from regulars.base.ids import new_id
from regulars.features import access, estate
from regulars.interfaces.http.guard import actor_of, now_of
from regulars.interfaces.http.kit import answer, door, read_body
from regulars.interfaces.http.problems import StoreForbidden
from regulars.interfaces.http.state import database_of, house_of

__all__ = ["router"]

READ: Final = "keys:read"
WRITE: Final = "keys:write"

router = APIRouter(tags=["API keys"])

Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
Place = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Scope = Annotated[str, Meta(min_length=1, max_length=64)]
Prefix = Annotated[str, Path(pattern="^[a-z2-7]{10}$", description="The part between the two underscores.")]


class KeyIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key to issue."""

    name: Name
    scopes: Annotated[tuple[Scope, ...], Meta(min_length=1, max_length=100)]
    store: Place | None = None
    till: Place | None = None
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None
    signed_only: bool = False
    """Whether requests have to be signed with it, so that it is never sent."""


class KeyOut(Struct, frozen=True, kw_only=True):
    """A new key. It is shown this once."""

    token: str
    key: access.Key


class KeyList(Struct, frozen=True, kw_only=True):
    """Keys, oldest first, the revoked ones too."""

    keys: tuple[access.Key, ...]


read_key = msgspec.json.Decoder(KeyIn)


@router.get("/v1/keys")
@door(scope=READ, who="person", gives={200: KeyList})
async def list_api_keys(request: Request) -> Response:
    """List the API keys there are."""
    async with database_of(request).snapshot() as read:
        return answer(KeyList(keys=tuple(await access.list_keys(read))))


@router.post("/v1/keys")
@door(
    scope=WRITE,
    who="proven",
    approval="keys",
    takes=KeyIn,
    gives={201: KeyOut},
    refuses=(access.KeyUnusable, estate.TillUnknown, estate.TillRetired, StoreForbidden),
    examples={"For a web shop": {"name": "web shop", "scopes": ["activities:write", "members:read"]}},
)
async def issue_api_key(request: Request) -> Response:
    """Issue an API key. Only a digest is kept, unless requests are to be signed with it."""
    told, actor = await read_body(request, read_key), actor_of(request)
    _check_scopes(told, actor.scopes, actor.store)
    issued = await database_of(request).run(lambda tx: _issue(tx, request, told))
    return answer(KeyOut(token=issued.token, key=issued.key), status=201)


@router.post("/v1/keys/{prefix}/revoke")
@door(scope=WRITE, who="person", gives={200: access.Key}, refuses=(access.KeyUnknown,))
async def revoke_api_key(request: Request, prefix: Prefix) -> Response:
    """Revoke a key for good. Servers go on admitting it for at most half a minute."""
    at = now_of(request)
    return answer(await database_of(request).run(lambda tx: access.revoke_key(tx, prefix, at=at)))


def _check_scopes(told: KeyIn, scopes: tuple[str, ...], store: str | None) -> None:
    """Nobody hands out more than they have."""
    lacking = sorted(set(told.scopes) - set(scopes))
    if lacking:
        raise access.ScopeMissing(
            f"You can give a key what you may do yourself, and {lacking[0][:64]!r} is not of that.", scope=lacking[0]
        )
    if store is not None and told.store != store:
        raise StoreForbidden(f"You speak for the store {store!r} only, and so do the keys that you issue.", store=store)


async def _issue(tx: Tx, request: Request, told: KeyIn) -> access.Issued:
    if told.till is not None and told.store is not None:
        await estate.check_till(tx, store=told.store, till=told.till)
    return await access.issue_key(
        tx,
        id=new_id(),
        name=told.name,
        scopes=told.scopes,
        at=now_of(request),
        expires_at=None if told.expires_at is None else told.expires_at.astimezone(UTC),
        store=told.store,
        till=told.till,
        signing=house_of(request).keyring if told.signed_only else None,
    )
