"""Passwords that are guessed first are refused; any others of twelve characters are not, whatever they are made of."""

import hashlib
from pathlib import Path

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type

from regulars.features import staff
from regulars.features.staff.passwords import is_breached, refuse_weak

ABOUT = ("Ann Lee-Baker", "ann.baker77@example.com")

TAKEN = [
    "correct horse battery staple",
    "correcthorse",  # twelve
    "天气很好我们去西湖边喝茶吧",  # thirteen, each worth a word
    "kT8#vq!mZ2pL",
    "            x1 y7 q9 w3 ",  # spaces are characters
    "bakersdozen of eclairs",  # more than a name
    "my password is a long sentence",
    "12 monkeys eat 7 bananas",
]
REFUSED = [
    "eleven char",
    "天气很好",
    "x" * 257,
    "aaaaaaaaaaaa",
    "abababababab",
    "abcabcabcabcabc",
    "tea4tea4tea4tea4",
    "123456789012",
    "abcdefghijklmnop",
    "zyxwvutsrqponm",
    "password1234",
    "Password2026!",
    "P@ssword1234",
    "regulars2026",
    "RegularsRegulars",
    "changemechangeme",
    "annbaker77!!",
    "ann.baker77@example.com",
    "leebakerleebaker",
    "qwertyqwerty",
]


@pytest.mark.parametrize("password", TAKEN)
def test_taken(password: str) -> None:
    refuse_weak(password, about=ABOUT, breached=None)


@pytest.mark.parametrize("password", REFUSED)
def test_refused(password: str) -> None:
    with pytest.raises(staff.PasswordWeak) as refused:
        refuse_weak(password, about=ABOUT, breached=None)
    assert password not in refused.value.detail


def write_list(path: Path, passwords: list[str], ending: str) -> Path:
    digests = sorted(hashlib.sha1(each.encode()).hexdigest().upper() for each in passwords)
    path.write_text("".join(f"{each}{ending}" for each in digests), encoding="ascii")
    return path


@pytest.mark.parametrize("ending", ["\n", ":12345\n", ":1\r\n"])
def test_every_password_of_a_list_is_found_and_no_other(tmp_path: Path, ending: str) -> None:
    stolen = [f"stolen words number {each}" for each in range(1000)]
    path = write_list(tmp_path / "stolen.txt", stolen, ending)
    assert [is_breached(each, path) for each in stolen] == [True] * 1000
    assert [is_breached(f"mine alone {each}", path) for each in range(1000)] == [False] * 1000
    with pytest.raises(staff.PasswordWeak, match="stolen"):
        refuse_weak(stolen[7], about=ABOUT, breached=path)


def test_a_list_may_be_short_and_end_anyhow(tmp_path: Path) -> None:
    empty = tmp_path / "none.txt"
    empty.touch()
    assert not is_breached("a", empty)
    one = write_list(tmp_path / "one.txt", ["a"], "")
    assert is_breached("a", one)
    assert not is_breached("b", one)


async def test_what_is_kept_is_argon2id_with_the_settings_of_the_library() -> None:
    hashing = staff.Hashing()
    kept = await hashing.hash("correct horse battery staple")
    parameters, usual = extract_parameters(kept), PasswordHasher()
    assert parameters.type is Type.ID
    assert (parameters.memory_cost, parameters.time_cost) == (usual.memory_cost, usual.time_cost)
    assert parameters.memory_cost >= 19 * 1024, "what OWASP asks for at least"
    assert await hashing.check(kept, "correct horse battery staple")
    assert not await hashing.check(kept, "correct horse battery stable")
    assert not await hashing.check(None, "nobody's"), "nobody has a password"
    weaker = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("x")
    assert hashing.is_dated(weaker)
    assert not hashing.is_dated(kept)


async def test_one_spelling_whatever_the_keyboard() -> None:
    hashing = staff.Hashing(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    assert await hashing.check(await hashing.hash("cafe\u0301 au lait bitte"), "caf\u00e9 au lait bitte")
