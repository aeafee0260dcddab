"""Somebody joins by themselves: a contact, a code, what they allow, and they are in. Demos show the code."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from regulars.base import clock
from regulars.base.db import Database
from regulars.base.errors import SettingsInvalid
from regulars.base.settings import Settings
from regulars.features.entrance.store import forget_old
from regulars.interfaces.http.serve import list_warnings
from tests.entry.guests import MAIL, PHONE, Guests
from tests.staff.people import code_of

CHOICE = {"purpose": "marketing", "channel": "email", "is_given": True, "version": 1, "language": "en"}


async def ask(guests: Guests, value: str = MAIL, kind: str = "email") -> str:
    asked = await guests.send("POST", "/v1/entry/join", {"contact": {"kind": kind, "value": value}})
    assert asked.status_code == 202, asked.text
    assert asked.json()["code"] is None
    return asked.json()["attempt"]


async def attempt(guests: Guests, token: str, code: str, **more: Any) -> httpx.Response:  # noqa: ANN401 - a body
    return await guests.send("POST", "/v1/entry/join/try", {"attempt": token, "code": code, **more})


async def mailed(guests: Guests) -> str:
    assert await guests.work() == 1
    return guests.mail.last_code()


async def make_sandbox(guests: Guests, *, show: bool = True) -> None:
    guests.state.settings = replace(guests.state.settings, smtp_url=None, sms_url=None, show_codes=show)
    async with guests.site.database.transaction() as tx:
        await clock.begin_sandbox(tx, datetime.now(tz=UTC))


async def test_a_stranger_joins_and_is_signed_in(guests: Guests) -> None:
    token = await ask(guests)
    joined = await attempt(guests, token, await mailed(guests))
    assert joined.status_code == 200, joined.text
    assert joined.json()["joined"] is True
    me = (await guests.send("GET", "/v1/me", by=joined.json()["token"])).json()
    assert me["member"]["state"] == "active"
    sought = {"identifier": {"kind": "email", "value": MAIL}}
    found = await guests.site.client.post("/v1/members/lookup", json=sought)
    assert found.json()["member"] == me["member"]["id"]
    # Points may be used at once: the code was a proof.
    assert code_of(await guests.redeem(joined.json()["token"], "a")) == (409, "points_not_enough")


async def test_by_number_and_into_a_cookie(guests: Guests) -> None:
    token = await ask(guests, PHONE, "phone")
    assert await guests.work() == 1
    code = "".join(sign for sign in guests.hook.texts[-1]["text"] if sign.isdigit())[:6]
    joined = await attempt(guests, token, code, cookie=True)
    assert (joined.json()["token"], joined.json()["joined"]) == (None, True)
    assert joined.headers["set-cookie"].startswith("__Host-regulars-member=rm_")


async def test_a_member_who_joins_again_is_signed_in(guests: Guests) -> None:
    member = await guests.enrol(("email", MAIL))
    joined = await attempt(guests, await ask(guests, " Ann@Example.COM"), await mailed(guests))
    assert (joined.json()["joined"], joined.json()["session"]["member"]) == (False, str(member))


async def test_what_was_allowed_is_written_down_with_the_words_that_were_shown(guests: Guests) -> None:
    words = {"purpose": "marketing", "en": "May we write?", "zh": "可以给您发优惠吗？"}
    assert (await guests.site.client.post("/v1/consents/notices", json=words)).status_code == 201
    told = (await guests.send("GET", "/v1/entry")).json()
    assert [(each["purpose"], each["version"], each["zh"]) for each in told["notices"]] == [
        ("marketing", 1, "可以给您发优惠吗？")
    ]
    joined = await attempt(guests, await ask(guests), await mailed(guests), consents=[CHOICE])
    mine = (await guests.send("GET", "/v1/me/consents", by=joined.json()["token"])).json()
    allowed = {(each["purpose"], each["channel"]) for each in mine["standings"] if each["is_allowed"]}
    assert ("marketing", "email") in allowed
    assert ("marketing", "sms") not in allowed
    entries = await guests.site.client.get(f"/v1/members/{joined.json()['session']['member']}/consents")
    assert [(each["version"], each["door"]) for each in entries.json()["entries"]] == [(1, "member")]


async def test_a_choice_that_is_refused_enrols_nobody_and_leaves_the_code(guests: Guests) -> None:
    token = await ask(guests)
    code = await mailed(guests)
    refused = await attempt(guests, token, code, consents=[CHOICE])
    assert code_of(refused) == (404, "notice_unknown")
    sought = await guests.site.client.post("/v1/members/search", json={"text": MAIL})
    assert sought.json()["members"] == []
    assert (await attempt(guests, token, code)).json()["joined"] is True


async def test_a_code_is_good_once_for_joining_alone_and_for_five_tries(guests: Guests) -> None:
    token = await ask(guests)
    code = await mailed(guests)
    assert code_of(await guests.try_code(token, code)) == (401, "entry_refused"), "not to sign in with"
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for _ in range(5):
        assert code_of(await attempt(guests, token, wrong)) == (401, "entry_refused")
    assert code_of(await attempt(guests, token, code)) == (401, "entry_refused"), "the tries are used up"
    again = await ask(guests)
    code = await mailed(guests)
    assert (await attempt(guests, again, code)).status_code == 200
    assert code_of(await attempt(guests, again, code)) == (401, "entry_refused")


async def test_whoever_is_no_member_any_more_does_not_come_in(guests: Guests) -> None:
    member = await guests.enrol(("email", MAIL))
    async with guests.site.database.transaction() as tx:
        await tx.run("UPDATE members.member SET state = 'closed' WHERE id = $1", member)
    assert code_of(await attempt(guests, await ask(guests), await mailed(guests))) == (401, "entry_refused")


async def test_where_the_shop_enrols_nobody_joins(guests: Guests) -> None:
    guests.state.settings = replace(guests.state.settings, joining=False)
    asked = await guests.send("POST", "/v1/entry/join", {"contact": {"kind": "email", "value": MAIL}})
    assert code_of(asked) == (403, "joining_closed")
    assert (await guests.send("GET", "/v1/entry")).json()["joining"] is False


async def test_the_contact_of_whoever_did_not_join_goes_with_the_code(guests: Guests) -> None:
    await ask(guests)

    async def count() -> int:
        async with guests.site.database.snapshot() as read:
            return await read.value("SELECT count(*) FROM entrance.attempt WHERE contact_wrapped IS NOT NULL")

    for minutes, left in ((9, 1), (11, 0)):
        guests.later(minutes=minutes)
        async with guests.site.database.transaction() as tx:
            await forget_old(tx, at=guests.at, before=guests.at.replace(year=2000))
        assert await count() == left
        guests.later(minutes=-minutes)


async def test_how_members_get_in_here(guests: Guests) -> None:
    told = (await guests.send("GET", "/v1/entry")).json()
    assert told["name"] == {"en": "Corner shop", "zh-CN": "街角小店"}
    assert (told["contacts"], told["passkeys"], told["codes_shown"]) == (["email", "phone"], True, False)
    guests.state.settings = replace(guests.state.settings, smtp_url=None, rp_id=None, origin=None)
    told = (await guests.send("GET", "/v1/entry")).json()
    assert (told["contacts"], told["passkeys"]) == (["phone"], False)


async def test_a_demo_shows_the_code_and_sends_nothing(guests: Guests) -> None:
    await make_sandbox(guests)
    asked = await guests.send("POST", "/v1/entry/join", {"contact": {"kind": "email", "value": MAIL}})
    assert await guests.work() == 0
    joined = await attempt(guests, asked.json()["attempt"], asked.json()["code"])
    assert joined.json()["joined"] is True
    token = joined.json()["token"]
    asked = await guests.send("POST", "/v1/me/step-up/code", by=token)
    body = {"attempt": asked.json()["attempt"], "code": asked.json()["code"]}
    assert (await guests.send("POST", "/v1/me/step-up/try", body, by=token)).status_code == 200
    # A demo is tried again and again: there is no mailbox to be filled.
    for _ in range(6):
        asked = await guests.send("POST", "/v1/entry/code", {"contact": {"kind": "email", "value": MAIL}})
        assert (await guests.try_code(asked.json()["attempt"], asked.json()["code"])).status_code == 200
    assert (await guests.send("GET", "/readyz")).json()["codes"] == "shown"
    assert (await guests.send("GET", "/v1/entry")).json()["codes_shown"] is True


async def test_no_shop_shows_a_code_whatever_is_set(guests: Guests) -> None:
    guests.state.settings = replace(guests.state.settings, show_codes=True)
    await ask(guests)
    assert await guests.work() == 1
    guests.state.settings = replace(guests.state.settings, smtp_url=None)
    asked = await guests.send("POST", "/v1/entry/join", {"contact": {"kind": "email", "value": MAIL}})
    assert code_of(asked) == (409, "entry_channel_unset")


async def test_a_sandbox_shows_nothing_unless_it_is_set(guests: Guests) -> None:
    await make_sandbox(guests, show=False)
    asked = await guests.send("POST", "/v1/entry/join", {"contact": {"kind": "email", "value": MAIL}})
    assert code_of(asked) == (409, "entry_channel_unset")
    assert (await guests.send("GET", "/readyz")).json()["codes"] == "sent"


async def test_a_server_that_would_show_codes_of_a_shop_does_not_start(database: Database, settings: Settings) -> None:
    showing = replace(settings, show_codes=True)
    with pytest.raises(SettingsInvalid, match="REGULARS_SHOW_CODES"):
        await list_warnings(showing, database)
    async with database.transaction() as tx:
        await clock.begin_sandbox(tx, datetime(2018, 1, 1, tzinfo=UTC))
    assert list(await list_warnings(showing, database)) == ["codes are shown"]
    assert await list_warnings(settings, database) == {}
