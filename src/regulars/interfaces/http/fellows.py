"""What a worker knows of its fellows: how many there are, how many of them are ready, where their counts lie."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from regulars.base.settings import Settings

__all__ = ["Fellows", "share"]

POOL_MIN: Final = 6
"""Two that record for tills, two for those who bring many at once, and two for those who read."""


@dataclass(slots=True, kw_only=True)
class Fellows:
    """The workers of one server. The first process says how many are ready; each worker keeps what it was told last."""

    of: int
    counts: Path
    """The folder in which each adds up what it counts."""
    ready: int = 0


def share(settings: Settings, workers: int) -> Settings:
    """Divide what is bounded for the whole server among its workers, who do not know what the others have used."""
    return replace(
        settings,
        pool_max=max(POOL_MIN, settings.pool_max // workers),
        key_rate=max(1, settings.key_rate // workers),
    )
