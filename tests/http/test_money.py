"""Points as money over HTTP: the same figures as the books, in JSON and for a spreadsheet, and never without bounds."""

import csv
import io
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

import pytest

from regulars.features import money
from regulars.kernel import spine
from regulars.kernel.nouns import Activity, Identifier, Line, Scalar
from tests.http.site import Site

CARD = Identifier(kind="card", value="2469 0001")
NOW = datetime.now(tz=UTC)
LAST_MONTH = (NOW.replace(day=1) - timedelta(days=1)).strftime("%Y-%m")


def fact(id: str, days: int, *, minor: int = 0, kind: str = "purchase", **ask: Scalar) -> Activity:  # noqa: A002
    lines = (Line(sku="tea", amount_minor=minor),) if minor else ()
    at = NOW - timedelta(days=days)
    return Activity(id=id, source="till", kind=kind, occurred_at=at, member=CARD, lines=lines, ask=ask)


async def estimate(site: Site, rate_permille: int = 800, note: str = "audit 2026, page 4") -> None:
    async with site.database.transaction() as tx:
        await money.make_estimate(
            tx,
            currency="points",
            rate_permille=rate_permille,
            effective_from=NOW,
            by="Ann Li",
            at=NOW,
            note=note,
        )


@pytest.fixture
async def member(site: Site) -> UUID:
    """Somebody with purchases of a hundred and of seventy days ago, of which some points were used."""
    facts = [
        fact("1", 100, minor=100_000),
        fact("2", 70, minor=50_000),
        fact("3", 69, kind="redeem", currency="points", points=300),
    ]
    outcomes = await spine.record(site.database, site.house, facts, replay=True)
    receipt = outcomes[-1].receipt
    assert receipt is not None, outcomes
    return receipt.member


async def read(site: Site, path: str, **query: str | int) -> dict[str, Any]:
    answer = await site.client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def read_table(site: Site, path: str, **query: str | int) -> list[dict[str, str]]:
    answer = await site.client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


@pytest.mark.usefixtures("member")
async def test_a_roll_forward_is_that_of_the_books(site: Site) -> None:
    await estimate(site)
    (shown,) = (answer := await read(site, "/v1/money/forwards", month=LAST_MONTH))["forwards"]
    books = await money.take_books(
        site.database, site.house.versions, at=datetime.now(tz=UTC), month=money.read_month(LAST_MONTH)
    )
    kept = books.forwards[-1]
    assert (answer["is_over"], answer["money"], shown["month"]) == (True, "CNY", LAST_MONTH)
    assert (shown["closing"]["points"], shown["closing"]["deferred_micro"]) == (1_200, kept.closing.deferred_micro)
    assert shown["opening"]["points"] + sum(each["points"] for each in shown["movements"]) == 1_200
    # A month that is over is answered from memory the second time, and with the same figures.
    assert await read(site, "/v1/money/forwards", month=LAST_MONTH) == answer


@pytest.mark.usefixtures("member")
async def test_a_roll_forward_for_a_spreadsheet_adds_up(site: Site) -> None:
    await estimate(site)
    begin = (NOW - timedelta(days=100)).strftime("%Y-%m")
    rows = await read_table(site, "/v1/money/forwards.csv", first=begin, month=LAST_MONTH)
    by_month = [list(group) for _, group in groupby(rows, key=lambda row: row["month"])]
    assert len(by_month) >= 3
    for month in by_month:
        for column in ("points", "value_micro"):
            assert sum(int(row[column]) for row in month[:-1]) == int(month[-1][column])
        assert month[-1]["line"] == "closing"
        assert sum(int(row["set_aside_micro"]) for row in month[:-1]) == int(month[-1]["set_aside_micro"])


@pytest.mark.usefixtures("member")
async def test_postings_come_to_nothing_in_each_coat(site: Site) -> None:
    await estimate(site)
    begin = (NOW - timedelta(days=100)).strftime("%Y-%m")
    transactions = (await read(site, "/v1/money/postings", first=begin))["transactions"]
    assert len(transactions) >= 2
    assert all(sum(leg["minor"] for leg in each["legs"]) == 0 for each in transactions)
    table = await read_table(site, "/v1/money/postings.csv", first=begin)
    assert len(table) == sum(len(each["legs"]) for each in transactions)
    only = (await read(site, "/v1/money/postings", month=begin))["transactions"]
    assert {each["month"] for each in only} == {begin}
    text = (await site.client.get("/v1/money/postings.beancount")).text
    assert text.count('* "Loyalty points"') == len(transactions)


async def test_estimates_are_listed_page_by_page(site: Site) -> None:
    for rate in (800, 700, 600):
        await estimate(site, rate, note="=HYPERLINK(1)")
    first = await read(site, "/v1/money/estimates", limit=2)
    rest = await read(site, "/v1/money/estimates", cursor=first["next"])
    assert [each["rate_permille"] for each in first["estimates"] + rest["estimates"]] == [800, 700, 600]
    assert rest["next"] is None
    table = await site.client.get("/v1/money/estimates.csv", params={"limit": 2})
    assert table.headers["link"] == f'<?cursor={first["next"]}>; rel="next"'
    (last,) = await read_table(site, "/v1/money/estimates.csv", cursor=first["next"])
    assert (last["number"], last["made_by"], last["note"]) == ("3", "Ann Li", "'=HYPERLINK(1)")


async def test_what_was_set_aside_is_shown_lot_by_lot(site: Site, member: UUID) -> None:
    address = f"/v1/members/{member}/deferrals"
    assert await read(site, address) == {"deferrals": [], "next": None}, "no month was asked for yet"
    await estimate(site)
    await read(site, "/v1/money/forwards")
    first = await read(site, address, limit=1)
    rest = await read(site, address, cursor=first["next"])
    both = first["deferrals"] + rest["deferrals"]
    assert [(each["lot"], each["basis"], each["sale_minor"]) for each in both] == [
        (1, "sale", 100_000),
        (2, "sale", 50_000),
    ]
    table = await read_table(site, f"{address}.csv")
    assert [int(row["deferred_micro"]) for row in table] == [each["deferred_micro"] for each in both]


@pytest.mark.usefixtures("member")
async def test_a_rate_is_proposed(site: Site) -> None:
    proposal = (await read(site, "/v1/money/proposals/points"))["proposal"]
    assert proposal["currency"] == "points"
    # Three hundred of the thousand, and of the five hundred nothing, have been used so far.
    assert 200 <= proposal["rate_permille"] <= 300
    assert await read(site, "/v1/money/proposals/stars") == {"proposal": None}


@pytest.mark.usefixtures("member")
async def test_what_the_books_refuse_is_a_problem(site: Site) -> None:
    answer = await site.client.get("/v1/money/forwards")
    assert (answer.status_code, answer.json()["code"]) == (409, "estimate_missing")
    await estimate(site)
    for query, code in [
        ({"month": "2026-13"}, "month_invalid"),
        ({"month": "1999-01"}, "month_invalid"),
        ({"month": "now"}, "parameter_invalid"),
        ({"first": "2001-01"}, "parameter_invalid"),
        ({"first": "2999-01"}, "parameter_invalid"),
        ({"own": [str(number) for number in range(21)]}, "parameter_invalid"),
    ]:
        answer = await site.client.get("/v1/money/forwards", params=query)
        assert (answer.status_code, answer.json()["code"]) == (422, code), query


@pytest.mark.parametrize("cursor", ["x", "bnVsbA", "WyJwb2ludHMiXQ"])
async def test_a_cursor_of_ones_own_making_is_refused(site: Site, member: UUID, cursor: str) -> None:
    for path in ("/v1/money/estimates", "/v1/money/estimates.csv", f"/v1/members/{member}/deferrals"):
        answer = await site.client.get(path, params={"cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid")


async def test_nobody_has_nothing_set_aside(site: Site) -> None:
    for path in ("deferrals", "deferrals.csv"):
        answer = await site.client.get(f"/v1/members/{UUID(int=7)}/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "member_unknown")
