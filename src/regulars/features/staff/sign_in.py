"""Sign in: a password, and then a code. Whoever cannot learns no more than that."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

from regulars.base.crypto import Keyring
from regulars.base.db import Database, Tx
from regulars.base.ids import new_id
from regulars.features.staff.factors import digest_recovery, draw_recovery, find_step
from regulars.features.staff.guessing import Blocked, count_address, excuse_address, may_try
from regulars.features.staff.identity import spell_email
from regulars.features.staff.model import (
    Account,
    AccountUnusable,
    CodeWrong,
    Session,
    SessionInvalid,
    SignInRefused,
    Stored,
)
from regulars.features.staff.passwords import PASSWORD_MAX, Hashing, refuse_weak
from regulars.features.staff.sessions import end_all, end_one, find_pending, note_wrong, open_session
from regulars.features.staff.sessions import rotate as rotate_token
from regulars.features.staff.sessions.hold import invalid
from regulars.features.staff.store import (
    count_recovery,
    excuse_failure,
    find_account,
    find_by_email,
    lock_account,
    note_sign_in,
    open_totp,
    put_password,
    take_step,
    use_recovery,
)
from regulars.features.staff.store import renew_recovery as write_renew_recovery

__all__ = ["Opened", "Proof", "change_password", "open_for", "prove", "renew_recovery", "sign_in", "sign_in_second"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a person shows besides a password: a code of the app, or one from paper."""

    code: str = field(default="", repr=False)
    recovery: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A session that was opened, its token, and how many codes are left on paper."""

    session: Session
    account: Account
    token: str = field(repr=False)
    recovery_left: int


async def sign_in(
    database: Database,
    keyring: Keyring,
    hashing: Hashing,
    *,
    email: str,
    password: str,
    address: str,
    at: datetime,
) -> str:
    """Check a password and answer the token with which the second factor is shown, within five minutes.

    Raises TooManyAttempts for an address that was wrong too often, and else SignInRefused: for an account that is not
    known, locked, disabled or not yet set up, as for a password that is wrong, and after as long.
    """

    async def count(tx: Tx) -> Blocked | Stored | None:
        blocked = await count_address(tx, keyring, address, at=at)
        if blocked is not None:
            return blocked
        found = await _find(tx, keyring, email)
        return found if found is not None and await may_try(tx, found.account.id, at=at) else None

    counted = await database.run(count)
    if isinstance(counted, Blocked):
        raise counted.refuse()
    kept = None if counted is None else counted.password
    right = len(password) <= PASSWORD_MAX and await hashing.check(kept, password[:PASSWORD_MAX])
    if counted is None or not right:
        raise SignInRefused("The address or the password is wrong, or the account cannot be used now.")
    account = counted.account.id
    renewed = await hashing.hash(password) if kept is not None and hashing.is_dated(kept) else None

    async def begin(tx: Tx) -> str:
        await excuse_address(tx, keyring, address)
        await excuse_failure(tx, account)
        if renewed is not None:
            await put_password(tx, account, renewed)
        _, token = await open_session(tx, account, id=new_id(), at=at, agent="", stage="pending")
        return token

    return await database.run(begin)


async def _find(tx: Tx, keyring: Keyring, email: str) -> Stored | None:
    try:
        found = await find_by_email(tx, keyring, spell_email(email))
    except AccountUnusable:
        return None
    return found if found is not None and found.account.state == "active" and found.password is not None else None


async def sign_in_second(
    database: Database, keyring: Keyring, token: str, proof: Proof, *, agent: str, at: datetime
) -> Opened:
    """Open a session for who showed the second factor. Raises SessionInvalid or CodeWrong."""

    async def work(tx: Tx) -> Opened | SessionInvalid | CodeWrong:
        pending = await find_pending(tx, token, at=at)
        stored = None if pending is None else await lock_account(tx, keyring, pending.account)
        if pending is None or stored is None or stored.account.state != "active":
            return invalid()
        if not await _fits(tx, keyring, stored, proof, at=at):
            await note_wrong(tx, pending, at=at)
            return _wrong()
        await end_one(tx, pending.id, account=pending.account, at=at)
        return await open_for(tx, stored.account, agent=agent, at=at)

    done = await database.run(work)
    # Raised outside: what was counted has to stay.
    if not isinstance(done, Opened):
        raise done
    return done


async def open_for(tx: Tx, account: Account, *, agent: str, at: datetime) -> Opened:
    """Open a session for a person who has shown all that is needed."""
    await note_sign_in(tx, account.id, at=at)
    session, token = await open_session(tx, account.id, id=new_id(), at=at, agent=agent)
    left = await count_recovery(tx, account.id)
    return Opened(session=session, account=account, token=token, recovery_left=left)


async def prove(
    database: Database, keyring: Keyring, session: Session, token: str, proof: Proof, *, at: datetime
) -> str | None:
    """Step up: take a code from who is signed in already, and answer a new token. Raises CodeWrong."""

    async def work(tx: Tx) -> str | CodeWrong | None:
        stored = await lock_account(tx, keyring, session.account)
        if stored is None or not await _fits(tx, keyring, stored, proof, at=at):
            return _wrong()
        await excuse_failure(tx, session.account)
        return await rotate_token(tx, session, token, at=at, proved=True)

    done = await database.run(work)
    if isinstance(done, CodeWrong):
        raise done
    return done


async def change_password(
    database: Database,
    keyring: Keyring,
    hashing: Hashing,
    *,
    session: Session,
    old: str,
    new: str,
    breached: Path | None,
    at: datetime,
) -> int:
    """Change a person's password and end every other session, and answer how many ended.

    Raises SignInRefused where the old one is wrong, or PasswordWeak.
    """

    async def look(tx: Tx) -> Stored | None:
        stored = await find_account(tx, keyring, session.account)
        return stored if stored is not None and await may_try(tx, session.account, at=at) else None

    stored = await database.run(look)
    kept = None if stored is None else stored.password
    if not await hashing.check(kept, old[:PASSWORD_MAX]) or stored is None:
        raise SignInRefused("The password that you have now is another one.")
    refuse_weak(new, about=(stored.account.name, stored.account.email), breached=breached)
    hashed = await hashing.hash(new)

    async def write(tx: Tx) -> int:
        await excuse_failure(tx, session.account)
        await put_password(tx, session.account, hashed)
        return await end_all(tx, session.account, at=at, but=session.id)

    return await database.run(write)


async def renew_recovery(tx: Tx, keyring: Keyring, account: UUID) -> tuple[str, ...]:
    """Draw ten new codes for paper in the place of those there were, and answer them this once."""
    codes = draw_recovery()
    await write_renew_recovery(tx, account, [digest_recovery(keyring, code)[0] for code in codes])
    return codes


async def _fits(tx: Tx, keyring: Keyring, stored: Stored, proof: Proof, *, at: datetime) -> bool:
    """Whether a code is right; counted beforehand, and not looked at while the account is locked."""
    account, secret = stored.account.id, open_totp(stored)
    if not await may_try(tx, account, at=at):
        return False
    if proof.recovery:
        return await use_recovery(tx, account, digest_recovery(keyring, proof.recovery), at=at)
    step = None if secret is None else find_step(secret, proof.code, at=at)
    return step is not None and await take_step(tx, account, step)


def _wrong() -> CodeWrong:
    return CodeWrong("The code is wrong, or was used before. The app shows another one every 30 seconds.")
