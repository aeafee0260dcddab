"""The door of time: brings what is due, again and again, through the same path as everything else."""

from regulars.interfaces.worker.work import work

__all__ = ["work"]
