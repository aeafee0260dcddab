"""`regulars stores` and `regulars tills` on a database."""

import asyncio
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from regulars.features import estate
from regulars.interfaces.cli import keys, stores, tills


@pytest.fixture
def root() -> typer.Typer:
    made = typer.Typer()
    for each in (stores, tills, keys):
        made.add_typer(each.app)
    return made


async def call(root: typer.Typer, url: str, *words: str) -> Result:
    # A command runs a loop of its own.
    return await asyncio.to_thread(
        CliRunner().invoke, root, words, env={"REGULARS_DATABASE_URL": url, "COLUMNS": "120"}
    )


async def test_from_a_list_of_stores_to_a_till_that_is_gone(
    root: typer.Typer, database_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "stores.csv"
    path.write_text("id,name_en,name_zh,open\ns1,West Lake,西湖店,yes\ns2,,,no\n", encoding="utf-8")
    brought = await call(root, database_url, "stores", "import", str(path), "--time-zone", "Asia/Shanghai")
    assert (brought.exit_code, brought.stderr) == (0, "2 stores are registered.\n")
    listed = json.loads((await call(root, database_url, "stores", "list", "--json")).stdout)
    assert [(each["id"], each["name_zh"], each["is_open"]) for each in listed] == [
        ("s1", "西湖店", True),
        ("s2", "", False),
    ]
    assert "西湖店" in (await call(root, database_url, "stores", "list")).stdout
    assert (await call(root, database_url, "stores", "unknown", "--json")).stdout.strip() == "[]"

    assert (await call(root, database_url, "tills", "put", "t1", "--store", "s1")).exit_code == 0
    new = ("keys", "new", "a till", "--scope", "activities:write", "--store", "s1", "--till")
    assert (await call(root, database_url, *new, "t1")).exit_code == 0
    assert isinstance((await call(root, database_url, *new, "t2")).exception, estate.TillUnknown)
    retired = await call(root, database_url, "tills", "retire", "t1", "--store", "s1")
    assert "and 1 of its keys with it" in retired.stderr
    assert isinstance((await call(root, database_url, *new, "t1")).exception, estate.TillRetired)
    assert "retired" in (await call(root, database_url, "tills", "list")).stdout
    assert "revoked" in (await call(root, database_url, "keys", "list")).stdout
