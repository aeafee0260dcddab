"""Everything that happened to members, as it is taken along: each activity with what it said and what it did."""

from regulars.kernel.activity.moving.store import ActivityRow, read_activities

__all__ = ["ActivityRow", "read_activities"]
