"""Goals that a member works towards over some days: steps, stamp cards, several at once, alone or in teams."""

from regulars.features.challenges.mechanic import Prepared, Settings
from regulars.features.challenges.memory import Memory
from regulars.features.challenges.progress import Ahead, Progress, progress

__all__ = ["Ahead", "Memory", "Prepared", "Progress", "Settings", "progress"]
