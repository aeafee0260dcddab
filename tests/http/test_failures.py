"""Whatever goes wrong is told as a problem that the API describes, and tells nothing that is not the caller's."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import pytest
from fastapi import APIRouter, Request, Response

from regulars.base.db import Database
from regulars.base.errors import DatabaseUnavailable, known_refusals
from regulars.base.settings import Settings
from regulars.interfaces.http import watch
from regulars.interfaces.http.app import app
from regulars.interfaces.http.kit import PUBLIC, answer, door
from regulars.interfaces.http.problems import problem_of
from regulars.kernel import spine
from tests.http.site import Site, run_site

LEAK = "postgresql://someone:secret@db"


@pytest.fixture
def slow() -> asyncio.Event:
    """Set when what is slow may end."""
    return asyncio.Event()


@pytest.fixture
async def frail(
    database: Database, house: spine.House, settings: Settings, slow: asyncio.Event
) -> AsyncGenerator[Site]:
    """A site with routes that fail."""
    router = APIRouter()

    @router.get("/v1/bug")
    @door(scope=PUBLIC, gives={200: None})
    async def fail(request: Request) -> Response:
        raise ValueError(LEAK)

    @router.get("/v1/down")
    @door(scope=PUBLIC, gives={200: None})
    async def refuse_all(request: Request) -> Response:
        raise DatabaseUnavailable(f"The database refuses the connection: {LEAK}.", reason=LEAK)

    @router.get("/v1/slow")
    @door(scope=PUBLIC, gives={200: None})
    async def wait(request: Request) -> Response:
        await slow.wait()
        return answer({})

    async for site in run_site(database, house, app(settings, database, house, extra=[router], requests_max=2)):
        yield site


async def test_a_bug_is_told_by_its_name_only(frail: Site, caplog: pytest.LogCaptureFixture) -> None:
    answered = await frail.client.get("/v1/bug")
    problem = answered.json()
    assert (answered.status_code, problem["code"], problem["retryable"]) == (500, "internal", False)
    assert answered.headers["content-type"] == "application/problem+json"
    assert answered.headers["x-request-id"] in problem["detail"]
    assert LEAK not in answered.text
    (record,) = [each for each in caplog.records if each.message == "failed"]
    assert record.__dict__["facts"]["request_id"] == answered.headers["x-request-id"]
    assert (await frail.client.get("/healthz")).status_code == 200


async def test_what_the_database_said_is_not_passed_on(frail: Site) -> None:
    answered = await frail.client.get("/v1/down")
    problem = answered.json()
    assert (answered.status_code, problem["code"], problem["retryable"]) == (503, "database_unavailable", True)
    assert answered.headers["retry-after"] == "1"
    assert LEAK not in answered.text


async def test_more_than_can_be_answered_well_are_sent_away(frail: Site, slow: asyncio.Event) -> None:
    asked = [asyncio.create_task(frail.client.get("/v1/slow")) for _ in range(5)]
    async with asyncio.timeout(60):
        while sum(each.done() for each in asked) < 3:  # noqa: ASYNC110 - as somebody outside sees it
            await asyncio.sleep(0.01)
    slow.set()
    answers = await asyncio.gather(*asked)
    assert sorted(each.status_code for each in answers) == [200, 200, 503, 503, 503]
    (refused, *_) = [each for each in answers if each.status_code == 503]
    assert refused.json()["code"] == "overloaded"
    assert refused.headers["retry-after"] == "1"
    assert (await frail.client.get("/v1/slow")).status_code == 200


async def test_who_asks_how_we_are_is_told_even_then(frail: Site, slow: asyncio.Event) -> None:
    asked = [asyncio.create_task(frail.client.get("/v1/slow")) for _ in range(3)]
    # Once a third is sent away, two are being answered.
    (refused,), _ = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
    assert refused.result().status_code == 503
    assert (await frail.client.get("/healthz")).status_code == 200
    slow.set()
    await asyncio.gather(*asked)


UNREADABLE = [
    (b"", "application/json", 400, "json_invalid"),
    (b"{", "application/json", 400, "json_invalid"),
    (b'{"id": }', "application/json", 400, "json_invalid"),
    (b'{"id": "\xff"}', "application/json", 400, "json_invalid"),
    (b'{"id": "\\ud800"}', "application/json", 400, "json_invalid"),
    (b"[" * 10_000, "application/json", 422, "body_invalid"),
    (b'{"data":' + b'{"a":' * 10_000, "application/json", 400, "json_invalid"),
    (b'{"activities": [], "data":' + b'{"a":' * 10_000, "application/json", 400, "json_invalid"),
    (b"[]", "application/json", 422, "body_invalid"),
    (b"null", "application/json", 422, "body_invalid"),
    (b"{}", "application/json", 422, "body_invalid"),
    (b'{"activities": 7}', "application/json", 422, "body_invalid"),
    (b'{"activities": [{}], "more": 1}', "application/json; charset=utf-8", 422, "body_invalid"),
    (b"{}", "application/vnd.regulars+json", 422, "body_invalid"),
    (b"{}", "text/plain", 415, "media_type_unsupported"),
    (b"a=1", "application/x-www-form-urlencoded", 415, "media_type_unsupported"),
    (b"{}", "", 415, "media_type_unsupported"),
]


async def test_a_body_that_cannot_be_read(site: Site) -> None:
    for body, media, status, code in UNREADABLE:
        answered = await site.client.post("/v1/activities", content=body, headers={"Content-Type": media})
        assert (answered.status_code, answered.json()["code"]) == (status, code), answered.text


async def test_the_place_of_a_fault_in_json_is_told(site: Site) -> None:
    headers = {"Content-Type": "application/json"}
    broken = await site.client.post("/v1/activities", content=b'{"id": }', headers=headers)
    assert broken.json()["context"] == {"byte": 7}
    ended = await site.client.post("/v1/activities", content=b'{"id": ', headers=headers)
    assert ended.json()["context"] == {"byte": 7}
    assert "at byte 7" in ended.json()["detail"]


async def knock(site: Site, headers: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Begin to send activities, byte by byte."""
    host, port = site.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    key = f"Authorization: {site.client.headers['authorization']}"
    head = f"POST /v1/activities HTTP/1.1\r\nHost: x\r\n{key}\r\nContent-Type: application/json\r\n{headers}\r\n\r\n"
    writer.write(head.encode())
    return reader, writer


async def test_a_body_that_says_it_is_too_large_is_not_waited_for(site: Site) -> None:
    reader, writer = await knock(site, f"Content-Length: {watch.BODY_BYTES_MAX + 1}")
    answered = await asyncio.wait_for(reader.readuntil(b"}"), timeout=60)
    writer.close()
    assert answered.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answered.lower()
    assert b'"code":"body_too_large"' in answered


async def test_a_body_that_does_not_say_how_large_it_is_is_stopped(site: Site) -> None:
    reader, writer = await knock(site, "Transfer-Encoding: chunked")
    for _ in range(11):
        writer.write(b"100000\r\n" + b" " * 0x100000 + b"\r\n")
    answered = await asyncio.wait_for(reader.readuntil(b"}"), timeout=60)
    writer.close()
    assert answered.startswith(b"HTTP/1.1 413 ")
    assert b'"code":"body_too_large"' in answered


@pytest.mark.parametrize("says", [True, False])
async def test_who_sends_too_much_still_hears_why(site: Site, says: bool) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b" " * 1024 * 1024

    headers = {"Content-Type": "application/json"} | ({"Content-Length": str(30 * 1024 * 1024)} if says else {})
    answered = await site.client.post("/v1/activities", content=pieces(), headers=headers)
    assert (answered.status_code, answered.json()["code"]) == (413, "body_too_large")
    assert (await site.client.get("/healthz")).status_code == 200


async def test_a_body_just_small_enough_is_read(site: Site) -> None:
    exact = b"{" + b" " * (watch.BODY_BYTES_MAX - 2) + b"}"
    headers = {"Content-Type": "application/json"}
    assert (await site.client.post("/v1/activities", content=exact, headers=headers)).status_code == 422
    assert (await site.client.post("/v1/activities", content=exact + b" ", headers=headers)).status_code == 413


async def test_a_body_that_never_comes_is_not_waited_for(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "BODY_SECONDS_MAX", 0.2)
    monkeypatch.setattr(watch, "DRAIN_SECONDS_MAX", 0.2)
    reader, writer = await knock(site, "Content-Length: 100")
    writer.write(b"{")
    answered = await asyncio.wait_for(reader.read(), timeout=60)
    writer.close()
    assert answered.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"body_too_slow"' in answered


async def test_a_caller_that_goes_away_hurts_nobody(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    _, writer = await knock(site, "Content-Length: 100")
    writer.write(b"{")
    await writer.drain()
    await asyncio.sleep(0.1)
    writer.close()
    await asyncio.sleep(0.1)
    assert (await site.client.get("/healthz")).status_code == 200
    assert not [each for each in caplog.records if each.levelname == "ERROR"]


NOWHERE = [
    ("GET", "/v1/nothing", 404, "route_unknown", None),
    ("POST", "/wp-login.php", 404, "route_unknown", None),
    ("GET", "/healthz/", 404, "route_unknown", None),
    ("OPTIONS", "/v1/nothing", 404, "route_unknown", None),
    ("GET", "/v1/activities", 405, "method_not_allowed", "OPTIONS, POST"),
    ("PUT", "/v1/members/lookup", 405, "method_not_allowed", "OPTIONS, POST"),
    ("DELETE", "/v1/program", 405, "method_not_allowed", "GET, HEAD, OPTIONS"),
    ("PROPFIND", "/v1/program", 405, "method_not_allowed", "GET, HEAD, OPTIONS"),
]


async def test_an_address_that_is_not_there(site: Site) -> None:
    for method, path, status, code, allow in NOWHERE:
        answered = await site.client.request(method, path)
        assert (answered.status_code, answered.json()["code"]) == (status, code)
        assert answered.headers.get("allow") == allow


async def test_head_tells_what_get_would_and_sends_no_body(site: Site) -> None:
    got, headed = await site.client.get("/v1/program"), await site.client.head("/v1/program")
    assert headed.status_code == 200
    assert headed.content == b""
    for name in ("content-length", "content-type", "etag"):
        assert headed.headers[name] == got.headers[name]


async def test_options_tells_the_methods_and_lets_no_other_site_in(site: Site) -> None:
    answered = await site.client.options("/v1/activities", headers={"Origin": "https://elsewhere.example"})
    assert (answered.status_code, answered.headers["allow"]) == (204, "OPTIONS, POST")
    assert not [name for name in answered.headers if name.startswith("access-control")]


async def test_an_answer_names_its_request(site: Site) -> None:
    given = await site.client.get("/v1/nothing", headers={"X-Request-Id": "till-7.42"})
    assert given.headers["x-request-id"] == "till-7.42"
    assert given.json()["instance"] == "/requests/till-7.42"
    for bad in ("a b", "x" * 65, "", "ä", "<script>"):
        answered = await site.client.get("/healthz", headers=[(b"X-Request-Id", bad.encode())])
        assert answered.headers["x-request-id"] != bad
        assert len(answered.headers["x-request-id"]) == 36


async def test_an_answer_says_nothing_of_the_server_and_is_not_kept(site: Site) -> None:
    answered = await site.client.get("/healthz")
    assert "server" not in answered.headers
    assert answered.headers["cache-control"] == "no-store"
    assert answered.headers["x-content-type-options"] == "nosniff"


async def test_every_code_is_explained(site: Site) -> None:
    for code, meaning in known_refusals().items():
        explained = (await site.client.get(f"/problems/{code}")).json()
        assert (explained["code"], explained["retryable"]) == (code, meaning.retryable)
        assert explained["title"]
    unknown = await site.client.get("/problems/nothing_like_it")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "problem_unknown")


async def test_the_type_of_a_problem_is_an_address_here(site: Site) -> None:
    problem: dict[str, Any] = (await site.client.get("/v1/nothing")).json()
    explained = (await site.client.get(problem["type"])).json()
    assert (explained["title"], explained["status"]) == (problem["title"], 404)


def test_every_refusal_can_be_told() -> None:
    for meaning in known_refusals().values():
        # These say their own sentence.
        if meaning.code not in {"program_invalid", "condition_failed", "condition_invalid"}:
            problem = problem_of(meaning("It cannot be done.", number=1, ids=["a"]))
            assert 400 <= problem.status < 600
            assert problem.title.strip(".") == problem.title
