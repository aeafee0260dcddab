"""What is signed is read back; whatever was changed on the way is nobody's."""

import base64
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from regulars.features import signing

NOW = datetime(2026, 3, 1, tzinfo=UTC)
VOUCHER = signing.Voucher(
    voucher=UUID("019562d4-7c00-7000-8000-000000000001"),
    member=UUID("019562d4-7c00-7000-8000-0000000000aa"),
    worth_minor=500,
    money="USD",
    not_before=NOW,
    not_after=NOW + timedelta(days=7),
    store="367",
)
CODE = signing.Code(member=VOUCHER.member, issued_at=NOW)


def make(seed: bytes, *, ends: datetime | None = None) -> tuple[signing.Signer, dict[str, signing.PublicKey]]:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public = private.public_key().public_bytes_raw()
    kid = sha256(public).digest()[:4].hex()
    key = signing.PublicKey(kid=kid, key=public, since=NOW - timedelta(days=1), ends=ends)
    return signing.Signer(kid=kid, key=private), {kid: key}


SIGNER, KEYS = make(bytes(range(32)))
OTHER, OTHERS = make(b"x" * 32)


def test_the_format_is_the_one_that_tills_in_the_field_read() -> None:
    # Tills are out there with this: whoever changes it gives the mark a new number.
    assert signing.sign_voucher(VOUCHER, SIGNER) == (
        "RV1.VkdapwGVYtR8AHAAgAAAAAAAAAEBlWLUfABwAIAAAAAAAACqAAAAAAAAAfRVU0QAAAAAaaOBgAAAAABprLwAAzM2Nw."
        "PtNL-bAziVR5bROFUhBjTe2Y-EsImCaSGoNaibyAvCbdRXcSlaNCfk5gkKXsaTIanv3BJd4uj3GGTgIzmEtzDg"
    )
    assert signing.sign_code(CODE, SIGNER) == (
        "RM1.VkdapwGVYtR8AHAAgAAAAAAAAKoAAAAAaaOBgA."
        "b9fSX_jAh823E6GJPaJjtHKJ1z8ZmvKqdYAvdv6ir2OIphgqUSamDhdP8VYljJDKkT5SqkxeTy55ss3gX9goAg"
    )


@given(
    worth=st.integers(1, 2**53 - 1),
    store=st.text(st.characters(codec="utf-8"), max_size=50),
    begins=st.integers(0, 2**33),
    seconds=st.integers(1, 10**7),
)
def test_what_is_signed_is_read_back(worth: int, store: str, begins: int, seconds: int) -> None:
    at = datetime.fromtimestamp(begins, tz=UTC)
    voucher = replace(VOUCHER, worth_minor=worth, store=store, not_before=at, not_after=at + timedelta(seconds=seconds))
    assert signing.read_voucher(signing.sign_voucher(voucher, SIGNER), KEYS) == voucher


def flip(token: str, place: int) -> str:
    """Change one character into another that is as good."""
    changed = "A" if token[place] != "A" else "B"
    return token[:place] + changed + token[place + 1 :]


@pytest.mark.parametrize("token", [signing.sign_voucher(VOUCHER, SIGNER), signing.sign_code(CODE, SIGNER)])
def test_no_character_can_be_changed(token: str) -> None:
    is_voucher = token.startswith("RV1")
    for place in range(len(token)):
        with pytest.raises(signing.VoucherInvalid if is_voucher else signing.CodeInvalid):
            read(flip(token, place), is_voucher=is_voucher)


def read(token: str, *, is_voucher: bool) -> object:
    return signing.read_voucher(token, KEYS) if is_voucher else signing.read_code(token, KEYS, at=NOW)


def mark(payload: bytes, signer: signing.Signer = SIGNER, name: str = "RV1") -> str:
    """Sign any bytes, as somebody with the key could."""
    signed = f"{name}." + base64.urlsafe_b64encode(payload).decode().rstrip("=")
    return signed + "." + base64.urlsafe_b64encode(signer.key.sign(signed.encode())).decode().rstrip("=")


GOOD = base64.urlsafe_b64decode(signing.sign_voucher(VOUCHER, SIGNER).split(".")[1] + "==")


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "RV1..",
        "RV1.AAAA.AAAA",
        "RV1." + "A" * 700,
        "RV1.é.AAAA",
        signing.sign_code(CODE, SIGNER),
        signing.sign_code(CODE, SIGNER).replace("RM1", "RV1"),
        signing.sign_voucher(VOUCHER, OTHER),  # an unknown key
        signing.sign_voucher(VOUCHER, signing.Signer(kid=SIGNER.kid, key=OTHER.key)),  # a forged one
        signing.sign_voucher(VOUCHER, SIGNER) + "=",
        signing.sign_voucher(VOUCHER, SIGNER)[:-1],
        signing.sign_voucher(VOUCHER, SIGNER) + ".x",
        mark(GOOD[:-1]),
        mark(GOOD + b"x"),
        mark(GOOD[:30]),
        mark(GOOD[:-3] + b"\xff\xff\xff"),
        mark(GOOD[:44] + b"usd" + GOOD[47:]),
        mark(GOOD[:36] + bytes(8) + GOOD[44:]),
        mark(GOOD[:47] + b"\xff" * 8 + GOOD[55:]),
        mark(GOOD, name="RV2"),
    ],
)
def test_what_is_no_voucher(token: str) -> None:
    with pytest.raises(signing.VoucherInvalid):
        signing.read_voucher(token, KEYS)


@pytest.mark.parametrize(
    ("span", "store", "refusal"),
    [
        (timedelta(seconds=-90), "367", None),
        (timedelta(seconds=-91), "367", signing.VoucherStale),
        (timedelta(days=7), "367", None),
        (timedelta(days=7, seconds=1), "367", signing.VoucherStale),
        (timedelta(0), "368", signing.VoucherElsewhere),
        (timedelta(0), "", signing.VoucherElsewhere),
    ],
)
def test_time_and_place(span: timedelta, store: str, refusal: type[Exception] | None) -> None:
    if refusal is None:
        signing.check_voucher(VOUCHER, at=NOW + span, store=store)
    else:
        with pytest.raises(refusal):
            signing.check_voucher(VOUCHER, at=NOW + span, store=store)
    signing.check_voucher(replace(VOUCHER, store=""), at=NOW, store=store)


@pytest.mark.parametrize(
    ("seconds", "refused"), [(-91, True), (-90, False), (0, False), (120, False), (121, True), (86_400, True)]
)
def test_a_code_is_good_for_its_half_minute_and_what_clocks_differ(*, seconds: int, refused: bool) -> None:
    token, at = signing.sign_code(CODE, SIGNER), NOW + timedelta(seconds=seconds)
    if refused:
        with pytest.raises(signing.CodeStale):
            signing.read_code(token, KEYS, at=at)
    else:
        assert signing.read_code(token, KEYS, at=at) == CODE


def test_a_key_that_ended_counts_for_what_it_signed_before() -> None:
    signer, keys = make(b"y" * 32, ends=NOW + timedelta(seconds=1))
    assert signing.read_voucher(signing.sign_voucher(VOUCHER, signer), keys) == VOUCHER
    signer, keys = make(b"y" * 32, ends=NOW)
    with pytest.raises(signing.VoucherInvalid):
        signing.read_voucher(signing.sign_voucher(VOUCHER, signer), keys)
    with pytest.raises(signing.CodeInvalid):
        signing.read_code(signing.sign_code(CODE, signer), keys, at=NOW)


def test_keys_do_not_show_themselves() -> None:
    assert repr(SIGNER) == f"Signer(kid={SIGNER.kid!r})"
    assert set(OTHERS) == {OTHER.kid}
