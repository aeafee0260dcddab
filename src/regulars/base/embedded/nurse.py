"""A nurse for the embedded server: while somebody who stays is using it, it is started again when it has died."""

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from regulars.base.embedded.folder import Folder
from regulars.base.embedded.server import Server, release, start
from regulars.base.errors import Refusal

__all__ = ["Tell", "nursing"]

Tell = Callable[[str, str], None]
"""Is told what happened, and more of it: for the log."""
LOOK_SECONDS = 0.5
PAUSE_SECONDS_MIN = 1.0
PAUSE_SECONDS_MAX = 60.0
WELL_SECONDS = 300.0
"""A server that lived so long died of something new."""


@contextmanager
def nursing(server: Server, *, bindir: Path | None, port: int | None, tell: Tell) -> Generator[None]:
    """Look after a server for the length of the block, in a thread.

    One that died (killed, out of memory) is started again at once, and after ever longer pauses, up to a minute, when
    it dies again and again or cannot be started. One that somebody stopped stays stopped.
    """
    ending = threading.Event()
    nurse = _Nurse(server=server, bindir=bindir, port=port, tell=tell, ending=ending)
    thread = threading.Thread(target=nurse.watch, name="postgres-nurse", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        # What it is just starting is let go of by us: nobody else would stop it.
        thread.join()


class _Nurse:
    """What one nurse knows."""

    def __init__(
        self, *, server: Server, bindir: Path | None, port: int | None, tell: Tell, ending: threading.Event
    ) -> None:
        self._folder = Folder(server.data_dir)
        self._bindir = bindir
        self._port = port
        self._tell = tell
        self._ending = ending
        self._pause = 0.0
        self._began = time.monotonic()

    def watch(self) -> None:
        """Look again and again, until the end."""
        while not self._ending.wait(LOOK_SECONDS):
            if self._has_died():
                self._bring_back()

    def _has_died(self) -> bool:
        """Tell a server that died from one that was stopped: that one takes its file of the process with it."""
        if not self._folder.path.exists():
            return False
        # To look is to hold its lock for a moment, which must not be in the way of somebody who starts it.
        with self._folder.locked():
            if self._folder.is_alive():
                return False
            return (self._folder.data(self._folder.state()) / "postmaster.pid").exists()

    def _bring_back(self) -> None:
        if time.monotonic() - self._began > WELL_SECONDS:
            self._pause = 0.0
        self._tell("the embedded PostgreSQL died", f"starting it again in {self._pause:.0f} s")
        if self._ending.wait(self._pause):
            return
        self._pause = min(PAUSE_SECONDS_MAX, max(PAUSE_SECONDS_MIN, self._pause * 2))
        state = self._folder.state()
        try:
            again = start(
                self._folder.path, bindir=self._bindir, port=self._port, keep=state is not None and state.keep
            )
        except (Refusal, OSError) as error:
            self._tell("the embedded PostgreSQL could not be started again", str(error))
            return
        # Whoever is nursed for uses it already: this was only to have it.
        release(again)
        self._began = time.monotonic()
        self._tell("the embedded PostgreSQL was started again", "by us" if again.started_by_us else "by somebody else")
