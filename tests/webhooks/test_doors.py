"""Webhooks over HTTP: told, changed with the version that was read, tested, replayed; and the metrics."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from regulars.base.db import Database
from regulars.base.ids import new_id
from regulars.base.settings import Settings
from regulars.features import webhooks
from regulars.interfaces.http.app import app
from regulars.kernel import spine
from tests.http.conftest import house, published, purchase
from tests.http.site import Purchase, Site, run_site
from tests.settled import settle
from tests.webhooks.receiver import Receiver

__all__ = ["house", "published", "purchase"]


@pytest.fixture
def settings(tmp_path: Path, receiver: Receiver) -> Settings:
    return Settings(
        data_dir=tmp_path,
        webhooks_allow=(ip_network("127.0.0.0/8"),),
        webhooks_ports=(receiver.port,),
        webhooks_http=True,
    )


@pytest.fixture
async def site(database: Database, house: spine.House, settings: Settings, published: None) -> AsyncGenerator[Site]:
    async for each in run_site(database, house, app(settings, database, house)):
        yield each


async def add(site: Site, receiver: Receiver, **told: object) -> dict[str, Any]:
    # It is told of what comes from now on, and what is not behind the end yet is still to come.
    await settle(site.database)
    made = await site.client.post("/v1/webhooks", json={"url": receiver.url, **told})
    assert made.status_code == 201, made.text
    assert made.headers["ETag"] == '"1"'
    return made.json()


async def deliver(site: Site, settings: Settings) -> int:
    """Do what the worker does, until there is something to send."""
    for _ in range(1000):
        await site.database.run(lambda tx: webhooks.gather(tx, new_id=new_id, at=datetime.now(UTC)))
        async with webhooks.Post(webhooks.Policy.of(settings)) as post:
            sent = await webhooks.Round(
                database=site.database,
                keyring=site.house.keyring,
                post=post,
                new_id=new_id,
                now=lambda: datetime.now(UTC),
                chance=lambda: 0,
            ).deliver()
        if sent:
            return sent
    raise AssertionError("nothing was sent")


async def test_from_adding_one_to_what_became_of_an_event(
    site: Site, settings: Settings, receiver: Receiver, purchase: Purchase
) -> None:
    made = await add(site, receiver, kinds=["purchase.recorded"])
    place = f"/v1/webhooks/{made['webhook']['id']}"
    assert made["secret"].startswith("whsec_")
    assert (await site.client.post("/v1/activities", json=purchase())).status_code == 201
    assert await deliver(site, settings) == 1
    page = (await site.client.get(f"{place}/deliveries", params={"state": "delivered"})).json()
    (told,) = page["deliveries"]
    assert told["delivery"]["event"] == receiver.received[0].id
    assert [(each["status"], each["error"]) for each in told["attempts"]] == [(204, "")]
    assert page["next"] is None
    assert (await site.client.get(f"{place}/deliveries", params={"state": "failed"})).json()["deliveries"] == []
    figures = (await site.client.get("/v1/webhooks/figures")).json()
    assert figures == {"waiting": 0, "delivered": 1, "failed": 0, "disabled": 0, "oldest_seconds": 0}
    assert "whsec" not in (await site.client.get("/v1/webhooks")).text


async def test_what_was_read_is_what_is_changed(site: Site, receiver: Receiver) -> None:
    made = await add(site, receiver)
    place = f"/v1/webhooks/{made['webhook']['id']}"
    told = {"url": receiver.url, "is_enabled": False}
    assert (await site.client.put(place, json=told)).status_code == 422
    changed = await site.client.put(place, json=told, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["ETag"], changed.json()["reason"]) == (200, '"2"', "asked")
    late = await site.client.put(place, json=told, headers={"If-Match": '"1"'})
    assert (late.status_code, late.json()["code"]) == (409, "webhook_changed")
    assert (await site.client.get(place)).headers["ETag"] == '"2"'
    assert (await site.client.delete(place, headers={"If-Match": '"1"'})).status_code == 409
    assert (await site.client.delete(place, headers={"If-Match": '"2"'})).status_code == 204
    assert (await site.client.get(place)).json()["code"] == "webhook_unknown"


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://10.0.0.1/", "https://0x7f.1/", "https://a.example:22/"])
async def test_addresses_inside_are_refused(site: Site, settings: Settings, url: str) -> None:
    refused = await site.client.post("/v1/webhooks", json={"url": url.replace("127.0.0.1", "192.168.0.1")})
    assert (refused.status_code, refused.json()["code"]) == (422, "webhook_url_refused")


async def test_a_new_secret_is_told_once_also_when_it_is_asked_for_twice(site: Site, receiver: Receiver) -> None:
    made = await add(site, receiver)
    place, named = f"/v1/webhooks/{made['webhook']['id']}/rotate-secret", {"Idempotency-Key": "rotation-1"}
    first = await site.client.post(place, json={"overlap_hours": 1}, headers=named)
    again = await site.client.post(place, json={"overlap_hours": 1}, headers=named)
    assert first.json()["secret"] != made["secret"]
    assert again.json() == first.json()
    async with site.database.snapshot() as read:
        assert len(await read.rows("SELECT number FROM webhooks.secret")) == 2


async def test_a_test_and_a_replay(site: Site, settings: Settings, receiver: Receiver, purchase: Purchase) -> None:
    assert (await site.client.post("/v1/activities", json=purchase())).status_code == 201
    made = await add(site, receiver, kinds=["purchase.recorded"])
    place = f"/v1/webhooks/{made['webhook']['id']}"
    tested = await site.client.post(f"{place}/test")
    assert tested.status_code == 202
    assert await deliver(site, settings) == 1
    assert receiver.received[0].id == tested.json()["event"]
    since = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    assert (await site.client.post(f"{place}/replay", json={"since": since})).json() == {"queued": None}
    assert await deliver(site, settings) == 1
    event = receiver.received[1].id
    assert (await site.client.post(f"{place}/replay", json={"event": event})).json() == {"queued": 1}
    assert await deliver(site, settings) == 1
    assert receiver.received[2].id == event
    assert (await site.client.post(f"{place}/replay", json={"what": "failed"})).json() == {"queued": 0}


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({}, "webhook_replay_unclear"),
        ({"what": "failed", "event": "evt_1"}, "webhook_replay_unclear"),
        ({"event": "evt_none"}, "webhook_event_unknown"),
    ],
)
async def test_replays_that_are_refused(site: Site, receiver: Receiver, told: dict[str, str], code: str) -> None:
    made = await add(site, receiver)
    refused = await site.client.post(f"/v1/webhooks/{made['webhook']['id']}/replay", json=told)
    assert refused.json()["code"] == code


async def test_who_may_read_may_not_write(site: Site, receiver: Receiver) -> None:
    reading = site.using(await site.issue("webhooks:read"))
    assert (await site.client.get("/v1/webhooks", headers=reading)).status_code == 200
    refused = await site.client.post("/v1/webhooks", json={"url": receiver.url}, headers=reading)
    assert refused.json()["code"] == "scope_missing"


async def test_a_page_ends_where_the_next_begins(site: Site, receiver: Receiver) -> None:
    made = [(await add(site, receiver))["webhook"]["id"] for _ in range(3)]
    first = (await site.client.get("/v1/webhooks", params={"limit": 2})).json()
    second = (await site.client.get("/v1/webhooks", params={"limit": 2, "cursor": first["next"]})).json()
    assert [each["id"] for each in first["webhooks"] + second["webhooks"]] == made
    assert second["next"] is None


async def test_metrics_tell_how_much_waits(site: Site, settings: Settings, receiver: Receiver) -> None:
    receiver.answer = lambda _: 500
    made = await add(site, receiver)
    before = await site.client.get("/metrics")
    assert {"regulars_database_up 1.0", "regulars_webhooks_waiting 0.0"} <= set(before.text.splitlines())
    await site.client.post(f"/v1/webhooks/{made['webhook']['id']}/test")
    waiting = (await site.client.get("/metrics")).text.splitlines()
    assert "regulars_webhooks_waiting 1.0" in waiting
    await deliver(site, settings)
    after = set((await site.client.get("/metrics")).text.splitlines())
    assert {"regulars_webhooks_waiting 0.0", "regulars_webhooks_failed 1.0"} <= after
