"""The only SQL of accounts, their links, and of who failed to sign in."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.base import sql
from regulars.base.crypto import Keyring, new_member_key, open_sealed, seal
from regulars.base.db import Read, Record, Tx
from regulars.features.staff.model import Account, Credentials, Stored
from regulars.features.staff.roles import Role

__all__ = [
    "EMAIL",
    "add_account",
    "add_errand",
    "add_link",
    "begin_link",
    "count_address",
    "count_failure",
    "count_recovery",
    "end_links",
    "excuse_address",
    "excuse_failure",
    "find_account",
    "find_by_email",
    "find_by_subject",
    "find_link",
    "forget_old",
    "has_owner",
    "link_subject",
    "list_accounts",
    "lock_account",
    "lock_address",
    "lock_out",
    "lock_owners",
    "note_sign_in",
    "open_totp",
    "put_credentials",
    "put_password",
    "put_roles",
    "put_state",
    "renew_recovery",
    "take_errand",
    "take_step",
    "unlock",
    "use_link",
    "use_recovery",
]

EMAIL: Final = "staff email"

queries: Final = sql.load(__package__ or __name__)


async def add_account(
    tx: Tx,
    keyring: Keyring,
    *,
    id: UUID,  # noqa: A002 - the glossary's word for it
    person: tuple[str, str],
    roles: Sequence[Role],
    store: str | None,
    by: str,
    at: datetime,
) -> bool:
    """Write an invited account of a `person` (e-mail, name); False where the address has one."""
    (email, name), key = person, new_member_key()
    row = await queries.row(
        tx,
        "add_account",
        id=id,
        wrapped_key=keyring.wrap(key, place_of(id, "key")),
        email_blind=keyring.blind(EMAIL, email),
        email_blind_key_id=keyring.blind_key_id,
        email_cipher=seal(key, email.encode(), place_of(id, "email")),
        name_cipher=seal(key, name.encode(), place_of(id, "name")),
        roles=list(roles),
        store=store,
        invited_by=by,
        at=at,
    )
    return row is not None


async def find_by_email(read: Read, keyring: Keyring, email: str) -> Stored | None:
    """Read the account of an address."""
    blinds = [digest.value for digest in keyring.blinds(EMAIL, email)]
    return _stored(await queries.row(read, "find_by_email", blinds=blinds), keyring)


async def find_account(read: Read, keyring: Keyring, id: UUID) -> Stored | None:  # noqa: A002
    """Read an account."""
    return _stored(await queries.row(read, "find_account", id=id), keyring)


async def lock_account(tx: Tx, keyring: Keyring, id: UUID) -> Stored | None:  # noqa: A002
    """Read an account, and keep others from changing it until the transaction ends."""
    return _stored(await queries.row(tx, "lock_account", id=id), keyring)


async def find_by_subject(read: Read, keyring: Keyring, issuer: str, subject: str) -> Stored | None:
    """Read the account that is linked to a person at an identity provider."""
    return _stored(await queries.row(read, "find_by_subject", issuer=issuer, subject=subject), keyring)


async def list_accounts(read: Read, keyring: Keyring, *, after: UUID, most: int) -> list[Account]:
    """List accounts by id, those after one."""
    rows = await queries.rows(read, "list_accounts", after=after, most=most)
    return [_read(row, keyring).account for row in rows]


async def lock_owners(tx: Tx) -> list[UUID]:
    """List the owners who can sign in, and keep others from changing that until the transaction ends."""
    return [row["id"] for row in await queries.rows(tx, "owners")]


async def has_owner(read: Read) -> bool:
    """Whether anybody can sign in who may do everything."""
    return bool(await queries.value(read, "has_owner"))


async def put_credentials(tx: Tx, stored: Stored, *, name: str, credentials: Credentials) -> None:
    """Write what a person signs in with. The account is active from now on."""
    account = stored.account.id
    await queries.run(
        tx,
        "put_credentials",
        id=account,
        name_cipher=seal(stored.key, name.encode(), place_of(account, "name")),
        password=credentials.password,
        totp_cipher=seal(stored.key, credentials.totp.encode(), place_of(account, "totp")),
        totp_step=credentials.step,
    )
    await renew_recovery(tx, account, credentials.recovery)


async def renew_recovery(tx: Tx, account: UUID, digests: Sequence[bytes]) -> None:
    """Put new codes for paper in the place of those there were."""
    await queries.run(tx, "drop_recovery", account_id=account)
    await queries.run(tx, "add_recovery", account_id=account, digests=list(digests))


def open_totp(stored: Stored) -> str | None:
    """Open the secret of an account's second factor."""
    if stored.totp is None:
        return None
    return open_sealed(stored.key, stored.totp, place_of(stored.account.id, "totp")).decode()


async def put_password(tx: Tx, account: UUID, password: str) -> None:
    """Write another password, as it is kept."""
    await queries.run(tx, "put_password", id=account, password=password)


async def put_state(tx: Tx, account: UUID, state: str) -> None:
    """Write whether an account is active."""
    await queries.run(tx, "put_state", id=account, state=state)


async def put_roles(tx: Tx, account: UUID, roles: Sequence[Role], *, store: str | None) -> None:
    """Write what a person may do."""
    await queries.run(tx, "put_roles", id=account, roles=list(roles), store=store)


async def link_subject(tx: Tx, account: UUID, *, issuer: str, subject: str) -> None:
    """Link an account to a person at an identity provider."""
    await queries.run(tx, "link_subject", id=account, issuer=issuer, subject=subject)


async def note_sign_in(tx: Tx, account: UUID, *, at: datetime) -> None:
    """Write when a person signed in, and forget how often somebody failed to."""
    await queries.run(tx, "note_sign_in", id=account, at=at)


async def unlock(tx: Tx, account: UUID) -> None:
    """Forget how often somebody failed to sign in."""
    await queries.run(tx, "unlock", id=account)


async def take_step(tx: Tx, account: UUID, step: int) -> bool:
    """Take the code of a step; False where that one or a later one was taken."""
    return await queries.row(tx, "take_step", id=account, step=step) is not None


async def use_recovery(tx: Tx, account: UUID, digests: Sequence[bytes], *, at: datetime) -> bool:
    """Use up a code of paper; False for one that is not known or was used."""
    return await queries.row(tx, "use_recovery", account_id=account, digests=list(digests), at=at) is not None


async def count_recovery(read: Read, account: UUID) -> int:
    """Count the codes of paper that are left."""
    return int(await queries.value(read, "count_recovery", account_id=account))


async def count_failure(tx: Tx, account: UUID, *, at: datetime, since: datetime) -> tuple[int, int] | None:
    """Count a failure, and answer (failures since then, locks so far); None while the account is locked."""
    row = await queries.row(tx, "count_failure", id=account, at=at, since=since)
    return None if row is None else (row["failures"], row["lock_outs"])


async def excuse_failure(tx: Tx, account: UUID) -> None:
    """Take back a failure that was counted beforehand, for it was none."""
    await queries.run(tx, "excuse_failure", id=account)


async def lock_out(tx: Tx, account: UUID, *, until: datetime) -> None:
    """Lock an account for a while."""
    await queries.run(tx, "lock_out", id=account, until=until)


async def count_address(tx: Tx, digest: bytes, *, at: datetime, since: datetime) -> tuple[int, int, datetime | None]:
    """Count an attempt from an address, and answer (attempts since then, locks so far, locked until)."""
    row = await queries.row(tx, "count_address", digest=digest, at=at, since=since)
    assert row is not None
    return row["failures"], row["lock_outs"], row["locked_until"]


async def lock_address(tx: Tx, digest: bytes, *, until: datetime) -> None:
    """Lock an address for a while."""
    await queries.run(tx, "lock_address", digest=digest, until=until)


async def excuse_address(tx: Tx, digest: bytes) -> None:
    """Take back an attempt that went well."""
    await queries.run(tx, "excuse_address", digest=digest)


async def add_link(tx: Tx, digest: bytes, *, account: UUID | None, at: datetime, ends_at: datetime) -> None:
    """Write a one-time link; one without an account makes the first owner."""
    await queries.run(tx, "add_link", digest=digest, account_id=account, at=at, ends_at=ends_at)


async def end_links(tx: Tx, account: UUID | None, *, at: datetime) -> None:
    """End the one-time links that an account has, or those that make the first owner."""
    await queries.run(tx, "end_links", account_id=account, at=at)


async def find_link(
    read: Read, keyring: Keyring, digest: bytes, *, at: datetime
) -> tuple[UUID | None, str | None] | None:
    """Read a live link: its account, and the secret of the second factor that was shown with it."""
    row = await queries.row(read, "find_link", digest=digest, at=at)
    return None if row is None else _link(row, keyring, digest)


async def begin_link(
    tx: Tx, keyring: Keyring, digest: bytes, *, totp: str, at: datetime
) -> tuple[UUID | None, str | None] | None:
    """Keep the secret of the second factor with a live link, unless it has one, and answer as `find_link`."""
    wrapped = keyring.wrap(totp.encode(), place_of_link(digest))
    row = await queries.row(tx, "begin_link", digest=digest, totp_wrapped=wrapped, at=at)
    return None if row is None else _link(row, keyring, digest)


async def use_link(tx: Tx, digest: bytes, *, at: datetime) -> bool:
    """Use up a live link; False for any other."""
    return await queries.row(tx, "use_link", digest=digest, at=at) is not None


async def add_errand(tx: Tx, keyring: Keyring, digest: bytes, *, nonce: str, verifier: str, ends_at: datetime) -> None:
    """Keep what is needed when somebody comes back from the identity provider."""
    wrapped = keyring.wrap(verifier.encode(), place_of_errand(digest))
    await queries.run(tx, "add_errand", digest=digest, nonce=nonce, verifier_wrapped=wrapped, ends_at=ends_at)


async def take_errand(tx: Tx, keyring: Keyring, digest: bytes, *, at: datetime) -> tuple[str, str] | None:
    """Answer (nonce, verifier) of an errand once; None for one that is not known or has ended."""
    row = await queries.row(tx, "take_errand", digest=digest)
    if row is None or row["ends_at"] <= at:
        return None
    return row["nonce"], keyring.unwrap(row["verifier_wrapped"], place_of_errand(digest)).decode()


async def forget_old(tx: Tx, *, before: datetime) -> int:
    """Delete attempts and errands of long ago, and answer how many."""
    addresses = await queries.rows(tx, "forget_addresses", before=before)
    return len(addresses) + len(await queries.rows(tx, "forget_errands", before=before))


def _stored(row: Record | None, keyring: Keyring) -> Stored | None:
    return None if row is None else _read(row, keyring)


def _read(row: Record, keyring: Keyring) -> Stored:
    id_ = row["id"]
    key = keyring.unwrap(row["wrapped_key"], place_of(id_, "key"))
    account = Account(
        id=id_,
        email=open_sealed(key, row["email_cipher"], place_of(id_, "email")).decode(),
        name=open_sealed(key, row["name_cipher"], place_of(id_, "name")).decode(),
        roles=tuple(row["roles"]),
        store=row["store"],
        state=row["state"],
        locked_until=row["locked_until"],
        signs_on=row["subject"] is not None,
        created_at=row["created_at"],
        signed_in_at=row["signed_in_at"],
    )
    return Stored(account=account, key=key, password=row["password"], totp=row["totp_cipher"])


def _link(row: Record, keyring: Keyring, digest: bytes) -> tuple[UUID | None, str | None]:
    wrapped = row["totp_wrapped"]
    return row["account_id"], None if wrapped is None else keyring.unwrap(wrapped, place_of_link(digest)).decode()


def place_of(account: UUID, what: str) -> bytes:
    """What a sealed value is and whose, so that it opens as nothing else."""
    return b"staff/" + what.encode() + b"/" + account.bytes


def place_of_link(digest: bytes) -> bytes:
    return b"staff/link/" + digest


def place_of_errand(digest: bytes) -> bytes:
    """What the secret of an errand is, so that it opens as nothing else."""
    return b"staff/errand/" + digest
