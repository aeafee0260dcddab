"""Referrals: a newcomer says who sent them, and both get something once the newcomer's first act has stood."""

__all__: list[str] = []
