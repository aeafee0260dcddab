"""Imports over HTTP: looked at first, problems by line, then what is good is brought, and nothing twice."""

import asyncio
import base64
import gzip
from datetime import UTC, datetime
from typing import Any

import pytest

from regulars.base.settings import Settings
from regulars.features import tasks
from regulars.features.tasks import run_next
from regulars.features.tasks.forget import KEPT
from regulars.interfaces.works import find_works
from regulars.kernel.spine import Workplace
from tests.http.site import Site

MAPPING = """
mapping: the old till
source: old-till
key: card
members:
  file: members.csv
  identifiers: {card: card}
  joined_at: joined
lots:
  file: lots.csv
  member: card
  currency: {value: points}
  points: points
  issued_at: issued
  expires_at: ends
"""
MEMBERS = "card,joined\n62200001,2024-05-01\n62200002,one day\n62200003,2024-06-01\n"
LOTS = "card,points,issued,ends\n62200001,300,2025-06-01,2099-06-30\n62200003,-5,2025-06-01,2099-06-30\n"


def pack(text: str | bytes, *, name: str, gzipped: bool = False) -> dict[str, Any]:
    data = text.encode() if isinstance(text, str) else text
    content = base64.b64encode(gzip.compress(data) if gzipped else data).decode()
    return {"name": name, "content": content, "is_gzipped": gzipped}


def asked(members: str = MEMBERS, lots: str = LOTS, **others: object) -> dict[str, Any]:
    files = [pack(members, name="members.csv", gzipped=True), pack(lots, name="lots.csv")]
    return {"mapping": MAPPING, "files": files, **others}


@pytest.fixture
def place(site: Site, settings: Settings) -> Workplace:
    return Workplace(database=site.database, house=site.house, settings=settings, stopping=asyncio.Event())


async def post(site: Site, path: str, body: dict[str, Any]) -> tuple[int, Any]:
    answer = await site.client.post(path, json=body)
    return answer.status_code, answer.json()


async def read(site: Site, path: str) -> Any:  # noqa: ANN401 - JSON
    return (await site.client.get(path)).json()


async def work(place: Workplace) -> None:
    assert await run_next(place, find_works(), now=lambda: datetime.now(UTC)) == 1


async def test_what_is_good_is_brought_on_request(site: Site, place: Workplace) -> None:
    status, look = await post(site, "/v1/imports", asked())
    assert (status, look["kind"], look["title"]) == (202, "import", "the old till")
    path = f"/v1/imports/{look['id']}"
    assert (await post(site, f"{path}/commit", {}))[1]["code"] == "import_not_ready"
    await work(place)
    seen = await read(site, path)
    assert (seen["task"]["state"], seen["result"]["is_written"], seen["result"]["problems_found"]) == ("done", False, 2)
    page = await read(site, f"{path}/problems?limit=1")
    assert (page["found"], page["problems"][0]["file"], page["problems"][0]["line"]) == (2, "members.csv", 3)
    second = await read(site, f"{path}/problems?after=1")
    assert [(it["file"], it["line"], bool(it["cure"])) for it in second["problems"]] == [("lots.csv", 3, True)]
    listed = await site.client.get(f"{path}/problems.csv")
    assert [line.split(",")[:2] for line in listed.text.splitlines()[1:]] == [["members.csv", "3"], ["lots.csv", "3"]]
    status, problem = await post(site, f"{path}/commit", {})
    assert (status, problem["code"], problem["context"]["problems_found"]) == (422, "import_faulty", 2)
    status, commit = await post(site, f"{path}/commit", {"keep_good": True})
    assert (status, commit["state"]) == (201, "waiting")
    await work(place)
    done = await read(site, f"/v1/imports/{commit['id']}")
    assert (done["look"], done["result"]["is_written"], done["result"]["as_of"]) == (
        look["id"],
        True,
        seen["result"]["as_of"],
    )
    (points,) = done["result"]["currencies"]
    assert (points["books_points"], points["difference_points"]) == (300, 0)
    assert {it["part"]: it["brought"] for it in done["result"]["parts"]} == {"members": 2, "lots": 1}
    assert (await post(site, f"/v1/imports/{commit['id']}/commit", {}))[1]["code"] == "import_not_ready"


async def test_brought_twice_it_changes_nothing(site: Site, place: Workplace) -> None:
    good = asked("card,joined\n62200001,2024-05-01\n", "card,points,issued,ends\n62200001,300,2025-06-01,2099-06-30\n")
    _, look = await post(site, "/v1/imports", good)
    await work(place)
    counts: list[dict[str, int]] = []
    for _ in range(2):
        status, commit = await post(site, f"/v1/imports/{look['id']}/commit", {})
        assert status == 201
        await work(place)
        parts = (await read(site, f"/v1/imports/{commit['id']}"))["result"]["parts"]
        counts.append({it["part"]: it["brought"] for it in parts})
    assert counts[0] == {"members": 1, "lots": 1}
    async with site.database.snapshot() as snapshot:
        held = await snapshot.value("SELECT sum(balance) FROM ledger.account WHERE account = 'points'")
    assert held == 300


async def test_files_go_before_tasks_do(site: Site, place: Workplace) -> None:
    _, look = await post(site, "/v1/imports", asked())
    await work(place)
    kept = {each.name: each for each in KEPT}
    purge = kept["tasks.file"].purge
    assert purge is not None
    async with site.database.transaction() as tx:
        # The two that were sent, and the problems.
        assert await purge(tx, datetime(2099, 1, 1, tzinfo=UTC), [], 100) == 3
    assert (await read(site, f"/v1/tasks/{look['id']}"))["state"] == "done"
    assert (await site.client.get(f"/v1/imports/{look['id']}/problems")).status_code == 404
    assert (await post(site, f"/v1/imports/{look['id']}/commit", {"keep_good": True}))[1]["code"] == "task_unknown"


async def test_files_are_sealed(site: Site) -> None:
    assert (await post(site, "/v1/imports", asked()))[0] == 202
    async with site.database.snapshot() as snapshot:
        rows = await snapshot.rows("SELECT sealed FROM tasks.file")
        said = await snapshot.value("SELECT asked::text FROM tasks.task")
    assert len(rows) == 2
    assert not any(b"62200001" in row["sealed"] for row in rows)
    assert "62200001" not in said


WRONG = [
    ({"mapping": "nonsense"}, "mapping_invalid"),
    ({"mapping": "[" * 600}, "mapping_invalid"),
    ({"files": [pack(MEMBERS, name="members.csv")]}, "import_files_invalid"),
    ({"files": [{"name": "members.csv", "content": "====", "is_gzipped": False}]}, "import_files_invalid"),
    ({"files": [{"name": "members.csv", "content": "AAAA", "is_gzipped": True}]}, "import_files_invalid"),
    ({"files": [pack(b"a" * (21 * 1024 * 1024), name="members.csv", gzipped=True)]}, "import_files_invalid"),
    ({"files": [{"name": "../members.csv", "content": ""}]}, "body_invalid"),
    ({"as_of": "2026-01-01T00:00:00"}, "body_invalid"),
]


@pytest.mark.parametrize(("change", "code"), WRONG)
async def test_what_cannot_be_looked_at_is_said_at_once(site: Site, change: dict[str, Any], code: str) -> None:
    status, problem = await post(site, "/v1/imports", {**asked(), **change})
    assert (status, problem["code"]) == (422, code)
    assert (await read(site, "/v1/tasks"))["tasks"] == []


async def test_a_file_that_is_no_csv_fails_with_its_line(site: Site, place: Workplace) -> None:
    _, look = await post(site, "/v1/imports", asked(members="card,card\n1,2\n"))
    await work(place)
    told = await read(site, f"/v1/tasks/{look['id']}")
    assert (told["state"], told["code"]) == ("failed", "sheet_unreadable")
    assert "line 1" in told["error"]


async def test_five_thousand_lines_with_some_that_are_bad(site: Site, place: Workplace) -> None:
    lines = [f"6230{number:05},{'2024-05-01' if number % 100 else 'never'}" for number in range(5000)]
    _, look = await post(site, "/v1/imports", asked("card,joined\n" + "\n".join(lines), "card,points,issued,ends\n"))
    await work(place)
    assert (await read(site, f"/v1/imports/{look['id']}/problems"))["found"] == 50
    _, commit = await post(site, f"/v1/imports/{look['id']}/commit", {"keep_good": True})
    await work(place)
    told = await read(site, f"/v1/imports/{commit['id']}")
    assert (told["result"]["parts"][0]["brought"], told["result"]["problems_found"]) == (4950, 50)
    assert (told["task"]["done"], told["task"]["total"]) == (told["task"]["total"], told["task"]["total"])


async def test_ready_mappings_are_listed(site: Site) -> None:
    told = (await read(site, "/v1/imports/mappings"))["mappings"]
    assert "odoo" in [it["name"] for it in told]
    assert all(it["text"] for it in told)


def test_a_task_has_room_for_the_largest_import() -> None:
    assert tasks.FILE_BYTES_MAX >= 20 * 1024 * 1024
