"""The house writes its words and sees what became of messages; members read theirs, and stop them with one click."""

from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from regulars.base.ids import new_id
from regulars.features import messages
from regulars.kernel import spine
from tests.entry.conftest import guests, house, office, published, purchase, settings, site
from tests.entry.guests import MAIL, Guests
from tests.http.site import BARE
from tests.staff.people import code_of

__all__ = ["guests", "house", "office", "published", "purchase", "settings", "site"]

WORDS = {"subject": "{points} {currency} end", "text": "Until {at:time}: {points}.", "short": "{shop}: {points}."}


async def say(guests: Guests, member: UUID, kind: messages.Kind = "ending") -> None:
    at = guests.now()
    content = {"currency": "points", "points": 1200, "at": "2026-12-31T16:00:00+00:00"}
    planned = messages.Planned(member=member, kind=kind, reference=new_id().hex, content=content)
    house: spine.House = guests.site.house

    async def work(tx):  # noqa: ANN001, ANN202 - of the database
        scene = await messages.read_scene(tx, house, at=at)
        await messages.queue(tx, [planned], scene.rules, new_id=new_id, at=at)

    await guests.site.database.run(work)
    await messages.Round(
        database=guests.site.database,
        house=house,
        posts=messages.find_posts(guests.state.settings, lines=1),
        now=lambda: (at + timedelta(days=1)).replace(hour=4),
        chance=lambda: 0,
        address="https://points.example.com",
    ).deliver()


async def send(guests: Guests, method: str, path: str, body: object = None) -> httpx.Response:
    return await guests.site.client.request(method, path, json=body)


async def test_a_member_reads_their_inbox_in_their_language(guests: Guests) -> None:
    member = await guests.enrol(("email", MAIL))
    token = await guests.sign_in()
    await say(guests, member)
    box = (await guests.send("GET", "/v1/me/inbox", by=token)).json()
    assert [(each["subject"], each["is_read"]) for each in box["items"]] == [
        ("您有1,200积分将于2027年1月1日到期", False)
    ]
    english = (await guests.send("GET", "/v1/me/inbox?language=en", by=token)).json()
    assert english["items"][0]["subject"] == "1,200 Points end on 1 January 2027", "by the programme's own midnight"
    read = await guests.send("POST", f"/v1/me/inbox/{box['items'][0]['id']}/read", by=token)
    assert (box["unread"], read.json()) == (1, {"unread": 0})
    assert code_of(await guests.send("POST", f"/v1/me/inbox/{new_id()}/read", by=token)) == (404, "message_unknown")


async def test_nobody_reads_anothers_inbox(guests: Guests) -> None:
    await guests.enrol(("email", MAIL))
    other = await guests.enrol(("email", "bob@example.com"))
    await say(guests, other)
    token = await guests.sign_in()
    assert (await guests.send("GET", "/v1/me/inbox", by=token)).json()["items"] == []
    (message,) = [
        each["id"]
        for each in (await send(guests, "GET", f"/v1/messages?member={other}")).json()["messages"]
        if each["channel"] == "inbox"
    ]
    assert code_of(await guests.send("POST", f"/v1/me/inbox/{message}/read", by=token)) == (404, "message_unknown")


async def test_one_click_stops_messages_and_nothing_else(guests: Guests) -> None:
    member = await guests.enrol(("email", MAIL))
    await say(guests, member)
    link = next(mail["List-Unsubscribe"] for mail in guests.mail.mails)[1:-1]
    path = link.removeprefix("https://points.example.com")
    seen = await guests.send("GET", path)
    assert (seen.status_code, "<form method=post>" in seen.text) == (200, True)
    before = (await send(guests, "GET", f"/v1/members/{member}/consents")).json()["entries"]
    assert before == [], "looking changes nothing"
    async with httpx.AsyncClient(base_url=guests.site.url, verify=BARE, timeout=60) as client:
        for _ in range(2):
            done = await client.post(path, data={"List-Unsubscribe": "One-Click"})
            assert done.status_code == 200, done.text
    (entry,) = (await send(guests, "GET", f"/v1/members/{member}/consents")).json()["entries"]
    assert (entry["purpose"], entry["channel"], entry["is_given"], entry["door"]) == ("notices", "email", False, "link")
    await say(guests, member)
    assert len(guests.mail.mails) == 1
    token = await guests.sign_in()
    assert len((await guests.send("GET", "/v1/me/inbox", by=token)).json()["items"]) == 2, "the inbox goes on"
    assert code_of(await guests.send("POST", path + "x")) == (404, "stop_link_invalid")


WRONG = [
    ({"text": "{ponts}"}, "template_invalid", "Did you mean {points}?"),
    ({"text": "{balance}"}, "template_invalid", "There are:"),
    ({"text": "a } b"}, "template_invalid", "character 3: a brace"),
    ({"text": "{points:date}"}, "template_invalid", "cannot be written as 'date'"),
    ({"text": "{points:plural(# point)}"}, "template_invalid", "plural has 2 forms, not 1"),
    ({"subject": "a\nb"}, "template_invalid", "one line"),
    ({"short": " "}, "template_invalid", "has a subject, a text and a short text"),
]


@pytest.mark.parametrize(("change", "code", "hint"), WRONG)
async def test_words_that_could_not_be_sent_are_refused(
    guests: Guests, change: dict[str, str], code: str, hint: str
) -> None:
    refused = await send(guests, "PUT", "/v1/messages/templates/ending/en", {**WORDS, **change})
    assert code_of(refused) == (422, code)
    assert hint in refused.json()["detail"]
    shown = await send(guests, "POST", "/v1/messages/preview", {"kind": "ending", "language": "en", **change})
    assert code_of(shown) == (422, code)


async def test_an_unknown_language_or_kind_is_refused(guests: Guests) -> None:
    cases = {"ending/fr": "language", "ending/en-GB": "language", "birthday/en": "kind"}
    for path, what in cases.items():
        answer = await send(guests, "PUT", f"/v1/messages/templates/{path}", WORDS)
        assert code_of(answer) == (404, f"message_{what}_unknown"), path


async def test_words_are_looked_at_and_written(guests: Guests) -> None:
    looked = await send(guests, "POST", "/v1/messages/preview", {"kind": "ending", "language": "zh-CN"})
    assert looked.json()["subject"] == "您有1,250积分将于2026年3月5日到期"
    missing = {"kind": "ending", "language": "en", "values": {"points": 1, "currency": "points"}}
    assert code_of(await send(guests, "POST", "/v1/messages/preview", missing)) == (422, "template_variable_missing")
    marked = {**missing, "values": {"points": 1, "currency": "<b>x</b>\r\nBcc: a@b.c", "at": "2026-01-01T00:00:00Z"}}
    shown = (await send(guests, "POST", "/v1/messages/preview", marked)).json()
    assert "\n" not in shown["subject"]
    assert "&lt;b&gt;x&lt;/b&gt;" in shown["html"]
    for version in (1, 2):
        written = await send(guests, "PUT", "/v1/messages/templates/ending/en", WORDS)
        assert (written.status_code, written.json()["version"]) == (200, version)
    listed = (await send(guests, "GET", "/v1/messages/templates")).json()["templates"]
    used = {(each["kind"], each["language"]): each["version"] for each in listed}
    assert (used["ending", "en"], used["ending", "zh-CN"]) == (2, 0)


async def test_rules_and_suppressions_and_dead_letters(guests: Guests) -> None:
    member = await guests.enrol(("email", MAIL))
    rule = {"channels": ["email"], "quiet_from": 0, "quiet_until": 0, "cap_most": 0, "cap_days": 7}
    assert (await send(guests, "PUT", "/v1/messages/rules/ending", rule)).json() == rule
    told = {each["kind"]: each for each in (await send(guests, "GET", "/v1/messages/rules")).json()["rules"]}
    assert (told["ending"]["channels"], told["receipt"]["channels"]) == (["email"], [])
    listed = {"addresses": [MAIL], "reason": "complained"}
    for changed in (1, 0):
        assert (await send(guests, "POST", "/v1/messages/suppressions", listed)).json() == {"changed": changed}
    wrong = {"addresses": ["nobody"]}
    assert code_of(await send(guests, "POST", "/v1/messages/suppressions", wrong)) == (422, "identifier_invalid")
    await say(guests, member)
    (message,) = (await send(guests, "GET", "/v1/messages?state=skipped")).json()["messages"]
    assert (message["reason"], guests.mail.mails, MAIL in str(message)) == ("suppressed", [], False)
    lifted = await send(guests, "POST", "/v1/messages/suppressions/lift", {"address": MAIL})
    assert lifted.json() == {"changed": 1}
    assert (await send(guests, "POST", f"/v1/messages/{message['id']}/again")).json() == {"queued": 1}
    assert code_of(await send(guests, "POST", f"/v1/messages/{new_id()}/again")) == (404, "message_unknown")
