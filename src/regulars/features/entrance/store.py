"""The only SQL of the room."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from regulars.base import sql
from regulars.base.crypto import Keyring
from regulars.base.db import Read, Record, Tx
from regulars.features.entrance.model import Contact, MemberSession, Message, Passkey, Purpose

__all__ = [
    "SESSIONS_MAX",
    "Found",
    "add_attempt",
    "add_ceremony",
    "add_change",
    "add_message",
    "add_passkey",
    "add_session",
    "count_pace",
    "drop_passkey",
    "drop_passkeys_since",
    "end_message",
    "end_session",
    "end_sessions",
    "excuse_pace",
    "find_session",
    "forget_members",
    "forget_old",
    "list_passkeys",
    "list_sessions",
    "lock_passkey",
    "place_of",
    "prove_session",
    "put_off_message",
    "rename_passkey",
    "rotate_session",
    "see_session",
    "take_ceremony",
    "take_messages",
    "try_attempt",
    "undo_change",
    "use_attempt",
    "use_passkey",
]

SESSIONS_MAX: Final = 100

Found = tuple[MemberSession, datetime, bool]
"""A session, when its token last changed, and whether it was found by the current one."""

queries: Final = sql.load(__package__ or __name__)
read_contact: Final = msgspec.json.Decoder(Contact)
read_message: Final = msgspec.json.Decoder(Message)


async def add_attempt(
    tx: Tx,
    keyring: Keyring,
    *,
    ids: tuple[UUID, UUID | None, UUID | None],
    purpose: Purpose,
    digests: tuple[bytes, bytes],
    contact: Contact | None,
    at: datetime,
    ends_at: datetime,
) -> None:
    """Write a code that was asked for. `ids`: its own, the member's, the session's; `digests`: of token and code."""
    id_, member, session = ids
    await queries.run(
        tx,
        "add_attempt",
        id=id_,
        digest=digests[0],
        member_id=member,
        purpose=purpose,
        session_id=session,
        code_digest=digests[1],
        contact_wrapped=None if contact is None else keyring.wrap(msgspec.json.encode(contact), place_of("new", id_)),
        at=at,
        ends_at=ends_at,
    )


async def try_attempt(
    tx: Tx, digest: bytes, *, purpose: Purpose, session: UUID | None, at: datetime, tries_max: int
) -> Record | None:
    """Count a try at a code that is still good; None for any other."""
    return await queries.row(
        tx, "try_attempt", digest=digest, purpose=purpose, session_id=session, at=at, tries_max=tries_max
    )


async def use_attempt(tx: Tx, row: Record, keyring: Keyring, *, at: datetime) -> Contact | None:
    """Use a code up; gives the new contact that came with it, if one did."""
    wrapped = row["contact_wrapped"]
    await queries.run(tx, "use_attempt", id=row["id"], at=at)
    return None if wrapped is None else read_contact.decode(keyring.unwrap(wrapped, place_of("new", row["id"])))


async def count_pace(tx: Tx, digest: bytes, *, at: datetime, since: datetime) -> tuple[int, datetime]:
    """Count a try, and answer how many there were, and since when."""
    row = await queries.row(tx, "count_pace", digest=digest, at=at, since=since)
    assert row is not None
    return row["tries"], row["since"]


async def excuse_pace(tx: Tx, digest: bytes) -> None:
    """Take back what was counted of somebody who turned out to be who they said."""
    await queries.run(tx, "excuse_pace", digest=digest)


async def add_message(
    tx: Tx, keyring: Keyring, message: Message, *, sent: bool, at: datetime, ends_at: datetime
) -> None:
    """Write what is to be sent; not `sent`: as much is written, and goes nowhere."""
    wrapped = keyring.wrap(msgspec.json.encode(message), place_of("message", message.id))
    await queries.run(
        tx,
        "add_message",
        id=message.id,
        channel=message.channel,
        body_wrapped=wrapped if sent else None,
        state="waiting" if sent else "void",
        at=at,
        ends_at=ends_at,
    )


async def take_messages(
    tx: Tx, keyring: Keyring, *, at: datetime, until: datetime, most: int
) -> list[tuple[Message, int]]:
    """Take what is due, each with how often it was taken; whoever takes it has it until then."""
    rows = await queries.rows(tx, "take_messages", at=at, until=until, most=most)
    return [
        (read_message.decode(keyring.unwrap(row["body_wrapped"], place_of("message", row["id"]))), row["attempts"])
        for row in rows
    ]


async def end_message(tx: Tx, id: UUID, *, sent: bool) -> None:  # noqa: A002 - the glossary's word for it
    """Write that a message was sent, or never will be; and forget what it said."""
    await queries.run(tx, "end_message", id=id, state="sent" if sent else "failed")


async def put_off_message(tx: Tx, id: UUID, *, due_at: datetime) -> None:  # noqa: A002
    """Write when a message is tried again."""
    await queries.run(tx, "put_off_message", id=id, due_at=due_at)


async def add_session(tx: Tx, session: MemberSession, digest: bytes) -> None:
    """Write a new session."""
    await queries.run(
        tx,
        "add_session",
        id=session.id,
        member_id=session.member,
        digest=digest,
        at=session.created_at,
        ends_at=session.ends_at,
        agent=session.agent,
    )


async def find_session(read: Read, digest: bytes, *, at: datetime, idle_since: datetime) -> Found | None:
    """Find a live session by the digest of its token."""
    row = await queries.row(read, "find_session", digest=digest, at=at, idle_since=idle_since)
    return None if row is None else (_session(row), row["rotated_at"], row["is_current"])


async def see_session(tx: Tx, session: UUID, *, at: datetime) -> None:
    """Write that a session is in use."""
    await queries.run(tx, "see_session", id=session, at=at)


async def prove_session(tx: Tx, session: UUID, *, at: datetime) -> None:
    """Write that the member has just shown that they are there."""
    await queries.run(tx, "prove_session", id=session, at=at)


async def rotate_session(
    tx: Tx, session: UUID, *, digest: bytes, fresh: bytes, at: datetime, last_until: datetime
) -> bool:
    """Put a new token in the place of one; False where somebody else was faster."""
    row = await queries.row(tx, "rotate_session", id=session, digest=digest, fresh=fresh, at=at, last_until=last_until)
    return row is not None


async def list_sessions(read: Read, member: UUID, *, at: datetime, idle_since: datetime) -> list[MemberSession]:
    """List what a member has open, oldest first."""
    rows = await queries.rows(read, "list_sessions", member_id=member, at=at, idle_since=idle_since, most=SESSIONS_MAX)
    return [_session(row) for row in rows]


async def end_session(tx: Tx, session: UUID, *, member: UUID, at: datetime) -> bool:
    """End a session of a member; False where there is none."""
    return await queries.row(tx, "end_session", id=session, member_id=member, at=at) is not None


async def end_sessions(tx: Tx, member: UUID, *, but: UUID | None, at: datetime) -> int:
    """End the sessions of a member but one, and answer how many ended."""
    return len(await queries.rows(tx, "end_sessions", member_id=member, but=but, at=at))


async def add_ceremony(tx: Tx, digest: bytes, *, purpose: str, session: UUID | None, ends_at: datetime) -> None:
    """Write a challenge that was given out."""
    await queries.run(tx, "add_ceremony", digest=digest, purpose=purpose, session_id=session, ends_at=ends_at)


async def take_ceremony(tx: Tx, digest: bytes, *, purpose: str, session: UUID | None, at: datetime) -> bool:
    """Take a challenge, once; False for one that was not given out for this, or has ended."""
    row = await queries.row(tx, "take_ceremony", digest=digest, purpose=purpose, session_id=session)
    return row is not None and row["ends_at"] > at


async def add_passkey(
    tx: Tx, passkey: Passkey, *, member: UUID, credential: bytes, public_key: bytes, sign_count: int
) -> bool:
    """Write a passkey; False where the credential is known."""
    row = await queries.row(
        tx,
        "add_passkey",
        id=passkey.id,
        member_id=member,
        credential_id=credential,
        public_key=public_key,
        sign_count=sign_count,
        called=passkey.name,
        is_backed_up=passkey.backed_up,
        at=passkey.created_at,
    )
    return row is not None


async def list_passkeys(read: Read, member: UUID) -> list[tuple[Passkey, bytes]]:
    """List the passkeys of a member, each with its credential's id."""
    return [
        (_passkey(row), row["credential_id"]) for row in await queries.rows(read, "list_passkeys", member_id=member)
    ]


async def lock_passkey(tx: Tx, credential: bytes) -> Record | None:
    """Read whose credential it is (id, member_id, public_key, sign_count), and keep others from using it."""
    return await queries.row(tx, "lock_passkey", credential_id=credential)


async def use_passkey(tx: Tx, id: UUID, *, sign_count: int, backed_up: bool, at: datetime) -> None:  # noqa: A002
    """Write that a passkey was used, and how far its counter is."""
    await queries.run(tx, "use_passkey", id=id, sign_count=sign_count, is_backed_up=backed_up, at=at)


async def rename_passkey(tx: Tx, id: UUID, *, member: UUID, name: str) -> Passkey | None:  # noqa: A002
    """Rename a passkey of a member; None where there is none."""
    row = await queries.row(tx, "rename_passkey", id=id, member_id=member, called=name)
    return None if row is None else _passkey(row)


async def drop_passkeys_since(tx: Tx, member: UUID, since: datetime) -> None:
    """Remove the passkeys that a member made since then."""
    await queries.run(tx, "drop_passkeys_since", member_id=member, since=since)


async def drop_passkey(tx: Tx, id: UUID, *, member: UUID) -> bool:  # noqa: A002
    """Remove a passkey of a member; False where there is none."""
    return await queries.row(tx, "drop_passkey", id=id, member_id=member) is not None


async def add_change(
    tx: Tx,
    keyring: Keyring,
    *,
    ids: tuple[UUID, UUID],
    digest: bytes,
    contacts: tuple[Contact, Contact],
    at: datetime,
    undo_until: datetime,
) -> None:
    """Write a change of contact (old, new). `ids`: its own, and the member's."""
    id_, member = ids
    old, new = (
        keyring.wrap(msgspec.json.encode(each), place_of(what, id_))
        for what, each in zip(("old", "new"), contacts, strict=True)
    )
    await queries.run(
        tx,
        "add_change",
        id=id_,
        member_id=member,
        digest=digest,
        old_wrapped=old,
        new_wrapped=new,
        at=at,
        undo_until=undo_until,
    )


async def undo_change(
    tx: Tx, keyring: Keyring, digest: bytes, *, at: datetime
) -> tuple[UUID, datetime, Contact, Contact] | None:
    """Take a change of contact back, once: (member, when it was made, old, new); None where there is none."""
    row = await queries.row(tx, "undo_change", digest=digest, at=at)
    if row is None:
        return None
    old, new = (
        read_contact.decode(keyring.unwrap(row[f"{what}_wrapped"], place_of(what, row["id"])))
        for what in ("old", "new")
    )
    return row["member_id"], row["changed_at"], old, new


FORGETS: Final[Sequence[str]] = (
    "forget_attempts",
    "forget_sessions",
    "forget_ceremonies",
    "forget_pace",
    "forget_messages",
)


async def forget_old(tx: Tx, *, at: datetime, before: datetime) -> None:
    """Give up messages that would come too late, forget contacts that can no more be undone, and delete old rows."""
    await queries.run(tx, "end_late_messages", at=at)
    await queries.run(tx, "forget_change", at=at)
    await queries.run(tx, "forget_joining", at=at)
    for name in FORGETS:
        await queries.run(tx, name, before=before)


def place_of(what: str, id: UUID) -> bytes:  # noqa: A002
    """What a sealed value is and of which row, so that it opens as nothing else."""
    return b"entry/" + what.encode() + b"/" + id.bytes


def _session(row: Record) -> MemberSession:
    return MemberSession(
        id=row["id"],
        member=row["member_id"],
        created_at=row["created_at"],
        seen_at=row["seen_at"],
        proved_at=row["proved_at"],
        ends_at=row["ends_at"],
        agent=row["agent"],
    )


def _passkey(row: Record) -> Passkey:
    return Passkey(
        id=row["id"],
        name=row["name"],
        backed_up=row["is_backed_up"],
        created_at=row["created_at"],
        used_at=row["used_at"],
    )


async def forget_members(tx: Tx, members: Sequence[UUID]) -> int:
    """Delete all that members had open, and how they came in; gives how many rows."""
    await queries.run(tx, "drop_ceremonies_of", members=members)
    gone = 0
    for name in ("drop_attempts_of", "drop_sessions_of", "drop_passkeys_of", "drop_changes_of"):
        gone += len(await queries.rows(tx, name, members=members))
    return gone
