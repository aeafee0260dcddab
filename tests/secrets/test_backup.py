"""Sealed backups: whole or refused, and never open on a disk."""

import os
import subprocess
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest

from regulars.base import backup
from regulars.base.backup import BackupUnreadable, Sealing, make_head, open_pieces, read_head, seal_pieces, unlock
from regulars.base.crypto import Keyring
from tests.base.servers import needs_root
from tests.cli.calls import Shell
from tests.cli.conftest import shell, shop
from tests.cli.test_replay import ndjson, purchase

__all__ = ["shell", "shop"]

KEYRING = Keyring.derive({1: bytes(range(32))}, current=1)
OTHER = Keyring.derive({1: bytes(range(1, 33))}, current=1)
AT = datetime(2026, 3, 1, tzinfo=UTC)


def write(content: bytes, passphrase: str | None = None) -> bytes:
    target = BytesIO()
    sealing = make_head(KEYRING, passphrase, version="test", at=AT)
    seal_pieces(BytesIO(content), target, sealing, tell=lambda _: None)
    return target.getvalue()


def read(file: bytes, keyring: Keyring = KEYRING, passphrase: str | None = None) -> bytes:
    source = BytesIO(file)
    return b"".join(open_pieces(source, unlock(read_head(source), keyring, passphrase)))


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of a few bytes, so that there are many of them."""
    monkeypatch.setattr(backup, "PIECE_BYTES", 64)


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 128, 1000])
def test_what_was_sealed_is_opened(size: int) -> None:
    content = os.urandom(size)
    assert read(write(content)) == content


def test_two_backups_of_the_same_share_nothing() -> None:
    one, two = write(b"a" * 64), write(b"a" * 64)
    assert one[-60:] != two[-60:]


def test_a_file_that_was_cut_anywhere_is_refused() -> None:
    file = write(b"x" * 200)
    for length in range(len(file)):
        with pytest.raises(BackupUnreadable):
            read(file[:length])


def test_a_file_with_one_flipped_bit_is_refused() -> None:
    file = write(b"x" * 200)
    for place in range(len(file)):
        changed = bytearray(file)
        changed[place] ^= 1 << place % 8
        with pytest.raises(BackupUnreadable):
            read(bytes(changed))


def test_pieces_that_change_places_or_come_twice_or_are_added_are_refused() -> None:
    file, piece = write(b"".join(bytes([n]) * 64 for n in range(4))), 64 + 16
    head, pieces = file[: -4 * piece], [file[-4 * piece :][n * piece :][:piece] for n in range(4)]
    assert read(head + b"".join(pieces)) == read(file)
    for order in ([1, 0, 2, 3], [0, 0, 1, 2, 3], [0, 1, 2, 3, 3], [0, 1, 2], [3], [0, 1, 3]):
        with pytest.raises(BackupUnreadable):
            read(head + b"".join(pieces[n] for n in order))
    other = write(b"o" * 64)[-piece:]
    with pytest.raises(BackupUnreadable):
        read(head + b"".join(pieces[:3]) + other)


def test_another_secret_and_another_passphrase_are_refused() -> None:
    with pytest.raises(BackupUnreadable, match="another secret"):
        read(write(b"x"), OTHER)
    file = write(b"x", "correct horse battery")
    assert read(file, OTHER, "correct horse battery") == b"x"
    with pytest.raises(BackupUnreadable, match="another passphrase"):
        read(file, KEYRING, "correct horse batterz")
    with pytest.raises(BackupUnreadable, match="--passphrase-file"):
        read(file, KEYRING)


def test_nothing_that_opens_a_file_is_shown() -> None:
    sealing: Sealing = make_head(KEYRING, None, version="test", at=AT)
    assert repr(sealing.key)[2:-1] not in repr(sealing)


def sell(shop: Shell) -> None:
    facts = [purchase(n, card=str(n % 5)) for n in range(1, 41)]
    assert shop("replay", shop.write("facts.ndjson", ndjson(facts))).status == 0


def test_a_sealed_backup_goes_round(shop: Shell, empty_database_url: str) -> None:
    sell(shop)
    made = shop("db", "backup", "shop.backup")
    assert made.status == 0, made.err
    file = (shop.folder / "shop.backup").read_bytes()
    assert (shop.folder / "shop.backup").stat().st_mode & 0o077 == 0
    assert b"PGDMP" not in file
    assert b"ledger" not in file
    assert sorted(path.name for path in shop.folder.iterdir() if "shop.backup" in path.name) == ["shop.backup"]
    whole = shop("db", "verify", "shop.backup")
    assert (whole.status, "is whole" in whole.said) == (0, True)

    new = {"REGULARS_DATABASE_URL": empty_database_url}
    changed = bytearray(file)
    changed[len(file) // 2] ^= 1
    for name, content in (("cut", file[:-1000]), ("flipped", bytes(changed))):
        (shop.folder / name).write_bytes(content)
        refused = shop("db", "restore", name, **new)
        assert (refused.status, "damaged" in refused.said) == (1, True)
        assert shop("db", "verify", name).status == 1
    wrong = shop("db", "restore", "shop.backup", **new, REGULARS_SECRET="mJvKzV9xQ2sT8yB4nD7fG1hL5pR0wC3eA6uI9oXkZtM")
    assert (wrong.status, "another secret" in wrong.said) == (1, True)
    # Nothing was touched by any of these.
    restored = shop("db", "restore", "shop.backup", **new)
    assert restored.status == 0, restored.err
    assert "The books are right" in restored.out
    before, after = (shop("statement", "card:3", "--json", **env).value for env in ({}, new))
    assert (after["member"], after["entries"]) == (before["member"], before["entries"])
    for more in ((), ("--replace-empty",)):
        twice = shop("db", "restore", "shop.backup", *more, **new)
        assert (twice.status, "not empty, and was left as it is" in twice.said) == (1, True)


def test_a_passphrase_takes_the_place_of_the_secret(shop: Shell, empty_database_url: str) -> None:
    (shop.folder / "short").write_text("hunter2")
    (shop.folder / "words").write_text("correct horse battery staple\n")
    assert shop("db", "backup", "a.backup", "--passphrase-file", "short").status == 1
    assert shop("db", "backup", "a.backup", "--passphrase-file", "words").status == 0
    new = {"REGULARS_DATABASE_URL": empty_database_url}
    assert shop("db", "restore", "a.backup", **new).status == 1
    assert shop("check", **new).status == 0
    # Now there are tables, and nothing in them.
    assert shop("db", "restore", "a.backup", "--passphrase-file", "words", **new).status == 1
    taken = shop("db", "restore", "a.backup", "--passphrase-file", "words", "--replace-empty", **new)
    assert taken.status == 0, taken.err


@needs_root
def test_a_full_disk_leaves_no_half_of_a_backup(shop: Shell, tmp_path: Path) -> None:
    sell(shop)
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", disk], check=False)
    if mounted.returncode != 0:
        pytest.skip("this root may not mount")
    try:
        full = shop("db", "backup", str(disk / "shop.backup"))
        assert (full.status, "No space left" in full.said) == (1, True)
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", disk], check=True)
