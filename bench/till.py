"""What a till waits for: quotes and orders of 20 lines under 20 offers, at a steady rate, all on this machine.

Run it as `make bench-till` (ARGS="--rates 100 300 600 --seconds 20 --json"), which looks for wrk and installs it where
it may; or as .venv/bin/python bench/till.py. PostgreSQL, the server and wrk share the cores; the share of each is told
with what was waited. Everything stands in a folder of its own, which is removed afterwards; see docs/benchmarks.md.

wrk sends from as many connections as the rate needs and lets each wait between its requests, so the rate is kept as
long as answers come in time; `reached` says what was.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

MEMBERS = 2_000
LINES = 20
PORT = 8791
CONNECTIONS_PER_SECOND = 0.2
"""Connections for each request a second."""
PROGRAM = """
program: bench
name: {en: Bench, zh-CN: 测试}
time_zone: America/New_York
money: USD
currencies:
  points:
    kind: spendable
    name: {en: Points, zh-CN: 积分}
    expiry: {model: rolling, months: 12}
    value: {minor: 1, per_points: 1}
offers:
  - id: base
    mechanic: spend
    on: [purchase]
    settings: {currency: points, points: 1, per_minor: 100}
  - id: paying
    mechanic: pay
    on: [purchase]
    settings: {currency: points, points: 1, minor: 1}
"""
OFFER = """
  - id: extra-{number}
    mechanic: bonus
    on: [purchase]
    when: basket.total >= {least} && context.weekday <= {number}
    settings: {{currency: points, points: {points}, lines: {{categories: [KIND {number}]}}}}
"""
HEAD = f"{'door':<12}{'asked':>6}{'reached':>9}{'wrong':>7}{'p50 ms':>8}{'p95 ms':>8}{'p99 ms':>8}   cores used by each"
SCRIPT = """
local bodies = {}
for line in io.lines("%(folder)s/bodies.txt") do bodies[#bodies + 1] = line end
local threads = 0
function setup(thread) thread:set("number", threads); threads = threads + 1 end
function init(args) count = 0; wrk.method = "POST"; wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Authorization"] = "Bearer %(token)s"; math.randomseed(number + 1) end
function request()
  count = count + 1
  local body = bodies[math.random(#bodies)]
  return wrk.format(nil, "%(path)s", nil, (body:gsub("@", "%(run)s-" .. number .. "-" .. count, 1)))
end
function delay() return %(pause)d + math.random(%(pause)d) - %(pause)d / 2 end
function done(summary, latency, requests)
  local errors = summary.errors
  local told = '{"requests": %%d, "micros": %%d, "wrong": %%d, "p50_ms": %%.1f, "p95_ms": %%.1f, "p99_ms": %%.1f}\\n'
  local function at(share) return latency:percentile(share) / 1000 end
  local wrong = errors.status + errors.timeout + errors.read + errors.connect
  io.write(string.format(told, summary.requests, summary.duration, wrong, at(50), at(95), at(99)))
end
"""


def write_program(folder: Path) -> Path:
    """Write a programme of 20 offers."""
    more = "".join(OFFER.format(number=it, least=1000 + it * 100, points=it + 1) for it in range(18))
    path = folder / "bench.yaml"
    kinds = ", ".join(f"KIND {it}" for it in range(30))
    path.write_text(PROGRAM + more + f"catalog:\n  categories: [{kinds}]\n", encoding="utf-8")
    return path


def write_bodies(folder: Path, *, count: int = 4_000) -> None:
    """Write baskets, one a line; `@` stands where the name of each request comes."""
    die = random.Random(7)  # noqa: S311 - baskets, no secrets
    now = datetime.now(tz=UTC).isoformat()
    with (folder / "bodies.txt").open("w", encoding="utf-8") as file:
        for _ in range(count):
            lines = [
                {
                    "sku": f"sku-{die.randrange(5_000)}",
                    "amount_minor": die.randrange(50, 2_000),
                    "categories": [f"KIND {die.randrange(30)}"],
                }
                for _ in range(LINES)
            ]
            member = {"identifier": {"kind": "card", "value": f"{die.randrange(MEMBERS):06d}"}}
            body = {"id": "@", "source": "till", "occurred_at": now, "store": "s1", "member": member, "lines": lines}
            file.write(json.dumps(body) + "\n")


@contextmanager
def serve(folder: Path) -> Generator[str]:
    """Run a server with the programme; gives a key."""
    environment = {**os.environ, "REGULARS_DATA_DIR": str(folder / "data"), "REGULARS_PORT": str(PORT)}
    regulars = [str(Path(sys.executable).parent / "regulars")]

    def run(*words: str) -> str:
        return subprocess.run([*regulars, *words], env=environment, check=True, capture_output=True, text=True).stdout  # noqa: S603 - ours

    silent = subprocess.DEVNULL
    server = subprocess.Popen([*regulars, "serve"], env=environment, stdout=silent, stderr=silent)  # noqa: S603 - ours
    try:
        run("program", "publish", str(write_program(folder)), "--from", "2020-01-01T00:00+00:00")
        scopes = ("activities:write", "activities:preview", "points:redeem")
        yield run("keys", "new", "bench", *(word for scope in scopes for word in ("--scope", scope))).strip()
    finally:
        server.terminate()
        server.wait(timeout=60)


def read_shares() -> dict[str, float]:
    """Seconds of processor that each kind of process has used so far."""
    used: dict[str, float] = {}
    ticks = os.sysconf("SC_CLK_TCK")
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "stat").read_text(encoding="utf-8")
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            # It has ended meanwhile.
            continue
        fields = words.rsplit(")", 1)[1].split()
        name = "wrk" if command.startswith("wrk ") else "postgres" if "postgres" in command.split(" ")[0] else ""
        name = name or ("server" if command.endswith(" serve ") else "other")
        used[name] = used.get(name, 0.0) + (int(fields[11]) + int(fields[12])) / ticks
    return used


def load(folder: Path, token: str, path: str, rate: int, seconds: int) -> Mapping[str, Any]:
    """Send requests at a rate; gives what was waited, and who used the processor."""
    connections = max(4, int(rate * CONNECTIONS_PER_SECOND))
    script = folder / "load.lua"
    values = {"folder": folder, "token": token, "path": path, "run": f"{path[4:]}-{rate}-{time.time_ns()}"}
    script.write_text(SCRIPT % {**values, "pause": round(1000 * connections / rate)}, encoding="utf-8")
    before, began = read_shares(), time.perf_counter()
    command = ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--timeout", "10s", "-s", str(script)]
    printed = subprocess.run([*command, f"http://127.0.0.1:{PORT}"], check=True, capture_output=True, text=True).stdout  # noqa: S603 - ours
    after, passed = read_shares(), time.perf_counter() - began
    told = json.loads(printed.strip().splitlines()[-1])
    shares = {name: round((after[name] - before.get(name, 0.0)) / passed, 2) for name in sorted(after)}
    reached = round(told["requests"] / (told["micros"] / 1e6), 1)
    return {"path": path, "rate": rate, "reached": reached, **told, "cores": shares}


def write_row(told: Mapping[str, Any]) -> str:
    """Write a row of the table."""
    cores = ", ".join(f"{name} {share:.2f}" for name, share in told["cores"].items())
    waited = "".join(f"{told[name]:>8.0f}" for name in ("p50_ms", "p95_ms", "p99_ms"))
    return f"{told['path']:<12}{told['rate']:>6}{told['reached']:>9.1f}{told['wrong']:>7}{waited}   {cores}"


def main() -> None:
    """Print a line for each rate and door."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rates", type=int, nargs="+", default=[100, 300, 600])
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--json", action="store_true", help="a line of JSON for each rate and door, and no table")
    asked = parser.parse_args()
    if shutil.which("wrk") is None:
        parser.error("wrk is not installed: `make bench-till` installs it, or says how")
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as made:
        folder = Path(made)
        write_bodies(folder)
        with serve(folder) as token:
            load(folder, token, "/v1/orders", 100, 10)
            if not asked.json:
                print(HEAD, flush=True)
            for path in ("/v1/quotes", "/v1/orders"):
                for rate in asked.rates:
                    told = load(folder, token, path, rate, asked.seconds)
                    print(json.dumps(told) if asked.json else write_row(told), flush=True)


if __name__ == "__main__":
    main()
