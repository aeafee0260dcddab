"""Short messages go out through Apprise, to the number of the member, and nothing of it is logged."""

import asyncio
import json
import logging
import re
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from regulars.base.errors import SettingsInvalid
from regulars.base.settings import Settings
from tests.messages.conftest import Desk

PHONE = "+8613800138000"
HIDDEN = "s3cret-path"


@dataclass(kw_only=True)
class Hook:
    """A service that takes short messages."""

    port: int = 0
    status: int = 200
    taken: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


@asynccontextmanager
async def run_hook(hook: Hook) -> AsyncGenerator[Hook]:
    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
        assert length is not None
        hook.taken.append((head.split()[1], json.loads(await reader.readexactly(int(length[1])))))
        writer.write(f"HTTP/1.1 {hook.status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    hook.port = server.sockets[0].getsockname()[1]
    async with server:
        yield hook


# The library asks for a module that Python will drop, and has an answer for when it has.
@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
async def test_a_short_message_goes_to_the_number(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    member = await desk.enrol(PHONE, kind="phone")
    await desk.allow(member)
    await desk.rule("news", "sms")
    async with run_hook(Hook()) as hook:
        urls = {"sms": f"json://127.0.0.1:{hook.port}/{HIDDEN}/{{to}}"}
        desk.settings = replace(desk.settings, smtp_url=None, messages_urls=urls)
        await desk.say(member)
        assert [await desk.send(), await desk.send()] == [1, 0]
        ((path, body),) = hook.taken
        assert path.replace("%2B", "+") == f"/{HIDDEN}/{PHONE}"
        assert body["message"] == "Corner Shop: Tea"
        hook.status = 503
        await desk.say(member)
        assert await desk.send() == 0
        assert (await desk.states())[-1] == ("sms", "waiting", "not taken")
    assert PHONE not in caplog.text
    assert HIDDEN not in caplog.text


@pytest.mark.parametrize("wrong", ["sms:a", "sms=twilio://x", "fax=a://{to}", "sms=a://{to} sms=b://{to}"])
def test_a_way_that_leads_nowhere_is_refused_and_not_shown(wrong: str) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        Settings.read({"HOME": "/", "REGULARS_MESSAGES_URLS": wrong})
    assert wrong not in refused.value.detail
    good = Settings.read({"HOME": "/", "REGULARS_MESSAGES_URLS": f"sms=a://{HIDDEN}/{{to}} push=b://{{to}}"})
    assert (sorted(good.messages_urls), HIDDEN in repr(good)) == (["push", "sms"], False)


def test_the_library_is_loaded_where_it_is_used_only() -> None:
    code = "import sys, regulars.features.messages.jobs; sys.exit('apprise' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:  # noqa: ANN401
    from regulars.features import messages
    from regulars.features.messages.post import MessagesUnset

    monkeypatch.setitem(sys.modules, "apprise", None)
    settings = Settings(data_dir=tmp_path, messages_urls={"sms": "json://x/{to}"})
    with pytest.raises(MessagesUnset, match=r"regulars\[messages\]"):
        messages.find_posts(settings, lines=1)
