"""`regulars program`: versions drafted, reviewed, tried, published, taken back; compared; and written out again."""

from pathlib import Path

import pytest

from tests.cli.calls import PROGRAM, Done, Shell, make_shell

SPRING = "# why: spring\n" + PROGRAM.replace("points: 1, per_minor: 10}", "points: 2, per_minor: 10}  # double")


def ok(done: Done) -> Done:
    assert done.status == 0, done.err
    return done


def hash_of(shell: Shell, name: str) -> str:
    return ok(shell("program", "validate", name)).out.split("version ")[1].strip(". \n")


def states(shell: Shell) -> dict[str, str]:
    return {each["hash"][:12]: each["state"] for each in ok(shell("program", "list", "--json")).value}


def test_a_version_from_draft_to_rollback(shop: Shell) -> None:
    shop.write("spring.yaml", SPRING)
    live = hash_of(shop, str(shop.write("corner.yaml", PROGRAM)))
    spring = hash_of(shop, "spring.yaml")
    drafted = ok(shop("program", "draft", "spring.yaml", "--by", "lin", "--note", "double points"))
    assert drafted.said == f"Version {spring} of corner is a draft, by lin."
    assert states(shop) == {live: "live", spring: "draft"}
    alone = shop("program", "review", spring, "--by", "lin")
    assert (alone.status, alone.said) == (1, f"regulars: lin wrote {spring}; let somebody else review it.")
    assert (
        ok(shop("program", "review", "spring.yaml", "--by", "chen")).said == f"Version {spring} is reviewed, by chen."
    )
    tried = ok(shop("program", "pilot", spring, "--store", "s1", "--permille", "100"))
    assert tried.said.startswith(f"Version {spring} is tried from ")
    assert ok(shop("program", "pilot", spring, "--store", "s1", "--permille", "100")).said.startswith("Nothing changed")
    assert states(shop) == {live: "live", spring: "pilot"}
    assert ok(shop("program", "rollback")).said == f"The trial of version {spring} has ended."
    assert ok(shop("program", "publish", spring, "--by", "lin")).said.startswith(f"Version {spring} of corner decides")
    assert states(shop) == {live: "retired", spring: "live"}
    shown = ok(shop("program", "show", "live")).out
    assert f"Version {spring}" in shown
    assert "drafted by lin: double points" in shown
    assert "Reviewed by nobody." not in shown
    again = ok(shop("program", "rollback", "--leave", spring, "--note", "too dear"))
    assert again.said == f"Version {live} decides again."
    twice = shop("program", "rollback", "--leave", spring)
    assert (twice.status, "does not decide now" in twice.said) == (1, True)
    assert "Reviewed by nobody." in ok(shop("program", "show", live)).out
    assert ok(shop("program", "retire", spring)).said == f"Version {spring} is retired."
    refused = shop("program", "publish", "spring.yaml")
    assert (refused.status, "was retired" in refused.said) == (1, True)


def test_a_house_may_want_a_second_person(shop: Shell) -> None:
    assert ok(shop("program", "policy")).out == "A version needs nothing else.\n"
    assert (
        ok(shop("program", "policy", "--review", "--by", "owner")).out == "A version is reviewed before it decides.\n"
    )
    shop.write("spring.yaml", SPRING)
    refused = shop("program", "publish", "spring.yaml")
    assert (refused.status, "wants a second person to review" in refused.said) == (1, True)
    assert len(states(shop)) == 1, "a refusal leaves no row"
    ok(shop("program", "draft", "spring.yaml", "--by", "lin"))
    ok(shop("program", "review", "spring.yaml", "--by", "chen"))
    ok(shop("program", "publish", "spring.yaml"))
    assert ok(shop("program", "policy", "--no-review", "--simulation", "--json")).value == {
        "review": False,
        "simulation": True,
    }


def test_an_export_is_what_its_author_wrote(shop: Shell) -> None:
    shop.write("spring.yaml", SPRING)
    ok(shop("program", "publish", "spring.yaml"))
    assert ok(shop("program", "export", "live")).out == SPRING
    ok(shop("program", "export", "live", "back.yaml"))
    assert (shop.folder / "back.yaml").read_text() == SPRING
    assert ok(shop("program", "publish", "back.yaml")).said.startswith("Nothing changed")
    ok(shop("program", "export", "live", "plain.yaml", "--plain"))
    assert "#" not in (shop.folder / "plain.yaml").read_text()
    assert hash_of(shop, "plain.yaml") == hash_of(shop, "spring.yaml")
    # The first version came without a text of its own.
    first = next(name for name, state in states(shop).items() if state == "retired")
    ok(shop("program", "export", first, "first.yaml"))
    assert hash_of(shop, "first.yaml") == first


BUDGET = PROGRAM.replace("    settings:", "    budget: {points: 900}\n    settings:")
MORE = (
    PROGRAM
    + """
  - id: extra
    name: {en: Extra, zh-CN: 额外}
    mechanic: spend
    on: [purchase]
    settings: {currency: points, points: 1, per_minor: 100}
"""
)


@pytest.mark.parametrize(
    ("text", "lang", "lines"),
    [
        (PROGRAM + "# only a comment\n", "en", ["Nothing differs."]),
        (PROGRAM + "# only a comment\n", "zh", ["没有差异。"]),
        (SPRING, "en", ["~ offer base: settings.points 1 → 2"]),
        (SPRING, "zh", ["~ 活动 base：settings.points 1 → 2"]),
        (BUDGET, "en", ['+ budget of base: {"points":900}']),
        (MORE, "en", ["+ offer extra (spend): Extra"]),
        (MORE, "zh", ["+ 活动 extra（spend）：额外"]),
        (PROGRAM.replace("[DAIRY, PRODUCE]", "[DAIRY]"), "en", ["~ catalogue: categories - PRODUCE"]),
        (PROGRAM.replace("money: USD", "money: EUR"), "en", ["~ programme: money USD → EUR"]),
        (PROGRAM.replace("funder: house", "funder: growers"), "zh", ["~ 积分币种 points：funder house → growers"]),
    ],
)
def test_files_are_compared_without_a_database(tmp_path: Path, text: str, lang: str, lines: list[str]) -> None:
    shell = make_shell(tmp_path)
    shell.write("a.yaml", PROGRAM)
    shell.write("b.yaml", text)
    assert ok(shell("program", "diff", "a.yaml", "b.yaml", "--lang", lang)).out.splitlines() == lines
    assert not (tmp_path / "data").exists()


def test_a_file_is_compared_with_what_is_live(shop: Shell) -> None:
    shop.write("spring.yaml", SPRING)
    told = ["~ offer base: settings.points 1 → 2"]
    assert ok(shop("program", "diff", "spring.yaml")).out.splitlines() == told
    live = next(iter(states(shop)))
    assert ok(shop("program", "diff", live, "spring.yaml")).out.splitlines() == told
    (change,) = ok(shop("program", "diff", "live", "spring.yaml", "--json")).value
    assert (change["what"], change["before"], change["after"]) == ("offer", 1, 2)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "abc"), "'abc' is no version"),
        (("show", "abcdef"), "There is no version abcdef."),
        (("review", "abcdef", "--by", "chen"), "There is no version abcdef."),
        (("diff", "live", "gone.yaml"), "gone.yaml cannot be read"),
        (("pilot", "live", "--permille", "5"), "decides for everybody then"),
        (("rollback",), "No version was live before this one"),
        (("retire", "live"), "is live, and without a programme no purchase could be judged"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(shop: Shell, words: tuple[str, ...], said: str) -> None:
    done = shop("program", *words)
    assert done.status == 1
    assert said in done.said


def test_what_is_not_understood_is_told_apart(shop: Shell) -> None:
    assert shop("program", "draft", str(shop.write("a.yaml", PROGRAM))).status == 2, "who drafts it must be said"
    mixed = shop("program", "pilot", "live", "--trait", "tier=gold", "--trait", "vip=true")
    assert (mixed.status, "one trait with its values" in mixed.said) == (2, True)
