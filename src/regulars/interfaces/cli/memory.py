"""How much memory our process and the embedded PostgreSQL take, as far as the system tells."""

import resource
import sys
import time
from pathlib import Path
from typing import Final

from regulars.base.embedded.folder import Folder

__all__ = ["PostgresMemory", "read_peak_mb"]

KILOBYTE: Final = 1024
MEGABYTE: Final = 1024 * 1024
PAUSE_SECONDS: Final = 2
PROCESSES: Final = Path("/proc")


def read_peak_mb() -> int:
    """Tell the most resident memory that this process ever had."""
    status = PROCESSES / "self" / "status"
    if status.exists():
        # Linux hands the figure that `getrusage` gives down from the process that started this one.
        line = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM:"))
        return round(int(line.split()[1]) / KILOBYTE)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # macOS counts in bytes, others in kilobytes.
    return round(peak / MEGABYTE if sys.platform == "darwin" else peak / KILOBYTE)


class PostgresMemory:
    """Looks now and then at what the server's processes take together; shared pages are counted once."""

    def __init__(self, data_dir: Path) -> None:
        folder = Folder(data_dir)
        self._pid_file = folder.data(folder.state()) / "postmaster.pid"
        self._looked = 0.0
        self.peak_mb: int | None = None

    def look(self) -> None:
        """Look, unless that was just done. Where the system does not tell, nothing is learnt."""
        now = time.monotonic()
        if now - self._looked < PAUSE_SECONDS or not self._pid_file.exists():
            return
        self._looked = now
        postmaster = self._pid_file.read_text(encoding="utf-8").split("\n", 1)[0]
        sizes = [size for process in _family(postmaster) if (size := _read_share(process)) is not None]
        if sizes:
            self.peak_mb = max(self.peak_mb or 0, round(sum(sizes) / KILOBYTE))


def _family(postmaster: str) -> list[Path]:
    """List the postmaster and its children."""
    found = [PROCESSES / postmaster]
    for process in PROCESSES.glob("[0-9]*"):
        try:
            # After the name, which may hold anything: the state, and the parent.
            parent = (process / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1]
        except (FileNotFoundError, ProcessLookupError):
            # It ended while we looked.
            continue
        if parent == postmaster:
            found.append(process)
    return found


def _read_share(process: Path) -> int | None:
    """Read a process's share of memory in kilobytes; None where it has ended or is closed to us."""
    try:
        lines = (process / "smaps_rollup").read_text(encoding="ascii").splitlines()
    except (FileNotFoundError, PermissionError, ProcessLookupError):
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), None)
