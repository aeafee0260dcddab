"""`regulars secret`, as an operator types it."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from regulars.base.secret import Secret
from regulars.interfaces.cli.main import app

Call = Callable[..., Result]


@pytest.fixture
def call(database_url: str, tmp_path: Path) -> Call:
    def work(*words: str, **env: str) -> Result:
        given = {"REGULARS_DATABASE_URL": database_url, "REGULARS_DATA_DIR": str(tmp_path), "COLUMNS": "200", **env}
        return CliRunner().invoke(app, words, env=given)

    return work


def test_a_key_is_added_taken_into_use_and_dropped(call: Call, tmp_path: Path) -> None:
    assert call("keys", "new", "till", "--scope", "activities:write").exit_code == 0
    assert "Key 1 is in use" in call("secret", "status").output
    assert "Key 2 is known" in call("secret", "add").output
    assert call("secret", "add").exit_code == 1
    assert "Key 2 is in use" in call("secret", "rotate").output
    seen = json.loads(call("secret", "status", "--json").stdout)
    assert (seen["current"], seen["known"], seen["left"]) == (2, [2, 1], [])
    assert call("secret", "rewrap").exit_code == 0
    assert call("secret", "drop", "2").exit_code == 1
    assert call("secret", "drop", "7").exit_code == 1
    assert "Key 1 is dropped" in call("secret", "drop", "1").output
    kept = Secret.parse((tmp_path / "secret").read_text())
    assert (list(kept.masters), list(kept.retired)) == ([2], [1])
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir() if "secret" in path.name] == ["secret"]


def test_an_old_key_is_not_dropped_while_something_is_sealed_under_it(call: Call, tmp_path: Path) -> None:
    made = call("keys", "new", "till", "--scope", "activities:write", "--signed-only")
    assert made.exit_code == 0, made.output
    assert call("secret", "rotate").exit_code == 0
    before = (tmp_path / "secret").read_text()
    refused = call("secret", "drop", "1")
    assert refused.exit_code == 1
    assert "Still sealed under key 1: 1." in refused.output
    assert (tmp_path / "secret").read_text() == before
    seen = json.loads(call("secret", "status", "--json").stdout)
    assert seen["left"] == [{"what": "access.key.signing", "key": 1, "rows": 1}]
    assert "Sealed anew under key 2: 1." in call("secret", "rewrap").output
    assert call("secret", "drop", "1").exit_code == 0


def test_a_secret_that_was_handed_to_us_is_handed_back(call: Call, tmp_path: Path) -> None:
    given = Secret.single(hashlib.sha256(b"given").digest()).write()
    turned = call("secret", "rotate", REGULARS_SECRET=given)
    written = next(line for line in turned.stdout.splitlines() if line.startswith("2:"))
    assert Secret.parse(written).current == 2
    assert not (tmp_path / "secret").exists()
    assert given.rstrip("=") in written
