"""Whole shares: how points are split over lines so that the parts always add up to the whole."""

from collections.abc import Sequence

__all__ = ["rescale", "spread"]


def spread(points: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Split points in proportion to weights, each part being the growth of the running share rounded down.

    The parts add up to `points` exactly. Weights of which all are zero leave everything to the first.
    """
    assert points >= 0, "points to be split are counted, not owed"
    total = sum(weights)
    if total == 0:
        return (points, *(0 for _ in weights[1:])) if weights else ()
    parts: list[int] = []
    running = before = 0
    for weight in weights:
        running += weight
        reached = points * running // total
        parts.append(reached - before)
        before = reached
    return tuple(parts)


def rescale(lines: Sequence[tuple[int, int]], points: int) -> tuple[tuple[int, int], ...]:
    """Give an attribution by line another whole, in the same proportions. Lines that end with nothing are left out."""
    parts = spread(points, [part for _, part in lines])
    return tuple((line, part) for (line, _), part in zip(lines, parts, strict=True) if part)
