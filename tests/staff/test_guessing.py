"""Whoever guesses is stopped soon, in the database, and learns nothing but that it was wrong."""

import asyncio
import time
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network

import httpx
import pytest
from argon2 import PasswordHasher

from regulars.base.crypto import Keyring
from regulars.features import staff
from regulars.features.staff.guessing import digest_address
from tests.http.site import BARE
from tests.staff.people import PASSWORD, Office, code_of

WRONG = "four other wrong words"


async def guess(office: Office, email: str, password: str, *, line: int = 1) -> str:
    """Sign in from one of many lines, and say what came of it."""
    try:
        await staff.sign_in(
            office.site.database,
            office.site.house.keyring,
            office.state.hashing,
            email=email,
            password=password,
            address=f"198.51.{line // 250}.{line % 250}",
            at=office.at,
        )
    except (staff.SignInRefused, staff.TooManyAttempts) as refusal:
        return refusal.code
    return "right"


async def test_five_wrong_passwords_lock_the_account_and_the_lock_doubles_up_to_a_day(office: Office) -> None:
    ann = await office.join("ann@example.com", "owner")
    line = 0
    for hours in (0.25, 0.5, 1, 2, 4, 8, 16, 24, 24):
        for _ in range(5):
            line += 1
            assert await guess(office, ann.email, WRONG, line=line) == "sign_in_refused"
        line += 1
        assert await guess(office, ann.email, PASSWORD, line=line) == "sign_in_refused", "locked: the same answer"
        office.at += timedelta(hours=hours) - timedelta(seconds=1)
        line += 1
        assert await guess(office, ann.email, PASSWORD, line=line) == "sign_in_refused", f"for {hours} hours"
        office.later(seconds=2)
    assert await guess(office, ann.email, PASSWORD, line=line) == "right"
    await office.sign_in(ann)
    for _ in range(5):
        line += 1
        assert await guess(office, ann.email, WRONG, line=line) == "sign_in_refused"
    office.later(minutes=15, seconds=1)
    assert await guess(office, ann.email, PASSWORD, line=line) == "right", "who signed in begins anew"


async def test_wrong_codes_lock_the_account_like_wrong_passwords(office: Office) -> None:
    ann = await office.join("ann@example.com", "owner")
    pending = await office.pending(ann)
    for _ in range(5):
        assert code_of(await office.second(pending, code="000000")) == (403, "second_factor_wrong")
    assert code_of(await office.second(pending, code=office.code(ann))) == (401, "session_invalid")
    assert code_of(await office.first(ann.email)) == (401, "sign_in_refused")
    office.later(minutes=16)
    await office.sign_in(ann)


async def test_wrong_passwords_of_long_ago_do_not_count(office: Office) -> None:
    ann = await office.join("ann@example.com", "owner")
    for day in range(12):
        assert await guess(office, ann.email, WRONG, line=day) == "sign_in_refused"
        office.later(minutes=8)
        assert await guess(office, ann.email, WRONG, line=day) == "sign_in_refused"
        office.later(minutes=8)
    assert await guess(office, ann.email, PASSWORD, line=100) == "right"


async def test_guesses_that_come_all_at_once_are_not_all_tried(office: Office) -> None:
    ann = await office.join("ann@example.com", "owner")
    office.state.hashing = counting = Counting()
    await asyncio.gather(*(guess(office, ann.email, f"{WRONG} {each}", line=each) for each in range(40)))
    assert counting.tried == 5


class Counting(staff.Hashing):
    """Counts the passwords that were really compared with somebody's."""

    def __init__(self) -> None:
        super().__init__(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        self.tried = 0

    async def check(self, kept: str | None, password: str) -> bool:
        self.tried += kept is not None
        return await super().check(kept, password)


async def test_of_a_thousand_stolen_pairs_from_one_address_less_than_one_in_a_hundred_is_tried(office: Office) -> None:
    people = [await office.join(f"p{each}@example.com", "analyst") for each in range(3)]
    office.state.hashing = counting = Counting()
    emails = [*(person.email for person in people), *(f"stranger{each}@example.com" for each in range(997))]
    async with httpx.AsyncClient(base_url=office.site.url, timeout=60, verify=BARE) as client:
        room = asyncio.Semaphore(20)

        async def attempt(email: str) -> httpx.Response:
            async with room:
                return await client.post("/v1/session", json={"email": email, "password": WRONG})

        answers = await asyncio.gather(*(attempt(email) for email in emails))
    tried = [each for each in answers if each.status_code == 401]
    stopped = [each for each in answers if each.status_code == 429]
    assert (len(tried), len(stopped)) == (8, 992)
    assert counting.tried <= 3
    assert {each.json()["code"] for each in stopped} == {"too_many_attempts"}
    assert 895 <= int(stopped[-1].headers["retry-after"]) <= 901, "told how long"
    assert code_of(await office.first(people[0].email)) == (429, "too_many_attempts"), "the right one too"
    office.later(minutes=15, seconds=1)
    assert (await office.first(people[0].email)).status_code == 200


async def test_who_signs_in_well_is_never_stopped_for_their_address(office: Office) -> None:
    ann = await office.join("ann@example.com", "owner")
    assert [await guess(office, ann.email, PASSWORD, line=1) for _ in range(20)] == ["right"] * 20


async def test_an_account_that_is_not_there_is_answered_like_a_wrong_password_and_as_late(office: Office) -> None:
    ann = await office.join("ann@example.com", "owner")
    bo = await office.join("bo@example.com", "analyst")
    async with office.site.database.transaction() as tx:
        await staff.disable(tx, office.site.house.keyring, bo.id, at=office.at)
    known, unknown, disabled, odd = [
        await office.first(email, WRONG) for email in (ann.email, "nobody@example.com", bo.email, "no address")
    ]
    bodies = [each.json() | {"instance": ""} for each in (known, unknown, disabled, odd)]
    assert bodies == [bodies[0]] * 4
    assert known.status_code == 401
    # A hash that takes longer than everything else, so that leaving it out would be seen.
    office.state.hashing = staff.Hashing(PasswordHasher(time_cost=3, memory_cost=16_384, parallelism=1))
    await guess(office, "nobody@example.com", WRONG, line=500)
    async with office.site.database.transaction() as tx:
        kept = await office.state.hashing.hash(PASSWORD)
        await tx.run("UPDATE staff.account SET password = $1 WHERE id = $2", kept, ann.id)
    spent: dict[str, list[float]] = {ann.email: [], "nobody@example.com": [], bo.email: []}
    for turn in range(4):
        for place, email in enumerate(spent):
            began = time.perf_counter()
            assert await guess(office, email, WRONG, line=600 + turn * 3 + place) == "sign_in_refused"
            spent[email].append(time.perf_counter() - began)
    # A machine that is busy with other things makes some of them longer, and none shorter.
    least = {email: min(each) for email, each in spent.items()}
    assert min(least.values()) > 0.5 * max(least.values()), least


async def test_only_a_proxy_of_ours_says_where_a_request_comes_from(office: Office) -> None:
    async def attempt(forwarded: str) -> int:
        body = {"email": "nobody@example.com", "password": WRONG}
        async with httpx.AsyncClient(base_url=office.site.url, timeout=60, verify=BARE) as client:
            return (await client.post("/v1/session", json=body, headers={"X-Forwarded-For": forwarded})).status_code

    found = [await attempt(f"203.0.113.{each}") for each in range(10)]
    assert found == [401] * 8 + [429] * 2, "whoever says so is not believed"
    office.later(minutes=16)
    office.state.settings = replace(office.state.settings, proxies=(ip_network("127.0.0.0/8"),))
    assert [await attempt(f"203.0.113.{each}") for each in range(10)] == [401] * 10
    found = [await attempt(f"198.51.100.{each}, 203.0.113.77") for each in range(10)]
    assert found == [401] * 8 + [429] * 2, "what stands before the proxy's own word is anybody's"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.7", "203.0.113.8", False),
        ("203.0.113.7", "::ffff:203.0.113.7", True),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),  # one line
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
    ],
)
def test_an_address_is_known_by_its_line(one: str, other: str, same: bool) -> None:
    keyring = Keyring.derive({1: bytes(range(32))}, current=1)
    assert (digest_address(keyring, one) == digest_address(keyring, other)) is same
