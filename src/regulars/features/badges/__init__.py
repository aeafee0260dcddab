"""Badges: what other offers grant to show for something, kept with the day on which it was first given."""

__all__: list[str] = []
