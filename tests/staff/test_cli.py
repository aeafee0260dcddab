"""`regulars staff` on a database, and the link that a server prints when it begins."""

import asyncio
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from regulars.base.settings import Settings
from regulars.features import staff as room
from regulars.interfaces.cli import staff
from regulars.interfaces.cli.opening import make_house
from regulars.kernel import spine
from tests.staff.people import Office, code_of

LINK = re.compile(r"http://127\.0\.0\.1:8080/welcome#(rl_[a-z2-7]{52})\n")


@pytest.fixture
def root() -> typer.Typer:
    made = typer.Typer()
    made.add_typer(staff.app)
    return made


async def call(root: typer.Typer, office: Office, url: str, *words: str) -> Result:
    # A command runs a loop of its own.
    env = {
        "REGULARS_DATABASE_URL": url,
        "REGULARS_SECRET": office.state.settings.load_secret().write(),
        "COLUMNS": "200",
    }
    return await asyncio.to_thread(CliRunner().invoke, root, ("staff", *words), env=env)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """One secret for the command line and the server of the test."""
    made = Settings(data_dir=tmp_path)
    made.load_secret()
    return made


@pytest.fixture
def house(settings: Settings) -> spine.House:
    return make_house(settings)


async def test_from_the_first_link_to_somebody_who_is_out(root: typer.Typer, office: Office, database_url: str) -> None:
    office.at = datetime.now(UTC)
    first = await call(root, office, database_url, "first")
    assert first.exit_code == 0, first.output
    (token,) = LINK.findall(first.stdout)
    ann = await office.sign_in(await office.accept(token, "ann@example.com"))
    assert isinstance((await call(root, office, database_url, "first")).exception, room.OwnerExists)

    new = ("invite", "bo@example.com", "--role", "store", "--role", "analyst", "--store", "s1")
    (token,) = LINK.findall((await call(root, office, database_url, *new)).stdout)
    assert isinstance((await call(root, office, database_url, *new)).exception, room.AccountKnown)
    bo = await office.sign_in(await office.accept(token, "bo@example.com"))
    listed = json.loads((await call(root, office, database_url, "list", "--json")).stdout)
    assert [(each["email"], each["roles"], each["store"], each["state"]) for each in listed] == [
        ("ann@example.com", ["owner"], None, "active"),
        ("bo@example.com", ["analyst", "store"], "s1", "active"),
    ]
    for _ in range(5):
        assert code_of(await office.first(bo.email, "not this one")) == (401, "sign_in_refused")
    assert "locked" in (await call(root, office, database_url, "list")).stdout
    unlocked = await call(root, office, database_url, "unlock", "BO@example.com")
    assert unlocked.stderr == "bo@example.com may sign in again.\n"
    assert (await office.first(bo.email)).status_code == 200
    out = await call(root, office, database_url, "disable", "bo@example.com")
    assert out.stderr == "bo@example.com cannot sign in any more.\n"
    assert code_of(await office.send("GET", "/v1/session", by=bo)) == (401, "session_invalid")
    assert isinstance((await call(root, office, database_url, "disable", "x@y.z")).exception, room.AccountUnknown)
    assert isinstance((await call(root, office, database_url, "disable", ann.email)).exception, room.LastOwner)
    anew = await call(root, office, database_url, "invite", bo.email, "--role", "store", "--again")
    assert LINK.search(anew.stdout)


async def test_a_server_tells_of_the_link_as_long_as_nobody_is_the_owner(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(data_dir=Path("/nowhere"), public_url="https://points.example.com/")
    await staff.greet(office.site.database, settings)
    office.at = datetime.now(UTC)
    (token,) = re.findall(r"https://points\.example\.com/welcome#(rl_\w+)", capsys.readouterr().err)
    await office.accept(token, "ann@example.com")
    await staff.greet(office.site.database, settings)
    assert capsys.readouterr().err == ""


async def test_nothing_default_opens_a_door(office: Office) -> None:
    for email in ("admin@example.com", "owner@example.com", "root@localhost", "admin@localhost"):
        for password in ("admin", "password", "changeme", "regulars", "secret"):
            refused = await office.first(email, password)
            assert refused.status_code in {401, 429}
    async with office.site.database.snapshot() as read:
        assert not await room.has_owner(read)
        assert await read.value("SELECT count(*) FROM staff.account") == 0
