"""Nothing personal is written down along the way: marked people, through every route, also when it fails."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator
from importlib import import_module
from typing import Any
from urllib.parse import quote

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
import pytest

from regulars.base.db import Database
from regulars.base.settings import Settings
from regulars.interfaces.http.app import app
from regulars.interfaces.http.log import JsonLines
from regulars.kernel import spine
from tests.conftest import FOLDER
from tests.http.conftest import house, published, purchase, settings
from tests.http.site import Purchase, Site, run_site

__all__ = ["house", "published", "purchase", "settings"]

PHONE, EMAIL, NAME, CARD = "+8613912345678", "marked.person@private.example", "Marked Zhang 张标记", "CARD7766554433"
MARKS = ("13912345678", "139 1234 5678", "marked.person", "private.example", "Marked Zhang", "张标记", "7766554433")
PEOPLE = {
    "identifiers": [
        {"kind": "phone", "value": PHONE},
        {"kind": "email", "value": EMAIL},
        {"kind": "card", "value": CARD},
    ],
    "identifier": {"kind": "phone", "value": PHONE},
    "name": NAME,
    "email": EMAIL,
    "phone": PHONE,
    "password": NAME,
    "note": NAME,
    "reason": NAME,
    "kind": "phone",
    "value": PHONE,
}


@pytest.fixture
async def site(database: Database, house: spine.House, settings: Settings, published: None) -> AsyncGenerator[Site]:
    async for each in run_site(database, house, app(settings, database, house)):
        yield each


def find_marks(text: str) -> list[str]:
    spelled = (text, text.encode("unicode-escape").decode(), quote(text, safe=""))
    marks = [
        mark for mark in MARKS for each in spelled if mark in each or mark.encode("unicode-escape").decode() in each
    ]
    return sorted(set(marks))


def spell(record: logging.LogRecord) -> str:
    """Write a record as `regulars serve` writes it."""
    return JsonLines().format(record)


def list_routes(site: Site) -> list[tuple[str, str]]:
    made: Any = site.app
    return sorted((method.upper(), path) for path, each in made.openapi()["paths"].items() for method in each)


async def tell_the_story(site: Site, purchase: Purchase) -> list[str]:
    """Enrol, buy, look up and be refused; give what refusals said."""
    said: list[str] = []
    for attempt in range(2):
        body = {"identifiers": PEOPLE["identifiers"]}
        enrolled = await site.client.post("/v1/members", json=body, headers={"Idempotency-Key": f"enrol-{attempt}"})
        assert enrolled.status_code == (201, 409)[attempt], enrolled.text
        said += [enrolled.text] if attempt else []
    for kind, value in (("phone", PHONE), ("email", EMAIL), ("card", CARD)):
        found = await site.client.post("/v1/members/lookup", json={"identifier": {"kind": kind, "value": value}})
        assert found.status_code in {200, 422}, found.text
        fact = purchase(f"r-{kind}") | {"member": {"identifier": {"kind": kind, "value": value}}}
        bought = await site.client.post("/v1/activities", json=fact)
        assert bought.status_code in {200, 201}, bought.text
        said.append((await site.client.post("/v1/activities", json={**fact, "occurred_at": NAME})).text)
        said.append((await site.client.post("/v1/activities", json={**fact, "id": NAME * 50})).text)
    unusable = {"identifiers": [{"kind": "phone", "value": PHONE + "0000000000"}]}
    said.append((await site.client.post("/v1/members", json=unusable)).text)
    return said


async def knock_everywhere(site: Site) -> tuple[int, list[str]]:
    """Send people to every route that takes a body, whatever becomes of it."""
    said: list[str] = []
    count = 0
    for method, path in list_routes(site):
        if method in {"GET", "DELETE"} or path.startswith(("/docs", "/openapi")):
            continue
        where = path
        while "{" in where:
            where = where.partition("{")[0] + "00000000-0000-7000-8000-000000000000" + where.partition("}")[2]
        for body in (PEOPLE, [PEOPLE], {"items": [PEOPLE]}):
            answered = await site.client.request(method, where, content=json.dumps(body, ensure_ascii=False))
            count += 1
            if answered.status_code >= 400:
                said.append(answered.text)
    return count, said


async def test_nothing_personal_is_in_logs_metrics_or_refusals(
    site: Site, purchase: Purchase, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore"):
        # Those are the test's own client.
        logging.getLogger(name).setLevel(logging.ERROR)
    log = next(iter(FOLDER.rglob("postgres.log")), FOLDER / "postgres.log")
    before = log.stat().st_size if log.exists() else 0
    said = await tell_the_story(site, purchase)
    count, more = await knock_everywhere(site)
    assert count > 60
    for text in said + more:
        assert find_marks(text) == [], text
    assert find_marks((await site.client.get("/metrics")).text) == []
    assert len(caplog.records) > 60
    assert [(each.name, marks) for each in caplog.records if (marks := find_marks(spell(each)))] == []
    if log.exists():
        written = await asyncio.to_thread(log.read_bytes)
        assert find_marks(written[before:].decode(errors="replace")) == []


@pytest.mark.parametrize("failure", [ValueError, asyncpg.PostgresError])
async def test_nor_when_there_is_a_bug(
    site: Site,
    purchase: Purchase,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    failure: type[Exception],
) -> None:
    """A bug whose own words hold a person: the log names it, and where, and does not repeat what it said."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx").setLevel(logging.ERROR)

    async def fail(*args: object, **more: object) -> None:
        raise failure(f"duplicate key: ({PHONE}, {NAME}) {EMAIL}")

    for name in ("store", "resolve", "enrol"):
        # By name: the package has functions that are called as these modules are.
        monkeypatch.setattr(import_module(f"regulars.kernel.members.{name}"), "find_identifiers", fail)
    fact = purchase("r") | {"member": {"identifier": {"kind": "phone", "value": PHONE}}}
    failed = [
        await site.client.post("/v1/members", json={"identifiers": PEOPLE["identifiers"]}),
        await site.client.post("/v1/activities", json=fact),
        await site.client.post("/v1/members/lookup", json={"identifier": PEOPLE["identifier"]}),
    ]
    assert any(each.status_code == 500 for each in failed), [each.text for each in failed]
    assert any(each.exc_info and find_marks(str(each.exc_info[1])) for each in caplog.records), "it was there to leak"
    for each in failed:
        assert find_marks(each.text) == []
    assert [(each.name, marks) for each in caplog.records if (marks := find_marks(spell(each)))] == []


def test_the_scan_finds_what_is_there() -> None:
    for text in (f"phone={PHONE}", repr(NAME), json.dumps({"name": NAME}), f"x {EMAIL.upper().lower()} y"):
        assert find_marks(text), text
    assert find_marks("nobody") == []
