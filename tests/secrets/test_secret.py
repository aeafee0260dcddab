"""How a secret is written down, and what becomes of it when keys change."""

import base64
import hashlib

import pytest

from regulars.base.secret import Secret


def draw(number: int) -> bytes:
    return hashlib.sha256(f"key {number}".encode()).digest()


ONE, TWO, THREE = draw(1), draw(2), draw(3)


def spell(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).decode()


def test_one_key_is_written_without_an_id_and_read_with_or_without() -> None:
    assert Secret.parse(spell(ONE)) == Secret.parse(f"1:{spell(ONE)}") == Secret.single(ONE)
    assert Secret.parse(Secret.single(ONE).write()) == Secret.single(ONE)
    assert ":" not in Secret.single(ONE).write()


def test_keys_are_added_taken_into_use_and_dropped() -> None:
    added = Secret.single(ONE).add(TWO)
    assert (added.current, added.spare, list(added.masters)) == (1, 2, [1, 2])
    turned = added.turn()
    assert (turned.current, turned.spare, list(turned.masters)) == (2, None, [2, 1])
    dropped = turned.drop(1)
    assert (list(dropped.masters), list(dropped.retired)) == ([2], [1])
    again = dropped.add(THREE)
    assert again.spare == 3
    for each in (added, turned, dropped, again):
        assert Secret.parse(each.write()) == each
        assert Secret.parse(each.write().replace("\n", ",")) == each


def test_a_dropped_key_still_knows_codes_and_opens_nothing() -> None:
    old, left = Secret.single(ONE).derive(), Secret.single(ONE).add(TWO).turn().drop(1).derive()
    assert old.digest_tokens("code", "SPRING")[0] in left.digest_tokens("code", "SPRING")
    assert old.blind("card", "7") not in [each.value for each in left.blinds("card", "7")]
    assert 1 not in left.keys
    assert spell(ONE).rstrip("=") not in Secret.single(ONE).add(TWO).turn().drop(1).write()


def test_an_id_is_never_given_twice() -> None:
    assert Secret.single(ONE).add(TWO).turn().drop(1).add(THREE).turn().drop(2).add(ONE).spare == 4


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "32 random bytes"),
        (f"{spell(ONE)},{spell(TWO)}", "id:key"),
        (f"1:{spell(ONE)},1:{spell(TWO)}", "an id of its own"),
        (f"0:{spell(ONE)}", "from 1 to"),
        (f"99999:{spell(ONE)}", "from 1 to"),
        (f"1.codes:{spell(ONE)}", "one key that is in use"),
        (f"2:{spell(ONE)},1.codes:{spell(TWO[:16])}", "32 bytes"),
        (f"2:{spell(ONE)},1:{spell(TWO[:16])}", "32 random bytes"),
        (f"2:{spell(ONE)},1:{'changeme' * 8}", "drawn by a machine"),
        (",".join(f"{number}:{spell(draw(number))}" for number in range(1, 20)), "random bytes"),
    ],
)
def test_what_is_no_secret_is_refused_and_not_shown(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as refused:
        Secret.parse(text)
    assert spell(ONE)[:12] not in str(refused.value)


def test_a_secret_shows_nothing() -> None:
    shown = repr(Secret.single(ONE).add(TWO).turn().drop(1))
    assert repr(ONE)[2:-1] not in shown
    assert spell(ONE)[:12] not in shown
    assert repr(TWO)[2:-1] not in shown
