"""`regulars program simulate`: drafts beside what is live, on paper and on record; and what cannot be simulated."""

import hashlib
from pathlib import Path

import pytest

from tests.cli.calls import PROGRAM, Done, Shell, make_shell
from tests.cli.test_replay import ndjson, purchase

RICHER = PROGRAM.replace("points: 1, per_minor: 10}", "points: 3, per_minor: 20}  # half as much again")
POORER = PROGRAM.replace("points: 1, per_minor: 10}", "points: 1, per_minor: 20}")
BUDGET = PROGRAM.replace("    settings:", "    budget: {points: 50}\n    settings:")
WINDOW = ("--from", "2026-01-01T00:00+00:00", "--to", "2026-01-04T00:00+00:00")
PURCHASES = 40
"""One an hour from the 1st of January at ten on; by three members, each of one to four lines."""


@pytest.fixture
def stocked(shop: Shell) -> Shell:
    facts = [purchase(n, card=str(n % 3), lines=n % 4 + 1) for n in range(1, PURCHASES + 1)]
    ok(shop("replay", shop.write("facts.ndjson", ndjson(facts))))
    for name, text in (("richer", RICHER), ("poorer", POORER), ("budget", BUDGET)):
        shop.write(f"{name}.yaml", text)
    return shop


def ok(done: Done) -> Done:
    assert done.status == 0, done.err
    return done


def refuse(done: Done) -> str:
    assert (done.status, done.out) == (1, ""), done.out
    return done.said


def hash_of(shell: Shell, name: str) -> str:
    return ok(shell("program", "validate", name)).out.split("version ")[1].strip(". \n")


def state_of(shell: Shell, name: str) -> str:
    return ok(shell("program", "show", name, "--json")).value["life"]["state"]


def test_three_drafts_stand_beside_what_is_live(stocked: Shell) -> None:
    names = ("richer.yaml", "poorer.yaml", "budget.yaml")
    found = ok(stocked("program", "simulate", *names, *WINDOW, "--json")).value
    points = {name: it["points"]["base"]["points"] for name, it in found["versions"].items()}
    cents = sum(100 * line for n in range(1, PURCHASES + 1) for line in range(1, n % 4 + 2))
    # A point for 10 cents, and it is worth half a cent.
    assert points == {"live": cents // 10, "richer": cents * 3 // 20, "poorer": cents // 20, "budget": 50}
    assert {it["facts"] for it in found["versions"].values()} == {PURCHASES}
    assert found["versions"]["live"]["worth_micro"] == {"base": cents // 10 * 500_000}
    assert found["marked"] == [], "a file that nobody drafted is not in the database"

    # Titles are wrapped to the width of their tables.
    said = " ".join(ok(stocked("program", "simulate", *names, *WINDOW)).out.split())
    for words in ("richer", "poorer", "budget", "Where the difference comes from, USD", f"+{cents / 4000:.2f}"):
        assert words in said


def test_the_time_is_bounded_on_both_sides(stocked: Shell) -> None:
    day = ("--from", "2026-01-02T00:00+00:00", "--to", "2026-01-02T12:00:00+00:00")
    found = ok(stocked("program", "simulate", "richer.yaml", *day, "--json")).value
    cents = sum(100 * line for n in range(15, 27) for line in range(1, n % 4 + 2))
    assert {name: it["facts"] for name, it in found["versions"].items()} == {"live": 12, "richer": 12}
    assert found["versions"]["live"]["points"]["base"]["points"] == cents // 10
    assert found["versions"]["richer"]["points"]["base"]["points"] == cents * 3 // 20


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ('lang="en"', "What the drafts would have done", "a redemption rate of 100 %", "what is live")),
        ("zh_CN.UTF-8", ('lang="zh-CN"', "方案试算报告", "兑换率 100%", "现行方案", "积分")),
    ],
)
def test_the_page_stands_alone_in_both_languages(stocked: Shell, lang: str, words: tuple[str, ...]) -> None:
    done = ok(stocked("program", "simulate", "richer.yaml", *WINDOW, "--html", "page.html", "--lang", lang, "--json"))
    page = (stocked.folder / "page.html").read_bytes()
    assert done.value["report"] == hashlib.sha256(page).hexdigest()
    text = page.decode()
    for each in (*words, "<svg", "richer", hash_of(stocked, "richer.yaml")):
        assert each in text
    assert "http" not in text, "nothing is loaded from elsewhere"
    assert "Complete Journey" not in text, "this shop's figures are its own"
    assert ("Points" in text) is (lang == "en"), "one language at a time"


def test_the_command_alone_is_enough_for_a_house_that_wants_it(stocked: Shell) -> None:
    ok(stocked("program", "policy", "--simulation", "--review", "--by", "owner"))
    ok(stocked("program", "draft", "richer.yaml", "--by", "lin"))
    early = stocked("program", "review", "richer.yaml", "--by", "chen")
    assert "wants a version simulated before it is reviewed" in refuse(early)

    version = hash_of(stocked, "richer.yaml")
    # By its hash, as whoever reviews it has it; and beside a file that nobody drafted.
    names = (version, "poorer.yaml")
    done = ok(stocked("program", "simulate", *names, *WINDOW, "--html", "page.html", "--by", "wu"))
    assert f"Version {version} is written down as simulated." in done.said
    assert state_of(stocked, version) == "simulated"
    (mark,) = (
        each for each in ok(stocked("program", "show", version, "--json")).value["marks"] if each["kind"] == "simulated"
    )
    page = (stocked.folder / "page.html").read_bytes()
    assert (mark["by"], mark["report"]) == ("wu", hashlib.sha256(page).hexdigest())

    again = ok(stocked("program", "simulate", *names, *WINDOW))
    assert "written down" not in again.said, "the same page twice is written down once"
    ok(stocked("program", "review", version, "--by", "chen"))
    ok(stocked("program", "publish", version))
    assert state_of(stocked, version) == "live"


WRONG = [
    (("wrong.yaml",), "wrong.yaml: The programme cannot be used. line"),
    (("richer.yaml", "gone.yaml"), "gone.yaml cannot be read"),
    (("abcdef",), "There is no version abcdef."),
    (("richer.yaml", "--from", "2026-02-01T00:00Z", "--to", "2026-01-01T00:00Z"), "--from is not before --to"),
    (("richer.yaml", "--to", "2026-01-01T00:00Z"), "There is no history between"),
    (("richer.yaml", "--from", "2026-01-05T00:00Z", "--to", "2026-01-06T00:00Z"), "Nothing was recorded from"),
    (("richer.yaml", "--html", "gone/page.html"), "There is no folder"),
    (("richer.yaml", "other/richer.yaml"), "each by a name of its own"),
    (("live",), "What is live stands beside them anyway"),
    (("euro.yaml",), "These count in different money (EUR, USD)"),
]


def test_what_cannot_be_simulated_is_one_sentence(stocked: Shell) -> None:
    (stocked.folder / "other").mkdir()
    stocked.write("other/richer.yaml", RICHER)
    stocked.write("wrong.yaml", PROGRAM.replace("mechanic: spend", "mechanic: spent"))
    stocked.write("euro.yaml", PROGRAM.replace("money: USD", "money: EUR"))
    # All of one shop: each is refused, and leaves nothing behind.
    told = {words: refuse(stocked("program", "simulate", *words)) for words, _ in WRONG}
    assert [(words, told[words]) for words, said in WRONG if said not in told[words]] == []
    assert len(ok(stocked("program", "list", "--json")).value) == 1


def test_without_history_there_is_nothing_to_simulate(shop: Shell) -> None:
    shop.write("richer.yaml", RICHER)
    assert "Nothing is stored yet" in refuse(shop("program", "simulate", "richer.yaml"))


def test_a_file_that_is_wrong_is_told_before_any_database_is_made(tmp_path: Path) -> None:
    shell = make_shell(tmp_path)
    shell.write("wrong.yaml", "program: [")
    assert "wrong.yaml: " in refuse(shell("program", "simulate", "wrong.yaml"))
    assert not (tmp_path / "data").exists()
