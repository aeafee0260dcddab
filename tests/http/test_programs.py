"""Versions of the programme over HTTP: two keys take one through its life, and what is wrong has its place."""

from typing import Any

from tests.http.conftest import PROGRAM
from tests.http.site import Purchase, Site

SPRING = "# why: spring\n" + PROGRAM.replace("points: 1, per_minor: 100", "points: 2, per_minor: 100")


async def send(site: Site, path: str, body: dict[str, Any] | None = None, **headers: str) -> tuple[int, Any]:
    answer = await site.client.post(f"/v1/programs{path}", json=body or {}, headers=headers)
    return answer.status_code, answer.json()


async def read(site: Site, path: str = "") -> Any:  # noqa: ANN401 - JSON
    return (await site.client.get(f"/v1/programs{path}")).json()


async def states(site: Site) -> list[str]:
    return [each["state"] for each in (await read(site))["versions"]]


async def test_a_version_from_draft_to_rollback(site: Site, purchase: Purchase) -> None:
    status, drafted = await send(site, "", {"text": SPRING, "note": "double points"})
    assert (status, drafted["state"], drafted["drafted"]["note"]) == (201, "draft", "double points")
    version = "/" + drafted["hash"][:12]
    status, problem = await send(site, f"{version}/review")
    assert (status, problem["code"]) == (403, "reviewer_is_author")
    other = site.using(await site.issue("program:review"))
    status, reviewed = await send(site, f"{version}/review", {"note": "fine"}, **other)
    assert (status, reviewed["state"], reviewed["reviewed"]["note"]) == (200, "reviewed", "fine")
    status, tried = await send(site, f"{version}/pilot", {"on": {"stores": ["s9"]}})
    assert (status, tried["state"], tried["pilot"]) == (200, "pilot", {"stores": ["s9"]})
    points = [
        (await site.client.post("/v1/activities", json=purchase(store, store=store, minor=1000))).json()["points"]
        for store in ("s1", "s9")
    ]
    assert [each[0]["points"] for each in points] == [10, 20]
    status, live = await send(site, f"{version}/publish")
    assert (status, live["state"], live["pilot"]) == (200, "live", None)
    assert await send(site, f"{version}/publish") == (200, live), "sent again, it changes nothing"
    assert (await site.client.get("/v1/program")).json()["hash"] == drafted["hash"]
    status, back = await send(site, f"{version}/rollback", {"note": "too dear"})
    assert (status, back["state"], back["hash"] != live["hash"]) == (200, "live", True)
    status, problem = await send(site, f"{version}/rollback")
    assert (status, problem["code"]) == (409, "step_out_of_order")
    assert await states(site) == ["retired", "live"]
    status, retired = await send(site, f"{version}/retire")
    assert (status, retired["retired"]["by"]) == (200, drafted["drafted"]["by"])
    status, problem = await send(site, f"{version}/publish")
    assert (status, problem["code"]) == (409, "version_retired")
    whole = await read(site, version)
    assert whole["text"] == SPRING
    assert whole["document"]["program"] == "corner"
    assert [it["step"] for it in whole["steps"]] == ["drafted", "reviewed", "pilot", "publish", "retired"]


async def test_what_is_wrong_with_a_draft_has_its_line_and_column(site: Site) -> None:
    broken = PROGRAM.replace("mechanic: spend", "mechanic: spendd").replace("money: CNY", "money: yuan")
    answer = await site.client.post("/v1/programs", json={"text": broken})
    problem = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert problem["code"] == "program_invalid"
    (first, *_) = problem["context"]["problems"]
    assert (first["path"], first["line"], first["column"]) == ("money", 5, 8)
    assert "three capital letters" in first["message"]
    assert await states(site) == ["live"]


async def test_a_condition_is_tried_before_a_draft_is_kept(site: Site) -> None:
    pairs = "basket.lines.all(a, basket.lines.all(b, a.sku == b.sku))"
    broken = SPRING.replace("    on: [purchase]\n", f"    on: [purchase]\n    when: {pairs}\n", 1)
    assert broken != SPRING
    status, problem = await send(site, "", {"text": broken})
    assert (status, problem["code"]) == (422, "program_invalid")
    (found,) = problem["context"]["problems"]
    line_number = broken.partition(pairs)[0].count("\n") + 1
    assert (found["path"], found["line"], found["column"]) == ("offers[0].when", line_number, 11)
    assert found["message"].endswith("its loops turn too often for a basket of 500 lines")
    assert await states(site) == ["live"]
    good = broken.replace(pairs, "basket.lines.all(a, a.amount > 0)")
    assert (await send(site, "", {"text": good}))[0] == 201
    assert await states(site) == ["draft", "live"]


async def test_the_listing_comes_in_pages(site: Site) -> None:
    for number in range(3):
        assert (await send(site, "", {"text": SPRING.replace("points: 2", f"points: {number + 3}")}))[0] == 201
    first = await read(site, "?limit=3")
    assert [len(first["versions"]), first["policy"]] == [3, {"review": False, "simulation": False}]
    second = await read(site, f"?limit=3&cursor={first['next']}")
    assert ([it["state"] for it in second["versions"]], second["next"]) == (["live"], None)
    assert (await read(site, "?cursor=WyJ4Il0"))["code"] == "cursor_invalid"


async def test_versions_are_named_by_their_first_letters(site: Site) -> None:
    live = (await read(site, "/live"))["version"]
    assert (await read(site, f"/{live['hash']}"))["version"] == live
    assert (await read(site, f"/{live['hash'][:6]}"))["version"] == live
    for name, code in {
        "000000": "version_unknown",
        "0000": "parameter_invalid",
        "nothing": "parameter_invalid",
    }.items():
        assert (await read(site, f"/{name}"))["code"] == code
    # To get rid of whatever is live would be done twice when it is sent twice.
    assert (await send(site, "/live/rollback"))[1]["code"] == "parameter_invalid"


async def test_each_step_needs_its_scope(site: Site) -> None:
    only = site.using(await site.issue("program:read", "program:draft"))
    status, drafted = await send(site, "", {"text": SPRING}, **only)
    assert status == 201
    for step in ("review", "pilot", "publish", "rollback", "retire"):
        status, problem = await send(site, f"/{drafted['hash']}/{step}", None, **only)
        assert (status, problem["code"]) == (403, "scope_missing"), step
