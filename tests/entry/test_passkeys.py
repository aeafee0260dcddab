"""Passkeys: made after a proof, found without a name, and refused for everything that is not quite one."""

from dataclasses import replace

import httpx
import pytest

from tests.entry.device import PRESENT, Device
from tests.entry.guests import MAIL, Guests
from tests.staff.people import code_of

OTHER = "bob@example.com"


async def options(guests: Guests, path: str, token: str = "") -> dict[str, str]:
    asked = await guests.send("POST", path, by=token)
    assert asked.status_code == 200, asked.text
    return asked.json()["options"]


async def add(guests: Guests, token: str, device: Device, name: str = "phone") -> httpx.Response:
    made = device.make(await options(guests, "/v1/me/passkeys/options", token))
    return await guests.send("POST", "/v1/me/passkeys", {"credential": made, "name": name}, by=token)


async def enter(guests: Guests, device: Device, *, counted: bool = True) -> httpx.Response:
    signed = device.sign(await options(guests, "/v1/entry/passkey/options"), counted=counted)
    return await guests.send("POST", "/v1/entry/passkey", {"credential": signed})


@pytest.fixture
async def token(guests: Guests) -> str:
    await guests.enrol(("email", MAIL))
    return await guests.sign_in()


async def test_a_member_signs_in_without_saying_who_they_are(guests: Guests, token: str) -> None:
    me = (await guests.send("GET", "/v1/me", by=token)).json()["member"]["id"]
    device = Device()
    asked = await options(guests, "/v1/me/passkeys/options", token)
    assert asked["authenticatorSelection"] == {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "required",
    }
    made = await guests.send("POST", "/v1/me/passkeys", {"credential": device.make(asked), "name": "phone"}, by=token)
    assert made.status_code == 201, made.text
    wanted = await options(guests, "/v1/entry/passkey/options")
    assert not wanted.get("allowCredentials"), "nobody learns who has which"
    opened = await enter(guests, device)
    assert opened.status_code == 200, opened.text
    assert opened.json()["session"]["member"] == me


async def test_several_are_listed_named_and_removed(guests: Guests, token: str) -> None:
    devices = [Device(), Device()]
    for number, device in enumerate(devices):
        assert (await add(guests, token, device, f"phone {number}")).status_code == 201
    listed = (await guests.send("GET", "/v1/me/passkeys", by=token)).json()["passkeys"]
    assert [each["name"] for each in listed] == ["phone 0", "phone 1"]
    path = f"/v1/me/passkeys/{listed[0]['id']}"
    assert (await guests.send("PUT", path, {"name": "old phone"}, by=token)).json()["name"] == "old phone"
    assert (await guests.send("DELETE", path, by=token)).status_code == 200
    assert code_of(await enter(guests, devices[0])) == (401, "passkey_refused")
    assert (await enter(guests, devices[1])).status_code == 200


async def test_those_of_somebody_else_are_not_there(guests: Guests, token: str) -> None:
    await guests.enrol(("email", OTHER))
    other = await guests.sign_in(OTHER)
    device = Device()
    theirs = (await add(guests, other, device)).json()["id"]
    path = f"/v1/me/passkeys/{theirs}"
    assert code_of(await guests.send("PUT", path, {"name": "mine"}, by=token)) == (404, "passkey_unknown")
    assert code_of(await guests.send("DELETE", path, by=token)) == (404, "passkey_unknown")
    signed = device.sign(await options(guests, "/v1/me/step-up/passkey/options", token))
    proof = await guests.send("POST", "/v1/me/step-up/passkey", {"credential": signed}, by=token)
    assert code_of(proof) == (401, "passkey_refused"), "it proves that somebody else is there"


async def test_it_proves_that_the_member_is_there(guests: Guests, token: str) -> None:
    device = Device()
    await add(guests, token, device)
    guests.later(minutes=6)
    refused = await guests.send("POST", "/v1/me/passkeys/options", by=token)
    assert code_of(refused) == (403, "presence_needed"), "making one takes a fresh proof"
    signed = device.sign(await options(guests, "/v1/me/step-up/passkey/options", token))
    proof = await guests.send("POST", "/v1/me/step-up/passkey", {"credential": signed}, by=token)
    assert proof.status_code == 200, proof.text
    assert (await guests.send("POST", "/v1/me/passkeys/options", by=token)).status_code == 200


WRONG = [
    ("another site", {"rp_id": "evil.example"}),
    ("another page", {"origin": "https://points.evil.example"}),
    ("nobody was asked for a finger", {"flags": PRESENT}),
]


@pytest.mark.parametrize("changed", [case[1] for case in WRONG], ids=[case[0] for case in WRONG])
async def test_what_is_not_quite_one_is_refused(guests: Guests, token: str, changed: dict[str, object]) -> None:
    device = Device()
    assert code_of(await add(guests, token, replace(device, **changed))) == (401, "passkey_refused")
    assert (await add(guests, token, device)).status_code == 201
    device.count = 5
    assert code_of(await enter(guests, replace(device, **changed))) == (401, "passkey_refused")
    assert (await enter(guests, device)).status_code == 200


async def test_a_copied_key_is_found_by_its_counter(guests: Guests, token: str) -> None:
    device = Device()
    await add(guests, token, device)
    copy = replace(device)
    for _ in range(2):
        assert (await enter(guests, device)).status_code == 200
    assert code_of(await enter(guests, copy)) == (401, "passkey_refused"), "it counts from before"


async def test_a_challenge_is_taken_once_in_time_and_for_what_it_was_asked(guests: Guests, token: str) -> None:
    device = Device()
    await add(guests, token, device)
    signed = device.sign(await options(guests, "/v1/entry/passkey/options"))
    assert (await guests.send("POST", "/v1/entry/passkey", {"credential": signed})).status_code == 200
    again = await guests.send("POST", "/v1/entry/passkey", {"credential": signed})
    assert code_of(again) == (401, "passkey_refused")
    late = device.sign(await options(guests, "/v1/entry/passkey/options"))
    guests.later(minutes=5)
    assert code_of(await guests.send("POST", "/v1/entry/passkey", {"credential": late})) == (401, "passkey_refused")
    for_proof = device.sign(await options(guests, "/v1/me/step-up/passkey/options", token))
    refused = await guests.send("POST", "/v1/entry/passkey", {"credential": for_proof})
    assert code_of(refused) == (401, "passkey_refused"), "a proof opens no session"


@pytest.mark.parametrize("credential", [{}, {"response": 7}, {"id": 7, "response": {"clientDataJSON": "e30"}}])
async def test_what_is_made_up_is_refused(guests: Guests, credential: dict[str, object]) -> None:
    refused = await guests.send("POST", "/v1/entry/passkey", {"credential": credential})
    assert code_of(refused) == (401, "passkey_refused")


async def test_without_a_site_there_are_none(guests: Guests) -> None:
    guests.state.settings = replace(guests.state.settings, rp_id=None)
    assert code_of(await guests.send("POST", "/v1/entry/passkey/options")) == (409, "passkeys_unset")
