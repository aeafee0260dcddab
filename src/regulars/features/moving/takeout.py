"""Everything of members, page by page for all of them or at once for one; and a file of their own that is signed."""

import base64
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from regulars.base.crypto import Keyring
from regulars.base.db import Read
from regulars.base.errors import Refusal
from regulars.features.moving.tables import write_down
from regulars.kernel import members
from regulars.kernel.activity.moving import read_activities
from regulars.kernel.ledger.moving import read_accounts, read_entries, read_holds, read_lots
from regulars.kernel.members.moving import read_homes, read_identifiers, read_members, read_traits

__all__ = [
    "PAGE_MEMBERS",
    "Beside",
    "ExportAltered",
    "Seal",
    "Signing",
    "open_export",
    "read_pages",
    "read_tables",
    "sign_content",
    "write_own",
]

PAGE_MEMBERS: Final = 200
"""Members read at once: with thousands of activities each, they still fit into memory."""
FORMAT: Final = "regulars-member-1"
MARK: Final = b"RX1."
"""Before what is signed, so that a signature of this kind can stand for nothing else."""
SIGNATURE: Final = b"signature,"
HEAD: Final = b"table,row,field,value\r\n"
write_json: Final = msgspec.json.Encoder(order="deterministic").encode

Rows = Mapping[str, Sequence[Struct]]
Beside = Mapping[str, tuple[type[Struct], Callable[[Read, Collection[UUID]], Awaitable[Sequence[Struct]]]]]
"""By name: tables of other rooms, what a row of each is, and what reads it."""
Signing = tuple[str, Callable[[bytes], bytes]]
"""The id of the key that signs, and what signs with it."""


class ExportAltered(Refusal):
    """The file is not as it was signed, or was not signed by a key of this house."""

    code, kind = "export_altered", "invalid"


class Seal(Struct, frozen=True, kw_only=True):
    """Who signed a file. The signature is Ed25519 over `RX1.` and the SHA-256 of the content, in hexadecimal."""

    kid: str
    sha256: str
    signature: str
    """Base64."""


class Own(Struct, frozen=True, kw_only=True):
    """A member's own file."""

    format: Literal["regulars-member-1"]
    member: UUID
    written_at: datetime
    tables: Mapping[str, Sequence[Any]]


class Signed(Struct, frozen=True, kw_only=True):
    """A file with its signature: the very bytes of `document` are what is signed."""

    document: msgspec.Raw
    signature: Seal


read_signed: Final = msgspec.json.Decoder(Signed).decode


async def read_tables(
    read: Read, keyring: Keyring, ids: Collection[UUID], *, beside: Beside | None = None
) -> dict[str, Sequence[Struct]]:
    """Read every table of some members: a bounded number of statements. Identifiers are in the clear."""
    found: dict[str, Sequence[Struct]] = {
        "members": await read_members(read, ids),
        "identifiers": await read_identifiers(read, keyring, ids),
        "traits": await read_traits(read, ids),
        "households": await read_homes(read, ids),
        "accounts": await read_accounts(read, ids),
        "lots": await read_lots(read, ids),
        "entries": await read_entries(read, ids),
        "holds": await read_holds(read, ids),
        "activities": await read_activities(read, ids),
    }
    for name, (_, reading) in (beside or {}).items():
        found[name] = await reading(read, ids)
    return found


async def read_pages(read: Read, keyring: Keyring, *, beside: Beside | None = None) -> AsyncIterator[Rows]:
    """Read every table of all members, some at a time, as of the snapshot's moment."""
    after = UUID(int=0)
    while page := await members.page(read, after=after, most=PAGE_MEMBERS):
        yield await read_tables(read, keyring, [member.id for member in page], beside=beside)
        after = page[-1].id


async def write_own(
    read: Read,
    keyring: Keyring,
    member: UUID,
    *,
    at: datetime,
    sign: Signing,
    form: Literal["json", "csv"],
    beside: Beside | None = None,
) -> bytes:
    """Write everything of a member into a file of their own, signed. Raises MemberUnknown.

    Whoever became part of the member is part of the file.
    """
    await members.get(read, member)
    ids = [member, *await members.list_merged(read, [member])]
    tables = await read_tables(read, keyring, ids, beside=beside)
    if form == "csv":
        return _sign_csv(HEAD + write_down(tables).encode(), sign)
    document = write_json(Own(format=FORMAT, member=member, written_at=at, tables=tables))
    return b'{"document":' + document + b',"signature":' + write_json(sign_content(document, sign)) + b"}\n"


def sign_content(content: bytes, sign: Signing) -> Seal:
    """Sign something."""
    kid, signing = sign
    digest = hashlib.sha256(content).hexdigest()
    return Seal(kid=kid, sha256=digest, signature=base64.b64encode(signing(MARK + digest.encode())).decode())


def _sign_csv(content: bytes, sign: Signing) -> bytes:
    """Add a last line: what stands before it is what is signed."""
    seal = sign_content(content, sign)
    return content + SIGNATURE + f"{seal.kid},{seal.sha256},{seal.signature}\r\n".encode()


def open_export(data: bytes, verify: Callable[[str, bytes, bytes], bool]) -> tuple[bytes, Seal]:
    """Answer what was signed and by whom. Raises ExportAltered.

    `verify` is asked with the id of the key, the signature and what it is of.
    """
    content, seal = _take_apart(data)
    digest = hashlib.sha256(content).hexdigest()
    try:
        signature = base64.b64decode(seal.signature, validate=True)
    except ValueError as error:
        raise ExportAltered("The signature of this file cannot be read.") from error
    if digest != seal.sha256:
        raise ExportAltered("The file was changed after it was signed: its content has another digest.")
    if not verify(seal.kid, signature, MARK + digest.encode()):
        raise ExportAltered("The signature is not of a key of this house.", kid=seal.kid[:16])
    return content, seal


def _take_apart(data: bytes) -> tuple[bytes, Seal]:
    if data.startswith(b"table,"):
        content, mark, last = data.rpartition(b"\r\n" + SIGNATURE)
        parts = last.decode(errors="replace").strip().split(",")
        if not mark or len(parts) != len(Seal.__struct_fields__):
            raise ExportAltered("The file has no signature: its last line is missing.")
        return content + b"\r\n", Seal(kid=parts[0], sha256=parts[1], signature=parts[2])
    try:
        signed = read_signed(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ExportAltered("This is no export of a member, or it was cut off.") from error
    return bytes(signed.document), signed.signature
