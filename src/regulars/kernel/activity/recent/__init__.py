"""What happened to members lately, the newest first: for whoever looks at one of them, or at a list."""

from regulars.kernel.activity.recent.store import get, last_purchases, list_newest

__all__ = ["get", "last_purchases", "list_newest"]
