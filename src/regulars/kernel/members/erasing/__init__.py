"""Forgetting who a member is: the key, the ways to find them, and what was told of them. The books stay."""

from regulars.kernel.members.erasing.store import QUERIES, blank_traits, list_dormant, shred

__all__ = ["QUERIES", "blank_traits", "list_dormant", "shred"]
