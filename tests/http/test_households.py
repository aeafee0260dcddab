"""Households over HTTP: two commands to join and to leave, and what a till shows before points are used together."""

from typing import Any

from tests.http.site import Purchase, Site, codes

NOBODY = "01890a5d-ac96-774b-bcce-b302099a8057"


def command(kind: str, name: str, card: str, at: str, **more: object) -> dict[str, Any]:
    member = {"identifier": {"kind": "card", "value": card}}
    return {"id": name, "source": "till", "kind": kind, "occurred_at": at, "member": member, **more}


async def found(site: Site, purchase: Purchase) -> tuple[str, list[str], str]:
    """Two members of a household with ten points and five; gives it, them, and the time."""
    sent = [purchase("1", minor=1000, card="a"), purchase("2", minor=500, card="b")]
    results = (await site.client.post("/v1/activities", json={"activities": sent})).json()["results"]
    at = results[0]["receipt"]["recorded_at"]
    to = {"identifier": {"kind": "card", "value": "a"}}
    joined = await site.client.post("/v1/activities", json=command("household_join", "j", "b", at, to=to))
    assert joined.status_code == 201, joined.text
    (trait,) = joined.json()["traits"]
    return trait["value"], [each["receipt"]["member"] for each in results], at


async def test_a_household_is_shown_with_what_it_can_use_together(site: Site, purchase: Purchase) -> None:
    home, both, at = await found(site, purchase)
    shown = (await site.client.get(f"/v1/households/{home}")).json()
    assert sorted(each["member"] for each in shown["members"]) == sorted(both)
    assert shown["pools"] == [{"currency": "points", "available": 15, "held": 0}]
    for member in both:
        mine = (await site.client.get(f"/v1/members/{member}/household")).json()
        assert mine | {"as_of": ""} == shown | {"as_of": ""}
    ask = {"currency": "points", "points": 12, "pool": True}
    held = await site.client.post("/v1/activities", json=command("hold", "h", "b", at, ask=ask))
    assert held.status_code == 201, held.text
    shown = (await site.client.get(f"/v1/households/{home}")).json()
    assert shown["pools"] == [{"currency": "points", "available": 3, "held": 12}]
    # Nobody leaves with points that are set aside for both.
    refused = await site.client.post("/v1/activities", json=command("household_leave", "l", "a", at))
    assert (refused.status_code, refused.json()["code"]) == (409, "household_bound")
    assert refused.json()["context"]["holds"] == [held.json()["activity"]]


async def test_whoever_left_is_in_none(site: Site, purchase: Purchase) -> None:
    home, (ann, bob), at = await found(site, purchase)
    left = await site.client.post("/v1/activities", json=command("household_leave", "l", "b", at))
    assert (left.status_code, left.json()["traits"][0]["value"]) == (201, None)
    assert (await site.client.get(f"/v1/members/{bob}/household")).json()["code"] == "household_unknown"
    shown = (await site.client.get(f"/v1/members/{ann}/household")).json()
    assert (shown["id"], [each["member"] for each in shown["members"]]) == (home, [ann])
    assert shown["pools"] == [{"currency": "points", "available": 10, "held": 0}]


async def test_nobody_and_nothing(site: Site) -> None:
    for path, code in [
        (f"/v1/households/{NOBODY}", "household_unknown"),
        (f"/v1/members/{NOBODY}/household", "member_unknown"),
    ]:
        answer = await site.client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, code)


async def test_joining_and_leaving_need_scopes_of_their_own(site: Site, purchase: Purchase) -> None:
    _, _, at = await found(site, purchase)
    key = site.using(await site.issue("activities:write", "points:household_join"))
    sent = [command("household_leave", "l", "b", at), command("household_join", "j2", "b", at)]
    answer = await site.client.post("/v1/activities", json={"activities": sent}, headers=key)
    assert codes(answer.json()["results"]) == ["scope_missing", "household_refused"]
