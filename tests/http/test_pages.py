"""Pages are sent as they were built: kept for ever or not at all, squeezed where that is understood, nothing else."""

import re

import pytest

from regulars.interfaces.http import pages
from regulars.interfaces.http.pages import is_built
from tests.http.site import Site

needs_pages = pytest.mark.skipif(not is_built(), reason="the pages are not built: run `make web`")
HTML = {"Accept": "text/html", "Authorization": ""}


@needs_pages
@pytest.mark.parametrize("entry", ["console", "member", "register"])
async def test_every_place_of_an_entry_is_its_page(site: Site, entry: str) -> None:
    for place in ("", "anything/at/all", "members/019a-1"):
        sent = await site.client.get(f"/{entry}/{place}", headers=HTML)
        assert (sent.status_code, sent.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert sent.headers["cache-control"] == "no-cache"
        assert "script-src 'self'" in sent.headers["content-security-policy"]
    typed = await site.client.get(f"/{entry}", headers=HTML)
    assert (typed.status_code, typed.headers["location"]) == (303, f"/{entry}/")


@needs_pages
async def test_what_a_page_is_made_of_is_kept_for_ever_and_squeezed(site: Site) -> None:
    page = (await site.client.get("/console/", headers=HTML)).text
    found = re.search(r'src="(/assets/[^"]+\.js)"', page)
    assert found is not None
    squeezed = await site.client.get(found[1], headers={"Accept-Encoding": "gzip"})
    plain = await site.client.get(found[1], headers={"Accept-Encoding": "identity"})
    assert squeezed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert squeezed.content == plain.content
    assert int(squeezed.headers["content-length"]) < int(plain.headers["content-length"])
    assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"


@needs_pages
async def test_browsers_are_shown_the_ways_in_and_programs_what_this_is(site: Site) -> None:
    assert "/register/" in (await site.client.get("/", headers=HTML)).text
    assert (await site.client.get("/")).json()["name"] == "Regulars"


@pytest.mark.parametrize(
    "path", ["/assets/none.js", "/assets/../pages.py", "/assets/%2e%2e/pages.py", "/assets/a%5c.js"]
)
async def test_nothing_else_is_sent(site: Site, path: str) -> None:
    assert (await site.client.get(path)).status_code in {404, 422}


async def test_pages_that_were_not_built_say_how(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "BUILT", pages.BUILT.parent / "nowhere")
    told = await site.client.get("/console/", headers=HTML)
    assert (told.status_code, told.json()["code"]) == (404, "page_unknown")
    assert "make web" in told.json()["detail"]
    assert (await site.client.get("/", headers=HTML)).json()["name"] == "Regulars"
