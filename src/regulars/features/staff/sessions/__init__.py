"""What people have open: sessions known by a token that changes often, and ends by itself."""

from regulars.features.staff.sessions.hold import (
    IDLE,
    LASTS,
    PROOF,
    ROTATES,
    Admitted,
    admit,
    end_all,
    end_one,
    find_pending,
    list_open,
    note_wrong,
    open_session,
    rotate,
)

__all__ = [
    "IDLE",
    "LASTS",
    "PROOF",
    "ROTATES",
    "Admitted",
    "admit",
    "end_all",
    "end_one",
    "find_pending",
    "list_open",
    "note_wrong",
    "open_session",
    "rotate",
]
