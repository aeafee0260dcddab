"""The ways out: mail by SMTP, short messages by a hook of the operator's. Neither writes anything into a log."""

import asyncio
import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

import httpx

from regulars.base.settings import Settings
from regulars.features.entrance.model import Channel, Message

__all__ = ["MailPost", "Post", "SmsPost", "find_posts"]

SECONDS_MAX: Final = 10
PORTS: Final = {"smtp": 25, "smtps": 465}
LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class Post(Protocol):
    """A way out."""

    async def send(self, message: Message) -> bool:
        """Send a message; False where it did not go out, and may be tried again."""
        ...


class MailPost:
    """Mail by SMTP: `smtps://` from the start in TLS, `smtp://` in TLS where it is not this machine."""

    def __init__(self, url: str, sender: str) -> None:
        self._parts = urlsplit(url)
        self._sender = sender

    async def send(self, message: Message) -> bool:
        """Send a mail, in a thread: the library waits."""
        mail = EmailMessage(policy=SMTP)
        mail["From"], mail["To"], mail["Subject"] = self._sender, message.to, message.subject
        mail["Message-ID"] = f"<{message.id}@{self._sender.rpartition('@')[2].rstrip('>')}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text)
        try:
            await asyncio.to_thread(self._deliver, mail)
        except (smtplib.SMTPException, OSError):
            return False
        return True

    def _deliver(self, mail: EmailMessage) -> None:
        parts = self._parts
        host = parts.hostname or ""
        where = (host, parts.port or PORTS[parts.scheme])
        context = ssl.create_default_context()
        if parts.scheme == "smtps":
            client = smtplib.SMTP_SSL(*where, timeout=SECONDS_MAX, context=context)
        else:
            client = smtplib.SMTP(*where, timeout=SECONDS_MAX)
        with client:
            if parts.scheme == "smtp" and host not in LOCAL:
                # Refused, rather than sent in clear over a network.
                client.starttls(context=context)
            if parts.username:
                client.login(unquote(parts.username), unquote(parts.password or ""))
            client.send_message(mail)


class SmsPost:
    """Short messages: a POST of `{"id", "to", "text"}` to an address of the operator's; 2xx means that it was taken."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def send(self, message: Message) -> bool:
        """Hand a message over."""
        body = {"id": str(message.id), "to": message.to, "text": message.text}
        try:
            async with httpx.AsyncClient(timeout=SECONDS_MAX, follow_redirects=False, trust_env=False) as client:
                return (await client.post(self._url, json=body)).is_success
        except httpx.HTTPError:
            return False


def find_posts(settings: Settings) -> dict[Channel, Post]:
    """Build the ways out that the settings name."""
    posts: dict[Channel, Post] = {}
    if settings.smtp_url is not None:
        posts["email"] = MailPost(settings.smtp_url, settings.smtp_from)
    if settings.sms_url is not None:
        posts["sms"] = SmsPost(settings.sms_url)
    return posts
