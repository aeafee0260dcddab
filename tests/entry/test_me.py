"""Members see and use what is theirs, and show that they are there before points go."""

import re

import httpx
import pytest

from regulars.features import entrance
from tests.entry.guests import MAIL, Guests
from tests.http.site import Purchase
from tests.staff.people import code_of

OTHER = "bob@example.com"


@pytest.fixture
async def token(guests: Guests, purchase: Purchase) -> str:
    """A member with a card and 1,250 points, who is signed in."""
    await guests.enrol(("email", MAIL), ("card", "2469 0001"))
    sold = await guests.site.client.post("/v1/activities", json=purchase(minor=125_000))
    assert sold.status_code == 201, sold.text
    return await guests.sign_in()


async def test_a_member_reads_what_is_theirs(guests: Guests, token: str) -> None:
    me = (await guests.send("GET", "/v1/me", by=token)).json()
    assert [(each["currency"], each["available"]) for each in me["member"]["balances"]] == [("points", 1250)]
    assert me["burning"] == "on"
    assert MAIL not in str(me), "identifiers are shown masked"
    statement = (await guests.send("GET", "/v1/me/statement", by=token)).json()
    assert [each["points"] for each in statement["entries"]] == [1250]
    assert (await guests.send("GET", "/v1/me/coupons", by=token)).status_code == 200
    shown = (await guests.send("POST", "/v1/me/code", by=token)).json()["code"]
    sought = {"identifier": {"kind": "code", "value": shown}}
    found = await guests.site.client.post("/v1/members/lookup", json=sought)
    assert found.json()["member"] == me["member"]["id"]


async def test_a_member_opens_no_door_of_the_house_and_nobody_else_opens_theirs(guests: Guests, token: str) -> None:
    me = (await guests.send("GET", "/v1/me", by=token)).json()["member"]["id"]
    for path in (f"/v1/members/{me}", "/v1/keys", "/v1/burning"):
        assert code_of(await guests.send("GET", path, by=token)) == (403, "scope_missing"), path
    assert code_of(await guests.site.client.get("/v1/me")) == (403, "member_needed"), "a key that may do everything"


async def test_points_go_only_after_a_fresh_proof(guests: Guests, token: str) -> None:
    assert (await guests.redeem(token, "a")).status_code == 201, "signing in was one"
    guests.later(minutes=5, seconds=1)
    assert code_of(await guests.redeem(token, "b")) == (403, "presence_needed")
    guests.later(minutes=-5, seconds=-1)
    await guests.step_up(token)
    done = await guests.redeem(token, "b", 100)
    assert done.status_code == 201, done.text
    assert code_of(await guests.redeem(token, "c", 5_000)) == (409, "points_not_enough")


async def test_a_code_for_one_thing_is_not_good_for_another(guests: Guests, token: str) -> None:
    attempt = await guests.ask()
    assert await guests.work() == 1
    body = {"attempt": attempt, "code": guests.mail.last_code()}
    assert code_of(await guests.send("POST", "/v1/me/step-up/try", body, by=token)) == (401, "entry_refused")
    other = await guests.sign_in()
    asked = await guests.send("POST", "/v1/me/step-up/code", by=token)
    await guests.work()
    body = {"attempt": asked.json()["attempt"], "code": guests.mail.last_code()}
    refused = await guests.send("POST", "/v1/me/step-up/try", body, by=other)
    assert code_of(refused) == (401, "entry_refused"), "of another session"


async def test_a_member_freezes_their_own_points(guests: Guests, token: str) -> None:
    assert (await guests.send("POST", "/v1/me/freeze-burning", by=token)).json() == {"burning": "off"}
    assert (await guests.send("GET", "/v1/me", by=token)).json()["burning"] == "off"
    assert code_of(await guests.redeem(token, "a")) == (409, "burning_off")


async def test_a_token_changes_by_the_hour_and_ends(guests: Guests, token: str) -> None:
    guests.later(hours=1)
    changed = await guests.send("GET", "/v1/me", by=token)
    fresh = changed.headers["x-regulars-session"]
    assert fresh != token
    assert (await guests.send("GET", "/v1/me", by=token)).status_code == 200, "for a moment more"
    guests.later(seconds=31)
    assert code_of(await guests.send("GET", "/v1/me", by=token)) == (401, "member_session_invalid")
    guests.later(days=15)
    assert code_of(await guests.send("GET", "/v1/me", by=fresh)) == (401, "member_session_invalid"), "nobody came"


async def test_sessions_are_seen_and_ended(guests: Guests, token: str) -> None:
    other = await guests.sign_in()
    listed = (await guests.send("GET", "/v1/me/sessions", by=token)).json()
    assert len(listed["sessions"]) == 2
    (theirs,) = [each["id"] for each in listed["sessions"] if each["id"] != listed["current"]]
    assert (await guests.send("POST", f"/v1/me/sessions/{theirs}/end", by=token)).status_code == 200
    assert (await guests.send("GET", "/v1/me", by=other)).status_code == 401
    third = await guests.sign_in()
    assert (await guests.send("POST", "/v1/me/sign-out-everywhere", by=token)).json() == {"ended": 2}
    for each in (token, third):
        assert (await guests.send("GET", "/v1/me", by=each)).status_code == 401


async def test_a_session_of_somebody_else_is_not_there(guests: Guests, token: str) -> None:
    await guests.enrol(("email", OTHER))
    other = await guests.sign_in(OTHER)
    theirs = (await guests.send("GET", "/v1/me/sessions", by=other)).json()["current"]
    ended = await guests.send("POST", f"/v1/me/sessions/{theirs}/end", by=token)
    assert code_of(ended) == (404, "member_session_unknown")
    assert (await guests.send("GET", "/v1/me", by=other)).status_code == 200


async def test_only_digests_of_tokens_are_kept(guests: Guests, token: str) -> None:
    async with guests.site.database.snapshot() as read:
        rows = await read.rows("SELECT session::text AS row FROM entrance.session AS session")
    kept = " ".join(row["row"] for row in rows)
    assert token not in kept
    assert token.encode().hex() not in kept


async def test_a_cookie_is_taken_with_the_header_that_only_our_pages_send(guests: Guests, token: str) -> None:
    del token
    attempt = await guests.ask()
    await guests.work()
    body = {"attempt": attempt, "code": guests.mail.last_code(), "cookie": True}
    opened = await guests.send("POST", "/v1/entry/code/try", body)
    assert opened.json()["token"] is None
    written = opened.headers["set-cookie"]
    assert re.search("^__Host-regulars-member=rm_.*; Secure; HttpOnly; SameSite=Strict$", written)
    cookie = {"Cookie": written.split(";")[0]}
    assert (await guests.send("GET", "/v1/me", headers=cookie)).status_code == 200
    refused = await guests.send("POST", "/v1/me/sign-out", headers=cookie)
    assert code_of(refused) == (403, "own_header_missing")
    left = await guests.send("POST", "/v1/me/sign-out", headers={**cookie, "X-Regulars-Request": "1"})
    assert left.status_code == 200
    assert "Max-Age=0" in left.headers["set-cookie"]


async def test_a_changed_contact_cools_off_and_the_old_one_undoes_it(guests: Guests, token: str) -> None:
    changed = await guests.change(token, OTHER)
    assert changed.status_code == 200, changed.text
    assert code_of(await guests.redeem(token, "a")) == (409, "cooling_off")
    assert await guests.work() == 2
    assert {mail["To"] for mail in guests.mail.mails[-2:]} == {MAIL, OTHER}, "both are told"
    (link, same) = guests.mail.links()
    assert link == same
    page = await guests.send("GET", "/undo")
    assert "script-src 'sha256-" in page.headers["content-security-policy"]
    undone = await guests.send("POST", "/v1/entry/undo", {"token": link})
    assert undone.json() == {"undone": True}
    assert (await guests.send("GET", "/v1/me", by=token)).status_code == 401, "whoever it was is out"
    assert code_of(await guests.send("POST", "/v1/entry/undo", {"token": link})) == (404, "undo_invalid")
    back = await guests.sign_in(MAIL)
    assert code_of(await guests.redeem(back, "b")) == (409, "cooling_off"), "the day goes on"
    await guests.ask(OTHER)
    assert await guests.work() == 0, "nobody is known by it any more"


async def test_the_undo_ends_after_three_days(guests: Guests, token: str) -> None:
    await guests.change(token, OTHER)
    await guests.work()
    guests.later(hours=72)
    undone = await guests.send("POST", "/v1/entry/undo", {"token": guests.mail.links()[0]})
    assert code_of(undone) == (404, "undo_invalid")


async def test_a_contact_of_somebody_else_is_not_taken(guests: Guests, token: str) -> None:
    await guests.enrol(("email", OTHER))
    assert code_of(await guests.change(token, OTHER)) == (409, "identifier_taken")
    assert (await guests.redeem(token, "a")).status_code == 201, "and nothing cools off"


async def test_a_contact_is_changed_only_after_a_fresh_proof(guests: Guests, token: str) -> None:
    guests.later(minutes=6)
    assert code_of(await guests.change(token, OTHER)) == (403, "presence_needed")


async def test_points_rest_for_a_day(guests: Guests, token: str) -> None:
    changed = (await guests.change(token, OTHER)).json()
    async with guests.site.database.transaction() as tx:
        await tx.run("UPDATE members.burning SET since = since - interval '1 day', until = until - interval '1 day'")
    assert changed["cooling_until"]
    done: httpx.Response = await guests.redeem(token, "a")
    assert done.status_code == 201, done.text
    assert entrance.COOLING.total_seconds() == 24 * 3600
