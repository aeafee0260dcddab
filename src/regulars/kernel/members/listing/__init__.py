"""Members in lists, the newest first: by state, by trait, by household; and whatever somebody types, found."""

from regulars.kernel.members.listing.store import Wanted, estimate, list_newest, search

__all__ = ["Wanted", "estimate", "list_newest", "search"]
