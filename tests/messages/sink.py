"""An SMTP server on this machine that keeps what it is given, and refuses what it is told to."""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session

NAMED = re.compile(rb"(?mi)^message-id:\s*<([0-9a-f]{32})@")


@dataclass(kw_only=True)
class Sink:
    """What came in."""

    url: str = ""
    raw: list[bytes] = field(default_factory=list[bytes])
    to: list[str] = field(default_factory=list[str])
    recipient: Callable[[str], str] = lambda _: "250 OK"
    """What is answered to an address."""
    taken: Callable[[int], str] = lambda _: "250 taken"
    """What is answered to a mail, of which this is the number."""
    connections: int = 0

    async def handle_RCPT(  # noqa: N802 - the library's
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take an address, or refuse it."""
        answer = self.recipient(address)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a mail, refuse it, or hang up."""
        assert isinstance(envelope.content, bytes)
        answer = self.taken(len(self.raw) + 1)
        if answer == "hang up":
            assert server.transport is not None
            server.transport.close()
            return "421 gone"
        if answer.startswith("250"):
            self.raw.append(envelope.content)
            self.to += envelope.rcpt_tos
        return answer

    @property
    def mails(self) -> list[EmailMessage]:
        """The mails, taken apart."""
        return [message_from_bytes(each, policy=policy.default) for each in self.raw]

    @property
    def ids(self) -> list[str]:
        """Of which messages the mails are."""
        return [found[1].decode() for each in self.raw if (found := NAMED.search(each)) is not None]


@asynccontextmanager
async def run_sink(sink: Sink) -> AsyncGenerator[Sink]:
    """Serve SMTP in the loop of the test."""
    loop = asyncio.get_running_loop()

    def connect() -> SMTP:
        sink.connections += 1
        return SMTP(sink, hostname="localhost", enable_SMTPUTF8=False)

    server = await loop.create_server(connect, "127.0.0.1", 0)
    sink.url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield sink


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    """The words of a mail, as text or as a page."""
    part = mail.get_body((kind,))
    assert part is not None
    content = part.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n")
