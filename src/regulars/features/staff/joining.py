"""How people come and go: invited, welcomed by a one-time link, given other roles, disabled."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from regulars.base.crypto import Keyring
from regulars.base.db import Database, Read, Tx
from regulars.base.ids import new_id
from regulars.features.staff.factors import digest_recovery, draw_recovery, draw_secret, find_step, write_address
from regulars.features.staff.identity import choose_roles, spell_email, spell_name
from regulars.features.staff.model import (
    LINK_HOURS,
    OWNER_LINK_HOURS,
    Account,
    AccountKnown,
    AccountUnknown,
    CodeWrong,
    Credentials,
    LastOwner,
    LinkInvalid,
    OwnerExists,
    Stored,
)
from regulars.features.staff.passwords import Hashing, refuse_weak
from regulars.features.staff.sessions import end_all
from regulars.features.staff.store import (
    add_account,
    add_link,
    begin_link,
    end_links,
    find_account,
    find_by_email,
    find_link,
    has_owner,
    lock_account,
    lock_owners,
    put_credentials,
    put_roles,
    put_state,
    use_link,
)
from regulars.features.staff.store import unlock as write_unlock
from regulars.features.staff.tokens import LINK, digest_of, draw

__all__ = [
    "Invited",
    "Welcome",
    "accept",
    "change_roles",
    "disable",
    "enable",
    "find_person",
    "invite",
    "invite_again",
    "invite_first",
    "look_at_link",
    "unlock",
]

CLI: Final = "command line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """An account that waits for its person, and the token of the one-time link."""

    account: Account | None
    """None: whoever comes becomes the first owner."""
    token: str = field(repr=False)
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """What a person with a one-time link is shown."""

    email: str
    """Empty: they choose it."""
    name: str
    secret: str = field(repr=False)
    """Of the second factor, for those who type it."""
    address: str = field(repr=False)
    """The same, as a QR code has it."""


async def invite_first(tx: Tx, *, at: datetime) -> Invited:
    """Make a one-time link for the first owner, good for a day. Earlier ones end. Raises OwnerExists."""
    if await has_owner(tx):
        raise OwnerExists("There is an owner already, who can invite others: `regulars staff list` shows them.")
    return await _link(tx, None, at=at, hours=OWNER_LINK_HOURS)


async def invite(
    tx: Tx,
    keyring: Keyring,
    *,
    email: str,
    name: str,
    roles: Collection[str],
    bound: str | None,
    by: str,
    at: datetime,
) -> Invited:
    """Make an account that waits for its person, and a one-time link, good for three days.

    `bound` is the one store for which they may speak. Raises AccountUnusable or AccountKnown.
    """
    chosen, written = choose_roles(roles, bound), spell_email(email)
    named, made = spell_name(name or written.partition("@")[0]), new_id()
    if not await add_account(tx, keyring, id=made, person=(written, named), roles=chosen, store=bound, by=by, at=at):
        raise AccountKnown("Somebody has an account with this address already.")
    return await _link(tx, (await _lock(tx, keyring, made)).account, at=at, hours=LINK_HOURS)


async def invite_again(tx: Tx, keyring: Keyring, account: UUID, *, at: datetime) -> Invited:
    """Make another link for an account: for who let the first one end, or lost both phone and paper.

    What they signed in with ends now. Raises AccountUnknown or LastOwner.
    """
    owners = await lock_owners(tx)
    found = await _lock(tx, keyring, account)
    _keep_one(owners, account)
    await end_all(tx, account, at=at)
    await put_state(tx, account, "invited")
    return await _link(tx, found.account, at=at, hours=LINK_HOURS)


async def look_at_link(database: Database, keyring: Keyring, token: str, *, at: datetime) -> Welcome:
    """Show a person what to set up. Looked at again, it shows the same. Raises LinkInvalid."""

    async def begin(tx: Tx) -> Welcome:
        found = await begin_link(tx, keyring, digest_of(token), totp=draw_secret(), at=at)
        if found is None:
            raise _unknown_link()
        account, secret = found
        stored = None if account is None else await _lock(tx, keyring, account)
        email = "" if stored is None else stored.account.email
        name = "" if stored is None else stored.account.name
        assert secret is not None
        address = write_address(secret, name=email or "owner")
        return Welcome(email=email, name=name, secret=secret, address=address)

    return await database.run(begin)


async def accept(
    database: Database,
    keyring: Keyring,
    hashing: Hashing,
    *,
    token: str,
    person: tuple[str, str],
    proof: tuple[str, str],
    breached: Path | None,
    at: datetime,
) -> tuple[Account, tuple[str, ...]]:
    """Use a link up: set name, password and second factor, and answer the account with ten codes for paper.

    `person` is (e-mail, name), where the address counts for the first owner only; `proof` is (password, code). Raises
    LinkInvalid, AccountUnusable, PasswordWeak, CodeWrong, OwnerExists or AccountKnown; the link is then still good.
    """
    digest, (password, code) = digest_of(token), proof
    async with database.snapshot() as read:
        found = await find_link(read, keyring, digest, at=at)
        stored = None if found is None or found[0] is None else await find_account(read, keyring, found[0])
    if found is None or found[1] is None:
        raise _unknown_link()
    email = spell_email(person[0]) if stored is None else stored.account.email
    name = spell_name(person[1] or ("" if stored is None else stored.account.name))
    refuse_weak(password, about=(email, name), breached=breached)
    secret, step = found[1], find_step(found[1], code, at=at)
    if step is None:
        raise CodeWrong("The code is not the one that the app shows now. Is the phone's clock right?")
    codes, hashed = draw_recovery(), await hashing.hash(password)
    digests = tuple(digest_recovery(keyring, each)[0] for each in codes)
    credentials = Credentials(password=hashed, totp=secret, step=step, recovery=digests)

    async def write(tx: Tx) -> Account:
        if not await use_link(tx, digest, at=at):
            raise _unknown_link()
        account = await _add_owner(tx, keyring, email, name, at) if stored is None else stored.account.id
        locked = await _lock(tx, keyring, account)
        await put_credentials(tx, locked, name=name, credentials=credentials)
        return (await _lock(tx, keyring, account)).account

    return await database.run(write), codes


async def _add_owner(tx: Tx, keyring: Keyring, email: str, name: str, at: datetime) -> UUID:
    if await has_owner(tx):
        raise OwnerExists("Somebody else has become the owner meanwhile.")
    made = new_id()
    if not await add_account(tx, keyring, id=made, person=(email, name), roles=("owner",), store=None, by=CLI, at=at):
        raise AccountKnown("Somebody has an account with this address already.")
    return made


async def find_person(read: Read, keyring: Keyring, email: str) -> Account:
    """Find whose address this is. Raises AccountUnknown or AccountUnusable."""
    found = await find_by_email(read, keyring, spell_email(email))
    if found is None:
        raise AccountUnknown("Nobody has an account with this address.")
    return found.account


async def change_roles(
    tx: Tx, keyring: Keyring, account: UUID, *, roles: Collection[str], bound: str | None
) -> Account:
    """Change what a person may do, from their next request on. Raises AccountUnknown, AccountUnusable or LastOwner."""
    chosen = choose_roles(roles, bound)
    owners = await lock_owners(tx)
    await _lock(tx, keyring, account)
    if "owner" not in chosen:
        _keep_one(owners, account)
    await put_roles(tx, account, chosen, store=bound)
    return (await _lock(tx, keyring, account)).account


async def disable(tx: Tx, keyring: Keyring, account: UUID, *, at: datetime) -> Account:
    """See that a person cannot sign in, and end all they have open. Raises AccountUnknown or LastOwner."""
    owners = await lock_owners(tx)
    await _lock(tx, keyring, account)
    _keep_one(owners, account)
    await put_state(tx, account, "disabled")
    await end_links(tx, account, at=at)
    await end_all(tx, account, at=at)
    return (await _lock(tx, keyring, account)).account


async def enable(tx: Tx, keyring: Keyring, account: UUID) -> Account:
    """Let a disabled person in again; who never set a password stays invited. Raises AccountUnknown."""
    found = await _lock(tx, keyring, account)
    if found.account.state == "disabled":
        is_set_up = found.password is not None or found.account.signs_on
        await put_state(tx, account, "active" if is_set_up else "invited")
    return (await _lock(tx, keyring, account)).account


async def unlock(tx: Tx, keyring: Keyring, account: UUID) -> Account:
    """Let a person try again who was wrong too often. Raises AccountUnknown."""
    await _lock(tx, keyring, account)
    await write_unlock(tx, account)
    return (await _lock(tx, keyring, account)).account


def _keep_one(owners: Collection[UUID], account: UUID) -> None:
    if set(owners) == {account}:
        raise LastOwner("This is the last owner who can sign in. Make somebody else an owner first.")


async def _lock(tx: Tx, keyring: Keyring, account: UUID) -> Stored:
    found = await lock_account(tx, keyring, account)
    if found is None:
        raise AccountUnknown("Nobody has an account of this id.")
    return found


async def _link(tx: Tx, account: Account | None, *, at: datetime, hours: int) -> Invited:
    """Make a one-time link; those there were for the same account end."""
    token, ends_at, owner = draw(LINK), at + timedelta(hours=hours), None if account is None else account.id
    await end_links(tx, owner, at=at)
    await add_link(tx, digest_of(token), account=owner, at=at, ends_at=ends_at)
    return Invited(account=account, token=token, ends_at=ends_at)


def _unknown_link() -> LinkInvalid:
    return LinkInvalid("This link was used, or has ended. Ask for another one.")
