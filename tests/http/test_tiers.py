"""Levels over HTTP: where a member stands, what is missing, and what each level gives."""

from datetime import UTC, datetime, timedelta
from typing import Any

from regulars.base import clock
from regulars.kernel import program, spine
from tests.http.conftest import PROGRAM
from tests.http.site import Purchase, Site

NOBODY = "01890a5d-ac96-774b-bcce-b302099a8057"
LEVELS = """
  - id: club
    mechanic: tiers
    on: [purchase]
    settings:
      trait: club
      measures:
        money: {of: spend}
        visits: {of: visits, per: purchase}
      window: {model: calendar_year}
      levels:
        - {id: guest, name: {en: Guest, zh-CN: 客}, at: 0}
        - id: friend
          name: {en: Friend, zh-CN: 友}
          needs: [{money: 5000}, {visits: 4}]
          benefits: [{id: free_tea, name: {en: A cup of tea, zh-CN: 一杯茶}, value: 1}]
        - {id: family, name: {en: Family, zh-CN: 家}, invitation: true}
  - id: tiers
    mechanic: tiers
    on: [purchase]
    settings:
      counts: points
      levels:
        - {id: gold, name: {en: Gold, zh-CN: 金}, at: 100}
"""


async def publish(site: Site) -> None:
    async with site.database.transaction() as tx:
        now = await clock.now(tx)
        document = program.parse(PROGRAM + LEVELS)
        await spine.publish(tx, document, live_from=now - timedelta(days=100), by="a test", at=now)


async def buy(site: Site, purchase: Purchase, *amounts: int) -> str:
    sent = [purchase(f"r-{number}", minor=amount) for number, amount in enumerate(amounts)]
    answer = await site.client.post("/v1/activities", json={"activities": sent})
    return answer.json()["results"][0]["receipt"]["member"]


async def stand(site: Site, member: str) -> dict[str, Any]:
    answer = await site.client.get(f"/v1/members/{member}/tiers")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_member_sees_what_is_counted_and_what_is_missing(site: Site, purchase: Purchase) -> None:
    await publish(site)
    member = await buy(site, purchase, 1200, 1300)
    standing = await stand(site, member)
    club, tiers = standing["sets"]
    assert (club["offer"], club["trait"], club["level"], club["kept_until"]) == ("club", "club", "guest", None)
    assert club["counted"] == {"money": 2500, "visits": 2}
    assert (club["next_level"], club["missing"]) == ("friend", [{"money": 2500}, {"visits": 2}])
    assert [level["id"] for level in club["levels"]] == ["guest", "friend", "family"]
    assert club["levels"][1]["needs"] == [{"money": 5000}, {"visits": 4}]
    assert club["levels"][2]["invitation"] is True
    assert (tiers["level"], tiers["missing"]) == (None, [{"points": 75}])


async def test_a_till_reads_what_the_level_gives(site: Site, purchase: Purchase) -> None:
    await publish(site)
    member = await buy(site, purchase, 5000)
    club = (await stand(site, member))["sets"][0]
    assert club["level"] == "friend"
    assert club["benefits"] == [{"id": "free_tea", "name": {"en": "A cup of tea", "zh-CN": "一杯茶"}, "value": 1}]
    # To the end of the next year: today's, by the clock in Shanghai.
    year = (datetime.now(tz=UTC) + timedelta(hours=8)).year
    assert (club["kept_until"], club["window_from"]) == (f"{year + 1}-12-31", f"{year}-01-01")
    assert club["next_level"] is None
    traits = (await site.client.get(f"/v1/members/{member}")).json()["traits"]
    assert traits["club"] == "friend"


async def test_who_bought_nothing_yet_stands_at_the_beginning(site: Site) -> None:
    await publish(site)
    member = (await site.client.post("/v1/members", json={})).json()["id"]
    club, _ = (await stand(site, member))["sets"]
    assert (club["level"], club["next_level"], club["counted"]) == (None, "guest", {"money": 0, "visits": 0})


async def test_a_programme_without_levels_has_none(site: Site, purchase: Purchase) -> None:
    assert (await stand(site, await buy(site, purchase, 100)))["sets"] == []


async def test_nobody_stands_nowhere(site: Site) -> None:
    answer = await site.client.get(f"/v1/members/{NOBODY}/tiers")
    assert (answer.status_code, answer.json()["code"]) == (404, "member_unknown")


async def test_a_key_needs_the_scope(site: Site, purchase: Purchase) -> None:
    member = await buy(site, purchase, 100)
    token = await site.issue("activities:write")
    answer = await site.client.get(f"/v1/members/{member}/tiers", headers=site.using(token))
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
