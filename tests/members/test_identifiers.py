"""One person, one spelling: what tills, forms and keyboards send, and what it means."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from regulars.kernel.members import IdentifierInvalid, normalise
from regulars.kernel.members.identifiers import mask
from regulars.kernel.nouns import Identifier


@pytest.mark.parametrize(
    ("kind", "written", "stored"),
    [
        ("phone", "+8613800138000", "+8613800138000"),
        ("phone", " +86 138-0013-8000 ", "+8613800138000"),
        ("phone", "0086 138 0013 8000", "+8613800138000"),
        ("phone", "+1 (212) 555-0199", "+12125550199"),
        ("phone", "+1.212.555.0199", "+12125550199"),
        ("phone", "+44 (0)20 7946 0958", "+442079460958"),  # the zero is dialled at home only
        ("phone", "＋８６　１３８００１３８０００", "+8613800138000"),  # a Chinese keyboard
        ("phone", "\u202a+86\u00a0138\u20110013\u20118000\u202c", "+8613800138000"),  # an address book
        ("email", "  Name@Example.COM ", "name@example.com"),
        ("email", "ｎａｍｅ＠example.com", "name@example.com"),
        ("email", "名字@例子.中国", "名字@例子.中国"),
        ("card", "6221 0000-1234 5678", "6221000012345678"),
        ("card", "６２２１　００００", "62210000"),
        ("card", "AB–12", "AB12"),
        ("card", "C\u00b8", "\u00c7"),  # taken apart, the second is a blank and a hook: together they are one letter
        ("openid", "  o6_bmjrPTlm6_2sgVt7hMZOPfL2M ", "o6_bmjrPTlm6_2sgVt7hMZOPfL2M"),  # case tells people apart
        ("household", "hh 12", "hh 12"),
    ],
)
def test_spelling(kind: str, written: str, stored: str) -> None:
    assert normalise(Identifier(kind=kind, value=written)) == Identifier(kind=kind, value=stored)


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("phone", "138 0013 8000"),  # whose country? In another one it is another person
        ("phone", "+86 CALL ME NOW"),
        ("phone", "+86138001380x0"),
        ("phone", "+0123456789"),
        ("phone", "+123456"),
        ("phone", "+1234567890123456"),
        ("phone", "++8613800138000"),
        ("phone", ""),
        ("phone", "+"),
        ("email", "name"),
        ("email", "name@"),
        ("email", "@example.com"),
        ("email", "a@b@c"),
        ("email", "two words@example.com"),
        ("email", "a\x00@example.com"),
        ("card", " - "),
        ("card", "12\n34"),
        ("openid", "   "),
        ("openid", "a\x00b"),
        ("openid", "\ud800"),  # half a character: no text
        ("openid", "x" * 201),
        ("card", "\ufdfa" * 100),  # one sign that is spelt with eighteen
    ],
)
def test_what_cannot_be_is_refused(kind: str, written: str) -> None:
    with pytest.raises(IdentifierInvalid) as caught:
        normalise(Identifier(kind=kind, value=written))

    assert caught.value.context == {"kind": kind}


@pytest.mark.parametrize(("kind", "secret"), [("phone", "13800138000"), ("email", "li.lei"), ("openid", "a\x00bcdef")])
def test_a_refusal_does_not_repeat_what_it_refuses(kind: str, secret: str) -> None:
    with pytest.raises(IdentifierInvalid) as caught:
        normalise(Identifier(kind=kind, value=secret))

    error = caught.value
    assert secret not in "".join((str(error), repr(error), error.detail, repr(error.context)))
    assert error.__cause__ is None
    assert error.__context__ is None


SIGN = st.characters(exclude_categories=["C", "Zl", "Zp"])
PHONES = st.text("0123456789０９ -()（）.", min_size=7, max_size=14).map(lambda digits: f"+1{digits}")
EMAILS = st.builds("{}@{}".format, st.text(SIGN, min_size=1, max_size=12), st.text(SIGN, min_size=1, max_size=12))


@given(
    st.one_of(
        st.builds(Identifier, kind=st.just("phone"), value=PHONES),
        st.builds(Identifier, kind=st.just("email"), value=EMAILS),
        st.builds(Identifier, kind=st.sampled_from(["card", "openid"]), value=st.text(SIGN, min_size=1, max_size=60)),
    )
)
def test_spelling_twice_changes_nothing(identifier: Identifier) -> None:
    try:
        once = normalise(identifier)
    except IdentifierInvalid:
        assume(False)
        return

    assert normalise(once) == once


@given(local=st.text("aäİßΣςſＡ.", min_size=1, max_size=8), domain=st.text("bÉﬁ.", min_size=1, max_size=8))
def test_letters_with_odd_small_forms_settle_at_once(local: str, domain: str) -> None:
    once = normalise(Identifier(kind="email", value=f"{local}@{domain}"))

    assert normalise(once) == once


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("+8613800138000", "••••8000"),
        ("name@example.com", "••••.com"),
        ("12345678", "••••5678"),
        ("1234567", "••••567"),  # never more than half
        ("12", "••••2"),
        ("1", "••••"),
    ],
)
def test_mask(value: str, shown: str) -> None:
    assert mask(value) == shown
