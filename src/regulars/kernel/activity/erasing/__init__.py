"""Forgetting what was told of members: words that say who somebody is are taken out of the journal, nothing else."""

from regulars.kernel.activity.erasing.store import QUERIES, Retold, last_seen, list_told, rewrite

__all__ = ["QUERIES", "Retold", "last_seen", "list_told", "rewrite"]
