"""The terms over HTTP: of the version that is live, in two languages, as a text and as a page."""

from datetime import timedelta

from regulars.base import clock
from regulars.kernel import program, spine
from regulars.kernel.program.terms import draw_terms, write_html, write_markdown
from tests.http.conftest import PROGRAM
from tests.http.site import Site


async def test_the_terms_are_those_of_the_live_version(site: Site) -> None:
    plan = program.compile_plan(program.parse(PROGRAM))
    text = await site.client.get("/v1/program/terms")
    assert (text.status_code, text.headers["content-type"]) == (200, "text/markdown; charset=utf-8")
    assert text.text == write_markdown(draw_terms(plan, "en"))
    page = await site.client.get("/v1/program/terms", params={"lang": "zh", "form": "html"})
    assert page.text == write_html(draw_terms(plan, "zh"))
    assert page.headers["content-language"] == "zh-CN"
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    async with site.database.transaction() as tx:
        now = await clock.now(tx)
        better = program.parse(PROGRAM.replace("points: 1, per_minor: 100", "points: 3, per_minor: 100"))
        await spine.publish(tx, better, live_from=now - timedelta(seconds=1), by="a test", at=now)
    again = await site.client.get("/v1/program/terms")
    assert "you get 3 Points for every ¥1" in again.text


async def test_another_language_is_refused(site: Site) -> None:
    answer = await site.client.get("/v1/program/terms", params={"lang": "fr"})
    assert (answer.status_code, answer.json()["code"]) == (422, "parameter_invalid")


async def test_the_terms_need_the_scope_of_the_programme(site: Site) -> None:
    token = await site.issue("members:read")
    answer = await site.client.get("/v1/program/terms", headers=site.using(token))
    assert answer.status_code == 403
