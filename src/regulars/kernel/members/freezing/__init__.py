"""Members whose points are frozen: they earn, and use nothing, until somebody lets them again."""

from regulars.kernel.members.freezing.store import freeze, thaw

__all__ = ["freeze", "thaw"]
