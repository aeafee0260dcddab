"""Who signs in has a session that changes, ends, and can be seen and ended; nobody else has one."""

import re

import httpx

from regulars.features.staff.tokens import digest_of
from tests.http.site import BARE
from tests.staff.people import PASSWORD, Office, Person, code_of


async def test_two_steps_open_a_session(office: Office) -> None:
    ann = await office.join("ann@example.com", "owner")
    begun = await office.first("  Ann@Example.com ")
    assert begun.status_code == 200
    pending = begun.json()["pending"]
    assert code_of(await office.send("GET", "/v1/session", by=pending)) == (401, "key_invalid"), "not yet"
    opened = await office.second(pending, code=office.code(ann))
    token = opened.json()["token"]
    assert re.fullmatch(r"rs_[a-z2-7]{52}", token)
    me = (await office.send("GET", "/v1/session", by=token)).json()
    assert (me["account"]["email"], me["account"]["roles"]) == ("ann@example.com", ["owner"])
    assert "program:release" in me["scopes"]
    assert code_of(await office.second(pending, code=office.code(ann))) == (401, "session_invalid"), "once"


async def test_nothing_that_is_kept_opens_a_door(office: Office) -> None:
    ann = await office.work("ann@example.com", "owner")
    tables = ("account", "recovery", "link", "session", "address", "approval")
    async with office.site.database.snapshot() as read:
        kept = str([[*row.values()] for table in tables for row in await read.rows(f"SELECT * FROM staff.{table}")])
    assert repr(digest_of(ann.token)) in kept, "we are looking at the right rows"
    for secret in (ann.token, ann.secret, ann.email, "Ann Lee", PASSWORD, *ann.recovery):
        assert secret not in kept


async def test_no_code_is_taken_twice_and_neighbours_in_time_are(office: Office) -> None:
    ann = await office.join("ann@example.com", "owner")
    code = office.code(ann)
    first, second = await office.pending(ann), await office.pending(ann)
    assert (await office.second(first, code=code)).status_code == 200
    assert code_of(await office.second(second, code=code)) == (403, "second_factor_wrong")
    before = office.code(ann)
    office.later(seconds=30)
    assert code_of(await office.second(second, code=before)) == (403, "second_factor_wrong"), "used in its own time"
    office.later(seconds=60)
    late = office.code(ann)
    office.later(seconds=30)
    assert (await office.second(second, code=late)).status_code == 200, "a phone that is half a minute slow"
    third = await office.pending(ann)
    office.later(seconds=90)
    old = office.code(ann)
    office.later(seconds=61)
    assert code_of(await office.second(third, code=old)) == (403, "second_factor_wrong"), "too old"


async def test_a_code_of_the_paper_lets_in_once(office: Office) -> None:
    ann = await office.join("ann@example.com", "owner")
    paper = ann.recovery[3].upper().replace("-", " ")
    opened = await office.second(await office.pending(ann), recovery=paper)
    assert (opened.status_code, opened.json()["recovery_left"]) == (200, 9)
    again = await office.second(await office.pending(ann), recovery=ann.recovery[3])
    assert code_of(again) == (403, "second_factor_wrong")
    token = opened.json()["token"]
    renewed = (await office.send("POST", "/v1/session/recovery-codes", by=token)).json()["recovery"]
    assert len(set(renewed)) == 10
    assert code_of(await office.second(await office.pending(ann), recovery=ann.recovery[4])) == (
        403,
        "second_factor_wrong",
    )
    assert (await office.second(await office.pending(ann), recovery=renewed[4])).status_code == 200


async def test_a_session_ends_when_it_is_not_used_and_after_half_a_day(office: Office) -> None:
    ann = await office.work("ann@example.com", "owner")
    for _ in range(28):
        office.later(minutes=25)
        answer = await office.send("GET", "/v1/session", by=ann)
        assert answer.status_code == 200
        ann.token = answer.headers.get("x-regulars-session", ann.token)
    office.later(minutes=25)
    over = code_of(await office.send("GET", "/v1/session", by=ann))
    assert over == (401, "session_invalid"), "after half a day, though it was always in use"
    await office.sign_in(ann)
    office.later(minutes=29)
    assert (await office.send("GET", "/v1/session", by=ann)).status_code == 200
    office.later(minutes=31)
    assert code_of(await office.send("GET", "/v1/session", by=ann)) == (401, "session_invalid")


async def test_the_token_changes_every_hour_and_the_old_one_lives_half_a_minute(office: Office) -> None:
    ann = await office.work("ann@example.com", "owner")
    office.later(minutes=28)
    assert "x-regulars-session" not in (await office.send("GET", "/v1/session", by=ann)).headers
    office.later(minutes=29)
    assert "x-regulars-session" not in (await office.send("GET", "/v1/session", by=ann)).headers
    office.later(minutes=4)
    fresh = (await office.send("GET", "/v1/session", by=ann)).headers["x-regulars-session"]
    assert fresh != ann.token
    under_way = await office.send("GET", "/v1/session", by=ann)
    assert under_way.status_code == 200
    assert "x-regulars-session" not in under_way.headers, "it changed a moment ago"
    office.later(seconds=31)
    assert code_of(await office.send("GET", "/v1/session", by=ann)) == (401, "session_invalid")
    assert (await office.send("GET", "/v1/session", by=fresh)).status_code == 200


async def test_sessions_are_seen_and_ended_by_their_own_person_only(office: Office) -> None:
    ann, bo = await office.work("ann@example.com", "owner"), await office.work("bo@example.com", "analyst")
    lost = await office.sign_in(Person(id=ann.id, email=ann.email, secret=ann.secret, recovery=()))
    listed = (await office.send("GET", "/v1/session/all", by=ann)).json()
    assert len(listed["sessions"]) == 2
    other = next(each["id"] for each in listed["sessions"] if each["id"] != listed["current"])
    assert code_of(await office.send("DELETE", f"/v1/session/all/{other}", by=bo)) == (404, "session_unknown")
    assert (await office.send("GET", "/v1/session", by=lost)).status_code == 200
    assert (await office.send("DELETE", f"/v1/session/all/{other}", by=ann)).status_code == 200
    assert code_of(await office.send("GET", "/v1/session", by=lost)) == (401, "session_invalid")
    assert (await office.send("DELETE", "/v1/session", by=ann)).status_code == 200
    assert code_of(await office.send("GET", "/v1/session", by=ann)) == (401, "session_invalid")
    assert (await office.send("GET", "/v1/session", by=bo)).status_code == 200


async def test_another_password_ends_every_other_session(office: Office) -> None:
    ann = await office.work("ann@example.com", "owner")
    lost = await office.sign_in(Person(id=ann.id, email=ann.email, secret=ann.secret, recovery=()))
    new = "several other words of mine"
    wrong = await office.send("POST", "/v1/session/password", {"old": "not it at all", "new": new}, by=ann)
    assert code_of(wrong) == (401, "sign_in_refused")
    weak = await office.send("POST", "/v1/session/password", {"old": PASSWORD, "new": "regulars2026"}, by=ann)
    assert code_of(weak) == (422, "password_weak")
    assert (await office.send("GET", "/v1/session", by=lost)).status_code == 200, "nothing has changed yet"
    done = await office.send("POST", "/v1/session/password", {"old": PASSWORD, "new": new}, by=ann)
    assert done.json() == {"ended": 1}
    assert code_of(await office.send("GET", "/v1/session", by=lost)) == (401, "session_invalid")
    assert (await office.send("GET", "/v1/session", by=ann)).status_code == 200
    assert code_of(await office.first(ann.email)) == (401, "sign_in_refused")
    assert (await office.first(ann.email, new)).status_code == 200


async def test_what_changes_rights_asks_for_a_fresh_proof(office: Office) -> None:
    ann = await office.work("ann@example.com", "owner")
    body = {"email": "bo@example.com", "roles": ["analyst"]}
    office.later(minutes=11)
    assert code_of(await office.send("POST", "/v1/staff", body, by=ann)) == (403, "step_up_needed")
    wrong = await office.send("POST", "/v1/session/step-up", {"code": "000000"}, by=ann)
    assert code_of(wrong) == (403, "second_factor_wrong")
    proved = await office.send("POST", "/v1/session/step-up", {"code": office.code(ann)}, by=ann)
    assert proved.json()["token"] not in {None, ann.token}, "who had the old token has not the proof"
    assert (await office.send("POST", "/v1/staff", body, by=proved.json()["token"])).status_code == 201


async def test_in_a_browser_the_token_is_in_a_cookie_that_scripts_and_other_sites_cannot_use(office: Office) -> None:
    ann = await office.join("ann@example.com", "owner")
    opened = await office.second(await office.pending(ann), code=office.code(ann), cookie=True)
    assert opened.json()["token"] is None
    cookie, *marks = opened.headers["set-cookie"].split("; ")
    assert cookie.startswith("__Host-regulars=rs_")
    assert set(marks) == {"Path=/", "Max-Age=43200", "Secure", "HttpOnly", "SameSite=Strict"}
    async with httpx.AsyncClient(
        base_url=office.site.url, headers={"Cookie": cookie}, verify=BARE, timeout=60
    ) as browser:
        assert (await browser.get("/v1/session")).status_code == 200
        for path in ("/v1/session/rotate", "/v1/session/recovery-codes"):
            assert code_of(await browser.post(path)) == (403, "own_header_missing")
        rotated = await browser.post("/v1/session/rotate", headers={"X-Regulars-Request": "1"})
        assert rotated.json() == {"token": None}
        assert rotated.headers["set-cookie"].startswith("__Host-regulars=rs_")
        fresh = {"Cookie": rotated.headers["set-cookie"].split("; ")[0], "X-Regulars-Request": "1"}
        gone = await browser.delete("/v1/session", headers=fresh)
        assert "__Host-regulars=; Path=/; Max-Age=0" in gone.headers["set-cookie"]


async def test_a_key_is_no_person(office: Office) -> None:
    every = office.site.client
    for method, path in (("GET", "/v1/session"), ("GET", "/v1/staff"), ("GET", "/v1/keys"), ("GET", "/v1/approvals")):
        assert code_of(await every.request(method, path)) == (403, "person_needed"), path
