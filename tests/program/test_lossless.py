"""A programme written, stored and written again is the same: YAML, JSON in the database, and YAML once more."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.base.db import Database
from regulars.kernel import program
from regulars.kernel.program import content_hash, decode, dump, encode, parse

# What people may type into a name, an id and a list: also what some reader of YAML takes for something else.
TRAPS = (
    *("no", "on", "null", "~", "1e3", ".5", "1.", ".inf", ".NaN", "-1E-3", "0x1f", "1_000", "2017-01-01", "12:30"),
    *("007", "-7", "- a", "a: b", "#x", "' \"", "{", "%", "---", "...", "=", "<<", "true", "True"),
)
NAMES = st.one_of(
    st.sampled_from(TRAPS),
    st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co")), min_size=1, max_size=40),
    st.text("茶馆\u2028\u2029\u0085\ufeff \t\n", min_size=1, max_size=8),
)
IDS = st.from_regex(r"[a-z][a-z0-9_.-]{0,12}", fullmatch=True)
TEXTS = st.fixed_dictionaries({"en": NAMES, "zh-CN": NAMES}, optional={"fr": NAMES})
EXPIRIES = st.one_of(
    st.just({"model": "never"}),
    st.fixed_dictionaries({"model": st.just("rolling"), "months": st.integers(1, 60)}),
    st.fixed_dictionaries({"model": st.just("fixed"), "date": st.dates().filter(lambda it: it.year < 9999).map(str)}),
    st.fixed_dictionaries({"model": st.just("calendar_end")}, optional={"grace_months": st.integers(0, 24)}),
)
CURRENCIES = st.fixed_dictionaries(
    {"kind": st.just("spendable"), "name": TEXTS},
    optional={
        "expiry": EXPIRIES,
        "value": st.fixed_dictionaries({"minor": st.integers(0, 10**9), "per_points": st.integers(1, 10**9)}),
        "priority": st.integers(-1000, 1000),
        "scale": st.integers(0, 6),
    },
)


BUDGETS = st.fixed_dictionaries({"points": st.integers(1, 2**53 - 1)})


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a whole programme as plain data."""
    currencies = draw(st.dictionaries(IDS, CURRENCIES, min_size=1, max_size=3))
    categories = draw(st.lists(NAMES, max_size=4, unique=True))
    ids = draw(st.lists(IDS, max_size=3, unique=True))
    offers = [
        {
            "id": name,
            "mechanic": "spend",
            "on": ["purchase"],
            "name": draw(TEXTS),
            "settings": {
                "currency": draw(st.sampled_from(sorted(currencies))),
                "points": draw(st.integers(1, 10**6)),
                "per_minor": draw(st.integers(1, 10**6)),
            },
        }
        | draw(
            st.fixed_dictionaries({}, optional={"budget": st.fixed_dictionaries({"points": st.integers(1, 2**53 - 1)})})
        )
        for name in ids
    ]
    return {
        "program": draw(IDS),
        "name": draw(TEXTS),
        "time_zone": draw(st.sampled_from(["UTC", "Asia/Shanghai"])),
        "money": "CNY",
        "currencies": currencies,
        "catalog": {"categories": categories},
        "offers": offers,
    }


@settings(deadline=None, max_examples=60)
@given(documents())
def test_nothing_is_lost_between_yaml_and_json(plain: dict[str, Any]) -> None:
    document = decode(msgspec.json.encode(plain))
    stored = decode(encode(document))
    again = parse(dump(stored))
    assert again == stored == document
    assert content_hash(again) == content_hash(stored) == content_hash(document)


async def test_nothing_is_lost_in_the_database(database: Database) -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    drawn: list[program.Document] = []

    @settings(deadline=None, max_examples=10, database=None)
    @given(documents())
    def draw(plain: dict[str, Any]) -> None:
        drawn.append(decode(msgspec.json.encode(plain)))

    draw()
    async with database.transaction() as tx:
        for document in drawn:
            text = "# why\n" + dump(document)
            hash_ = (await program.draft(tx, document, by="ana", at=at, text=text)).hash
            read = await program.read_document(tx, hash_)
            assert content_hash(parse(dump(read))) == content_hash(read) == hash_
            assert await program.read_source(tx, hash_) == text
