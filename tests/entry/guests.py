"""Members of the corner shop, and what they have open."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI

from regulars.features.entrance.jobs import send_waiting
from regulars.kernel.spine import Workplace
from tests.entry.mail import Box
from tests.http.site import BARE, Site

MAIL = "ann@example.com"
PHONE = "+86 138 0013 8000"


@dataclass(kw_only=True)
class Guests:
    """The site, with a clock that the test turns, a mail server, and a worker that sends when it is told to."""

    site: Site
    mail: Box
    hook: Box
    at: datetime

    @property
    def state(self) -> Any:  # noqa: ANN401 - the framework's
        """What the app was built with."""
        assert isinstance(self.site.app, FastAPI)
        return self.site.app.state

    def now(self) -> datetime:
        """Tell the time."""
        return self.at

    def later(self, **span: int) -> None:
        """Let time pass."""
        self.at += timedelta(**span)

    async def enrol(self, *identifiers: tuple[str, str]) -> UUID:
        """Enrol a member."""
        told = {"identifiers": [{"kind": kind, "value": value} for kind, value in identifiers]}
        made = await self.site.client.post("/v1/members", json=told)
        assert made.status_code == 201, made.text
        return UUID(made.json()["id"])

    async def work(self) -> int:
        """Let the worker send what waits."""
        place = Workplace(
            database=self.site.database, house=self.site.house, settings=self.state.settings, stopping=asyncio.Event()
        )
        return await send_waiting(place)

    async def ask(self, value: str = MAIL, kind: str = "email") -> str:
        """Ask for a code, and give the attempt."""
        asked = await self.send("POST", "/v1/entry/code", {"contact": {"kind": kind, "value": value}})
        assert asked.status_code == 202, asked.text
        return asked.json()["attempt"]

    async def sign_in(self, value: str = MAIL) -> str:
        """Sign in by a code, and give the token."""
        attempt = await self.ask(value)
        assert await self.work() == 1
        opened = await self.try_code(attempt, self.mail.last_code())
        assert opened.status_code == 200, opened.text
        return opened.json()["token"]

    async def try_code(self, attempt: str, code: str) -> httpx.Response:
        """Try a code."""
        return await self.send("POST", "/v1/entry/code/try", {"attempt": attempt, "code": code})

    async def step_up(self, token: str) -> None:
        """Show by a code that it is still the member."""
        asked = await self.send("POST", "/v1/me/step-up/code", by=token)
        assert asked.status_code == 202, asked.text
        assert await self.work() == 1
        body = {"attempt": asked.json()["attempt"], "code": self.mail.last_code()}
        assert (await self.send("POST", "/v1/me/step-up/try", body, by=token)).status_code == 200

    async def change(self, token: str, value: str) -> httpx.Response:
        """Change the mail address, with the code that was sent to the new one."""
        asked = await self.send("POST", "/v1/me/contact", {"contact": {"kind": "email", "value": value}}, by=token)
        if asked.status_code != 202:
            return asked
        assert await self.work() == 1
        assert self.mail.mails[-1]["To"] == value
        body = {"attempt": asked.json()["attempt"], "code": self.mail.last_code()}
        return await self.send("POST", "/v1/me/contact/try", body, by=token)

    async def redeem(self, token: str, name: str, points: int = 1) -> httpx.Response:
        """Use points as the member."""
        asked = {"currency": "points", "points": points}
        body = {"id": name, "kind": "redeem", "ask": asked, "occurred_at": datetime.now(tz=UTC).isoformat()}
        return await self.send("POST", "/v1/me/activities", body, by=token)

    async def send(
        self, method: str, path: str, body: object = None, *, by: str = "", headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """Send a request with a token, or as nobody."""
        told = {**(headers or {}), **({"Authorization": f"Bearer {by}"} if by else {})}
        async with httpx.AsyncClient(base_url=self.site.url, timeout=60, verify=BARE) as client:
            return await client.request(method, path, json=body, headers=told)
