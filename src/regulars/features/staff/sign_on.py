"""Sign on at the house's identity provider: OpenID Connect, authorization code with PKCE, state and nonce.

Nothing here calls the network inside a transaction.
"""

import base64
import hashlib
import hmac
import secrets
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, TypeVar
from urllib.parse import urlencode, urlsplit

import httpx
import msgspec
from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import KeySet

from regulars.base.crypto import Keyring
from regulars.base.db import Database, Tx
from regulars.base.errors import Kind, Refusal
from regulars.features.staff.identity import spell_email
from regulars.features.staff.model import AccountUnusable, Stored
from regulars.features.staff.sign_in import Opened, open_for
from regulars.features.staff.store import (
    add_errand,
    end_links,
    find_by_email,
    find_by_subject,
    link_subject,
    lock_account,
    take_errand,
)
from regulars.features.staff.tokens import digest_of

__all__ = ["Departure", "Provider", "ProviderSilent", "SignOn", "SignOnRefused", "SignOnUnset"]

T = TypeVar("T")

ERRAND_LASTS: Final = timedelta(minutes=10)
ALGORITHMS: Final = ["RS256", "ES256", "EdDSA", "Ed25519"]
LEEWAY_SECONDS: Final = 60
AGE_SECONDS_MAX: Final = 600
KNOWN_SECONDS: Final = 600
"""For how long what the provider says of itself is remembered."""
ASKED_SECONDS: Final = 60
"""How often at most its keys are asked for again, for a key that is not among them."""
ANSWER_BYTES_MAX: Final = 256 * 1024
TIMEOUT: Final = httpx.Timeout(10, connect=5)
LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class SignOnUnset(Refusal):
    """No identity provider is set."""

    code, kind = "sign_on_unset", "not_found"


class SignOnRefused(Refusal):
    """The identity provider's answer does not sign anybody on here."""

    code, kind = "sign_on_refused", "unauthenticated"


class ProviderSilent(Refusal):
    """The identity provider does not answer, or not as it should."""

    code: ClassVar[str] = "provider_silent"
    kind: ClassVar[Kind] = "unavailable"
    retryable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """The identity provider, and who we are to it."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """Where a person is sent, and what they have to bring back."""

    url: str
    state: str = field(repr=False)


class Discovery(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider says of itself."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider gives for a code."""

    id_token: str


@dataclass(slots=True, kw_only=True)
class _Known:
    """What is remembered of a provider."""

    discovery: Discovery
    keys: KeySet
    asked_at: float
    discovered_at: float


class SignOn:
    """The way to one provider and back."""

    def __init__(self, provider: Provider, *, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._provider = provider
        self._elapsed = elapsed
        self._known: _Known | None = None

    async def begin(self, database: Database, keyring: Keyring, *, back: str, at: datetime) -> Departure:
        """Keep what has to fit later, and say where to send the person. `back`: our address. Raises ProviderSilent."""
        known = await self._learn()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))

        async def depart(tx: Tx) -> None:
            ends_at = at + ERRAND_LASTS
            await add_errand(tx, keyring, digest_of(state), nonce=nonce, verifier=verifier, ends_at=ends_at)

        await database.run(depart)
        asked = {
            "response_type": "code",
            "client_id": self._provider.client_id,
            "redirect_uri": back,
            "scope": "openid email profile",
            "state": state,
            "nonce": nonce,
            "code_challenge": base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        address = known.discovery.authorization_endpoint
        return Departure(url=f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}", state=state)

    async def finish(
        self, database: Database, keyring: Keyring, *, code: str, state: str, back: str, agent: str, at: datetime
    ) -> Opened:
        """Open a session for who came back. Raises SignOnRefused or ProviderSilent.

        The account is the one that is linked to the person, or the one with their verified address, which is then
        linked: invited people need no password.
        """
        errand = await database.run(lambda tx: take_errand(tx, keyring, digest_of(state), at=at))
        if errand is None:
            raise _refuse("this way was gone before, or took too long")
        nonce, verifier = errand
        claims = await self._redeem(code, verifier, back, at)
        if not hmac.compare_digest(str(claims.get("nonce", "")), nonce):
            raise _refuse("its answer is to another question")
        return await database.run(lambda tx: self._admit(tx, keyring, claims, agent, at))

    async def _admit(self, tx: Tx, keyring: Keyring, claims: dict[str, Any], agent: str, at: datetime) -> Opened:
        issuer, subject = self._provider.issuer, str(claims["sub"])
        found = await find_by_subject(tx, keyring, issuer, subject)
        if found is None:
            found = await self._find_by_address(tx, keyring, claims)
            await link_subject(tx, found.account.id, issuer=issuer, subject=subject)
            await end_links(tx, found.account.id, at=at)
        elif found.account.state != "active":
            raise _refuse("the account cannot be used now")
        return await open_for(tx, found.account, agent=agent, at=at)

    async def _find_by_address(self, tx: Tx, keyring: Keyring, claims: dict[str, Any]) -> Stored:
        if claims.get("email_verified") is not True:
            raise _refuse("the provider has not verified the address")
        try:
            email = spell_email(str(claims.get("email", "")))
        except AccountUnusable as error:
            raise _refuse("the provider gives no address") from error
        found = await find_by_email(tx, keyring, email)
        locked = None if found is None else await lock_account(tx, keyring, found.account.id)
        if locked is None or locked.account.state == "disabled":
            raise _refuse("nobody with this address was invited")
        if locked.account.signs_on:
            raise _refuse("the account belongs to another person there")
        return locked

    async def _redeem(self, code: str, verifier: str, back: str, at: datetime) -> dict[str, Any]:
        """Trade a code for what the provider says of the person, checked."""
        known = await self._learn()
        body = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "client_id": self._provider.client_id,
            "client_secret": self._provider.client_secret,
            "code_verifier": verifier,
        }
        async with _client() as client:
            try:
                answer = await client.post(known.discovery.token_endpoint, data=body)
            except httpx.HTTPError as error:
                raise _silent(error) from error
        if 400 <= answer.status_code < 500:  # noqa: PLR2004 - of HTTP
            raise _refuse("the provider does not take the code")
        token = _decode(answer, Tokens).id_token
        try:
            return self._check(token, known, at)
        except JoseError as error:
            if self._elapsed() - known.asked_at < ASKED_SECONDS:
                raise _refuse("what the provider signed does not hold") from error
        # Perhaps it signs with a key that is newer than what we know.
        self._known = None
        try:
            return self._check(token, await self._learn(), at)
        except JoseError as error:
            raise _refuse("what the provider signed does not hold") from error

    def _check(self, token: str, known: _Known, at: datetime) -> dict[str, Any]:
        try:
            with warnings.catch_warnings():
                # EdDSA has a newer name, and providers go on using the old one.
                warnings.simplefilter("ignore", SecurityWarning)
                read = jwt.decode(token, known.keys, algorithms=ALGORITHMS)
        except ValueError as error:
            # Of the library, for a token that names no key out of several, or is none at all.
            raise _refuse("what the provider signed cannot be read") from error
        rules = jwt.JWTClaimsRegistry(
            now=int(at.timestamp()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self._provider.issuer},
            aud={"essential": True, "value": self._provider.client_id},
            sub={"essential": True, "allow_blank": False},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True},
        )
        rules.validate(read.claims)
        claims = dict(read.claims)
        audience = claims["aud"]
        others = isinstance(audience, list) and len(audience) > 1  # pyright: ignore[reportUnknownArgumentType] - JSON
        if claims.get("azp", self._provider.client_id) != self._provider.client_id or (others and "azp" not in claims):
            raise _refuse("the answer is for another program")
        if at.timestamp() - int(claims["iat"]) > AGE_SECONDS_MAX:
            raise _refuse("the answer is too old")
        return claims

    async def _learn(self) -> _Known:
        """Ask the provider where its doors are and what it signs with, unless that is known."""
        known = self._known
        if known is not None and self._elapsed() - known.discovered_at < KNOWN_SECONDS:
            return known
        issuer = self._provider.issuer
        async with _client() as client:
            told = await _ask(client, f"{issuer.rstrip('/')}/.well-known/openid-configuration", Discovery)
            if told.issuer != issuer:
                raise ProviderSilent(f"The identity provider calls itself {told.issuer!r}, and is set as {issuer!r}.")
            for address in (told.authorization_endpoint, told.token_endpoint, told.jwks_uri):
                refuse_plain(address)
            keys = await _ask(client, told.jwks_uri, dict[str, Any])
        try:
            read = KeySet.import_key_set(keys)  # pyright: ignore[reportArgumentType] - checked by it
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise _silent(error) from error
        now = self._elapsed()
        self._known = _Known(discovery=told, keys=read, asked_at=now, discovered_at=now)
        return self._known


def refuse_plain(address: str) -> None:
    """Raise ProviderSilent for an address that others on the way could answer for; our own machine's may be plain."""
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOCAL):
        raise ProviderSilent("The identity provider gives an address that is not https.")


def _client() -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=TIMEOUT, trust_env=False, follow_redirects=False)


async def _ask(client: httpx.AsyncClient, address: str, shape: type[T]) -> T:
    refuse_plain(address)
    try:
        answer = await client.get(address)
    except httpx.HTTPError as error:
        raise _silent(error) from error
    return _decode(answer, shape)


def _decode(answer: httpx.Response, shape: type[T]) -> T:
    if answer.status_code != 200 or len(answer.content) > ANSWER_BYTES_MAX:  # noqa: PLR2004 - of HTTP
        raise _silent(ValueError(f"answered {answer.status_code}"))
    try:
        return msgspec.json.decode(answer.content, type=shape)
    except msgspec.DecodeError as error:
        raise _silent(error) from error


def _silent(error: Exception) -> ProviderSilent:
    return ProviderSilent("The identity provider does not answer as it should. Try again.", reason=str(error))


def _refuse(why: str) -> SignOnRefused:
    return SignOnRefused(f"You cannot be signed on: {why}. Begin again, or ask whoever invited you.")
