"""More of what other offers gave: double points, half as much again, for a basket or for some of its lines."""

__all__: list[str] = []
