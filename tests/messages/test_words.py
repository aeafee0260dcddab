"""Words are written whole or not at all, and no value reaches out of its place."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from zoneinfo import ZoneInfo

import pytest

from regulars.base.ids import new_id
from regulars.features import messages
from regulars.features.messages.letter import Letter, write_mail
from regulars.features.messages.scene import Written
from regulars.features.messages.template import clean, render, write_html
from regulars.features.messages.texts import BUILT_IN
from tests.messages.sink import text_of

AT = datetime(2026, 3, 5, 16, 30, tzinfo=UTC)
SHANGHAI, LONDON = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/London")

# Words, values, language, what is written.
CASES = [
    ("{points}", {"points": 1234567}, "en", "1,234,567"),
    ("{points:plural(# point|# points)}", {"points": 1}, "en", "1 point"),
    ("{points:plural(# point|# points)}", {"points": 0}, "en", "0 points"),
    ("{points:plural(# point|# points)}", {"points": 2000}, "en", "2,000 points"),
    ("{points:plural(#个积分)}", {"points": 1}, "zh-CN", "1个积分"),
    ("{at}", {"at": AT}, "en", "6 March 2026"),
    ("{at:time}", {"at": AT}, "en", "6 March 2026, 00:30"),
    ("{at:time}", {"at": AT}, "zh-CN", "2026年3月6日 00:30"),
    ("{{points}} {{", {"points": 1}, "en", "{points} {"),
    ("{title}", {"title": "{points} {{x}}"}, "en", "{points} {{x}}"),
    ("{title}!", {"title": " <b>Tea</b> ☕️ "}, "en", "<b>Tea</b> ☕️!"),
    ("{title}!", {"title": "a\r\nBcc: eve@example.com\u2028b\x00"}, "en", "a  Bcc: eve@example.com b!"),
    ("{title}!", {"title": "קפה"}, "en", "\u2068קפה\u2069!"),
    ("{title}!", {"title": "\u202egold\u202c"}, "en", "gold!"),
]


@pytest.mark.parametrize(("words", "values", "language", "written"), CASES)
def test_words_are_written(words: str, values: dict, language: messages.Language, written: str) -> None:
    assert render(words, values, language, SHANGHAI) == written


def test_days_are_the_members_days() -> None:
    assert render("{at}", {"at": AT}, "en", LONDON) == "5 March 2026"


def test_half_a_message_is_never_written() -> None:
    with pytest.raises(messages.VariableMissing, match="points"):
        render("Use {currency}: {points}", {"currency": "Points"}, "en", LONDON)


def test_the_words_that_come_with_it_are_good_in_both_languages() -> None:
    assert {(kind, language) for kind in messages.KINDS for language in messages.LANGUAGES} == set(BUILT_IN)
    for template in BUILT_IN.values():
        messages.check_template(template)


@pytest.mark.parametrize(
    ("wish", "language"),
    [("zh-HK", "zh-CN"), ("ZH_hans", "zh-CN"), ("en-GB", "en"), ("de", "en"), ("", "en"), (None, "en"), (7, "en")],
)
def test_a_language_is_found_for_everybody(wish: object, language: str) -> None:
    assert messages.choose_language(wish, "en") == language


NASTY = [
    "Hi\r\nBcc: eve@example.com",
    "Hi\nX: y",
    "Hi\x85there",
    "=?utf-8?q?x?=",
    "\u202eevil",
    "😀" * 80,
    "长" * 300,
    "<script>alert(1)</script>",
]


@pytest.mark.parametrize("name", NASTY)
def test_nothing_gets_into_the_headers(name: str) -> None:
    told = clean(name)
    written = Written(language="en", version=0, subject=told, text=told, short=told)
    letter = Letter(id=new_id(), to="ann@example.com", written=written, at=AT, stop_url="")
    sent = write_mail(letter, "points@example.com")
    mail = message_from_bytes(sent, policy=policy.default)
    expected = {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language"}
    assert set(mail.keys()) == expected | {"MIME-Version", "Content-Type"}
    assert text_of(mail).rstrip("\n") == told
    assert mail["Subject"] == told
    assert max(len(line) for line in sent.split(b"\r\n")) < 998, "as long as mail may be"
    assert "<script>" not in text_of(mail, "html")


def test_a_page_shows_tags_as_they_are() -> None:
    page = write_html("<b>", "Dear <i>Ann</i> & co\nbye\n\nX", "zh-CN")
    assert "<p>Dear &lt;i&gt;Ann&lt;/i&gt; &amp; co<br>bye</p><p>X</p>" in page
    assert page.startswith('<!doctype html><html lang="zh-CN" dir="auto">')
