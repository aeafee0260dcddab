"""Backups as files: a stream, sealed piece by piece as it comes, so that no part of it ever lies open on a disk.

A file is a first line, a head in JSON, and pieces. The head holds the key of this one file, wrapped: under a master
key, or under a passphrase. Each piece is sealed (AES-256-GCM) to the head, its place, and whether it is the last: what
is cut, changed, or put together from two files does not open.
"""

import os
from collections.abc import Callable, Generator
from datetime import datetime
from typing import BinaryIO, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from msgspec import Struct

from regulars.base.crypto import Keyring, Tampered, new_member_key, open_sealed, seal
from regulars.base.errors import Refusal

__all__ = [
    "FIRST_LINE",
    "PASSPHRASE_MIN",
    "BackupUnreadable",
    "Head",
    "Sealing",
    "make_head",
    "open_pieces",
    "read_head",
    "seal_pieces",
    "unlock",
]

FIRST_LINE: Final = b"REGULARS BACKUP 1\n"
HEAD_BYTES_MAX: Final = 64 * 1024
PIECE_BYTES: Final = 1024 * 1024
TAG_BYTES: Final = 16
NONCE_BYTES: Final = 12
SALT_BYTES: Final = 16
PASSPHRASE_MIN: Final = 12
# 128 MiB and about half a second for each guess.
SCRYPT_COST: Final = 2**17
SCRYPT_BLOCK: Final = 8
PLACE: Final = b"regulars/backup/"


class BackupUnreadable(Refusal):
    """The file is no backup, or cannot be read."""

    code, kind = "backup_unreadable", "invalid"


class Head(Struct, frozen=True, kw_only=True):
    """What a file says of itself. Nothing in it is secret, and none of it can be changed unnoticed."""

    made_at: datetime
    version: str
    """Of the program that made it."""
    piece_bytes: int
    salt: bytes
    """Makes the file's place its own, and a passphrase's key."""
    by: str
    """`master` or `passphrase`: what opens the key."""
    wrapped: bytes
    """The key of this file."""


class Sealing(Struct, frozen=True, kw_only=True):
    """A head, as it was read and as it was written, and the key that it wraps."""

    head: Head
    written: bytes
    key: bytes

    def __repr__(self) -> str:
        return f"Sealing(head={self.head!r})"


def make_head(keyring: Keyring, passphrase: str | None, *, version: str, at: datetime) -> Sealing:
    """Draw the key of a new file, and wrap it under the passphrase or, without one, under the current master key."""
    key, salt = new_member_key(), os.urandom(SALT_BYTES)
    if passphrase is None:
        by, wrapped = "master", keyring.wrap(key, PLACE + salt)
    else:
        by, wrapped = "passphrase", seal(_stretch(passphrase, salt), key, PLACE + salt)
    head = Head(made_at=at, version=version, piece_bytes=PIECE_BYTES, salt=salt, by=by, wrapped=wrapped)
    return Sealing(head=head, written=msgspec.json.encode(head), key=key)


def read_head(source: BinaryIO) -> bytes:
    """Read the head of a file as it was written, up to its first piece. Raises BackupUnreadable."""
    if source.read(len(FIRST_LINE)) != FIRST_LINE:
        raise BackupUnreadable("The file is no backup made by `regulars db backup`.")
    size = int.from_bytes(source.read(4), "big")
    if size > HEAD_BYTES_MAX:
        raise BackupUnreadable("The file's head is not one.")
    return source.read(size)


def unlock(written: bytes, keyring: Keyring, passphrase: str | None) -> Sealing:
    """Open the key of a file. Raises BackupUnreadable where this is not what it was wrapped under."""
    head = _parse(written)
    place = PLACE + head.salt
    try:
        if head.by == "master":
            return Sealing(head=head, written=written, key=keyring.unwrap(head.wrapped, place))
        if passphrase is None:
            raise BackupUnreadable("The file was sealed with a passphrase. Give it: --passphrase-file FILE")
        opened = open_sealed(_stretch(passphrase, head.salt), head.wrapped, place)
    except Tampered as error:
        what = "secret" if head.by == "master" else "passphrase"
        raise BackupUnreadable(f"The file was sealed under another {what}, or its head was changed.") from error
    return Sealing(head=head, written=written, key=opened)


def _parse(written: bytes) -> Head:
    try:
        head = msgspec.json.decode(written, type=Head)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BackupUnreadable("The file's head cannot be read: it is damaged.") from error
    if not 0 < head.piece_bytes <= PIECE_BYTES or head.by not in {"master", "passphrase"}:
        raise BackupUnreadable("The file's head says what this version does not know.")
    return head


def seal_pieces(source: BinaryIO, target: BinaryIO, sealing: Sealing, *, tell: Callable[[int], None]) -> None:
    """Write a whole file from a stream that is read to its end. `tell` hears how many bytes have been read.

    Raises OSError as the target does, such as when its disk is full.
    """
    written = sealing.written
    target.write(FIRST_LINE + len(written).to_bytes(4, "big") + written)
    cipher, digest, done = AESGCM(sealing.key), _digest(written), 0
    place, piece = 0, source.read(PIECE_BYTES)
    while True:
        # One ahead: the last piece has to be known as such before it is sealed.
        following = source.read(PIECE_BYTES)
        is_last = not following
        target.write(cipher.encrypt(_nonce(place, is_last=is_last), piece, digest))
        done += len(piece)
        tell(done)
        if is_last:
            return
        place, piece = place + 1, following


def open_pieces(source: BinaryIO, sealing: Sealing) -> Generator[bytes]:
    """Give what was sealed, piece by piece, from a source whose head was read.

    Each piece is right; whether there were all of them is known only at the end. Raises BackupUnreadable.
    """
    size = sealing.head.piece_bytes + TAG_BYTES
    cipher, digest = AESGCM(sealing.key), _digest(sealing.written)
    place, piece = 0, source.read(size)
    while True:
        following = source.read(size)
        is_last = not following
        try:
            yield cipher.decrypt(_nonce(place, is_last=is_last), piece, digest)
        except (InvalidTag, ValueError) as error:
            where = "near its end: it was cut, or changed" if is_last else f"in its piece {place + 1}: it was changed"
            raise BackupUnreadable(f"The file is damaged {where}.") from error
        if is_last:
            return
        place, piece = place + 1, following


def _nonce(place: int, *, is_last: bool) -> bytes:
    # The key is of this one file, so counting up never uses a nonce twice.
    return place.to_bytes(NONCE_BYTES - 1, "big") + bytes((is_last,))


def _digest(written: bytes) -> bytes:
    made = Hash(SHA256())
    made.update(FIRST_LINE + written)
    return made.finalize()


def _stretch(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=SCRYPT_COST, r=SCRYPT_BLOCK, p=1).derive(passphrase.encode())
