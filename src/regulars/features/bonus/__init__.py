"""A gift of points for what a basket holds, how often somebody comes, or a day of theirs."""

__all__: list[str] = []
