"""Programmes that are looked at and worked on before they are kept: checked, compared, edited by two at once."""

from typing import Any

from tests.http.conftest import PROGRAM
from tests.http.site import Site

DOUBLE = "points: 1, per_minor: 100"
SPRING = "# why: spring\n" + PROGRAM.replace(DOUBLE, "points: 2, per_minor: 100")
BROKEN = PROGRAM.replace("mechanic: spend", "mechanic: spendd")


async def post(site: Site, path: str, body: dict[str, Any], **headers: str) -> tuple[int, Any]:
    answer = await site.client.post(path, json=body, headers=headers)
    return answer.status_code, answer.json()


async def begin(site: Site, name: str = "Spring") -> tuple[str, Any]:
    status, whole = await post(site, "/v1/sketches", {"name": name, "base": "live"})
    assert status == 201
    return f"/v1/sketches/{whole['sketch']['id']}", whole


async def test_a_programme_is_checked_without_being_kept(site: Site) -> None:
    status, good = await post(site, "/v1/programs/check", {"text": SPRING})
    assert (status, good["valid"], good["problems"], len(good["hash"])) == (200, True, [], 64)
    status, bad = await post(site, "/v1/programs/check", {"text": BROKEN})
    (problem,) = bad["problems"]
    assert (status, bad["valid"], bad["hash"], problem["path"]) == (200, False, None, "offers[0].mechanic")
    assert problem["line"] > 1
    document = (await site.client.get("/v1/program")).json()["document"]
    document["offers"][0]["settings"]["points"] = -1
    status, bad = await post(site, "/v1/programs/check", {"document": document})
    assert [(it["path"], it["line"]) for it in bad["problems"]] == [("offers[0].settings.points", 0)]
    assert (await post(site, "/v1/programs/check", {}))[1]["code"] == "written_twice"
    assert [it["state"] for it in (await site.client.get("/v1/programs")).json()["versions"]] == ["live"]


async def test_changes_are_told_as_data_and_as_words(site: Site) -> None:
    status, found = await post(site, "/v1/programs/changes?lang=zh", {"after": {"text": SPRING}})
    (change,) = found["changes"]
    assert (status, change["kind"], change["what"], change["id"]) == (200, "changed", "offer", "base")
    assert (change["path"], change["before"], change["after"]) == ("settings.points", 1, 2)
    assert change["said"] == "~ 活动 base：settings.points 1 → 2"
    drafted = (await post(site, "/v1/programs", {"text": SPRING}))[1]["hash"]
    kept = (await site.client.get(f"/v1/programs/{drafted}/changes")).json()
    assert (kept["changes"][0]["said"], kept["after"]) == ("~ offer base: settings.points 1 → 2", drafted)
    same = (await site.client.get(f"/v1/programs/live/changes?against={kept['before']}")).json()
    assert same["changes"] == []


async def test_two_people_work_on_one_programme(site: Site) -> None:
    path, whole = await begin(site)
    assert (whole["sketch"]["page"], whole["document"]["program"]) == (1, "corner")
    first = await site.client.put(
        path, json={"content": {"text": SPRING}, "note": "double"}, headers={"If-Match": '"1"'}
    )
    assert (first.status_code, first.headers["etag"]) == (200, '"2"')
    late = await site.client.put(path, json={"content": {"text": PROGRAM}}, headers={"If-Match": '"1"'})
    problem = late.json()
    assert (late.status_code, problem["code"]) == (409, "sketch_changed")
    assert (problem["context"]["page"], problem["context"]["yours"], problem["context"]["by"]) == (2, 1, "a test")
    assert "a test changed this" in problem["detail"]
    read = await site.client.get(path)
    assert (read.headers["etag"], read.json()["text"]) == ('"2"', SPRING), "nothing of the first was lost"
    pages = (await site.client.get(f"{path}/pages")).json()["pages"]
    assert [(it["page"], it["note"]) for it in pages] == [(2, "double"), (1, "")]
    assert (await site.client.get(f"{path}/pages/1")).json()["document"]["program"] == "corner"
    theirs = (await site.client.get(f"{path}/pages/2/changes?since=1&lang=zh")).json()["changes"]
    assert [it["said"] for it in theirs] == ["~ 活动 base：settings.points 1 → 2"]
    assert (await site.client.get(f"{path}/pages/3/changes")).json()["code"] == "sketch_unknown"
    assert (await site.client.get(f"{path}/pages/3")).json()["code"] == "sketch_unknown"
    assert (await site.client.put(path, json={"content": {"text": SPRING}})).json()["code"] == "parameter_invalid"
    again = await site.client.put(path, json={"content": {"text": SPRING}}, headers={"If-Match": '"2"'})
    assert again.headers["etag"] == '"2"', "the same again turns no page"


async def test_a_sketch_becomes_a_version_when_it_is_valid(site: Site) -> None:
    path, _ = await begin(site)
    broken = await site.client.put(path, json={"content": {"text": BROKEN}}, headers={"If-Match": '"1"'})
    assert broken.json()["document"]["offers"][0]["mechanic"] == "spendd", "what is not valid yet is kept, too"
    refused = await site.client.post(f"{path}/draft", json={}, headers={"If-Match": '"2"'})
    assert (refused.status_code, refused.json()["code"]) == (422, "program_invalid")
    await site.client.put(path, json={"content": {"text": SPRING}}, headers={"If-Match": '"2"'})
    stale = await site.client.post(f"{path}/draft", json={}, headers={"If-Match": '"2"'})
    assert stale.json()["code"] == "sketch_changed", "nobody makes a version of what they have not seen"
    made = await site.client.post(f"{path}/draft", json={"note": "ready"}, headers={"If-Match": '"3"'})
    assert (made.status_code, made.json()["state"], made.json()["drafted"]["note"]) == (201, "draft", "ready")
    assert (await site.client.get(made.headers["location"])).json()["text"] == SPRING
    assert (await site.client.get(path)).json()["sketch"]["drafted"] == made.json()["hash"]


async def test_a_sketch_is_thrown_away_as_it_was_read(site: Site) -> None:
    path, _ = await begin(site)
    await site.client.put(path, json={"content": {"text": "half a {"}}, headers={"If-Match": '"1"'})
    assert (await site.client.get(path)).json()["document"] is None
    assert (await site.client.delete(path, headers={"If-Match": '"1"'})).status_code == 409
    assert (await site.client.delete(path, headers={"If-Match": '"2"'})).status_code == 204
    assert (await site.client.get(path)).status_code == 404
    assert (await site.client.get("/v1/sketches")).json() == {"sketches": []}


async def test_mechanics_and_the_schema_are_told(site: Site) -> None:
    told = (await site.client.get("/v1/mechanics")).json()["mechanics"]
    spend = next(it for it in told if it["name"] == "spend")
    assert "per_minor" in spend["schema"]["$defs"]["Settings"]["properties"]
    assert spend["example"]["currency"] == "points"
    schema = (await site.client.get("/v1/program/schema")).json()
    assert schema["title"] == "A loyalty programme"
    assert {it["name"] for it in told} == set(schema["$defs"]["Offer"]["properties"]["mechanic"]["enum"])


async def test_a_condition_goes_to_rows_and_back(site: Site) -> None:
    text = 'basket.total >= 5000 && (member.known_days < 30 || "TEA" in basket.categories)'
    status, read = await post(site, "/v1/conditions/read", {"text": text})
    assert (status, read["kind"], len(read["rows"]["rows"])) == (200, "rows", 2)
    assert (await post(site, "/v1/conditions/write", {"rows": read["rows"]}))[1] == {"text": text}
    by_hand = await post(site, "/v1/conditions/read", {"text": "basket.total / 2 > 5"})
    assert by_hand[1] == {"kind": "by_hand", "rows": None}
    status, problem = await post(site, "/v1/conditions/read", {"text": "basket.total >"})
    assert (status, problem["code"], problem["context"]["problems"][0]["column"]) == (422, "condition_invalid", 15)
    deep: dict[str, Any] = {"type": "field", "field": "a.b", "operator": "holds"}
    for _ in range(300):
        deep = {"type": "all", "rows": [deep]}
    assert (await post(site, "/v1/conditions/write", {"rows": deep}))[0] == 422


async def test_the_fields_of_conditions_have_names_and_sorts(site: Site) -> None:
    told = (await site.client.get("/v1/conditions/fields")).json()
    fields = {it["field"]: it for it in told["fields"]}
    assert fields["balance.points"]["name"] == {"en": "Balance: Points", "zh-CN": "余额：积分"}
    assert (fields["basket.total"]["sort"], ">=" in fields["basket.total"]["operators"]) == ("whole", True)
    assert (fields["member.known_days"]["may_miss"], fields["activity.data"]["is_open"]) == (True, True)
    assert fields["line.amount"]["of_line"]
    assert (await site.client.get("/v1/conditions/fields?version=000000")).json()["code"] == "version_unknown"
