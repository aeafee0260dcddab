"""`regulars books` on a database: estimate, roll forward, propose, export."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from regulars.base import clock
from regulars.base.errors import Refusal
from regulars.features import money
from regulars.interfaces.cli import books
from tests.spine.conftest import Shop, buy


@pytest.fixture
def root() -> typer.Typer:
    made = typer.Typer()
    made.add_typer(books.app)
    return made


async def call(root: typer.Typer, url: str, *words: str) -> Result:
    # A command runs a loop of its own.
    return await asyncio.to_thread(
        CliRunner().invoke, root, ["books", *words], env={"REGULARS_DATABASE_URL": url, "COLUMNS": "120"}
    )


async def test_books_from_estimate_to_export(root: typer.Typer, shop: Shop, database_url: str, tmp_path: Path) -> None:
    await shop.receipt(buy("1", 200_000, at=shop.at))
    async with shop.database.transaction() as tx:
        await clock.set_now(tx, datetime(2100, 1, 1, tzinfo=UTC))
    until = ("--month", "2026-03")
    refused = await call(root, database_url, "rollforward", *until)
    assert isinstance(refused.exception, money.EstimateMissing)
    assert (await call(root, database_url, "propose", "points")).exit_code == 0
    said = ("--rate", "850", "--by", "Ann Li", "--note", "as agreed", "--from", "2026-01-01")
    assert (await call(root, database_url, "estimate", "points", *said)).exit_code == 0
    shown = await call(root, database_url, "rollforward", *until)
    assert (shown.exit_code, "156.68" in shown.stdout, "2,000" in shown.stdout) == (0, True, True)
    told = json.loads((await call(root, database_url, "rollforward", *until, "--json")).stdout)
    (ours,) = [m for m in told["months"] if (m["funder"], m["currency"]) == ("house", "points")]
    assert (told["is_over"], ours["month"], ours["closing"]["deferred_micro"]) == (True, "2026-03", 15_668_202_764)
    for name in ("loyalty.csv", "loyalty.beancount"):
        assert (await call(root, database_url, "export", str(tmp_path / name), *until)).exit_code == 0
    written = (tmp_path / "loyalty.csv").read_bytes()
    assert written.count(b"\r\n") == written.count(b"\n") > 1
    assert "156.68 CNY" in (tmp_path / "loyalty.beancount").read_text()
    assert (await call(root, database_url, "export", str(tmp_path / "loyalty.xls"))).exit_code == 2
    late = await call(root, database_url, "estimate", "points", *said)
    assert isinstance(late.exception, Refusal)
    assert late.exception.code == "estimate_too_early"
