"""The mistakes that are made, and that a mistake takes hold where the code runs."""

import pytest

from regulars.base import sql
from regulars.kernel.ledger.book import check_points
from regulars.kernel.ledger.model import AmountInvalid
from regulars.kernel.nouns import AMOUNT_MAX
from tests.mutation import asking, python, queries
from tests.mutation.forks import NO_ANSWER, TOO_SLOW, ask_apart
from tests.mutation.mutants import Mutant
from tests.mutation.reach import Reach, list_functions, list_rooms, reaches

BOOK = "src/regulars/kernel/ledger/book.py"
LEDGER = "src/regulars/kernel/ledger/queries.sql"
LIMITS = "src/regulars/kernel/limits/queries.sql"
CHECK = "check_points · 0 < points <= AMOUNT_MAX → "


def find(mutants: list[Mutant], part: str) -> Mutant:
    """The one mutant whose name has this in it."""
    (found,) = [mutant for mutant in mutants if part in mutant.name]
    return found


def invent(source: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What can be got wrong in a file."""
    root = tmp_path_factory.mktemp("root")
    (root / "it").write_text(source)
    for module in (python, queries):
        monkeypatch.setattr(module, "ROOT", root)
    python._parse.cache_clear()
    python._spots.cache_clear()
    queries._queries.cache_clear()
    list_mutants = queries.list_mutants if "SELECT" in source or "UPDATE" in source else python.list_mutants
    found = list_mutants("it")
    for mutant in found:
        if list_mutants is queries.list_mutants:
            assert queries.mutate(mutant) != source
        else:
            python.compile_mutant(mutant)
    python._parse.cache_clear()
    python._spots.cache_clear()
    queries._queries.cache_clear()
    return [mutant.change for mutant in found]


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ("def f(a, b):\n    return a < b", ["return a < b → return None", "a < b → a <= b", "a < b → a >= b"]),
        ("def f(a):\n    a += 1", ["a += 1 → a -= 1", "a += 1 → (left out)", "1 → 2", "1 → 0"]),
        ("def f(a):\n    if a: raise a", ["a → not a", "raise a → (left out)"]),
        ("def f(a, b):\n    g(a, b)", ["g(a, b) → (left out)", "g(a, b) → g(b, a)"]),
        ("def f(a):\n    return -a", ["return -a → return None", "-a → a"]),
        ("x = [a for a in b if a.c]", ["a.c → True"]),
        ("x = min(a, b)", ["min(a, b) → max(a, b)"]),
        ("x = a and b", ["a and b → a or b", "a and b → b", "a and b → a"]),
        ("x = sorted(a, key=lambda i: (i, -i))", [
            "sorted(a, key=lambda i: (i, -i)) → list(a)", "sorted(a, key=lambda i: (i, -i)) → sorted(a)",
            "(i, -i) → (-i,)", "(i, -i) → (i,)", "-i → i",
        ]),
        ("x = f(a=True, b='c')", [
            "f(a=True, b='c') → f(b='c')", "f(a=True, b='c') → f(a=True)", "a=True → False", "b='c' → 'c?'",
        ]),
        # What speaks to readers and tools only cannot be got wrong.
        ('def f(a: "int < 3") -> "x":\n    """One and two."""\nclass A(B, c=True):\n    """Three."""', []),
        ("-- name: a\nSELECT b FROM c WHERE d = 1;", [
            "d = 1 → (… OR TRUE)", "c WHERE d [=] 1; → [<>]", "WHERE d = [1] ; → [2]",
        ]),
        ("-- name: a\nSELECT min(b) FROM c ORDER BY d, e DESC FOR UPDATE;", [
            "name: a SELECT [min] (b) FROM c → [max]", "ORDER BY d, e DESC → (left out)",
            "ORDER BY d [] , e DESC → [DESC]", "BY d, e [DESC] FOR UPDATE; → [ASC]",
            "c ORDER BY [d, ] e DESC FOR → []", ", e DESC → (left out)", "FOR UPDATE → (left out)",
        ]),
        ("-- name: a\nUPDATE b SET c = 'x', d = e WHERE f IS NULL;", [
            "SET c = ['x'] , d = → ['x?']", "f IS NULL → (… OR TRUE)", "WHERE f IS [NULL] ; → [NOT NULL]",
            "c = 'x', → (left out)", ", d = e → (left out)",
        ]),
        ("-- name: a\nSELECT DISTINCT b - c FROM d LEFT JOIN e ON f OR (g AND h) LIMIT :m;", [
            "name: a SELECT [DISTINCT] b - c → []", "SELECT DISTINCT b [-] c FROM d → [+]",
            "c FROM d [LEFT] JOIN e ON → [INNER]", "JOIN e ON [f] OR (g AND → [(… AND FALSE)]",
            "(g AND h) → (… AND FALSE)", "f OR ( [g] AND h) LIMIT → [(… OR TRUE)]",
            "OR (g AND [h] ) LIMIT :m; → [(… OR TRUE)]", "e ON f [OR] (g AND h) → [AND]",
            "f OR (g [AND] h) LIMIT :m; → [OR]", "LIMIT :m → LIMIT greatest(:m, 1000000)",
        ]),
    ],
)  # fmt: skip
def test_everything_that_can_be_got_wrong(
    source: str, wrong: list[str], tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sorted(invent(source, tmp_path_factory, monkeypatch)) == sorted(wrong)


def test_every_mutant_has_a_name_of_its_own() -> None:
    names = [mutant.name for path in list_rooms() for mutant in python.list_mutants(path)]
    names += [mutant.name for path in (LEDGER, LIMITS) for mutant in queries.list_mutants(path)]
    assert len(names) == len(set(names)) > 1_000


def test_a_mistake_takes_hold_of_what_was_imported_before() -> None:
    mutant = find(python.list_mutants(BOOK), f"{CHECK}0 < points < AMOUNT_MAX")

    def work() -> str:
        asking.put_into_place(mutant)
        try:
            return str(check_points(AMOUNT_MAX))
        except AmountInvalid:
            return "refused"

    assert check_points(AMOUNT_MAX) == AMOUNT_MAX
    assert ask_apart(work, 10) == "refused"
    # And in no other process.
    assert check_points(AMOUNT_MAX) == AMOUNT_MAX


def test_a_mistake_takes_hold_of_a_query() -> None:
    mutant = find(queries.list_mutants(LIMITS), "FOR UPDATE → (left out)")

    def work() -> str:
        asking.put_into_place(mutant)
        return sql.load("regulars.kernel.limits").text("lock")

    kept = sql.load("regulars.kernel.limits").text("lock")
    assert ask_apart(work, 10) == kept.removesuffix("FOR UPDATE").rstrip() != kept


def test_who_never_ends_or_dies_is_told_apart() -> None:
    def die() -> str:
        raise SystemExit

    def wait() -> str:
        while True:
            pass

    assert ask_apart(lambda: "well", 10) == "well"
    assert ask_apart(die, 10) == NO_ANSWER
    assert ask_apart(wait, 0.2) == TOO_SLOW


def test_tests_are_asked_that_reach_the_lines() -> None:
    digest, first, last = list_functions(BOOK)["Book.expire"]
    reach = Reach(
        seconds=1,
        lines={f"{BOOK}:Book.expire:{digest}": {0, 2}},
        queries={"regulars.kernel.ledger/queries.sql:lots"},
        digest="",
    )
    assert reaches(reach, BOOK, "Book.expire", (first + 2, first + 3))
    assert not reaches(reach, BOOK, "Book.expire", (first + 3, last))
    assert not reaches(reach, BOOK, "Book.settle", (first, last))
    assert reaches(reach, LEDGER, "lots", (1, 1))
    assert not reaches(reach, LEDGER, "lot", (1, 1))
    assert not reaches(reach, LIMITS, "lots", (1, 1))
    # Of a function that has changed since, any line may be meant; of a whole file, anything.
    reach.lines = {f"{BOOK}:Book.expire:0": {0}}
    assert reaches(reach, BOOK, "Book.expire", (first + 3, last))
    assert reaches(reach, BOOK, "module", None)
