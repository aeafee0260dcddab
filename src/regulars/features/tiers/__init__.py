"""Levels for loyal members: reached by what is counted in a window, kept for a while, read as a trait."""

from regulars.features.tiers.mechanic import Prepared, Settings
from regulars.features.tiers.memory import Memory
from regulars.features.tiers.progress import Progress, progress

__all__ = ["Memory", "Prepared", "Progress", "Settings", "progress"]
