"""What this room keeps: files that were sent to be brought along, for days; what was asked for, for months."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from regulars.features.tasks.store import forget_files, forget_tasks
from regulars.kernel.spine.keeping import Kept

__all__ = ["DECIDED", "KEPT"]

DECIDED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "tasks.task": "Stays for its period: what was asked for, and counts of what came of it. It names no member.",
        "tasks.file": "Stays sealed for its period of days, and cannot be searched: files that were sent and reports.",
    }
)
KEPT: Final = (
    Kept(
        name="tasks.file",
        what="Files that people sent to be brought along, and what tasks wrote, sealed.",
        days=7,
        purge=forget_files,
    ),
    Kept(
        name="tasks.task",
        what="What long work was asked for, by whom, and what came of it.",
        days=180,
        purge=forget_tasks,
    ),
)
