"""What is known of the past, as frames: the same shape whether a shop's journal or The Complete Journey was read."""

from regulars.intelligence.history.journey import journey_week, read_journey
from regulars.intelligence.history.model import DAY_MIN, History, build_history
from regulars.intelligence.history.shop import read_shop

__all__ = ["DAY_MIN", "History", "build_history", "journey_week", "read_journey", "read_shop"]
