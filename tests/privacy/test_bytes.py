"""Of whoever was forgotten no byte is left: not in a dump, not in backups after their rotation, not in logs."""

import logging
import os
import shlex
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from regulars.base.backup import open_pieces, read_head, unlock
from regulars.base.embedded.programs import find
from regulars.base.secret import Secret
from regulars.interfaces.http.log import JsonLines
from tests.cli.calls import Shell, make_shell
from tests.entry.conftest import guests, house, published, purchase, settings, site
from tests.entry.guests import Guests
from tests.http.site import Purchase
from tests.privacy.test_leaks import NICK, find_marks, live, told_traits

__all__ = ["guests", "house", "published", "purchase", "settings", "site", "told_traits"]

UNIT = Path(__file__).parents[2] / "deploy" / "systemd" / "regulars-backup.service"
ROTATED_DAYS = 31
SECRET = bytes(range(32)).hex()


@pytest.fixture
def shell(tmp_path: Path, database_url: str) -> Shell:
    (tmp_path / "backups").mkdir()
    return make_shell(tmp_path, REGULARS_DATABASE_URL=database_url, REGULARS_SECRET=SECRET)


def rotate(folder: Path) -> None:
    """Clear old backups away by the very command that the nightly service runs."""
    line = next(line for line in UNIT.read_text().splitlines() if line.startswith("ExecStartPost="))
    words = shlex.split(line.removeprefix("ExecStartPost=").replace("/var/lib/regulars/backups", str(folder)))
    # systemd hands words on as they are: nothing expands the star.
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    assert done.stderr == ""


def open_backup(file: Path) -> bytes:
    """Open a backup, sealed or not, and write all of it out as text."""
    content = file.read_bytes()
    if not content.startswith(b"PGDMP"):
        with file.open("rb") as source:
            content = b"".join(open_pieces(source, unlock(read_head(source), Secret.parse(SECRET).derive(), None)))
    program = find(None, None).bindir / "pg_restore"
    return subprocess.run([program, "--file=-"], check=True, input=content, capture_output=True).stdout


def read_birthday(told: bytes, member: str) -> bool:
    return b"07-23" in b"\n".join(line for line in told.split(b"\n") if member.encode() in line)


async def test_no_byte_is_left_in_dumps_backups_and_logs(
    guests: Guests, purchase: Purchase, shell: Shell, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    backups = shell.folder / "backups"
    member, _ = await live(guests, purchase)
    said = [shell("db", "backup", "backups/old.backup"), shell("db", "backup", "--plain", "backups/old-plain.backup")]
    for name in ("old", "old-plain"):
        before = open_backup(backups / f"{name}.backup")
        assert {NICK, "Erased-Wei"} <= find_marks(before), "what is looked for is found where it is"
        assert read_birthday(before, member)

    at = f"/v1/members/{member}"
    shown = (await guests.site.client.get(f"{at}/erasure")).json()
    done: httpx.Response = await guests.site.client.post(f"{at}/erasure", json={"confirm": shown["confirm"]})
    assert done.status_code == 200, done.text
    said += [shell("db", "backup", "backups/new.backup"), shell("db", "backup", "--plain", "backups/new-plain.backup")]
    said += [shell("check"), shell("privacy", "tables")]

    rotate(backups)
    assert len(list(backups.iterdir())) == 4, "nothing is cleared away before its time"
    long_ago = (datetime.now(UTC) - timedelta(days=ROTATED_DAYS)).timestamp()
    for name in ("old", "old-plain"):
        os.utime(backups / f"{name}.backup", (long_ago, long_ago))
    rotate(backups)
    left = sorted(each.name for each in backups.iterdir())
    assert left == ["new-plain.backup", "new.backup"]

    for name in left:
        told = open_backup(backups / name)
        assert member.encode() in told, "it is the database"
        assert (name, find_marks(told)) == (name, set())
        assert not read_birthday(told, member)
    for file in shell.folder.rglob("*"):
        assert not file.is_file() or find_marks(file.read_bytes()) == set(), file
    assert [each.status for each in said] == [0] * len(said)
    spoken = "\n".join(each.out + each.err for each in said)
    logged = "\n".join(JsonLines().format(record) for record in caplog.records if record.name.startswith("regulars"))
    assert "/v1/members/{member}/erasure" in logged, "the log was listened to"
    assert find_marks((spoken + logged).encode()) == set()
