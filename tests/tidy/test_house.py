"""The rules of the house hold everywhere, and each is seen to fail on a file that breaks it."""

import pytest

from tests.tidy.house import (
    File,
    Rule,
    commit_in_one_place,
    create_in_own_schema,
    end_transactions_before_answering,
    hand_in_clock_and_chance,
    keep_to_own_schema,
    limit_files,
    limit_functions,
    limit_routes,
    list_files,
    read_environment_once,
    refuse_floats,
    refuse_job_titles,
    say_what_the_room_is,
    stay_on_any_machine,
    write_plain_sql,
)

EVERYTHING = ("*",)
PYTHON = ("*.py",)
OURS = ("src/*.py",)

# Rule, where it holds, where it does not and why.
RULES: list[tuple[Rule, tuple[str, ...], tuple[str, ...]]] = [
    (limit_functions, PYTHON, ()),
    (limit_files, ("*.py", "*.sql", "*.sh"), ()),
    (say_what_the_room_is, ("src/*/__init__.py",), ()),
    (refuse_job_titles, PYTHON, ()),
    (keep_to_own_schema, ("src/*.sql",), ()),
    (create_in_own_schema, ("src/*/migrations/*.sql",), ()),
    (write_plain_sql, ("src/*.sql",), ()),
    (
        refuse_floats,
        (
            "src/regulars/kernel/ledger/*.py",
            "src/regulars/kernel/limits/*.py",
            "src/regulars/kernel/program/*.py",
            "src/regulars/kernel/nouns.py",
            "src/regulars/features/*/mechanic.py",
        ),
        (),
    ),
    (limit_routes, OURS, ()),
    (commit_in_one_place, OURS, ("src/regulars/base/db.py",)),
    (
        hand_in_clock_and_chance,
        ("src/regulars/kernel/*.py", "src/regulars/features/*/mechanic.py", "src/regulars/features/*/model.py"),
        (),
    ),
    (read_environment_once, OURS, ("src/regulars/base/settings.py",)),
    (end_transactions_before_answering, OURS, ()),
    (stay_on_any_machine, EVERYTHING, ()),
]


def find_breaches(rule: Rule, files: tuple[File, ...]) -> list[str]:
    return [f"{file.path}:{line}: {complaint}" for file in files for line, complaint in rule(file)]


@pytest.mark.parametrize(("rule", "where", "but"), RULES, ids=lambda value: getattr(value, "__name__", ""))
def test_rule_holds(rule: Rule, where: tuple[str, ...], but: tuple[str, ...]) -> None:
    files = tuple(file for file in list_files() if file.matches(*where) and not file.matches(*but))
    assert files, "the rule is not looking anywhere"
    breaches = find_breaches(rule, files)
    assert not breaches, "\n".join(breaches)


# What breaks each rule, and its nearest neighbour that does not.
ROOM = "src/regulars/kernel/ledger"
LONG = "def f():\n" + "    a = 1\n" * 69
ROUTE = "@router.post('/x')\nasync def record(tx):\n    '''Doc.'''\n"
CASES: list[tuple[Rule, str, str, str]] = [
    (limit_functions, "a.py", LONG + "    a = 2\n", LONG),
    (limit_functions, "a.py", "class A:\n    async " + (LONG + "    a = 2\n").replace("\n", "\n    "), "def f(): ..."),
    (limit_files, "a.sql", "--\n" * 601, "--\n" * 600),
    (say_what_the_room_is, f"{ROOM}/__init__.py", "", '"""What members hold."""'),
    (say_what_the_room_is, f"{ROOM}/__init__.py", '"""ledger stuff"""', '"""What members hold.\n\nAnd more."""'),
    (
        say_what_the_room_is,
        f"{ROOM}/__init__.py",
        '"""What members hold."""\nfrom x import a',
        '"""What members hold."""\nfrom x import a\n__all__ = ["a"]',
    ),
    (refuse_job_titles, "a.py", "class LotManager: ...", "class Lot: ..."),
    (refuse_job_titles, "a.py", "def f():\n    class HTTPHandler2: ...", "class Implicit: ..."),
    (refuse_job_titles, "src/regulars/utils.py", "", ""),
    (keep_to_own_schema, f"{ROOM}/queries.sql", "SELECT id FROM members.member;", "SELECT l.id FROM ledger.lot AS l;"),
    (
        keep_to_own_schema,
        f"{ROOM}/queries.sql",
        "SELECT a FROM ledger.lot WHERE\nid IN (SELECT id FROM activity.due)",
        "SELECT 'members.member' -- members.member",
    ),
    (create_in_own_schema, f"{ROOM}/migrations/0001_a.sql", "CREATE SCHEMA members;", "CREATE SCHEMA ledger;"),
    (
        create_in_own_schema,
        f"{ROOM}/migrations/0001_a.sql",
        "CREATE TABLE lot (id bigint);",
        "CREATE TABLE ledger.lot (i int);",
    ),
    (
        create_in_own_schema,
        f"{ROOM}/migrations/0001_a.sql",
        "CREATE UNIQUE INDEX CONCURRENTLY i ON public.lot (id);",
        "CREATE UNIQUE INDEX IF NOT EXISTS i ON ledger.lot (id);",
    ),
    (create_in_own_schema, f"{ROOM}/migrations/1.sql", "", ""),
    (write_plain_sql, f"{ROOM}/queries.sql", "SELECT now();", "SELECT 'now()', known (a), a.random FROM ledger.a;"),
    (write_plain_sql, f"{ROOM}/queries.sql", "SELECT CURRENT_DATE;", "SELECT :at::date;"),
    (write_plain_sql, f"{ROOM}/queries.sql", "SELECT l.* FROM ledger.lot AS l;", "SELECT count(*) FROM ledger.lot;"),
    (
        write_plain_sql,
        f"{ROOM}/migrations/0001_a.sql",
        "CREATE OR REPLACE FUNCTION f()",
        "CREATE INDEX f ON ledger.a (b)",
    ),
    (write_plain_sql, f"{ROOM}/migrations/0001_a.sql", "CREATE TRIGGER t", "DROP TABLE ledger.t"),
    (write_plain_sql, f"{ROOM}/migrations/0001_a.sql", "DO $$ BEGIN END $$;", "ON CONFLICT DO NOTHING"),
    (write_plain_sql, "src/regulars/base/queries.sql", "SELECT uuidv7();", "SELECT clock_timestamp();"),
    (refuse_floats, f"{ROOM}/model.py", "def f(x: float): ...", "def f(x: int): ..."),
    (refuse_floats, f"{ROOM}/model.py", "rate = 0.5", "times, over = 1, 2"),
    (refuse_floats, f"{ROOM}/model.py", "x = a / b", "x = a // b"),
    (refuse_floats, f"{ROOM}/model.py", "x /= 2", "x //= 2"),
    (limit_routes, "src/regulars/interfaces/http/a.py", ROUTE + "    a = 1\n" * 7, ROUTE + "    a = 1\n" * 6),
    (limit_routes, "src/a.py", ROUTE + "    for a in b:\n" + "        c = 1\n" * 6, LONG),
    (commit_in_one_place, "src/a.py", "async def f(c):\n    await c.commit()", "commit_seconds_max = 1"),
    (commit_in_one_place, "src/a.py", "await tx.run('commit;')", "await tx.run('SELECT 1')"),
    (hand_in_clock_and_chance, f"{ROOM}/model.py", "a = datetime.now(tz=UTC)", "a = datetime(2026, 1, 1)"),
    (hand_in_clock_and_chance, f"{ROOM}/model.py", "a = dt.date.today()", "a = step.today()"),
    (hand_in_clock_and_chance, f"{ROOM}/model.py", "def f():\n    import time", "import timeit"),
    (hand_in_clock_and_chance, f"{ROOM}/model.py", "from time import monotonic", "from datetime import time"),
    (hand_in_clock_and_chance, f"{ROOM}/model.py", "from random import choice", "from uuid import UUID"),
    (hand_in_clock_and_chance, f"{ROOM}/model.py", "from uuid import uuid4", "from uuid import UUID, uuid5"),
    (hand_in_clock_and_chance, f"{ROOM}/model.py", "a = base.ids.new_id()", "a = house.new_id()"),
    (read_environment_once, "src/a.py", "import os\na = os.environ['A']", "a = settings.a"),
    (read_environment_once, "src/a.py", "from os import getenv", "from os import getpid"),
    (
        end_transactions_before_answering,
        "src/a.py",
        "async def f(tx: Annotated[Tx, Depends(begin)]): ...",
        "async def f(tx: Annotated[Tx, Depends(begin, scope='function')], k: Annotated[Key, Depends(key)]): ...",
    ),
    (
        end_transactions_before_answering,
        "src/a.py",
        "Now = Annotated[db.Tx, fastapi.Depends(begin, scope='request')]",
        "async def f(tx: Tx = Depends(begin, scope='function')): ...",
    ),
    (end_transactions_before_answering, "src/a.py", "async def f(a, *, tx: Tx = Depends(begin)): ...", "a: Tx = b"),
    (stay_on_any_machine, "a.md", "from /" + "work/main it runs", "network/workers, $root/root, a/work/b"),
    (stay_on_any_machine, "a.md", "see /" + "home/ann/x", "see /healthz"),
    (stay_on_any_machine, "a.txt", "--index-url https://py" + "pi.org/simple", "the package index"),
    (stay_on_any_machine, "a.py", "open('.." + "/shared/style.md')", "open('../shared_code')"),
]


@pytest.mark.parametrize(("rule", "path", "bad", "good"), CASES)
def test_rule_can_fail(rule: Rule, path: str, bad: str, good: str) -> None:
    assert find_breaches(rule, (File(path=path, text=bad),)), "this should have been refused"
    if good != bad:
        assert find_breaches(rule, (File(path=path, text=good),)) == []


def test_every_rule_was_seen_to_fail() -> None:
    assert {rule for rule, *_ in RULES} == {rule for rule, *_ in CASES}
