"""For whom something may be sent, as whoever sends finds it by the name of this file."""

from regulars.features.consent.record import find_allowed

__all__ = ["find_allowed"]
