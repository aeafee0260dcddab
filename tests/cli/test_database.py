"""`regulars db`: the embedded server, and backups."""

import asyncio
from pathlib import Path

import asyncpg  # pyright: ignore[reportMissingTypeStubs] - it has none
import pytest

from tests.cli.calls import Shell, make_shell
from tests.cli.test_replay import ndjson, purchase


def test_the_embedded_server_is_kept_until_it_is_stopped(tmp_path: Path) -> None:
    shell = make_shell(tmp_path)
    stopped = shell("db", "status")
    assert (stopped.status, stopped.out) == (1, "")
    assert "Start it: regulars db start" in stopped.said
    assert shell("db", "url").status == 1
    assert "started in" in shell("db", "start").said
    try:
        assert shell("db", "status", "--json").value["running"] is True
        assert "already runs" in shell("db", "start").said
        # Commands use it, and leave it running.
        assert shell("check").status == 0
        url = shell("db", "url").out.strip()
        assert url.startswith("postgresql://regulars:")
        assert shell("db", "status").status == 0
    finally:
        assert shell("db", "stop").said == "PostgreSQL stopped."
    assert shell("db", "stop").said == "PostgreSQL did not run."


def test_a_server_of_others_is_left_alone(shell: Shell) -> None:
    for command in ("start", "stop", "status"):
        done = shell("db", command)
        assert done.status == 1
        assert "a server that Regulars does not run" in done.said


def test_a_folder_that_cannot_be_one(tmp_path: Path) -> None:
    done = make_shell(tmp_path)("check", REGULARS_DATA_DIR="/dev/null/data")
    assert done.status == 1
    assert done.said == "regulars: /dev/null/data is not a folder. Set REGULARS_DATA_DIR to another place."


def test_a_backup_is_restored_and_proved(shop: Shell, empty_database_url: str) -> None:
    shop("replay", shop.write("facts.ndjson", ndjson(purchase(n, card=str(n % 5)) for n in range(1, 101))))
    made = shop("db", "backup", "shop.dump")
    assert made.status == 0, made.err
    assert "Keep the secret too" in made.said
    assert (shop.folder / "shop.dump").stat().st_mode & 0o077 == 0
    again = shop("db", "backup", "shop.dump")
    assert (again.status, "never overwrites" in again.said) == (1, True)

    new = {"REGULARS_DATABASE_URL": empty_database_url}
    restored = shop("db", "restore", "shop.dump", **new)
    assert restored.status == 0, restored.err
    assert "The books are right" in restored.out
    before = shop("statement", "card:3", "-n", "100", "--json").value
    after = shop("statement", "card:3", "-n", "100", "--json", **new).value
    assert (after["member"], after["entries"]) == (before["member"], before["entries"])
    twice = shop("db", "restore", "shop.dump", **new)
    assert (twice.status, "not empty, and was left as it is" in twice.said) == (1, True)


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "cannot be read"), (b"SELECT 1;", "is no backup"), (b"PGDMPxx", "could not be restored")],
)
def test_what_is_no_backup_is_refused(shell: Shell, empty_database_url: str, content: bytes | None, said: str) -> None:
    if content is not None:
        (shell.folder / "bad.dump").write_bytes(content)
    done = shell("db", "restore", "bad.dump", REGULARS_DATABASE_URL=empty_database_url)
    assert done.status == 1
    assert said in done.said


async def test_the_password_is_on_no_command_line(shop: Shell, database_url: str) -> None:
    # While a lock keeps the backup waiting, everybody could read its command line.
    connection = await asyncpg.connect(database_url)
    locked = connection.transaction()
    await locked.start()
    await connection.execute("LOCK TABLE ledger.lot IN ACCESS EXCLUSIVE MODE")
    with shop.started("db", "backup", "shop.dump") as running:
        found = await wait_for_dump(database_url)
        lines = list_command_lines("pg_dump")
        await connection.close()
        running.communicate(timeout=180)
    assert found, "pg_dump waits for the lock"
    assert running.returncode == 0
    password = database_url.split(":")[2].split("@", maxsplit=1)[0]
    assert lines
    assert not any(password in line for line in lines)


async def wait_for_dump(database_url: str) -> bool:
    waiting = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE application_name = 'pg_dump' AND wait_event_type = 'Lock' AND datname = current_database()"
    )
    # A connection of its own: within a transaction, the view would always show the same.
    connection = await asyncpg.connect(database_url)
    try:
        for _ in range(600):
            if await connection.fetchval(waiting):
                return True
            await asyncio.sleep(0.1)
    finally:
        await connection.close()
    return False


def list_command_lines(program: str) -> list[str]:
    lines: list[str] = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = process.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if program in line.split(" ")[0]:
            lines.append(line)
    return lines
