"""What operators see: health, readiness, counts, logs, and the reference."""

import json
import logging
import re
from datetime import timedelta
from typing import Any

import pytest

from regulars.base import clock
from regulars.base.db import Database
from regulars.base.settings import Settings
from regulars.interfaces.http.app import app
from regulars.interfaces.http.log import JsonLines
from regulars.kernel import program, spine
from tests.http.conftest import PROGRAM
from tests.http.site import Purchase, Site, run_site


async def test_a_server_that_works_is_ready(site: Site) -> None:
    answer = await site.client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    live = (await site.client.get("/v1/program")).json()
    assert answer.json()["program"] == live["hash"]


async def test_without_a_programme_it_is_up_but_not_ready(
    database: Database, house: spine.House, settings: Settings
) -> None:
    async for site in run_site(database, house, app(settings, database, house)):
        assert (await site.client.get("/healthz")).json() == {"status": "alive"}
        answer = await site.client.get("/readyz")
        assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
        assert "regulars program publish" in answer.json()["detail"]
        missing = await site.client.get("/v1/program")
        assert (missing.status_code, missing.json()["code"]) == (404, "program_not_live")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("DELETE FROM base.migration WHERE room = 'features.access'", "features.access/0001_access"),
        ("UPDATE base.migration SET checksum = 'x' WHERE room = 'kernel.members'", "kernel.members/0001"),
        ("INSERT INTO base.migration VALUES ('kernel.ledger', 9999, '9999_new', 'x')", "kernel.ledger/9999"),
    ],
)
async def test_over_a_database_of_another_version_it_is_not_ready(site: Site, change: str, named: str) -> None:
    async with site.database.transaction() as tx:
        await tx.run(change)
    answer = await site.client.get("/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
    assert named in answer.json()["detail"]


async def test_without_its_database_it_is_up_but_not_ready(
    database_url: str, house: spine.House, settings: Settings
) -> None:
    own = await Database.open(database_url)
    async for site in run_site(own, house, app(settings, own, house)):
        await own.close()
        answer = await site.client.get("/readyz")
        assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
        assert "database_unavailable" in answer.json()["detail"]
        assert (await site.client.get("/healthz")).status_code == 200


async def test_the_programme_is_sent_once_and_then_only_when_it_changes(site: Site) -> None:
    first = await site.client.get("/v1/program")
    assert first.json()["document"]["offers"][0]["id"] == "base"
    tag = first.headers["etag"]
    assert tag == f'"{first.json()["hash"]}"'
    for asked in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = await site.client.get("/v1/program", headers={"If-None-Match": asked})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    async with site.database.transaction() as tx:
        now = await clock.now(tx)
        document = program.parse(PROGRAM.replace("per_minor: 100", "per_minor: 50"))
        await spine.publish(tx, document, live_from=now - timedelta(seconds=1), by="a test", at=now)
    changed = await site.client.get("/v1/program", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


def read_counts(text: str) -> dict[str, float]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


async def test_what_happens_is_counted(site: Site, purchase: Purchase) -> None:
    sent = purchase()
    await site.client.post("/v1/activities", json=sent)
    await site.client.post("/v1/activities", json=sent)
    batch = [purchase("b"), purchase("c", kind="handstand"), {"id": 7}]
    await site.client.post("/v1/activities", json={"activities": batch})
    await site.client.get("/v1/members/01890a5d-ac96-774b-bcce-b302099a8057")
    await site.client.request("PROPFIND", "/v1/138-0013-8000")
    answer = await site.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    counts = read_counts(answer.text)
    assert counts['regulars_activities_total{code="",kind="purchase",outcome="recorded"}'] == 2
    assert counts['regulars_activities_total{code="",kind="purchase",outcome="repeated"}'] == 1
    assert counts['regulars_activities_total{code="activity_kind_unknown",kind="",outcome="refused"}'] == 1
    assert counts['regulars_activities_total{code="body_invalid",kind="",outcome="refused"}'] == 1
    assert counts['regulars_http_requests_total{method="POST",route="/v1/activities",status="200"}'] == 2
    assert counts['regulars_http_requests_total{method="GET",route="/v1/members/{member}",status="404"}'] == 1
    assert counts['regulars_http_requests_total{method="other",route="unknown",status="404"}'] == 1
    assert counts['regulars_http_request_seconds_count{route="/v1/activities"}'] == 3
    assert counts["regulars_activities_per_request_sum"] == 5
    assert counts["regulars_http_requests_open"] == 1


async def test_counts_need_a_key_unless_they_are_open(
    database: Database, house: spine.House, settings: Settings
) -> None:
    async for site in run_site(database, house, app(settings, database, house)):
        assert (await site.client.get("/metrics", headers={"Authorization": ""})).status_code == 401
    async for site in run_site(database, house, app(settings, database, house, metrics_open=True)):
        assert (await site.client.get("/metrics", headers={"Authorization": ""})).status_code == 200
        assert (await site.client.get("/v1/program", headers={"Authorization": ""})).status_code == 401


async def test_the_log_has_every_request_and_nothing_personal(
    site: Site, purchase: Purchase, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    personal = ["13800138000", "2469", "8000"]
    answer = await site.client.post("/v1/activities", json=purchase())
    member = answer.json()["member"]
    await site.client.post("/v1/members/lookup", json={"identifier": {"kind": "phone", "value": "+8613800138000"}})
    await site.client.get("/v1/13800138000?phone=13800138000")
    await site.client.get(f"/v1/members/{member}/statement?currency=points&limit=3")
    await site.client.post("/v1/members", json={"identifiers": [{"kind": "card", "value": "2469 0001"}]})
    await site.client.post("/v1/members", json={"identifiers": [{"kind": "phone", "value": "13800138000"}]})
    ours = [each for each in caplog.records if each.name.startswith(("regulars", "uvicorn", "fastapi", "asyncpg"))]
    lines = [JsonLines().format(record) for record in ours]
    facts: list[dict[str, Any]] = [json.loads(line) for line in lines]
    assert [(each["method"], each["route"], each["status"]) for each in facts] == [
        ("POST", "/v1/activities", 201),
        ("POST", "/v1/members/lookup", 404),
        ("GET", "unknown", 404),
        ("GET", "/v1/members/{member}/statement", 200),
        ("POST", "/v1/members", 409),
        ("POST", "/v1/members", 422),
    ]
    token = site.client.headers["authorization"].removeprefix("Bearer ")
    assert facts[0]["key"] == token.split("_")[1]
    assert facts[0]["request_id"] == answer.headers["x-request-id"]
    assert facts[0]["bytes_in"] > 100
    assert facts[0]["bytes_out"] == len(answer.content)
    told = [{**each, "at": "", "request_id": "", "key": "", "milliseconds": 0} for each in facts]
    everything = json.dumps(told) + "".join(record.getMessage() for record in ours)
    for each in [*personal, token.split("_")[2], member]:
        assert each not in everything


def test_an_error_is_logged_without_its_words() -> None:
    with pytest.raises(ValueError, match="13800138000") as raised:
        int("13800138000x")
    record = logging.LogRecord(
        "regulars.http", logging.ERROR, __file__, 1, "failed", (), (raised.type, raised.value, raised.tb)
    )
    line = JsonLines().format(record)
    assert "13800138000" not in line
    assert json.loads(line)["error"] == "ValueError"
    assert "test_an_error_is_logged" in json.loads(line)["trace"][-1]


async def test_the_reference_needs_nothing_from_elsewhere(site: Site) -> None:
    answer = await site.client.get("/docs", headers={"Authorization": ""})
    assert answer.headers["content-type"].startswith("text/html")
    loaded = re.findall(r"(?:src|href)=['\"]?([^'\" >]+)", answer.text)
    assert loaded
    assert {each for each in loaded if not each.startswith("#")} == {"/openapi.json"}
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    for shown in ("/v1/activities", "key_reused", "ReceiptView", "curl -X POST", f"{site.url}/v1/members"):
        assert shown in answer.text


async def test_the_reference_cannot_be_made_to_say_what_a_caller_says(site: Site) -> None:
    answer = await site.client.get("/docs", headers={"Host": "x<script>alert(1)</script>"})
    assert "<script>alert" not in answer.text


async def test_the_front_door_says_where_to_read_on(site: Site) -> None:
    front = (await site.client.get("/")).json()
    assert front["name"] == "Regulars"
    for place in ("docs", "openapi"):
        assert (await site.client.get(front[place])).status_code == 200
