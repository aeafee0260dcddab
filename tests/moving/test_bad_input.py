"""What other systems and spreadsheets do to files: each is told with its line and the cure, and nothing is guessed."""

from dataclasses import dataclass

import pytest

from regulars.features import moving
from regulars.kernel import members
from tests.moving.conftest import CODES, LOTS, MEMBERS, Desk


@dataclass(frozen=True, kw_only=True)
class Case:
    """One thing that is wrong, and what is said of it."""

    file: str
    old: str
    new: str
    code: str
    line: int
    cure: str


CASES = {
    "a card that a spreadsheet cut": Case(
        file="members",
        old="6220000000000002",
        new="6.22E+15",
        code="scientific_number",
        line=3,
        cure="as text",
    ),
    "a card that a tool read as a number": Case(
        file="members", old="6220000000000002", new="6220000000000002.0", code="decimal_number", line=3, cure="as text"
    ),
    "a member who comes twice": Case(
        file="members",
        old="m3,6220000000000003",
        new="m3,6220000000000009,,2025-03-04,,,,\nm3,6220000000000003",
        code="member_duplicate",
        line=5,
        cure="Merge the two lines",
    ),
    "a card of two members": Case(
        file="members",
        old="6220000000000003",
        new="6220 0000 0000 0001",
        code="member_duplicate",
        line=4,
        cure="Merge the two lines",
    ),
    "a phone without its country": Case(
        file="members", old="+86 138 0013 8002", new="13800138002", code="identifier_invalid", line=3, cure="Mend it"
    ),
    "a date of another format": Case(
        file="members", old="2024-05-01", new="01.05.2024", code="date_unreadable", line=2, cure="`dates`"
    ),
    "a day that there is not": Case(
        file="members", old="2024-05-01", new="2024-02-30", code="date_unreadable", line=2, cure="`dates`"
    ),
    "somebody who joins tomorrow": Case(
        file="members", old="2024-05-01", new="2027-05-01", code="date_in_future", line=2, cure="--as-of"
    ),
    "a level of before the programme": Case(
        file="members", old="2025-06-01", new="2020-06-01", code="before_programme", line=2, cure="--from"
    ),
    "a level that nobody knows": Case(
        file="members", old=",G,", new=",P,", code="word_unknown", line=2, cure="`values`"
    ),
    "a lot below zero": Case(file="lots", old="m1,300", new="m1,-300", code="lot_negative", line=2, cure="adjust"),
    "half a point": Case(file="lots", old="m1,300", new="m1,300.5", code="amount_fraction", line=2, cure="`decimals`"),
    "thousands apart": Case(
        file="lots", old="m1,300", new='m1,"1,300"', code="amount_unreadable", line=2, cure="without separators"
    ),
    "points of nobody": Case(
        file="lots", old="m3,7", new="m9,7", code="member_unknown", line=7, cure="Bring the member"
    ),
    "a lot that ends before it begins": Case(
        file="lots", old="2026-03-15", new="2027-03-15", code="lot_backwards", line=5, cure="Mend it"
    ),
    "a cell too many": Case(file="lots", old="m3,7", new="m3,,7", code="line_ragged", line=7, cure="quotes"),
    "a purchase below zero": Case(
        file="sales", old="12.80", new="-12.80", code="amount_negative", line=4, cure="what was kept"
    ),
    "a time that is empty": Case(
        file="sales", old="2025-10-02 11:00", new="", code="cell_empty", line=4, cure="leave the line out"
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_a_bad_line_is_told_with_its_cure(desk: Desk, case: Case) -> None:
    text = (desk.folder / f"{case.file}.csv").read_text()
    assert case.old in text
    desk.write(**{case.file: text.replace(case.old, case.new, 1)})
    report = await desk.bring()
    problem = desk.find(case.code)
    assert (problem.file, problem.line) == (f"{case.file}.csv", case.line)
    assert case.cure in problem.cure
    assert (report.dry_run, len(desk.told)) == (True, 1), desk.told
    async with desk.shop.database.snapshot() as read:
        assert await members.count(read) == 0, "nothing is written where something is wrong"
    for word in ("6220", "138001", "1380 "):
        assert word not in str(problem), "nobody is found by what is complained of"


SHAPES = {
    "a level of the programme": ("{column: level, values: {G: gold, B: green}}", "level", "level_unknown", "values"),
    "a currency": ("{value: points}", "{value: coins}", "currency_unknown", "values"),
    "a coupon": ("coupon: {value: welcome}", "coupon: {value: hello}", "coupon_missing", "values"),
    "a trait": ("language: lang", "colour: lang", "trait_unknown", "catalog.traits"),
    "a column that is not there": ("card: card", "card: kard", "column_missing", "Did you mean 'card'?"),
    "a column that would be lost": (", language: lang", "", "column_lost", "leave: [lang]"),
}


@pytest.mark.parametrize(("old", "new", "code", "cure"), SHAPES.values(), ids=SHAPES.keys())
async def test_a_mapping_that_does_not_fit(desk: Desk, old: str, new: str, code: str, cure: str) -> None:
    desk.change(old, new)
    report = await desk.bring(keep_good=code.startswith("column_"))
    assert cure in desk.find(code).cure
    assert report.dry_run, "a mapping that does not fit brings nothing, whatever is asked for"


async def test_the_mark_of_a_windows_file_is_nothing(desk: Desk) -> None:
    desk.write(members=b"\xef\xbb\xbf" + MEMBERS.replace("\n", "\r\n").encode())
    report = await desk.bring()
    assert (report.problems_found, report.parts[0].brought) == (0, 3)


async def test_a_file_in_gbk_is_read_where_the_mapping_says_so(desk: Desk) -> None:
    chinese = MEMBERS.replace("id,card", "编号,card").replace("m3,622", "会员三,622")
    desk.write(members=chinese.encode("gb18030"), lots=LOTS.replace("m3", "会员三").encode("gb18030"))
    desk.change("{old_id: id, card", "{old_id: 编号, card")
    desk.change("  file: members.csv\n  member: id\n", "  file: members.csv\n  member: 编号\n")
    with pytest.raises(moving.SheetUnreadable) as raised:
        await desk.bring()
    assert "members.csv, line 1: this is not utf-8" in raised.value.detail
    assert "say `encoding: gb18030`" in raised.value.detail
    desk.change("key: old_id\n", "key: old_id\nencoding: gb18030\n")
    report = await desk.bring()
    assert (report.problems_found, report.parts[0].brought) == (0, 3)


async def test_bytes_that_break_in_the_middle_are_told_by_their_line(desk: Desk) -> None:
    desk.write(lots=LOTS.encode() + "m3,8,2025-08-01,,二\n".encode("gb18030"))
    with pytest.raises(moving.SheetUnreadable) as raised:
        await desk.bring(dry_run=True)
    assert "lots.csv, line 8" in raised.value.detail


async def test_utf_16_is_known_by_its_mark(desk: Desk) -> None:
    desk.write(lots=LOTS.encode("utf-16"))
    with pytest.raises(moving.SheetUnreadable) as raised:
        await desk.bring(dry_run=True)
    assert "say `encoding: utf-16`" in raised.value.detail.replace("Say", "say")


async def test_mixed_date_formats_are_read_or_refused_and_never_guessed(desk: Desk) -> None:
    desk.change("key: old_id\n", 'key: old_id\ndates: ["%d/%m/%Y", "%m/%d/%Y"]\n')
    desk.write(
        lots="id,points,issued,usable,ends\n"
        "m1,1,25/06/2025,,31/12/2026\n"  # only one of the two can read these
        "m1,2,06/25/2025,,12/31/2026\n"
        "m1,3,2025-06-25,,06/06/2026\n"  # one day, whichever it is
        "m1,4,2025-06-25,,06/07/2026\n"  # two days: nobody knows which
    )
    report = await desk.bring(dry_run=True)
    assert [(each.line, each.code) for each in desk.told] == [(5, "date_ambiguous")]
    assert "Leave one format" in desk.find("date_ambiguous").cure
    assert next(part.brought for part in report.parts if part.part == "lots") == 3


async def test_of_five_thousand_lines_the_good_ones_are_brought_on_request(desk: Desk) -> None:
    bad = {n for n in range(5_000) if n % 100 == 7}
    lines = [f"b{n},{'6.2E+15' if n in bad else f'7{n:015d}'},,2025-01-02,,,,\n" for n in range(5_000)]
    desk.write(members=MEMBERS + "".join(lines))
    refused = await desk.bring()
    assert (refused.dry_run, refused.problems_found) == (True, 50)
    report = await desk.bring(keep_good=True)
    assert (report.parts[0].brought, report.parts[0].refused) == (4_953, 50)
    assert [each.line for each in desk.told] == sorted(n + 5 for n in bad)
    desk.write(members=MEMBERS + "".join(lines).replace("6.2E+15", "", 50))
    mended = await desk.bring()
    assert (mended.problems_found, mended.parts[0].brought, mended.parts[0].there) == (0, 50, 4_953)


async def test_an_identifier_of_somebody_who_is_here_is_not_taken(desk: Desk) -> None:
    await desk.bring()
    desk.write(members=MEMBERS.replace("m3,", "m4,"), lots=LOTS.replace("m3", "m1"), codes=CODES)
    await desk.bring()
    problem = desk.find("identifier_taken")
    assert (problem.line, problem.column) == (4, "card")
    assert "merge the two members" in problem.cure


async def test_a_source_is_brought_as_of_one_moment(desk: Desk) -> None:
    await desk.bring()
    with pytest.raises(moving.MoveBound):
        await desk.bring(as_of=desk.shop.at)
    assert (await desk.bring(as_of=None)).is_balanced


MAPPINGS = {
    "no YAML": ("mapping: [", "is not YAML"),
    "an alias": ("a: *a\nb: c", "line 1, a: aliases"),
    "an anchor": ("a: &a [x, x]\nb: [*a, *a]", "line 1, a: anchors"),
    # Read to its end, this takes minutes.
    "lists within lists": ("[" * 90_000, "nested more than 32 deep"),
    "keys within keys": ("{" * 90_000, "a key must be a plain word"),
    "a word that it does not know": ("mapping: a\nsource: b\nkey: c\ncolour: d", "colour"),
    "no part": ("mapping: a\nsource: b\nkey: c", "there is no part in it"),
    "no key among the identifiers": (
        "mapping: a\nsource: b\nkey: c\nmembers: {file: x, identifiers: {card: y}}",
        "members have no such identifier",
    ),
    "a time zone that there is not": (
        "mapping: a\nsource: b\nkey: c\ntime_zone: Mars\nmembers: {file: x, identifiers: {c: y}}",
        "is no time zone",
    ),
    "both a column and a value": (
        "mapping: a\nsource: b\nkey: c\nmembers: {file: x, identifiers: {c: {column: y, value: z}}}",
        "either a column or a value",
    ),
}


@pytest.mark.parametrize(("text", "said"), MAPPINGS.values(), ids=MAPPINGS.keys())
def test_a_mapping_that_cannot_be_read(text: str, said: str) -> None:
    with pytest.raises(moving.MappingInvalid) as raised:
        moving.read_mapping(text, name="m.yaml")
    assert said in raised.value.detail
