import json
from pathlib import Path

import asyncpg  # pyright: ignore[reportMissingTypeStubs] - it has none
import pytest

from tests.cli.calls import PROGRAM, Shell, make_shell
from tests.cli.test_replay import ndjson, purchase

COMMANDS = ("serve", "worker", "demo", "replay", "statement", "check", "db", "program", "keys", "version")


def test_help_teaches(tmp_path: Path) -> None:
    shell = make_shell(tmp_path)
    top = shell("--help")
    assert top.status == 0
    for command in COMMANDS:
        assert f" {command} " in top.out
    for words in (("replay",), ("demo",), ("keys", "new")):
        assert "Example" in shell(*words, "--help").out


@pytest.mark.parametrize(
    "words",
    [("nonsense",), ("replay",), ("check", "--most", "none"), ("db", "fly")],
)
def test_misuse_is_told_apart_from_a_refusal(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = make_shell(tmp_path)(*words)
    assert done.status == 2
    assert "Usage" in done.err
    assert not done.out


def test_an_unknown_setting_is_one_sentence(tmp_path: Path) -> None:
    done = make_shell(tmp_path)("check", REGULARS_POTR="1")
    assert done.status == 1
    assert done.said == "regulars: There is no setting REGULARS_POTR. Did you mean REGULARS_PORT?"


def test_a_database_that_does_not_answer_is_one_sentence(tmp_path: Path) -> None:
    done = make_shell(tmp_path)("check", REGULARS_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert done.status == 1
    assert done.err.startswith("regulars: The database")
    assert len(done.err.splitlines()) == 1


# --- the programme ---------------------------------------------------------------------------------------------------


def test_a_programme_is_validated_without_a_database(tmp_path: Path) -> None:
    shell = make_shell(tmp_path)
    done = shell("program", "validate", shell.write("good.yaml", PROGRAM))
    assert done.status == 0
    assert done.out.startswith("good.yaml is a valid programme: 1 offers, 1 currencies, version ")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PROGRAM.replace("mechanic: spend", "mechanic: spendd"), "line 16, column 15: offers[0].mechanic"),
        (
            PROGRAM.replace("PRODUCE]", "PRODUCE], regions: {cn: [bund], de: [spree, bund]}"),
            "line 13, column 75: catalog.regions.de[1]",
        ),
        (PROGRAM.replace("per_minor: 10", "per_minor: 0.5"), "0.5 is not a whole number"),
        ("program: [", "line 1, column 11: this is not YAML"),
    ],
)
def test_a_broken_programme_names_the_place(tmp_path: Path, text: str, said: str) -> None:
    shell = make_shell(tmp_path)
    done = shell("program", "validate", shell.write("bad.yaml", text))
    assert done.status == 1
    assert said in done.said


def test_a_programme_that_is_not_there(tmp_path: Path) -> None:
    done = make_shell(tmp_path)("program", "validate", "gone.yaml")
    assert done.status == 1
    assert "gone.yaml cannot be read" in done.said


def test_publishing_again_changes_nothing_and_says_so(shell: Shell) -> None:
    words = ("program", "publish", shell.write("corner.yaml", PROGRAM), "--from", "2020-01-01T08:00+08:00")
    first = shell(*words)
    assert first.status == 0
    assert first.err.endswith("of corner decides from 2020-01-01 00:00 UTC on.\n")
    again = shell(*words)
    assert again.status == 0
    assert again.err.startswith("Nothing changed: version ")


def test_the_schema_is_a_json_schema(tmp_path: Path) -> None:
    shell = make_shell(tmp_path)
    printed = shell("program", "schema").value
    assert printed["title"] == "A loyalty programme"
    assert shell("program", "schema", "here.json").status == 0
    assert json.loads((tmp_path / "here.json").read_text()) == printed


# --- keys ------------------------------------------------------------------------------------------------------------


def test_a_key_is_shown_once_and_revoked_for_good(shell: Shell) -> None:
    made = shell("keys", "new", "till-7", "--scope", "activities:write", "--days", "3")
    token = made.out.strip()
    assert token.startswith("rk_")
    assert token not in made.err
    (listed,) = shell("keys", "list", "--json").value
    assert listed["name"] == "till-7"
    assert token not in shell("keys", "list").out
    assert shell("keys", "revoke", listed["prefix"]).status == 0
    assert "revoked" in shell("keys", "list").out
    unknown = shell("keys", "revoke", "nothing")
    assert (unknown.status, unknown.err.split(".")[0]) == (1, "regulars: No API key has this prefix")


# --- statements and the check ----------------------------------------------------------------------------------------

BOUGHT = ndjson([purchase(1)])


def test_a_statement_shows_what_a_purchase_brought(shop: Shell) -> None:
    shop.write("bought.ndjson", BOUGHT)
    assert shop("replay", "bought.ndjson").status == 0
    found = shop("statement", "card:7", "--json").value
    (entry,) = found["entries"]
    assert (entry["points"], entry["balance"], entry["offers"]) == (10, 10, ["base"])
    assert shop("statement", found["member"], "--json").value["entries"] == [entry]
    assert "+10" in shop("statement", "card:7").out


@pytest.mark.parametrize(
    ("member", "said"),
    [
        ("card:404", "No member has this card."),
        ("00000000-0000-7000-8000-000000000000", "No member has this id."),
        ("404", "'404' is no member: give an id, or a kind and a value such as card:123."),
        ("Card:404", "'Card:404' is no member: give an id, or a kind and a value such as card:123."),
        ("phone:12", "The phone given cannot be used: expected the country code and 7 to 15 digits in all,"),
    ],
)
def test_a_member_who_is_not_there(shop: Shell, member: str, said: str) -> None:
    done = shop("statement", member)
    assert done.status == 1
    assert done.said.startswith(f"regulars: {said}")


async def test_the_check_is_green_until_a_row_is_changed(shop: Shell, database_url: str) -> None:
    shop.write("bought.ndjson", BOUGHT)
    shop("replay", "bought.ndjson")
    sound = shop("check")
    assert sound.status == 0
    assert sound.out.startswith("The books are right")
    connection = await asyncpg.connect(database_url)
    await connection.execute("UPDATE ledger.lot SET amount = amount + 1")
    await connection.close()
    broken = shop("check", "--json")
    assert broken.status == 1
    assert broken.value["sound"] is False
    assert any(fault["code"].startswith("ledger_") for fault in broken.value["faults"])
    assert "The books are not right" in broken.said
