"""Points for money spent: a rate by category, brand, article or store, whole steps, and more for higher tiers."""

__all__: list[str] = []
