"""Levels for loyal members: reached by the points of a rolling window, kept for a while, read as a trait."""

__all__: list[str] = []
