"""Points as money at the till: how many may be used for a purchase, and what they take off."""

__all__: list[str] = []
