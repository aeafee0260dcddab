"""Every test that asks for a database gets one of its own: a copy of a migrated template on one shared server."""

import asyncio
import hashlib
import os
import secrets
import tempfile
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
import pytest
from hypothesis import HealthCheck, settings

from regulars.base import embedded
from regulars.base.db import Database, create_database
from regulars.base.migrations import find, migrate
from tests.spares import Spares, clean, read_template

ROOT = Path(__file__).parents[1]
# Where the tests keep their server between runs; a run after the first starts it in a tenth of a second.
FOLDER = Path(tempfile.gettempdir()) / f"regulars-tests-{os.getuid()}-{hashlib.sha256(bytes(ROOT)).hexdigest()[:8]}"
# Nothing in it has to survive a power cut. Tests of durability start servers of their own.
# And nobody counts rows on the side: what a plan is must not depend on which tests ran before in the same database.
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "autovacuum": "off",
}
TEMPLATES_KEPT_MAX = 5

# Programs that tests start, by the hundred, keep what they compile, also where the caller's shell says otherwise.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# How fast examples are made says how busy the machine is, and nothing of what is tested.
# Unless a seed is named, the same is tried each time: what a change did not break must not fail by chance. `make soak`
# names another one each time.
settings.register_profile(
    "steady",
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="REGULARS_TEST_SEED" not in os.environ,
)
settings.load_profile("steady")


LONGEST = (
    "tests/docs/test_stories.py",
    "tests/web/",
    "tests/invariants/",
    "tests/simulation/",
    "tests/cli/test_demo.py",
    "tests/faults/",
    "tests/till_client/test_till.py",
    "tests/cli/",
    "tests/promises/",
    "tests/http/test_fuzz.py",
    "tests/deploy/",
    "tests/drill/",
    "tests/http/test_crew.py",
    "tests/mutation/",
    "tests/secrets/",
    "tests/intelligence/",
    "tests/base/test_embedded",
    "tests/privacy/",
    "tests/moving/",
)
"""Which files are begun first where several processes share the tests, file by file: none is left alone at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long ones first; files stay whole."""
    items.sort(key=lambda item: next((n for n, it in enumerate(LONGEST) if item.nodeid.startswith(it)), len(LONGEST)))


@pytest.fixture(scope="session")
def server_url() -> Generator[str]:
    """The address of a server where tests may create databases: ours, or REGULARS_TEST_DATABASE_URL."""
    if given := os.environ.get("REGULARS_TEST_DATABASE_URL"):
        yield given
        return
    server = embedded.start(FOLDER, options=FAST)
    asyncio.run(drop_leftovers(server.url))
    yield server.url
    embedded.release(server)


@pytest.fixture(scope="session")
def template(server_url: str) -> str:
    """The name of a database with every migration applied; made once for each set of migrations."""
    return asyncio.run(make_template(server_url))


@pytest.fixture(scope="session")
def spares(server_url: str, template: str) -> Generator[Spares]:
    """Databases of earlier tests that are clean again."""
    # Looked at in a copy: nobody copies a template while somebody else is connected to it.
    first = make_name()
    asyncio.run(create_database(server_url, first, template=template))
    told = asyncio.run(read_template(address(server_url, first), template))
    made = Spares(template=told, names=[first], made={first})
    yield made
    for name in made.names:
        asyncio.run(run(server_url, f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture
async def database_url(server_url: str, spares: Spares) -> AsyncGenerator[str]:
    """The address of a fresh, migrated database."""
    name = spares.names.pop() if spares.names else make_name()
    if name not in spares.made:
        await create_database(server_url, name, template=spares.template.name)
        spares.made.add(name)
    yield address(server_url, name)
    if await clean(address(server_url, name), spares.template):
        spares.names.append(name)
    else:
        await run(server_url, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
async def empty_database_url(server_url: str) -> AsyncGenerator[str]:
    """The address of a fresh database without any table."""
    async for url in make_database(server_url, "template1"):
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncGenerator[Database]:
    """A fresh, migrated database."""
    opened = await Database.open(database_url)
    yield opened
    await opened.close()


def make_name() -> str:
    """Name a database of this process: once it has ended, others may drop it."""
    return f"test_{os.getpid()}_{secrets.token_hex(4)}"


async def make_database(server_url: str, template: str) -> AsyncGenerator[str]:
    name = make_name()
    await create_database(server_url, name, template=template)
    yield address(server_url, name)
    await run(server_url, f'DROP DATABASE "{name}" WITH (FORCE)')


async def make_template(server_url: str) -> str:
    migrations = find()
    digest = hashlib.sha256("".join(m.path + m.checksum for m in migrations).encode()).hexdigest()[:12]
    name = f"template_{digest}"
    connection = await asyncpg.connect(server_url)
    try:
        # Several test processes begin at once: one makes it, the others wait here for it.
        await connection.execute("SELECT pg_advisory_lock(hashtext('regulars template'))")
        if await connection.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", name):
            return name
        draft = make_name()
        await create_database(server_url, draft)
        opened = await Database.open(address(server_url, draft))
        await migrate(opened, migrations)
        await opened.close()
        await connection.execute(f'ALTER DATABASE "{draft}" RENAME TO "{name}"')
    finally:
        await connection.close()
    return name


async def drop_leftovers(server_url: str) -> None:
    """Drop what runs that were killed left behind, and templates of migrations long gone."""
    connection = await asyncpg.connect(server_url)
    try:
        await connection.execute("SELECT pg_advisory_lock(hashtext('regulars template'))")
        names = [
            row["datname"] for row in await connection.fetch("SELECT datname::text FROM pg_database ORDER BY oid DESC")
        ]
        templates = [name for name in names if name.startswith("template_")]
        dead = [name for name in names if name.startswith("test_") and not is_alive(int(name.split("_")[1]))]
        for name in dead + templates[TEMPLATES_KEPT_MAX:]:
            await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    finally:
        await connection.close()


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def address(server_url: str, name: str) -> str:
    parts = urlsplit(server_url)
    # urlunsplit would drop the two slashes where there is no host.
    return urlunsplit(parts._replace(path=f"/{name}")) if parts.netloc else f"{parts.scheme}:///{name}?{parts.query}"


async def run(server_url: str, sql: str) -> None:
    connection = await asyncpg.connect(server_url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()
