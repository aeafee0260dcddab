"""What the path needs besides its transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from regulars.base.crypto import Keyring
from regulars.kernel.program import Versions

__all__ = ["House"]


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What `record_many` needs besides its transaction. Built once, when a process starts."""

    keyring: Keyring
    versions: Versions
    new_id: Callable[[], UUID]
    """Chance is handed in: ids are made at the door."""
    auto_enrol: bool = True
    """Whether an unknown identifier becomes a member."""
    late_days_max: int = 30
    notice_days: tuple[int, ...] = (30, 7)
    """How many days before points end their member is told."""
    unmerge_days_max: int = 30
    """How long a merge of two members may be undone."""
    adjust_alone_max: int = 1_000
    """Corrections above so many points need a second person."""
