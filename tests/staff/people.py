"""People of a shop, their phones, and what they have open."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI
from pyotp.totp import TOTP

from regulars.features import staff
from tests.http.site import BARE, Site

PASSWORD = "correct horse battery staple"  # noqa: S105 - of the tests
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(kw_only=True)
class Person:
    """Somebody who has an account, with the phone that shows codes."""

    id: UUID
    email: str
    secret: str
    recovery: tuple[str, ...]
    token: str = ""


@dataclass(kw_only=True)
class Office:
    """The site, with a clock that the test turns."""

    site: Site
    at: datetime = NOON
    people: dict[str, Person] = field(default_factory=dict)

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

    def code(self, person: Person) -> str:
        """What the phone shows; after it was used, half a minute has to pass."""
        return TOTP(person.secret).at(self.at)

    async def join(self, email: str, *roles: str, store: str | None = None) -> Person:
        """Invite somebody, and set their account up."""
        keyring = self.site.house.keyring
        async with self.site.database.transaction() as tx:
            invited = await staff.invite(
                tx, keyring, email=email, name="", roles=roles, bound=store, by="a test", at=self.at
            )
        return await self.accept(invited.token, email)

    async def accept(self, token: str, email: str) -> Person:
        """Set an account up with a one-time link."""
        looked = await self.send("POST", "/v1/staff/welcome/look", {"token": token})
        assert looked.status_code == 200, looked.text
        secret = looked.json()["secret"]
        body = {"token": token, "email": email, "name": "Ann Lee", "password": PASSWORD}
        done = await self.send("POST", "/v1/staff/welcome", {**body, "code": TOTP(secret).at(self.at)})
        assert done.status_code == 201, done.text
        self.later(seconds=30)
        told = done.json()
        return Person(id=UUID(told["account"]["id"]), email=email, secret=secret, recovery=tuple(told["recovery"]))

    async def sign_in(self, person: Person) -> Person:
        """Sign in all the way, and keep the token."""
        opened = await self.second(await self.pending(person), code=self.code(person))
        assert opened.status_code == 200, opened.text
        person.token = opened.json()["token"]
        self.later(seconds=30)
        return person

    async def pending(self, person: Person) -> str:
        """Take the first step."""
        begun = await self.first(person.email)
        assert begun.status_code == 200, begun.text
        return begun.json()["pending"]

    async def first(self, email: str, password: str = PASSWORD) -> httpx.Response:
        """Send an address and a password."""
        return await self.send("POST", "/v1/session", {"email": email, "password": password})

    async def second(self, pending: str, **proof: object) -> httpx.Response:
        """Send the second factor."""
        return await self.send("POST", "/v1/session/second", {"pending": pending, **proof})

    async def work(self, email: str, *roles: str, store: str | None = None) -> Person:
        """Somebody who is signed in."""
        return await self.sign_in(await self.join(email, *roles, store=store))

    async def send(
        self, method: str, path: str, body: object = None, *, by: Person | str | None = None
    ) -> httpx.Response:
        """Send a request as a person, with a token, or as nobody."""
        token = by.token if isinstance(by, Person) else by
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with httpx.AsyncClient(base_url=self.site.url, timeout=60, verify=BARE) as client:
            return await client.request(method, path, json=body, headers=headers)


def code_of(answer: httpx.Response) -> tuple[int, str]:
    """The status, and the code of the problem."""
    return answer.status_code, answer.json().get("code", "") if answer.content else ""
