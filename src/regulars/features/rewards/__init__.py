"""Rewards that members get for points, or points and cash: what there is, who ordered it, and what became of it."""

__all__: list[str] = []
