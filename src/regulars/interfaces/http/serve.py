"""Serve over HTTP until told to stop."""

import asyncio
import errno
import gc
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import Any, Final

import uvicorn
import uvloop

from regulars.base import clock
from regulars.base.db import Database
from regulars.base.errors import PortInUse, SettingsInvalid
from regulars.base.ids import new_id
from regulars.base.open import open_database
from regulars.base.roles import RoleTooMighty, read_power
from regulars.base.settings import Settings
from regulars.interfaces.http.app import app
from regulars.interfaces.http.log import LOGGER, write_log
from regulars.interfaces.http.watch import REQUESTS_MAX
from regulars.interfaces.works.hands import Hands
from regulars.kernel.program import Versions
from regulars.kernel.spine import House

__all__ = [
    "DRAIN_SECONDS_MAX",
    "Server",
    "address_of",
    "build_house",
    "check_power",
    "collect_less",
    "configure",
    "list_warnings",
    "note_nurse",
    "open_socket",
    "serve",
]

BACKLOG: Final = 2_048
IDLE_SECONDS_MAX: Final = 65
"""Longer than the minute for which load balancers keep a connection: the one that closes first should be theirs."""
DRAIN_SECONDS_MAX: Final = 20
HEADER_BYTES_MAX: Final = 64 * 1024
GC_THRESHOLD: Final = 20_000
"""New containers between two looks for cycles: what a request makes is freed by its end, nearly always without one."""


class Server(uvicorn.Server):
    """Drains and ends when told to. The signals are ours, for what was opened before it has to be closed after it."""

    when_started: Callable[[], None] | None = None
    """Called once it answers."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and say so."""
        await super().startup(sockets)
        if self.started and self.when_started is not None:
            self.when_started()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave signals alone: `serve` listens to them."""
        yield

    def stop(self) -> None:
        """Answer what was asked and take nothing new; told twice, stop at once."""
        self.force_exit = self.should_exit
        self.should_exit = True


def serve(
    settings: Settings,
    *,
    tell: Callable[[str], None] | None = None,
    greet: Callable[[Database, Settings], Awaitable[None]] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; then answer what was asked, close the database and return.

    `tell` is called with the server's address once it listens, and then `greet` with its database. Raises PortInUse,
    or what the database refuses.
    """
    write_log()
    collect_less()
    with (
        open_socket(settings.host, settings.port) as listening,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(_serve(settings, listening, tell=tell, greet=greet))


def collect_less() -> None:
    """Look for garbage cycles more rarely from now on: by default that takes nearly a tenth of a process's time."""
    gc.set_threshold(GC_THRESHOLD, *gc.get_threshold()[1:])


async def _serve(
    settings: Settings,
    listening: socket.socket,
    *,
    tell: Callable[[str], None] | None,
    greet: Callable[[Database, Settings], Awaitable[None]] | None,
) -> None:
    loop, stopping = asyncio.get_running_loop(), asyncio.Event()
    # Listened to from the start: what is opened now is closed in any case.
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with open_database(settings, nurse=note_nurse) as database:
        warnings = await list_warnings(settings, database)
        made = app(settings, database, build_house(settings), metrics_open=settings.metrics_open)
        server = Server(configure(made))
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, server.stop)
        if stopping.is_set():
            return
        if tell is not None:
            tell(address_of(listening))
        for what, told in warnings.items():
            LOGGER.warning(what, extra={"facts": {"told": told}})
        if greet is not None:
            await greet(database, settings)
        # A server alone does long work, too: in a child, so that nobody waits for it.
        made.state.hands = hands = Hands(settings)
        try:
            await server.serve(sockets=[listening])
        finally:
            hands.stop()


async def list_warnings(settings: Settings, database: Database) -> dict[str, str]:
    """List what to warn of at start, by what it is about. Raises RoleTooMighty and SettingsInvalid."""
    told = {
        "database role": await check_power(settings, database),
        "codes are shown": await check_codes(settings, database),
    }
    return {what: warning for what, warning in told.items() if warning}


async def check_power(settings: Settings, database: Database) -> str:
    """Say what to warn of, or refuse, where who serves may do whatever they like with the database; else nothing.

    Raises RoleTooMighty. The embedded one is left out: whoever is its server's user has its files.
    """
    if settings.database_url is None:
        return ""
    async with database.snapshot() as read:
        power = await read_power(read)
    if power == "app":
        return ""
    detail = f"The server runs as {power} of its database. Give it one that may less: regulars db roles --login NAME"
    if settings.app_role_only:
        raise RoleTooMighty(detail, power=power)
    return detail


async def check_codes(settings: Settings, database: Database) -> str:
    """Say what to warn of where codes are shown to whoever asks; else nothing. Raises SettingsInvalid.

    Only a sandbox may show them, and a database that holds activities of its own cannot be made one.
    """
    if not settings.show_codes:
        return ""
    async with database.snapshot() as read:
        if await clock.is_sandbox(read):
            return "Codes to sign in with are shown to whoever asks, and sent to nobody: anybody may be anybody."
    detail = "REGULARS_SHOW_CODES is on, and this database is no sandbox: whoever asks could be any member. Unset it."
    raise SettingsInvalid(detail, variable="REGULARS_SHOW_CODES")


def note_nurse(what: str, more: str) -> None:
    """Write into the log what became of the embedded database."""
    LOGGER.warning(what, extra={"facts": {"told": more}})


def build_house(settings: Settings) -> House:
    """Make what the path needs from the settings."""
    return House(
        keyring=settings.load_secret().derive(),
        versions=Versions(),
        new_id=new_id,
        auto_enrol=settings.auto_enrol,
        late_days_max=settings.late_days_max,
    )


def configure(made: Any) -> uvicorn.Config:  # noqa: ANN401 - any ASGI app
    """Configure the server with the limits that the app cannot keep itself."""
    # Its own lines hold addresses as they came, and those may hold anything.
    logging.getLogger("uvicorn.access").disabled = True
    return uvicorn.Config(
        made,
        loop="none",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        # Above the app's own limit, which answers with a problem; this one only keeps memory bounded.
        limit_concurrency=REQUESTS_MAX * 4,
        timeout_keep_alive=IDLE_SECONDS_MAX,
        timeout_graceful_shutdown=DRAIN_SECONDS_MAX,
        h11_max_incomplete_event_size=HEADER_BYTES_MAX,
    )


def open_socket(host: str, port: int) -> socket.socket:
    """Listen on an address. Raises PortInUse when it cannot be taken."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise PortInUse(f"{host}:{port} is no address of this machine. Set REGULARS_HOST.", host=host) from error
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise PortInUse(_say_why(host, port, error), host=host, port=port) from error
    listening.setblocking(False)  # noqa: FBT003 - the standard library's
    return listening


def _say_why(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Something else listens on {host}:{port}. Stop it, or set REGULARS_PORT to another port."
    if error.errno == errno.EACCES:
        return f"This user may not listen on port {port}. Set REGULARS_PORT to 1024 or above."
    return f"{host}:{port} cannot be listened on ({error.strerror}). Set REGULARS_HOST and REGULARS_PORT."


def address_of(listening: socket.socket) -> str:
    """Write the address of a listening socket as a URL."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
