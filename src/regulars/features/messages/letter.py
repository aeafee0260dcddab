"""How a mail is put on paper: headers and two bodies, as bytes. Pure.

By hand, and not by the standard library's `EmailMessage`, which takes six times as long as everything else that is done
for a mail. What makes that safe stands here: every header is one that is named here, and none has a line end in it.
"""

import base64
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, formataddr, parseaddr
from typing import Final
from uuid import UUID

from regulars.features.messages.scene import Written
from regulars.features.messages.template import write_html

__all__ = ["Letter", "name_message", "write_mail"]

LINE_MAX: Final = 900
END: Final = b"\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What is sent."""

    id: UUID
    to: str
    written: Written
    at: datetime
    stop_url: str
    """Where one click ends it; empty where the installation has no public address."""

    def __repr__(self) -> str:
        """Show which it is, and never to whom."""
        return f"Letter(id={self.id})"


def name_message(message: UUID, sender: str) -> str:
    """Name a mail by its message, the same each time that it is sent, so that a second copy can be told for one."""
    return f"<{message.hex}@{parseaddr(sender)[1].rpartition('@')[2]}>"


def write_mail(letter: Letter, sender: str) -> bytes:
    """Write a mail to an address that was checked to be one, as text and as a page."""
    written, boundary = letter.written, f"=_{letter.id.hex}"
    text = written.text.strip()
    if letter.stop_url:
        words = "退订此类消息" if written.language == "zh-CN" else "No more of this kind"
        text = f"{text}\n\n{words}: {letter.stop_url}"
    headers = {
        "From": formataddr(parseaddr(sender)),
        "To": letter.to,
        "Subject": _encode(written.subject),
        "Date": format_datetime(letter.at),
        "Message-ID": name_message(letter.id, sender),
        "Auto-Submitted": "auto-generated",
        "Content-Language": written.language,
        **_list_stop(letter.stop_url),
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative; boundary="{boundary}"',
    }
    parts = (("plain", text), ("html", write_html(written.subject, text, written.language)))
    bodies = [b"--" + boundary.encode() + END + _write_part(kind, body) for kind, body in parts]
    return b"".join((_write_headers(headers), END, *bodies, b"--", boundary.encode(), b"--", END))


def _list_stop(url: str) -> dict[str, str]:
    """One click (RFC 8058). The address stands as it is: folded or encoded, programs would not know it."""
    if not url or not url.isascii():
        return {}
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def _write_headers(headers: dict[str, str]) -> bytes:
    lines: list[bytes] = []
    for name, value in headers.items():
        # A line end that is followed by a space only folds; any other would begin a header of somebody else's.
        folded = value.replace("\r\n ", "")
        assert "\r" not in folded, name
        assert "\n" not in folded, name
        lines.append(f"{name}: {value}".encode() + END)
    return b"".join(lines)


def _encode(subject: str) -> str:
    """Encode a subject, also one that only looks as if it were encoded."""
    charset = "us-ascii" if subject.isascii() and "=?" not in subject else "utf-8"
    return Header(subject, charset, header_name="Subject").encode(linesep="\r\n")


def _write_part(kind: str, body: str) -> bytes:
    is_plain = body.isascii() and all(len(line) <= LINE_MAX for line in body.split("\n"))
    data = body.replace("\n", "\r\n").encode() + END
    encoding = b"7bit" if is_plain else b"base64"
    return b"".join(
        (
            f"Content-Type: text/{kind}; charset=utf-8\r\n".encode(),
            b"Content-Transfer-Encoding: " + encoding + END + END,
            data if is_plain else base64.encodebytes(data).replace(b"\n", END),
        )
    )
