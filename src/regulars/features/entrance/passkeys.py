"""Passkeys: made by a member who is there, found without being named, and good for signing in and for a proof."""

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, cast
from uuid import UUID

import msgspec
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from regulars.base.db import Read, Tx
from regulars.base.settings import Settings
from regulars.features.entrance.model import (
    Passkey,
    PasskeyRefused,
    PasskeysExceeded,
    PasskeysUnset,
    PasskeyUnknown,
)
from regulars.features.entrance.store import (
    add_ceremony,
    drop_passkey,
    lock_passkey,
    rename_passkey,
    take_ceremony,
    use_passkey,
)
from regulars.features.entrance.store import add_passkey as write_passkey
from regulars.features.entrance.store import list_passkeys as read_passkeys
from regulars.features.entrance.tokens import digest_of, draw_challenge

__all__ = [
    "PASSKEYS_MAX",
    "Site",
    "add_passkey",
    "ask_passkey",
    "begin_passkey",
    "find_site",
    "list_passkeys",
    "refuse_passkey",
    "remove_passkey",
    "rename",
    "use",
    "use_for",
]

PASSKEYS_MAX: Final = 20
LASTS: Final = timedelta(minutes=5)
TIMEOUT_MS: Final = 300_000
NAME_MAX: Final = 64

Signing = Literal["sign_in", "step_up"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """For which site passkeys are, and from which pages they are used."""

    rp_id: str
    origin: str


def find_site(settings: Settings) -> Site:
    """Read for which site passkeys are. Raises PasskeysUnset."""
    if settings.rp_id is None or settings.origin is None:
        raise PasskeysUnset("Passkeys need REGULARS_RP_ID and REGULARS_ORIGIN: the site for which they are.")
    return Site(rp_id=settings.rp_id, origin=settings.origin)


async def begin_passkey(tx: Tx, site: Site, member: UUID, session: UUID, *, at: datetime) -> Mapping[str, Any]:
    """Give out what a browser needs to make a passkey. Raises PasskeysExceeded."""
    known = await read_passkeys(tx, member)
    if len(known) >= PASSKEYS_MAX:
        raise PasskeysExceeded(f"You have {PASSKEYS_MAX} passkeys; remove one first.")
    challenge = draw_challenge()
    options = generate_registration_options(
        rp_id=site.rp_id,
        rp_name=site.rp_id,
        user_name=site.rp_id,
        # Says nothing of who it is: an id of ours.
        user_id=member.bytes,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=credential) for _, credential in known],
    )
    await add_ceremony(tx, digest_of(challenge), purpose="register", session=session, ends_at=at + LASTS)
    return cast("Mapping[str, Any]", msgspec.json.decode(options_to_json(options)))


async def add_passkey(
    tx: Tx,
    site: Site,
    credential: Mapping[str, Any],
    *,
    ids: tuple[UUID, UUID, UUID],
    name: str,
    at: datetime,
) -> Passkey | None:
    """Keep a passkey that a browser made. `ids`: its own, the member's, the session's.

    None for one that does not hold, so that its challenge stays used up.
    """
    id_, member, session = ids
    challenge = _read_challenge(credential)
    if not await take_ceremony(tx, digest_of(challenge), purpose="register", session=session, at=at):
        return None
    try:
        made = verify_registration_response(
            credential=dict(credential),
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        # What a stranger made up may be broken in any way; it is not a passkey in all of them.
        return None
    passkey = Passkey(id=id_, name=name[:NAME_MAX], backed_up=made.credential_backed_up, created_at=at, used_at=None)
    if not await write_passkey(
        tx,
        passkey,
        member=member,
        credential=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
    ):
        return None
    return passkey


async def ask_passkey(tx: Tx, site: Site, purpose: Signing, *, session: UUID | None, at: datetime) -> Mapping[str, Any]:
    """Give out what a browser needs to sign with a passkey. None is named: the authenticator knows which it has."""
    challenge = draw_challenge()
    options = generate_authentication_options(
        rp_id=site.rp_id,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    await add_ceremony(tx, digest_of(challenge), purpose=purpose, session=session, ends_at=at + LASTS)
    return cast("Mapping[str, Any]", msgspec.json.decode(options_to_json(options)))


async def use(
    tx: Tx, site: Site, credential: Mapping[str, Any], purpose: Signing, *, session: UUID | None, at: datetime
) -> UUID | None:
    """Answer which member signed; None for what does not hold, so that its challenge stays used up."""
    challenge = _read_challenge(credential)
    if not await take_ceremony(tx, digest_of(challenge), purpose=purpose, session=session, at=at):
        return None
    known = await lock_passkey(tx, _read_bytes(credential.get("id")))
    if known is None:
        return None
    try:
        signed = verify_authentication_response(
            credential=dict(credential),
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            credential_public_key=known["public_key"],
            # A counter that did not go on is refused there: two have the same key.
            credential_current_sign_count=known["sign_count"],
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return None
    await use_passkey(
        tx,
        known["id"],
        sign_count=signed.new_sign_count,
        backed_up=signed.credential_backed_up and signed.credential_device_type == CredentialDeviceType.MULTI_DEVICE,
        at=at,
    )
    return cast("UUID", known["member_id"])


def use_for(
    purpose: Signing, site: Site, credential: Mapping[str, Any], *, session: UUID | None, at: datetime
) -> Callable[[Tx], Awaitable[UUID | None]]:
    """Work that answers which member signed."""

    async def work(tx: Tx) -> UUID | None:
        return await use(tx, site, credential, purpose, session=session, at=at)

    return work


async def list_passkeys(read: Read, member: UUID) -> list[Passkey]:
    """List the passkeys of a member, oldest first."""
    return [passkey for passkey, _ in await read_passkeys(read, member)]


async def rename(tx: Tx, passkey: UUID, *, member: UUID, name: str) -> Passkey:
    """Rename a passkey of a member. Raises PasskeyUnknown, also for one of somebody else."""
    renamed = await rename_passkey(tx, passkey, member=member, name=name)
    if renamed is None:
        raise _unknown()
    return renamed


async def remove_passkey(tx: Tx, passkey: UUID, *, member: UUID) -> None:
    """Remove a passkey of a member. Raises PasskeyUnknown, also for one of somebody else."""
    if not await drop_passkey(tx, passkey, member=member):
        raise _unknown()


def refuse_passkey() -> PasskeyRefused:
    """One answer for every passkey that opens nothing."""
    return PasskeyRefused("This passkey was not taken. Ask for a new challenge, or sign in with a code.")


def _read_challenge(credential: Mapping[str, Any]) -> bytes:
    """Read which challenge was signed, as the browser wrote it down; nothing, where that cannot be read."""
    response = credential.get("response")
    written = cast("Mapping[str, Any]", response).get("clientDataJSON") if isinstance(response, dict) else None
    try:
        told = msgspec.json.decode(_read_bytes(written))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return b""
    return _read_bytes(cast("Mapping[str, Any]", told).get("challenge")) if isinstance(told, dict) else b""


def _read_bytes(text: object) -> bytes:
    if not isinstance(text, str):
        return b""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""


def _unknown() -> PasskeyUnknown:
    return PasskeyUnknown("You have no passkey of this id.")
