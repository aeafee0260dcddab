"""Challenges and badges over HTTP: what is counted, what is missing, until when, and what a member has to show."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from regulars.base import clock
from regulars.kernel import program, spine
from tests.http.conftest import PROGRAM
from tests.http.site import Purchase, Site

NOBODY = "01890a5d-ac96-774b-bcce-b302099a8057"
GOALS = """
  - id: buys
    mechanic: challenges
    on: [purchase]
    schedule: {until: 2999-12-31}
    settings:
      challenge: buys
      title: {en: Three purchases, zh-CN: 消费三次}
      currency: points
      counts: {of: activities}
      goals:
        - {id: two, at: 2, points: 50, title: {en: Two, zh-CN: 两次}, grants: [{kind: badge, what: two}]}
        - {id: three, at: 3, points: 70}
  - id: club
    mechanic: challenges
    on: [purchase, challenge_join]
    settings:
      challenge: club
      title: {en: Club, zh-CN: 俱乐部}
      opt_in: true
      per: week
      counts: {of: spend}
      goals: [{id: each, every: 1000, grants: [{kind: badge, what: rich, count: 2}]}]
  - id: crew
    mechanic: challenges
    on: [purchase, challenge_join]
    settings:
      challenge: crew
      title: {en: Crew, zh-CN: 小组}
      currency: points
      opt_in: true
      team: {most: 3}
      counts: {of: activities}
      goals: [{id: ten, at: 10, points: 5}]
  - id: over
    mechanic: challenges
    on: [purchase]
    schedule: {until: 2001-01-01}
    settings:
      challenge: over
      title: {en: Over, zh-CN: 已结束}
      currency: points
      counts: {of: days}
      goals: [{id: one, at: 1, points: 1}]
  - id: two
    mechanic: badges
    on: [badge]
    settings: {badge: two, title: {en: Two, zh-CN: 两次}, text: {en: Twice here., zh-CN: 来过两次。}, image: /two.png}
  - id: rich
    mechanic: badges
    on: [badge]
    settings: {badge: rich, title: {en: Rich, zh-CN: 大客}}
"""


@pytest.fixture
async def member(site: Site, purchase: Purchase) -> str:
    """Somebody who bought twice."""
    async with site.database.transaction() as tx:
        now = await clock.now(tx)
        document = program.parse(PROGRAM + GOALS)
        await spine.publish(tx, document, live_from=now - timedelta(days=100), by="a test", at=now)
    sent = [purchase(f"r-{number}", minor=800) for number in (1, 2)]
    answer = await site.client.post("/v1/activities", json={"activities": sent})
    return answer.json()["results"][0]["receipt"]["member"]


async def ask(site: Site, member: str, what: str) -> list[dict[str, Any]]:
    answer = await site.client.get(f"/v1/members/{member}/{what}")
    assert answer.status_code == 200, answer.text
    return answer.json()[what]


async def test_a_member_sees_what_is_counted_and_what_is_missing(site: Site, member: str) -> None:
    buys, club, crew = await ask(site, member, "challenges")
    assert (crew["is_in"], crew["team"]) == (False, None)
    assert buys == {
        "offer": "buys",
        "challenge": "buys",
        "title": {"en": "Three purchases", "zh-CN": "消费三次"},
        "opt_in": False,
        "is_in": True,
        "counted_from": None,
        "counted_until": "2999-12-31",
        "unit": "times",
        "counted": 2,
        "currency": "points",
        "goals": [
            {
                "id": "two",
                "title": {"en": "Two", "zh-CN": "两次"},
                "size": 2,
                "repeats": False,
                "points": 50,
                "grants": [{"kind": "badge", "what": "two", "count": 1}],
                "times": 1,
                "missing": 0,
            },
            {
                "id": "three",
                "title": None,
                "size": 3,
                "repeats": False,
                "points": 70,
                "grants": [],
                "times": 0,
                "missing": 1,
            },
        ],
        "team": None,
    }
    assert (club["challenge"], club["opt_in"], club["is_in"], club["counted"]) == ("club", True, False, 0)
    assert (club["counted_until"], club["currency"], club["goals"][0]["repeats"]) == (None, None, True)


async def test_a_member_joins_and_sees_the_days_that_count(site: Site, member: str) -> None:
    now = datetime.now(UTC)
    joining = {
        "id": "join-1",
        "source": "app",
        "kind": "challenge_join",
        "occurred_at": now.isoformat(),
        "member": {"id": member},
        "ask": {"challenge": "club"},
    }
    answer = await site.client.post("/v1/activities", json=joining)
    assert answer.status_code == 201, answer.text
    again = await site.client.post("/v1/activities", json=joining | {"id": "join-2"})
    assert (again.status_code, again.json()["code"]) == (409, "not_available")
    club = (await ask(site, member, "challenges"))[1]
    first, last = club["counted_from"], club["counted_until"]
    assert club["is_in"]
    assert first <= last
    assert datetime.fromisoformat(last).weekday() == 6


async def test_a_mate_sees_what_the_team_counts(site: Site, member: str, purchase: Purchase) -> None:
    def joining(name: str, who: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
        now = datetime.now(UTC).isoformat()
        fields = {"id": name, "source": "app", "kind": "challenge_join", "occurred_at": now, "member": who}
        return fields | {"ask": {"challenge": "crew"}} | more

    founded = await site.client.post("/v1/activities", json=joining("f", {"id": member}))
    assert founded.status_code == 201, founded.text
    friend = {"identifier": {"kind": "card", "value": "friend"}}
    joined = await site.client.post("/v1/activities", json=joining("j", friend, to={"id": member}))
    assert joined.status_code == 201, joined.text
    mate = joined.json()["member"]
    # The founder's next purchase lets the clock tell of the mate.
    bought = purchase("c-1", minor=500) | {"occurred_at": datetime.now(UTC).isoformat()}
    assert (await site.client.post("/v1/activities", json=bought)).status_code == 201
    crew = next(it for it in await ask(site, mate, "challenges") if it["challenge"] == "crew")
    assert crew["team"] == {"founder": member, "members": 2, "most": 3}
    assert (crew["is_in"], crew["goals"][0]["missing"], crew["counted"]) == (
        True,
        10 - crew["counted"],
        crew["counted"],
    )
    assert crew["counted"] >= 1


async def test_a_member_sees_badges(site: Site, member: str) -> None:
    two, rich = sorted(await ask(site, member, "badges"), key=lambda it: it["badge"], reverse=True)
    assert (two["badge"], two["title"]["en"], two["text"]["en"], two["image"]) == (
        "two",
        "Two",
        "Twice here.",
        "/two.png",
    )
    assert two["since"] is not None
    assert rich == {
        "badge": "rich",
        "title": {"en": "Rich", "zh-CN": "大客"},
        "text": None,
        "image": None,
        "since": None,
    }


@pytest.mark.parametrize("what", ["challenges", "badges"])
async def test_nobody_has_nothing(site: Site, member: str, what: str) -> None:
    answer = await site.client.get(f"/v1/members/{NOBODY}/{what}")
    assert (answer.status_code, answer.json()["code"]) == (404, "member_unknown")
