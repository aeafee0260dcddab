"""The document: what can be written, what is refused and where, and that nothing gets lost on the way."""

import json
from pathlib import Path
from time import process_time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.kernel.program import (
    ProgramInvalid,
    compile_plan,
    content_hash,
    decode,
    dump,
    encode,
    find_mechanics,
    parse,
    schema,
)
from regulars.kernel.program.model import OFFERS_MAX, PROBLEMS_MAX
from regulars.kernel.program.reading import read_yaml
from tests.program.story import BASE, HEAD, STARS, TIERS, problems

GROCER = Path(__file__).parents[2] / "programs" / "grocer.yaml"
GOOD = HEAD + BASE + STARS + TIERS
FIRST = HEAD.count("\n") + 1
"""The line of the first offer."""


def swap(old: str, new: str, text: str = GOOD) -> str:
    assert old in text, f"the story has no {old!r}"
    return text.replace(old, new, 1)


@pytest.mark.parametrize("text", [GOOD, GROCER.read_text(encoding="utf-8")], ids=["corner", "grocer"])
def test_nothing_gets_lost(text: str) -> None:
    document = parse(text)
    assert parse(dump(document)) == document
    assert decode(encode(document)) == document
    assert encode(decode(encode(document))) == encode(document)
    assert content_hash(parse(dump(document))) == content_hash(document) == compile_plan(document).hash


def test_comments_and_layout_do_not_change_the_hash_and_content_does() -> None:
    assert content_hash(parse("# a comment\n" + GOOD)) == content_hash(parse(GOOD))
    assert content_hash(parse(swap("days: 14", "days: 15"))) != content_hash(parse(GOOD))


def test_words_that_old_yaml_reads_as_something_else_are_text() -> None:
    document = parse(swap("[National, Private]", "[no, on, 1:30, 2017-01-01, 007]"))
    assert document.catalog.brands == ("no", "on", "1:30", "2017-01-01", "007")


def test_json_may_escape_any_letter_as_json_does() -> None:
    plain = read_yaml(swap("[National, Private]", "['\U0001f375', 'tea \U0001f375']"))
    escaped = json.dumps(plain)
    assert "\\ud83c\\udf75" in escaped, "a tea cup is two halves in JSON"
    assert parse(escaped) == parse(json.dumps(plain, ensure_ascii=False))
    assert parse(escaped).catalog.brands == ("\U0001f375", "tea \U0001f375")
    with pytest.raises(ProgramInvalid, match="a character that cannot be kept"):
        parse(escaped.replace("\\udf75", ""))


BROKEN = [
    # the text itself
    ("offers: [", 1, "", "this is not YAML: while parsing a flow node, expected the node content"),
    ("a: b: c", 1, "", "mapping values are not allowed here"),
    ("a: \t'\x07'", 1, "", "a character here that YAML does not allow"),
    ("", 0, "", "a group of settings is expected, not nothing"),
    ("[]", 1, "", "a group of settings is expected, not a list"),
    (GOOD + "---\nx: 1\n", 0, "", "only one YAML document"),
    (swap("money: USD", "money: USD\nmoney: EUR"), 5, "money", "stands here a second time"),
    (swap("money: USD", "money: &m USD"), 4, "money", "anchors"),
    (swap("money: USD", "money: *m"), 4, "money", "aliases"),
    (swap("money: USD", "money: !!str USD"), 4, "money", "tags"),
    (swap("money: USD", "1: 2"), 4, "", "a key must be text: write it in quotes, '1'"),
    (swap("money: USD", "[a]: 2"), 4, "", "a key must be a plain word"),
    (swap("days: 14", f"days: {10**30}"), 10, "currencies.points.pending.days", "too large a number"),
    ("a: " + "[" * 40 + "]" * 40, 1, "a" + "[0]" * 32, "nested more than 32 deep"),
    # Read to its end, this takes minutes.
    ("{" * 90_000, 1, "", "a key must be a plain word"),
    ('a: "\\0"', 1, "a", "a character that cannot be kept"),
    ('a: "\\uD800"', 1, "a", "a character that cannot be kept"),
    # fractions, wherever they stand
    (swap("points: 1,", "points: 1.5,"), FIRST, "offers[0].settings.points", "1.5 is 3 per 2"),
    (swap("minor: 1,", "minor: 0.5,"), 11, "currencies.points.value.minor", "{points: 3, per_minor: 200}"),
    (swap("days: 14", "days: 1e3"), 10, "currencies.points.pending.days", "not a whole number"),
    # shapes
    (swap("money: USD\n", ""), 1, "", "the setting 'money' is missing"),
    (swap("money: USD", "money: usd"), 4, "money", "three capital letters"),
    (swap("program: corner", "program: Corner"), 1, "program", "small letters"),
    (swap("program: corner", 'program: "corner\\n"'), 1, "program", "small letters"),
    (
        swap("program: corner", "program: 7"),
        1,
        "program",
        'text is expected, not the number 7: write it in quotes, "7"',
    ),
    (swap("time_zone:", "timezone:"), 3, "timezone", "did you mean 'time_zone'?"),
    (swap("kind: spendable", "kind: spendible"), 7, "currencies.points.kind", "Did you mean 'spendable'?"),
    (swap("model: rolling", "model: roling"), 9, "currencies.points.expiry.model", "Did you mean 'rolling'?"),
    (swap("{model: rolling, months: 12, round_to: month_end}", "12"), 9, "currencies.points.expiry", "with 'model'"),
    (swap("days: 14", "days: soon"), 10, "currencies.points.pending.days", "a whole number is expected, not the text"),
    (swap("days: 14", "days: -1"), 10, "currencies.points.pending.days", "-1 is too small; the least is 0"),
    (swap("days: 14", "days: true"), 10, "currencies.points.pending.days", "not true"),
    (swap("on: [purchase]", "on: purchase"), FIRST, "offers[0].on", "a list is expected"),
    (swap("on: [purchase]", "on: []"), FIRST, "offers[0].on", "at least 1"),
    (swap("id: base,", "id: base, schedule: {from: 2017-02-30},"), FIRST, "offers[0].schedule.from", "a date such as"),
    # meanings
    (swap("America/Chicago", "America/Chicage"), 3, "time_zone", "did you mean 'America/Chicago'?"),
    (swap("America/Chicago", "../../etc/passwd"), 3, "time_zone", "not a time zone"),
    (swap(", zh-CN: 街角小店", ""), 2, "name", "the name in 'zh-CN' is missing"),
    (swap("en: Stars, ", ""), 14, "currencies.stars.name", "the name in 'en' is missing"),
    (swap("months: 12", "months: 12, days: 3"), 9, "currencies.points.expiry", "either 'days' or 'months'"),
    (swap("{days: 14}", "{}"), 10, "currencies.points.pending", "either 'days' or 'until'"),
    (
        swap("months: 12, round_to: month_end", "days: 7"),
        10,
        "currencies.points.pending",
        "before anyone could use them",
    ),
    (swap("mechanic: spend", "mechanic: spent"), FIRST, "offers[0].mechanic", "there is no mechanic 'spent'; known: "),
    (swap("id: stars", "id: base"), FIRST + 1, "offers[1].id", "'base' stands here a second time"),
    (swap("currency: points", "currency: point"), FIRST, "offers[0].settings.currency", "did you mean 'points'?"),
    (swap("per_minor: 100", "per_minor: 0"), FIRST, "offers[0].settings.per_minor", "the least is 1"),
    (swap("points: 1, per", "point: 1, per"), FIRST, "offers[0].settings.point", "did you mean 'points'?"),
    (swap(", per_minor: 100", ""), FIRST, "offers[0].settings", "belong together"),
    (swap("on: [purchase]", "on: [return]"), FIRST, "offers[0].on", "on_return"),
    (
        swap("id: base,", "id: base, schedule: {from: 2017-03-02, until: 2017-03-01},"),
        FIRST,
        "offers[0].schedule",
        "it would end (2017-03-01) before it starts",
    ),
    (
        swap("points: 1,", "rates: [{categories: [PRODUSE], points: 2, per_minor: 1}], points: 1,"),
        FIRST,
        "offers[0].settings.rates[0].categories[0]",
        "did you mean 'PRODUCE'?",
    ),
    (
        swap("points: 1,", "exclude: {brands: [privat]}, points: 1,"),
        FIRST,
        "offers[0].settings.exclude.brands[0]",
        "the brand 'privat' is not among catalog.brands",
    ),
    (
        swap("points: 1,", "times: {glod: {times: 2}}, points: 1,"),
        FIRST,
        "offers[0].settings.times.glod",
        "did you mean 'gold'?",
    ),
    (
        swap("points: 1,", "times: {a: {times: 2}}, times_by: tire, points: 1,"),
        FIRST,
        "offers[0].settings.times_by",
        "did you mean 'tier'?",
    ),
    (swap("at: 100", "at: 0"), FIRST + 6, "offers[2].settings", "from the lowest to the highest"),
    (
        GOOD + TIERS.replace("id: tiers", "id: more"),
        FIRST + 13,
        "offers[3].settings",
        "set by the offer 'tiers' already",
    ),
]


@pytest.mark.parametrize(("text", "line", "path", "said"), BROKEN, ids=[said[:30] for _, _, _, said in BROKEN])
def test_what_is_wrong_is_said_with_its_place(text: str, line: int, path: str, said: str) -> None:
    found = problems(text)
    assert any(path == where and said in message for _, where, message in found), found
    if line:
        assert line in {at for at, where, _ in found if where == path}, found


def test_store_is_checked_where_the_catalogue_lists_stores() -> None:
    offer = swap("points: 1,", "rates: [{stores: ['9'], points: 2, per_minor: 1}], points: 1,")
    parse(offer)
    found = problems(offer.replace("  brands:", '  stores: ["8"]\n  brands:'))
    assert [message for _, _, message in found] == ["the store '9' is not among catalog.stores; known: 8"]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    text = swap("kind: spendable", "kind: money").replace("days: 14", "days: soon").replace("per_minor", "perminor")
    assert len(problems(text)) == 2
    assert len(problems(text.replace("kind: money", "kind: spendable").replace("days: soon", "days: 1"))) == 2


def test_too_much_is_refused() -> None:
    offers = "".join(BASE.replace("id: base", f"id: base{number}") for number in range(OFFERS_MAX + 1))
    assert problems(HEAD + offers) == [(FIRST, "offers", "201 stand here; at most 200 are allowed")]
    assert "bytes" in problems("#" + "x" * 1024 * 1024)[0][2]
    laughs = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdef", "bcdefg", strict=True))
    assert {message.split(" ")[0] for _, _, message in problems(laughs)} == {"anchors", "aliases"}


def test_ten_thousand_offers_are_refused_at_once_and_in_one_sentence() -> None:
    short = [f"  - {{id: o{number}, mechanic: spend, on: [purchase]}}\n" for number in range(10_000)]
    text = HEAD + "".join(short)
    began = process_time()
    assert problems(text) == [(FIRST, "offers", "10000 stand here; at most 200 are allowed")]
    # They are read, and no more. It took half a second where this was written.
    assert process_time() - began < 20
    with pytest.raises(ProgramInvalid, match="10000 stand here; at most 200 are allowed"):
        decode(msgspec.json.encode({**msgspec.to_builtins(parse(GOOD)), "offers": [{"id": "a"}] * 10_000}))


def test_what_is_wrong_is_listed_up_to_a_bound() -> None:
    wrong = "".join(BASE.replace("id: base", f"id: base{number}, pronto: 1") for number in range(150))
    found = problems(HEAD + wrong)
    assert len(found) == PROBLEMS_MAX + 1
    assert found[-1] == (0, "", "and 50 more")


@pytest.mark.parametrize(
    ("data", "said"),
    [("{", "not JSON"), ("[]", "a group of settings"), ('{"program": 1.5}', "1.5 is 3 per 2"), ("{}", "missing")],
)
def test_json_that_is_no_programme(data: str, said: str) -> None:
    with pytest.raises(ProgramInvalid, match=said):
        decode(data)


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    with pytest.raises(ProgramInvalid) as refused:
        parse(text)
    assert refused.value.code == "program_invalid"
    assert refused.value.problems


def test_schema_names_every_mechanic_and_is_2020_12() -> None:
    described = schema()
    assert described["$schema"].endswith("2020-12/schema")
    offer = described["$defs"]["Offer"]
    assert offer["properties"]["mechanic"]["enum"] == sorted(find_mechanics())
    for rule in offer["allOf"]:
        name = rule["then"]["properties"]["settings"]["$ref"].removeprefix("#/$defs/")
        assert described["$defs"][name]["additionalProperties"] is False
