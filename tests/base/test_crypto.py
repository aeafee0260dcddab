"""What keys promise: found only with the key, opened only in place, and nothing shown by accident."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.base.crypto import KEY_BYTES, KEY_ID_MAX, Keyring, Tampered, new_member_key, open_sealed, seal

MASTER = bytes(range(KEY_BYTES))
OTHER = bytes(range(100, 100 + KEY_BYTES))
KEYRING = Keyring.derive({1: MASTER}, current=1)


def test_blind_index_agrees_with_itself_and_with_nothing_else() -> None:
    blind = KEYRING.blind("phone", "+8613800138000")

    assert len(blind) == 32
    assert blind == Keyring.derive({1: MASTER}, current=1).blind("phone", "+8613800138000")
    assert blind != KEYRING.blind("phone", "+8613800138001")
    assert blind != KEYRING.blind("card", "+8613800138000")
    assert blind != Keyring.derive({1: OTHER}, current=1).blind("phone", "+8613800138000")


def test_blind_index_is_no_digest_that_anyone_can_compute() -> None:
    value = "+8613800138000"
    blind = KEYRING.blind("phone", value)

    assert blind != hashlib.sha256(value.encode()).digest()
    assert blind != hmac.digest(MASTER, value.encode(), "sha256")


def test_kind_and_value_do_not_run_into_each_other() -> None:
    assert KEYRING.blind("a", "bc") != KEYRING.blind("ab", "c")


def test_each_use_has_a_key_of_its_own() -> None:
    (keys,) = KEYRING.keys.values()

    assert len({keys.blind, keys.wrap, keys.token, MASTER}) == 4
    assert KEYRING.digest_tokens("card", "1")[0].value != KEYRING.blind("card", "1")


def test_a_value_digested_under_an_older_key_is_found_under_that_key() -> None:
    both = Keyring.derive({1: MASTER, 2: OTHER, 3: MASTER[::-1]}, current=2)

    digests = both.blinds("card", "77")

    assert [digest.key_id for digest in digests] == [2, 3, 1]
    assert digests[0].value == both.blind("card", "77")
    assert both.blind_key_id == 2
    assert digests[2].value == KEYRING.blind("card", "77")
    assert [digest.key_id for digest in both.digest_tokens("api", "secret")] == [2, 3, 1]


def test_a_wrapped_key_opens_after_the_master_key_was_renewed() -> None:
    key = new_member_key()
    wrapped = KEYRING.wrap(key, b"whose")

    assert Keyring.derive({1: MASTER, 2: OTHER}, current=2).unwrap(wrapped, b"whose") == key
    assert key not in wrapped


def test_a_wrapped_key_stays_shut_without_its_master_key() -> None:
    wrapped = KEYRING.wrap(new_member_key(), b"whose")

    with pytest.raises(Tampered, match="not in the keyring"):
        Keyring.derive({2: MASTER}, current=2).unwrap(wrapped, b"whose")
    with pytest.raises(Tampered, match="does not open"):
        Keyring.derive({1: OTHER}, current=1).unwrap(wrapped, b"whose")
    with pytest.raises(Tampered, match="does not open"):
        KEYRING.unwrap(wrapped, b"someone else's")


@given(plaintext=st.binary(max_size=300), aad=st.binary(max_size=50), key_id=st.integers(0, KEY_ID_MAX))
def test_what_is_sealed_opens_with_the_same_key_and_place(plaintext: bytes, aad: bytes, key_id: int) -> None:
    key = new_member_key()
    sealed = seal(key, plaintext, aad, key_id=key_id)

    assert open_sealed(key, sealed, aad) == plaintext
    assert sealed[0] == 1
    assert int.from_bytes(sealed[1:3], "big") == key_id
    assert len(sealed) == 3 + 12 + len(plaintext) + 16
    with pytest.raises(Tampered):
        open_sealed(new_member_key(), sealed, aad)
    with pytest.raises(Tampered):
        open_sealed(key, sealed, aad + b"!")


def test_a_change_of_any_bit_is_noticed() -> None:
    key = new_member_key()
    sealed = seal(key, b"+8613800138000", b"whose")

    for place in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[place // 8] ^= 1 << place % 8
        with pytest.raises(Tampered):
            open_sealed(key, bytes(changed), b"whose")


def test_a_value_cut_short_is_noticed() -> None:
    key = new_member_key()
    sealed = seal(key, b"1234567890", b"whose")

    for length in range(len(sealed)):
        with pytest.raises(Tampered):
            open_sealed(key, sealed[:length], b"whose")
        with pytest.raises(Tampered):
            KEYRING.unwrap(sealed[:length], b"whose")


def test_the_same_value_never_looks_the_same_twice() -> None:
    key = new_member_key()

    assert len({seal(key, b"same", b"whose") for _ in range(1_000)}) == 1_000
    assert len({new_member_key() for _ in range(1_000)}) == 1_000


@pytest.mark.parametrize(
    ("masters", "current", "says"),
    [
        ({1: MASTER[:-1]}, 1, "has 31 bytes"),
        ({0: MASTER}, 0, "from 1 to 32767"),
        ({KEY_ID_MAX + 1: MASTER}, KEY_ID_MAX + 1, "from 1 to 32767"),
        ({1: MASTER}, 2, "not among"),
        ({}, 1, "not among"),
    ],
)
def test_a_keyring_that_cannot_work_is_not_made(masters: dict[int, bytes], current: int, says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        Keyring.derive(masters, current=current)

    assert repr(MASTER)[2:-1] not in str(caught.value)


def test_a_keyring_shows_no_key() -> None:
    (keys,) = KEYRING.keys.values()

    for shown in (repr(KEYRING), str(KEYRING), repr(keys)):
        for key in (MASTER, keys.blind, keys.wrap, keys.token):
            assert repr(key)[2:-1] not in shown
            assert key.hex() not in shown
