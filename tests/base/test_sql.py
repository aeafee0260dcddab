"""The parser of query files, and the traps that SQL sets for it."""

import pytest

from regulars.base.db import Database
from regulars.base.sql import QueryMisused, all_queries, load, parse


@pytest.mark.parametrize(
    ("statement", "sent", "parameters"),
    [
        ("SELECT :a", "SELECT $1", ("a",)),
        ("SELECT :a, :b, :a", "SELECT $1, $2, $1", ("a", "b")),
        ("SELECT :a::bigint", "SELECT $1::bigint", ("a",)),
        ("SELECT 1::bigint", "SELECT 1::bigint", ()),
        ("SELECT x ::text, :a ::text", "SELECT x ::text, $1 ::text", ("a",)),
        ("SELECT '12:30', ':a', 'it''s :a'", "SELECT '12:30', ':a', 'it''s :a'", ()),
        (r"SELECT E'it\'s :a', e'\\', :b", r"SELECT E'it\'s :a', e'\\', $1", ("b",)),
        # Not an escape string: the backslash is a backslash, and the string ends at the next quote.
        (r"SELECT '\', :a", r"SELECT '\', $1", ("a",)),
        ('SELECT "odd:name", "a"":b"', 'SELECT "odd:name", "a"":b"', ()),
        ("SELECT $$ :a; $$, $x$ $$ :b; $x$, :c", "SELECT $$ :a; $$, $x$ $$ :b; $x$, $1", ("c",)),
        ("SELECT f(x := 1, y => :a)", "SELECT f(x := 1, y => $1)", ("a",)),
        ("SELECT tags[1:2], tags[n:m], tags[:a]", "SELECT tags[1:2], tags[n:m], tags[$1]", ("a",)),
        ("SELECT :a-- :b; 'x\n, 2", "SELECT $1 \n, 2", ("a",)),
        ("SELECT/* :a; /* ' */ still */1", "SELECT 1", ()),
        ("SELECT ';', \":;\", :a", "SELECT ';', \":;\", $1", ("a",)),
        ("SELECT :long_name_2", "SELECT $1", ("long_name_2",)),
        ("SELECT a$1b FROM t", "SELECT a$1b FROM t", ()),
        ("SELECT U&'\\0041:a', B'01', :a", "SELECT U&'\\0041:a', B'01', $1", ("a",)),
    ],
)
def test_placeholders_are_found_and_nothing_else(statement: str, sent: str, parameters: tuple[str, ...]) -> None:
    queries = parse(f"-- name: x\n{statement};\n", source="test.sql")
    assert (queries.text("x"), queries.parameters("x")) == (sent, parameters)


def test_a_file_holds_many_queries_with_their_comments() -> None:
    text = """-- Queries of a test.

-- name: first
-- Why it is so.
-- In two lines.
SELECT 1;  -- done

-- name: second
SELECT '
-- name: not_one
', :a
  -- name: nor_this
  FROM t;
"""
    queries = parse(text, source="test.sql")
    assert queries.names == ("first", "second")
    assert queries.text("first") == "SELECT 1"
    assert queries.parameters("second") == ("a",)
    assert "not_one" in queries.text("second")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("SELECT 1;", "something stands before"),
        ("-- name: a\nSELECT 1", "one statement that ends in `;`"),
        ("-- name: a\nSELECT 1; SELECT 2;", "one statement"),
        ("-- name: a\nSELECT 1; 2", "one statement"),
        ("-- name: a\nSELECT 1;;", "one statement"),
        ("-- name: a\n;", "one statement"),
        ("-- name: a\n-- only words", "one statement"),
        ("-- name: a\nSELECT 1;\n-- name: a\nSELECT 2;", "used once"),
        ("-- name: Two\nSELECT 1;", "lower-case"),
        ("-- name: two-words\nSELECT 1;", "lower-case"),
        ("-- name: a\nSELECT $1;", "write :name"),
        ("-- name: a\nSELECT 'x;", "never closed"),
        ('-- name: a\nSELECT "x;', "never closed"),
        ("-- name: a\nSELECT /* x;", "never closed"),
    ],
)
def test_a_broken_file_is_a_bug_with_a_place(text: str, complaint: str) -> None:
    with pytest.raises(QueryMisused, match=complaint) as bug:
        parse(text, source="rooms/test.sql")
    assert "rooms/test.sql" in str(bug.value)


def test_the_second_query_of_a_name_is_named_with_its_line() -> None:
    with pytest.raises(QueryMisused, match=r"test\.sql:4, query 'a'"):
        parse("-- name: a\nSELECT 1;\n\n-- name: a\nSELECT 2;", source="test.sql")


@pytest.mark.parametrize(
    ("name", "params", "complaint"),
    [
        ("pair", {"a": 1}, r"missing \['b'\], not known \[\]"),
        ("pair", {"a": 1, "b": 2, "c": 3}, r"missing \[\], not known \['c'\]"),
        ("pair", {"a": 1, "c": 3}, r"missing \['b'\], not known \['c'\]"),
        ("pears", {}, "test.sql has no query 'pears'; it has pair"),
    ],
)
async def test_a_wrong_call_is_a_bug_before_anything_is_sent(
    database: Database, name: str, params: dict[str, int], complaint: str
) -> None:
    queries = parse("-- name: pair\nSELECT :a, :b;", source="test.sql")
    async with database.snapshot() as read:
        with pytest.raises(QueryMisused, match=complaint):
            await queries.rows(read, name, **params)
        assert read.statements == 0


async def test_queries_run_by_name(database: Database) -> None:
    queries = parse(
        """
        -- Queries of a test.
-- name: make
CREATE TABLE public.fruit (name text, pieces bigint);
-- name: add
INSERT INTO public.fruit (name, pieces) SELECT * FROM unnest(cast(:names AS text[]), cast(:pieces AS bigint[]));
-- name: list
SELECT name, pieces FROM public.fruit WHERE pieces >= :least ORDER BY name;
-- name: sum
SELECT sum(pieces)::bigint FROM public.fruit WHERE name = any(cast(:names AS text[]));
""",
        source="test.sql",
    )
    async with database.transaction() as tx:
        await queries.run(tx, "make")
        assert await queries.run(tx, "add", names=["fig", "kiwi"], pieces=[3, 4]) == "INSERT 0 2"
        assert [dict(row.items()) for row in await queries.rows(tx, "list", least=4)] == [{"name": "kiwi", "pieces": 4}]
        first = await queries.row(tx, "list", least=0)
        assert first is not None
        assert (first["name"], first[1], len(first)) == ("fig", 3, 2)
        assert await queries.row(tx, "list", least=9) is None
        assert await queries.value(tx, "sum", names=["fig", "kiwi"]) == 7
        assert tx.statements == 6


def test_a_room_has_one_parsed_file_whoever_loads_it() -> None:
    assert load("regulars.base") is load("regulars.base")
    assert load("regulars.base.clock").names == load("regulars.base").names
    assert "now" in load("regulars.base").names


async def test_every_query_of_the_project_is_one_that_postgresql_understands(database: Database) -> None:
    """The parser agrees with PostgreSQL's: it sees as many parameters as we do."""
    found = all_queries()
    assert "regulars.base/queries.sql" in [room.source for room in found]
    async with database.transaction() as tx:
        for number, (queries, name) in enumerate((room, name) for room in found for name in room.names):
            await tx.run(f"PREPARE q{number} AS {queries.text(name)}")
            types = await tx.value(
                "SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = $1", f"q{number}"
            )
            assert types == len(queries.parameters(name)), f"{queries.source}: {name}"
