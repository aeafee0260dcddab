"""What a house brings along from another system, line by line and reconciled, and what it takes along to the next."""

from regulars.features.moving.bring import (
    BATCH_SIZE,
    Carried,
    IssueCodes,
    Joins,
    Options,
    Order,
    Spread,
    TellConsents,
    bring_lane,
    move_in,
)
from regulars.features.moving.mapping import find_ready, list_ready, read_mapping
from regulars.features.moving.model import (
    ORDER as PART_NAMES,
)
from regulars.features.moving.model import (
    ImportFaulty,
    Mapped,
    MappingInvalid,
    MoveBound,
    PartName,
    Problem,
    SheetUnreadable,
)
from regulars.features.moving.rows import ConsentRow, CouponRow, Lane
from regulars.features.moving.sheets import Line, Sheet, open_csv
from regulars.features.moving.store import Move, list_moves
from regulars.features.moving.tables import (
    TABLES,
    TableShape,
    Value,
    describe_tables,
    flatten,
    write_csv,
    write_head,
)
from regulars.features.moving.takeout import (
    Beside,
    ExportAltered,
    Seal,
    Signing,
    open_export,
    read_pages,
    read_tables,
    sign_content,
    write_own,
)
from regulars.features.moving.tally import Balanced, Report, Tally

__all__ = [
    "BATCH_SIZE",
    "PART_NAMES",
    "TABLES",
    "Balanced",
    "Beside",
    "Carried",
    "ConsentRow",
    "CouponRow",
    "ExportAltered",
    "ImportFaulty",
    "IssueCodes",
    "Joins",
    "Lane",
    "Line",
    "Mapped",
    "MappingInvalid",
    "Move",
    "MoveBound",
    "Options",
    "Order",
    "PartName",
    "Problem",
    "Report",
    "Seal",
    "Sheet",
    "SheetUnreadable",
    "Signing",
    "Spread",
    "TableShape",
    "Tally",
    "TellConsents",
    "Value",
    "bring_lane",
    "describe_tables",
    "find_ready",
    "flatten",
    "list_moves",
    "list_ready",
    "move_in",
    "open_csv",
    "open_export",
    "read_mapping",
    "read_pages",
    "read_tables",
    "sign_content",
    "write_csv",
    "write_head",
    "write_own",
]
