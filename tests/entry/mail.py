"""A mail server and a hook for short messages on this machine, which keep what they are given."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

DIGITS = re.compile(r"\b\d{6}\b")


@dataclass(kw_only=True)
class Box:
    """What came in."""

    url: str = ""
    mails: list[EmailMessage] = field(default_factory=list[EmailMessage])
    texts: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    refuses: int = 0
    """How many are refused before one is taken."""

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - the library's
        """Take a mail, or refuse it for now."""
        if self.refuses:
            self.refuses -= 1
            return "451 later"
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 taken"

    def last_code(self) -> str:
        """The six digits of the last mail."""
        found = DIGITS.search(self.mails[-1].get_content())
        assert found is not None
        return found[0]

    def links(self) -> list[str]:
        """What stands behind # in the mails."""
        return [found for mail in self.mails for found in re.findall(r"#(ru_\w+)", mail.get_content())]


@asynccontextmanager
async def run_mail(box: Box) -> AsyncGenerator[Box]:
    """Serve SMTP in the loop of the test."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(box, hostname="localhost"), "127.0.0.1", 0)
    box.url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield box


@asynccontextmanager
async def run_hook(box: Box) -> AsyncGenerator[Box]:
    """Serve the hook for short messages."""

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        found = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
        assert found is not None
        box.texts.append(json.loads(await reader.readexactly(int(found[1]))))
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    box.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/sms"
    async with server:
        yield box
