"""Members choose for themselves, the desk writes down what was told there, and both read the same."""

from uuid import UUID

from tests.entry.guests import MAIL, Guests
from tests.staff.people import code_of

EN, ZH = "We write about offers.", "我们会向您发送优惠信息。"


async def publish(guests: Guests) -> int:
    body = {"purpose": "marketing", "en": EN, "zh": ZH}
    made = await guests.site.client.post("/v1/consents/notices", json=body)
    assert made.status_code == 201, made.text
    return made.json()["version"]


async def standing(guests: Guests, token: str, purpose: str, **headers: str) -> tuple[bool, str | None]:
    told = await guests.send("GET", "/v1/me/consents", by=token, headers=headers)
    assert told.status_code == 200, told.text
    return next(
        (each["is_allowed"], each["door"])
        for each in told.json()["standings"]
        if each["purpose"] == purpose and each["channel"] in {"any", "email"}
    )


async def choose(guests: Guests, token: str, purpose: str, *, given: bool, version: int = 0) -> tuple[int, str]:
    body = {"choices": [{"purpose": purpose, "is_given": given, "version": version, "language": "zh-CN"}]}
    told = await guests.send("PUT", "/v1/me/consents", body, by=token)
    return (200, "") if told.status_code == 200 else code_of(told)


async def test_a_member_chooses_and_the_proof_is_kept(guests: Guests) -> None:
    member = await guests.enrol(("email", MAIL))
    token = await guests.sign_in()
    assert await choose(guests, token, "marketing", given=True) == (422, "consent_proof_missing")
    assert await choose(guests, token, "marketing", given=True, version=1) == (404, "notice_unknown")
    version = await publish(guests)
    assert await choose(guests, token, "marketing", given=True, version=version) == (200, "")
    assert await choose(guests, token, "marketing", given=False) == (200, ""), "taking back needs no words"
    seen = (await guests.site.client.get(f"/v1/members/{member}/consents")).json()
    assert [(each["is_given"], each["version"], each["door"], each["told_by"]) for each in seen["entries"]] == [
        (True, 1, "member", f"member {member}"),
        (False, 0, "member", f"member {member}"),
    ]
    assert (await guests.send("GET", "/v1/me", by=token)).json()["member"]["state"] == "active", "still a member"


async def test_a_browser_that_asks_not_to_be_sold_is_heeded(guests: Guests) -> None:
    await guests.enrol(("email", MAIL))
    token = await guests.sign_in()
    assert await standing(guests, token, "sale") == (False, None)
    assert await standing(guests, token, "sale", **{"Sec-GPC": "0"}) == (False, None), "only 1 is a signal"
    for _ in range(2):
        assert (await guests.send("GET", "/v1/me", by=token, headers={"Sec-GPC": "1"})).status_code == 200
    assert await standing(guests, token, "sale") == (False, "gpc"), "whatever page was asked for"
    assert await standing(guests, token, "receipts") == (True, None), "nothing else is touched"


async def test_the_desk_writes_down_once_what_was_told_there(guests: Guests) -> None:
    member = await guests.enrol(("email", MAIL))
    path = f"/v1/members/{member}/consents"
    body = {
        "choices": [
            {
                "purpose": "marketing",
                "channel": "sms",
                "is_given": True,
                "reference": "form-1",
                "proof": "paper form, box 17",
                "occurred_at": "2026-01-05T10:00:00+08:00",
            }
        ]
    }
    answers = [await guests.site.client.post(path, json=body) for _ in range(2)]
    assert [told.status_code for told in answers] == [201, 201], answers[0].text
    assert [each["proof"] for each in answers[1].json()["entries"]] == ["paper form, box 17"]
    body["choices"][0]["is_given"] = False
    assert code_of(await guests.site.client.post(path, json=body)) == (409, "consent_differs")
    nobody = f"/v1/members/{UUID(int=7)}/consents"
    assert code_of(await guests.site.client.post(nobody, json=body)) == (404, "member_unknown")
    assert code_of(await guests.site.client.get(nobody)) == (404, "member_unknown")
