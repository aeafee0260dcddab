"""What a phone waits for: how soon the member app answers a touch on a slow processor, and what it weighs.

Run it as .venv/bin/python bench/web.py [--rounds 5] [--slowdown 4], with the pages built (make web) and Chromium
installed (scripts/chromium.sh). Nothing is asserted. A server with the grocer's programme, in a folder that goes away,
serves one member; each round opens the app in a browser that has nothing of it yet, without its service worker, as
somebody new and as that member. `painted` is the first content, `there` the moment when what one came for stands on the
screen (the field for the address; the code), `interactive` the end of the last piece of work of more than 50 ms before
half a second of quiet, or `there` if that is later: from then on a touch is answered. Scripts count as they are sent
when packed with gzip.
"""

import argparse
import asyncio
import gzip
import json
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import httpx
from playwright.async_api import Browser, Response, async_playwright

from regulars.base import clock, embedded
from regulars.base.db import Database
from regulars.base.settings import Settings
from regulars.interfaces.cli.opening import open_house
from regulars.interfaces.http.app import app
from regulars.interfaces.http.guard import MEMBER_COOKIE
from regulars.interfaces.http.pages import BUILT, is_built
from regulars.interfaces.http.serve import Server, address_of, configure, open_socket
from regulars.kernel import program, spine

GROCER: Final = Path(__file__).parents[1] / "programs/grocer.yaml"
CHROMIUM: Final = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
PHONE: Final = {"width": 390, "height": 844}
MAIL: Final = "mei@example.com"
THERE: Final = {"somebody new": "form input:not([type=checkbox])", "a member": "svg.qr"}
WATCH: Final = """
window.benchWork = [];
new PerformanceObserver(list => window.benchWork.push(...list.getEntries().map(each => each.startTime + each.duration)))
  .observe({type: "longtask", buffered: true});
"""
QUIET: Final = """
async there => {
  const seen = selector => document.querySelector(selector)?.getClientRects().length > 0;
  while (!seen(there)) await new Promise(requestAnimationFrame);
  const shown = performance.now();
  for (;;) {
    const last = Math.max(shown, ...window.benchWork);
    if (performance.now() - last > 500) {
      const painted = performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? shown;
      return {painted, there: shown, interactive: last};
    }
    await new Promise(done => setTimeout(done, 50));
  }
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What one opening of the app took in milliseconds, and what was fetched for it."""

    painted: float
    there: float
    interactive: float
    scripts: frozenset[str]


@asynccontextmanager
async def serve(settings: Settings) -> AsyncGenerator[str]:
    """Serve the grocer's programme from a database that shows codes in place of sending them; gives the address."""
    async with open_house(settings) as (database, house):
        await publish(database)
        with open_socket("127.0.0.1", 0) as listening:
            server = Server(configure(app(settings, database, house)))
            task = asyncio.create_task(server.serve(sockets=[listening]))
            while not server.started:  # noqa: ASYNC110 - the server has no event for it
                await asyncio.sleep(0.01)
            yield address_of(listening)
            server.stop()
            await task


async def publish(database: Database) -> None:
    """Put the programme live, in a sandbox."""
    async with database.transaction() as tx:
        now = await clock.now(tx)
        await clock.begin_sandbox(tx, now)
        document = program.parse(GROCER.read_text(encoding="utf-8"))
        await spine.publish(tx, document, live_from=now - timedelta(days=1), by="bench", at=now)


async def join(url: str) -> str:
    """Join as a member; gives the session's token."""
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        asked = await client.post("/v1/entry/join", json={"contact": {"kind": "email", "value": MAIL}})
        asked.raise_for_status()
        told = {"attempt": asked.json()["attempt"], "code": asked.json()["code"]}
        joined = await client.post("/v1/entry/join/try", json=told)
        joined.raise_for_status()
    return joined.json()["token"]


async def open_once(browser: Browser, url: str, there: str, *, token: str, slowdown: int) -> Opened:
    """Open the app in a browser that knows nothing of it, on a processor that is so many times slower."""
    context = await browser.new_context(viewport=PHONE, service_workers="block", locale="en-GB")  # pyright: ignore[reportArgumentType]
    if token:
        kept: Any = {"name": MEMBER_COOKIE, "value": token, "url": url.replace("http:", "https:"), "secure": True}
        await context.add_cookies([kept])
    await context.add_init_script(WATCH)
    page, scripts = await context.new_page(), set[str]()

    def note(answer: Response) -> None:
        if answer.url.endswith(".js"):
            scripts.add(answer.url.split("/assets/")[1])

    page.on("response", note)
    line = await context.new_cdp_session(page)
    await line.send("Emulation.setCPUThrottlingRate", {"rate": slowdown})
    await page.goto(f"{url}/member/", wait_until="commit")
    took = await page.evaluate(QUIET, there)
    await context.close()
    return Opened(**took, scripts=frozenset(scripts))


def tell(opened: list[Opened]) -> dict[str, Any]:
    """Say what they took, and what the last of them weighed."""
    sizes = [len(gzip.compress((BUILT / "assets" / each).read_bytes())) for each in opened[-1].scripts]
    return {
        "painted_ms": round(statistics.median(each.painted for each in opened)),
        "there_ms": round(statistics.median(each.there for each in opened)),
        "interactive_ms": round(statistics.median(each.interactive for each in opened)),
        "slowest_interactive_ms": round(max(each.interactive for each in opened)),
        "script_bytes_gzip": sum(sizes),
        "scripts": len(sizes),
    }


async def measure(settings: Settings, chromium: str, rounds: int, slowdown: int) -> dict[str, Any]:
    """Open the app by turns as somebody new and as a member."""
    taken: dict[str, list[Opened]] = {name: [] for name in THERE}
    async with serve(settings) as url, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM))
        token = await join(url)
        # The first is not counted: it warms the server up.
        for turn in range(rounds + 1):
            for name, there in THERE.items():
                own = token if name == "a member" else ""
                opened = await open_once(browser, url, there, token=own, slowdown=slowdown)
                if turn:
                    taken[name].append(opened)
        await browser.close()
    return {"rounds": rounds, "slowdown": slowdown, **{name: tell(each) for name, each in taken.items()}}


def main() -> int:
    """Print milliseconds and bytes, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--slowdown", type=int, default=4)
    told = parser.parse_args()
    chromium = shutil.which(os.environ.get("REGULARS_CHROMIUM", "chromium"))
    if chromium is None or not is_built():
        print("bench/web.py: run `make web` and scripts/chromium.sh first", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder, embedded.using(Path(folder)):
        settings = replace(Settings.read({}), data_dir=Path(folder), show_codes=True)
        print(json.dumps(asyncio.run(measure(settings, chromium, told.rounds, told.slowdown)), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
