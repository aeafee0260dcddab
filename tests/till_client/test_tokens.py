"""Vouchers and member codes without a server: what is signed is taken, once, and nothing else is."""

import base64
import hashlib
import json
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from regulars_till import Caps, Till, TokenRefused
from regulars_till.tokens import Keys, read_code, read_keys, read_voucher
from regulars_till.vouchers import KIND

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
STORE = "367"
MEMBER = UUID("019562d4-7c00-7000-8000-0000000000aa")
OURS = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
THEIRS = Ed25519PrivateKey.from_private_bytes(b"x" * 32)

# Made once by the server's side, from the key 00..1f: both sides must go on reading the same bytes.
VOUCHER = (
    "RV1.VkdapwGVYtR8AHAAgAAAAAAAAAEBlWLUfABwAIAAAAAAAACqAAAAAAAAAfRVU0QAAAAAaaOBgAAAAABprLwAAzM2Nw."
    "PtNL-bAziVR5bROFUhBjTe2Y-EsImCaSGoNaibyAvCbdRXcSlaNCfk5gkKXsaTIanv3BJd4uj3GGTgIzmEtzDg"
)
CODE = (
    "RM1.VkdapwGVYtR8AHAAgAAAAAAAAKoAAAAAaaOBgA."
    "b9fSX_jAh823E6GJPaJjtHKJ1z8ZmvKqdYAvdv6ir2OIphgqUSamDhdP8VYljJDKkT5SqkxeTy55ss3gX9goAg"
)


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def kid_of(key: Ed25519PrivateKey) -> bytes:
    return hashlib.sha256(public(key)).digest()[:4]


def sign(mark: str, payload: bytes, key: Ed25519PrivateKey = OURS) -> str:
    signed = f"{mark}.{encode(payload)}"
    return f"{signed}.{encode(key.sign(signed.encode()))}"


def issue(
    number: int = 1,
    *,
    worth: int = 500,
    money: bytes = b"USD",
    since: datetime = NOW - timedelta(days=1),
    until: datetime = NOW + timedelta(days=6),
    store: str = STORE,
    key: Ed25519PrivateKey = OURS,
    more: bytes = b"",
) -> str:
    where = store.encode()
    payload = struct.pack(
        ">4s16s16sQ3sQQB",
        kid_of(key),
        UUID(int=number).bytes,
        MEMBER.bytes,
        worth,
        money,
        int(since.timestamp()),
        int(until.timestamp()),
        len(where),
    )
    return sign("RV1", payload + where + more, key)


def tell_keys(*, revoked: tuple[int, ...] = (), as_of: datetime = NOW, ends: datetime | None = None) -> dict[str, Any]:
    return {
        "as_of": as_of.isoformat(),
        "tolerance_seconds": 90,
        "code_seconds": 30,
        "keys": [
            {
                "kid": kid_of(OURS).hex(),
                "key": encode(public(OURS)),
                "since": "2026-01-01T00:00:00Z",
                "ends": None if ends is None else ends.isoformat(),
            }
        ],
        "revoked": [str(UUID(int=number)) for number in revoked],
    }


def keys(**more: Any) -> Keys:  # noqa: ANN401 - as `tell_keys` takes them
    return read_keys(tell_keys(**more))


def judge(token: str, told: Keys | None = None, *, store: str = STORE, now: datetime = NOW) -> str:
    try:
        read_voucher(token, told or keys(), store=store, now=now)
    except TokenRefused as refused:
        return refused.code
    return "good"


def test_the_servers_own_example_is_read() -> None:
    voucher = read_voucher(VOUCHER, keys(), store=STORE, now=NOW)
    assert str(voucher.id) == "019562d4-7c00-7000-8000-000000000001"
    assert (voucher.member, voucher.worth_minor, voucher.money, voucher.store) == (MEMBER, 500, "USD", STORE)
    assert (voucher.not_before.timestamp(), voucher.not_after.timestamp()) == (1_772_323_200, 1_772_928_000)
    code = read_code(CODE, keys(), now=datetime.fromtimestamp(1_772_323_210, tz=UTC))
    assert (code.member, code.issued_at.timestamp()) == (MEMBER, 1_772_323_200)


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        (issue(), "good"),
        (issue(store=""), "good"),
        (issue(store="368"), "voucher_elsewhere"),
        (issue(key=THEIRS), "key_unknown"),
        (issue(worth=0), "voucher_invalid"),
        (issue(money=b"usd"), "voucher_invalid"),
        (issue(more=b"x"), "voucher_invalid"),
        (issue(until=NOW - timedelta(days=1)), "voucher_invalid"),
        (issue(until=NOW - timedelta(seconds=1)), "voucher_over"),
        (issue(until=NOW), "good"),
        (issue(since=NOW + timedelta(seconds=80)), "good"),
        (issue(since=NOW + timedelta(seconds=100)), "voucher_not_yet"),
        (sign("RM1", b"x" * 28), "voucher_invalid"),
        (CODE.replace("RM1", "RV1"), "voucher_invalid"),
        ("", "voucher_invalid"),
        ("RV1..", "key_unknown"),
        ("RV1." + "A" * 700, "voucher_invalid"),
        (VOUCHER + "=", "voucher_invalid"),
        (VOUCHER + "A", "voucher_invalid"),
        (VOUCHER.replace("-", "+"), "voucher_invalid"),
        ("RV1.茶.茶", "voucher_invalid"),
    ],
)
def test_a_voucher_is_good_or_is_refused_by_name(token: str, expected: str) -> None:
    assert judge(token) == expected


def test_no_character_of_a_voucher_can_be_changed() -> None:
    for place, character in enumerate(VOUCHER):
        forged = VOUCHER[:place] + ("B" if character != "B" else "C") + VOUCHER[place + 1 :]
        assert judge(forged) != "good", place


def test_a_signature_of_another_key_under_our_name_is_a_forgery() -> None:
    payload = VOUCHER.split(".")[1]
    forged = f"RV1.{payload}.{encode(THEIRS.sign(f'RV1.{payload}'.encode()))}"
    assert judge(forged) == "voucher_invalid"


def test_a_key_that_ended_still_speaks_for_what_it_signed_before() -> None:
    assert judge(issue(), keys(ends=NOW)) == "good"
    assert judge(issue(), keys(ends=NOW - timedelta(days=1))) == "voucher_invalid"


def test_a_revoked_voucher_is_refused() -> None:
    assert judge(issue(7), keys(revoked=(7,))) == "voucher_revoked"
    assert judge(issue(8), keys(revoked=(7,))) == "good"


@pytest.mark.parametrize(
    ("age", "expected"), [(0, "good"), (-90, "good"), (-91, "stale"), (120, "good"), (121, "stale"), (3_600, "stale")]
)
def test_a_member_code_is_good_for_half_a_minute_and_what_clocks_are_off(age: int, expected: str) -> None:
    issued = int(NOW.timestamp()) - age
    token = sign("RM1", struct.pack(">4s16sQ", kid_of(OURS), MEMBER.bytes, issued))
    if expected == "good":
        assert read_code(token, keys(), now=NOW).member == MEMBER
    else:
        with pytest.raises(TokenRefused, match="code_stale"):
            read_code(token, keys(), now=NOW)


@pytest.mark.parametrize("token", ["", "RM1.x", VOUCHER, CODE[:-1] + "B", CODE.replace("RM1.V", "RM1.W")])
def test_a_forged_code_is_refused(token: str) -> None:
    with pytest.raises(TokenRefused):
        read_code(token, keys(), now=datetime.fromtimestamp(1_772_323_210, tz=UTC))


def open_till(folder: Path, *, told: dict[str, Any] | None = None, caps: Caps | None = None) -> Till:
    """Open a till that learned keys before, and that nobody answers."""
    folder.mkdir(exist_ok=True)
    (folder / "learned.json").write_text(json.dumps({"keys": told or tell_keys()}))
    return Till("http://127.0.0.1:9", "k", till="t17", store=STORE, folder=folder, caps=caps, wall=lambda: NOW)


def test_a_voucher_is_taken_once_at_this_till_whatever_happens_to_it(folder: Path) -> None:
    with open_till(folder) as till:
        taken = till.take_voucher(issue())
        assert (taken.is_taken, taken.code, taken.worth_minor, taken.money) == (True, "voucher_taken", 500, "USD")
        assert till.take_voucher(issue()).code == "voucher_used"
        assert till.take_voucher(issue(2)).is_taken
        assert till.status().pending == 2
    with open_till(folder) as till:
        assert till.take_voucher(issue()).code == "voucher_used"
        assert till.take_voucher(issue(2)).code == "voucher_used"


def test_what_is_told_of_a_voucher_is_what_the_server_asks_for(folder: Path) -> None:
    with open_till(folder) as till:
        till.take_voucher(issue())
        queue = till._notebook.queue
        assert queue is not None
        (record,) = queue.list_pending(after=0, count_max=9, bytes_max=10**6)
    assert record.values["activity"] == {
        "id": "t17-1",
        "source": "till/367",
        "kind": KIND,
        "occurred_at": "2026-03-02T09:30:00.000Z",
        "member": {"id": str(MEMBER)},
        "store": STORE,
        "ask": {"voucher": str(UUID(int=1))},
        "data": {"till": "t17"},
    }


@pytest.mark.parametrize(
    ("caps", "expected"),
    [
        (Caps(), [True, True, True]),
        (Caps(worth_minor_max=499), [False, False, False]),
        (Caps(hour_count_max=2), [True, True, False]),
        (Caps(hour_minor_max=1_000), [True, True, False]),
    ],
)
def test_a_till_takes_no_more_unseen_than_the_shop_dares(folder: Path, caps: Caps, expected: list[bool]) -> None:
    with open_till(folder, caps=caps) as till:
        taken = [till.take_voucher(issue(number)) for number in (1, 2, 3)]
    assert [each.is_taken for each in taken] == expected
    assert {each.code for each in taken if not each.is_taken} <= {"voucher_cap"}


def test_a_list_of_revoked_vouchers_that_is_too_old_is_not_relied_on(folder: Path) -> None:
    with open_till(folder, told=tell_keys(as_of=NOW - timedelta(days=8))) as till:
        assert till.take_voucher(issue()).code == "keys_too_old"


def test_without_keys_no_voucher_is_taken_and_nothing_breaks(folder: Path) -> None:
    folder.mkdir()
    (folder / "learned.json").write_text("{ half a file")
    with Till("http://127.0.0.1:9", "k", till="t17", folder=folder) as till:
        assert till.take_voucher(issue()).code == "key_unknown"
        assert till.status().keys_as_of is None
