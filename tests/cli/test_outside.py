"""A mechanic of somebody else's package: found by its entry point, and as good as ours, with none of ours changed."""

from tests.cli.calls import PROGRAM, Done, Shell
from tests.cli.test_replay import ndjson, purchase

TOY = '''
"""Points for each line of a basket."""

from msgspec import Struct

from regulars.kernel.nouns import Award, Earned
from regulars.kernel.program import References
from regulars.kernel.program.terms import Clause

PHASE = "bonus"


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many points a line brings."""

    currency: str
    each: int


def references(settings):
    return References(currencies=(settings.currency,))


def earn(settings, memory, step):
    lines = tuple((number, settings.each) for number, line in enumerate(step.activity.lines, start=1))
    return Earned(awards=(Award(currency=settings.currency, points=settings.each * len(lines), lines=lines),))


def terms(settings, speech, trial):
    yield Clause(text=speech.say("Each line brings {n}.", "每行 {n} 分。", n=settings.each))
'''
WITH_TOY = (
    PROGRAM
    + """
  - id: lines
    mechanic: toy
    on: [purchase]
    settings: {currency: points, each: 7}
"""
)


def install(shell: Shell) -> str:
    """Put a package beside ours, as pip would leave it; gives where."""
    info = shell.folder / "site" / "toy-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[regulars.mechanics]\ntoy = lines_of_toy\n")
    (shell.folder / "site" / "lines_of_toy.py").write_text(TOY, encoding="utf-8")
    return str(shell.folder / "site")


def ok(done: Done) -> Done:
    assert done.status == 0, done.err
    return done


def test_it_is_checked_told_decides_and_is_simulated(shop: Shell) -> None:
    path = install(shop)
    shop.write("toy.yaml", WITH_TOY)
    facts = [purchase(n, lines=n) for n in (1, 2, 3)]
    ok(shop("replay", shop.write("facts.ndjson", ndjson(facts))))
    assert "there is no mechanic 'toy'" in shop("program", "validate", "toy.yaml").said

    def call(*words: str) -> Done:
        return ok(shop(*words, PYTHONPATH=path))

    assert "2 offers" in call("program", "validate", "toy.yaml").out
    assert "Each line brings 7." in call("program", "terms", "toy.yaml").out
    assert "每行 7 分。" in call("program", "terms", "toy.yaml", "--lang", "zh").out
    # In processes of their own, which find it too.
    window = ("--from", "2026-01-01T00:00Z", "--to", "2026-01-02T00:00Z")
    found = call("program", "simulate", "toy.yaml", *window, "--json").value
    points = found["versions"]["toy"]["points"]
    assert (points["lines"], points["base"]) == ({"points": 7 * 6}, {"points": 10 + 30 + 60})

    call("program", "publish", "toy.yaml")
    late = purchase(4, lines=2) | {"occurred_at": "2100-01-01T00:00:00Z"}
    assert call("replay", str(shop.write("late.ndjson", ndjson([late]))), "--json").value["recorded"] == 1
    wrong = shop(
        "program", "validate", str(shop.write("w.yaml", WITH_TOY.replace("each: 7", "each: x"))), PYTHONPATH=path
    )
    assert (wrong.status, "offers[1].settings.each" in wrong.said) == (1, True)
