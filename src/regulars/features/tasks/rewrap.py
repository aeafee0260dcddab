"""What of this room is made with a master key."""

from typing import Final

from regulars.base.rewrap import Made, Sealed
from regulars.features.tasks.model import place_of

__all__ = ["APART", "MADE"]

MADE: Final[tuple[Made, ...]] = (
    Sealed(
        table="tasks.file",
        key=("task_id", "name"),
        column="wrapped",
        place=lambda row: place_of(row["task_id"], row["name"]),
    ),
)
APART: Final = {"tasks.file.sealed": "Sealed under the file's own key."}
