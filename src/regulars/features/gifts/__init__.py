"""Gifts: something handed over at once for what a member does: a coupon, a badge, an article, an entry in a draw."""

__all__: list[str] = []
