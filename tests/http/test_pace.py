"""A caller has a pace, is told of it, and is stopped when it goes faster; others are not."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from regulars.base.db import Database
from regulars.base.settings import Settings
from regulars.features import access
from regulars.interfaces.http.app import app
from regulars.interfaces.http.pace import BURNS_AT_ONCE, Pace, RateLimited
from regulars.kernel import spine
from tests.http.site import Purchase, Site, codes, run_site


class Seconds:
    """A clock that the test turns."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_fills_by_time_and_never_above_its_brim() -> None:
    clock = Seconds()
    pace = Pace(rate=8, most=3, elapsed=clock)
    assert [pace.take("a") for _ in range(3)] == [2, 1, 0]
    with pytest.raises(RateLimited) as refused:
        pace.take("a")
    assert refused.value.context["retry_after_seconds"] == 1
    assert pace.take("b") == 2, "another's is another"
    clock.now += 0.125
    assert pace.take("a") == 0
    with pytest.raises(RateLimited):
        pace.take("a")
    clock.now += 3600
    assert [pace.take("a") for _ in range(3)] == [2, 1, 0]
    with pytest.raises(RateLimited):
        pace.take("a")


def test_being_stopped_costs_nothing() -> None:
    clock = Seconds()
    pace = Pace(rate=1, most=1, elapsed=clock)
    pace.take("a")
    for _ in range(5):
        clock.now += 0.15
        with pytest.raises(RateLimited):
            pace.take("a")
    clock.now += 0.3
    assert pace.take("a") == 0


@pytest.fixture
async def slow(
    database: Database, house: spine.House, settings: Settings, published: None
) -> AsyncGenerator[tuple[Site, Seconds]]:
    made, clock = app(replace(settings, key_rate=3), database, house), Seconds()
    made.state.key_pace = Pace(rate=3, most=3, elapsed=clock)
    made.state.burn_pace = Pace(rate=10, most=BURNS_AT_ONCE, elapsed=clock)
    async for each in run_site(database, house, made):
        yield each, clock


async def test_each_key_has_a_pace_of_its_own(slow: tuple[Site, Seconds]) -> None:
    site, clock = slow
    told = [await site.client.get("/v1/program") for _ in range(4)]
    assert [each.status_code for each in told] == [200, 200, 200, 429]
    assert {each.headers["ratelimit-policy"] for each in told} == {'"key";q=3;w=1'}
    assert [each.headers["ratelimit"] for each in told] == [
        '"key";r=2;t=1', '"key";r=1;t=1', '"key";r=0;t=1', '"key";r=0;t=1',
    ]  # fmt: skip
    problem = told[-1].json()
    assert (problem["code"], problem["retryable"], told[-1].headers["retry-after"]) == ("rate_limited", True, "1")
    other = site.using(await site.issue("program:read"))
    assert (await site.client.get("/v1/program", headers=other)).status_code == 200
    clock.now += 0.34
    assert (await site.client.get("/v1/program")).status_code == 200


async def test_nobody_uses_the_points_of_one_member_faster_than_members_do(
    slow: tuple[Site, Seconds], purchase: Purchase
) -> None:
    site, clock = slow
    burns = [
        purchase(f"b{each}", kind="redeem", lines=[], ask={"currency": "points", "points": 1, "reward": "tea"})
        for each in range(BURNS_AT_ONCE + 5)
    ]
    sent = [*burns, purchase("other", kind="redeem", card="77", lines=[]), purchase("earned")]
    found = codes((await site.client.post("/v1/activities", json={"activities": sent})).json()["results"])
    assert found.count("rate_limited") == 5
    assert found[BURNS_AT_ONCE : BURNS_AT_ONCE + 5] == ["rate_limited"] * 5
    assert found[-1] == "recorded", "earning is never slowed down"
    clock.now += 1
    again = codes((await site.client.post("/v1/activities", json={"activities": burns[-5:]})).json()["results"])
    assert "rate_limited" not in again


async def test_what_is_signed_comes_in_over_http(slow: tuple[Site, Seconds]) -> None:
    site, _ = slow
    async with site.database.transaction() as tx:
        issued = await access.issue_key(
            tx,
            id=site.house.new_id(),
            name="erp",
            scopes=["program:read"],
            at=datetime.now(UTC),
            signing=site.house.keyring,
        )
    date = datetime.now(UTC).isoformat()
    for target, is_signed in (("/v1/program?a=%20b", True), ("/v1/program?a=%20c", False)):
        header = access.sign(issued.token, method="GET", target="/v1/program?a=%20b", date=date, body=b"")
        headers = {"Authorization": header, "X-Regulars-Date": date}
        answer = await site.client.get(target, headers=headers)
        assert (answer.status_code, answer.json().get("code")) == (
            (200, None) if is_signed else (401, "signature_invalid")
        )
