"""Moments on their way to PostgreSQL and back: eight bytes, microseconds since the year 2000.

The driver's own way cost nearly a third of the instructions of a batch of the ledger. Most moments of a batch are the
same ones again: the time of the transaction in every entry, the same time in both accounts of a pair. So each is worked
out once.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

__all__ = ["TIME_TYPE", "read_moment", "write_moment"]

TIME_TYPE: Final = "timestamptz"
EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
KEPT_MAX: Final = 4_096


class _Written(dict[datetime, bytes]):
    """By moment: its bytes."""

    def __missing__(self, moment: datetime) -> bytes:
        raw = ((moment - EPOCH) // MICROSECOND).to_bytes(8, signed=True)
        # Only those of UTC: where clocks go back, two moments of a zone are equal and an hour apart.
        if moment.tzinfo is UTC:
            if len(self) >= KEPT_MAX:
                self.clear()
            self[moment] = raw
        return raw


class _Read(dict[bytes, datetime]):
    """By bytes: their moment, in UTC."""

    def __missing__(self, raw: bytes) -> datetime:
        if len(self) >= KEPT_MAX:
            self.clear()
        self[raw] = moment = EPOCH + timedelta(0, 0, int.from_bytes(raw, signed=True))
        return moment


# What a dictionary finds by itself costs no call of ours.
write_moment: Final = _Written().__getitem__
read_moment: Final = _Read().__getitem__
