"""The ways out: mail by SMTP over connections that are kept, the others through Apprise. Nothing of it is logged."""

import asyncio
import contextlib
import logging
import re
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any, Final, Literal, Protocol
from urllib.parse import quote, unquote, urlsplit

from regulars.base.errors import Refusal
from regulars.base.settings import Settings
from regulars.features.messages.letter import Letter, write_mail
from regulars.features.messages.model import Channel

__all__ = ["Answer", "MailPost", "MessagesUnset", "Outcome", "Post", "find_posts"]

SECONDS_MAX: Final = 10
PORTS: Final = {"smtp": 25, "smtps": 465}
LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
GOES_ON: Final = 354
GOOD: Final = 200
LATER: Final = 400
NEVER: Final = 500
CLOSING: Final = 421
NO_SUCH_BOX: Final = frozenset({550, 551, 553})
ENHANCED: Final = re.compile(rb"^\s*([245])\.(\d{1,3})\.(\d{1,3})\b")
# One address and nothing else: what would be two in a header, or end it, is nobody's.
ADDRESS: Final = re.compile(r"[^\s@,;:<>()\[\]\\\"\x00-\x20\x7f]{1,64}@[^\s@,;:<>()\[\]\\\"\x00-\x20\x7f]{1,253}")
LINES: Final = re.compile(rb"(?m)^\.")

Outcome = Literal["sent", "later", "refused", "unreachable", "doubtful"]


class MessagesUnset(Refusal):
    """The library for messages beside mail is not installed."""

    code, kind = "messages_extra_missing", "unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of sending. Only codes are kept: what servers say in words names addresses."""

    outcome: Outcome
    reason: str = ""
    is_dead: bool = False
    """The address is there no more: nothing should be sent to it again."""


class Post(Protocol):
    """A way out, used by one sender at a time."""

    async def send(self, letter: Letter) -> Answer:
        """Send."""
        ...

    async def close(self) -> None:
        """End what is kept open."""
        ...


class MailPost:
    """Mail by SMTP over one connection: `smtps://` in TLS from the start, `smtp://` in TLS where it is not local."""

    def __init__(self, url: str, sender: str) -> None:
        self._parts = urlsplit(url)
        self._sender = sender
        self._client: smtplib.SMTP | None = None

    async def send(self, letter: Letter) -> Answer:
        """Send a mail, in a thread: the library waits."""
        to = letter.to
        if ADDRESS.fullmatch(to) is None:
            return Answer(outcome="refused", reason="address")
        return await asyncio.to_thread(self._deliver, to, letter)

    async def close(self) -> None:
        """Say good-bye."""
        await asyncio.to_thread(self._drop)

    def _deliver(self, to: str, letter: Letter) -> Answer:
        content = write_mail(letter, self._sender)
        # A server ends connections that were quiet: then one that is new is tried, once, while nothing was sent yet.
        for is_new in (self._client is None, True):
            try:
                return self._hand_over(to, content)
            except (smtplib.SMTPServerDisconnected, OSError, smtplib.SMTPException) as error:
                self._drop()
                if is_new:
                    code = getattr(error, "smtp_code", 0)
                    return Answer(outcome="unreachable", reason=f"smtp {code}" if code else "no connection")
        raise AssertionError("the second time is always new")

    def _hand_over(self, to: str, content: bytes) -> Answer:
        client = self._connect()
        options = [] if to.isascii() else ["SMTPUTF8"]
        if options and not client.has_extn("smtputf8"):
            return Answer(outcome="refused", reason="address")
        for code, words, is_address in (
            (*client.mail(parseaddr(self._sender)[1], options), False),
            (*client.rcpt(to), True),
            (*client.docmd("DATA"), False),
        ):
            if code >= LATER or (code != GOES_ON and code < GOOD):
                self._reset(code)
                return _judge(code, words, is_address=is_address)
        try:
            client.send(LINES.sub(b"..", content) + (b"" if content.endswith(b"\r\n") else b"\r\n") + b".\r\n")
            code, words = client.getreply()
        except (smtplib.SMTPException, OSError):
            # It may have been taken or not: nobody can tell.
            self._drop()
            return Answer(outcome="doubtful", reason="no answer")
        return Answer(outcome="sent") if code < LATER else _judge(code, words, is_address=False)

    def _connect(self) -> smtplib.SMTP:
        if self._client is not None:
            return self._client
        parts = self._parts
        host = parts.hostname or ""
        where = (host, parts.port or PORTS[parts.scheme])
        context = ssl.create_default_context()
        if parts.scheme == "smtps":
            client = smtplib.SMTP_SSL(*where, timeout=SECONDS_MAX, context=context)
        else:
            client = smtplib.SMTP(*where, timeout=SECONDS_MAX)
        self._client = client
        if parts.scheme == "smtp" and host not in LOCAL:
            # Refused, rather than sent in clear over a network.
            client.starttls(context=context)
        client.ehlo_or_helo_if_needed()
        if parts.username:
            client.login(unquote(parts.username), unquote(parts.password or ""))
        return client

    def _reset(self, code: int) -> None:
        if code == CLOSING or self._client is None:
            self._drop()
            return
        with contextlib.suppress(smtplib.SMTPException, OSError):
            self._client.rset()
            return
        self._drop()

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                client.quit()
            client.close()


class ApprisePost:
    """Short messages and notices on screens, by whichever service the operator's address names."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._library = _import_apprise()

    async def send(self, letter: Letter) -> Answer:
        """Hand a message over. The library says no more than whether it was taken."""
        service = self._library.Apprise()
        if not service.add(self._url.replace("{to}", quote(letter.to, safe=""))):
            return Answer(outcome="refused", reason="address")
        went = await service.async_notify(body=letter.written.short, title="")
        return Answer(outcome="sent") if went else Answer(outcome="later", reason="not taken")

    async def close(self) -> None:
        """Nothing is kept open."""


def find_posts(settings: Settings, *, lines: int) -> dict[Channel, list[Post]]:
    """Build the ways out that the settings name, so many of each as may be used at once. Raises MessagesUnset."""
    posts: dict[Channel, list[Post]] = {}
    if settings.smtp_url is not None:
        posts["email"] = [MailPost(settings.smtp_url, settings.smtp_from) for _ in range(lines)]
    for channel, url in settings.messages_urls.items():
        posts[_CHANNELS[channel]] = [ApprisePost(url) for _ in range(lines)]
    return posts


_CHANNELS: Final[Mapping[str, Channel]] = {"sms": "sms", "push": "push", "wechat": "wechat"}


def _import_apprise() -> Any:  # noqa: ANN401 - an extra: it may not be there
    try:
        import apprise  # noqa: PLC0415 - loaded where it is used, which few installations do
    except ImportError as error:
        message = "REGULARS_MESSAGES_URLS needs a library: install regulars[messages]."
        raise MessagesUnset(message) from error
    # They would write whole addresses, with secrets and numbers in them.
    for name in ("apprise", "urllib3.connectionpool"):
        logging.getLogger(name).disabled = True
    return apprise


def _judge(code: int, words: bytes, *, is_address: bool) -> Answer:
    """Say what a reply means. Whether an address is dead is for replies to the address itself."""
    status = ENHANCED.match(words)
    told = f"smtp {code}" + (f" {status[0].decode().strip()}" if status else "")
    if code < NEVER:
        return Answer(outcome="later", reason=told)
    is_dead = is_address and (status[2] == b"1" if status else code in NO_SUCH_BOX)
    return Answer(outcome="refused", reason=told, is_dead=is_dead)
