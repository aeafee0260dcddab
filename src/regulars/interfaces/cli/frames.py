"""Parquet beside CSV: read as lines of an import, written as tables of an export. Needs polars, an extra."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from regulars.base.errors import Refusal
from regulars.features.moving import Line, Sheet, SheetUnreadable

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["FramesMissing", "open_parquet", "read_parquet", "turn_into_parquet"]

ROWS_AT_ONCE: Final = 20_000


class FramesMissing(Refusal):
    """Parquet is read and written with polars, which is not installed."""

    code, kind = "frames_missing", "invalid"


def open_parquet(path: Path) -> Sheet:
    """Look at a Parquet file. Raises SheetUnreadable, FramesMissing."""
    pl = _load()
    if not path.is_file():
        raise SheetUnreadable(f"There is no file {path.name}. The mapping names it; is it in another folder?")
    try:
        scan = pl.scan_parquet(path)
        header = tuple(scan.collect_schema().names())
    except pl.exceptions.PolarsError as error:
        raise SheetUnreadable(f"{path.name} is not a Parquet file: {error}.", file=path.name) from error

    def read() -> Iterator[Line]:
        number = 1
        for part in pl.scan_parquet(path).collect_batches(chunk_size=ROWS_AT_ONCE, maintain_order=True):
            for row in part.iter_rows():
                number += 1
                yield number, [_write(value) for value in row]

    def count() -> int:
        return int(scan.select(pl.len()).collect().item())

    return Sheet(name=path.name, path=path, header=header, read=read, count=count)


def read_parquet(path: Path) -> Iterator[Mapping[str, Any]]:
    """Read a Parquet file row by row, in its order. Raises FramesMissing, SheetUnreadable."""
    pl = _load()
    try:
        for part in pl.scan_parquet(path).collect_batches(chunk_size=ROWS_AT_ONCE, maintain_order=True):
            yield from part.iter_rows(named=True)
    except pl.exceptions.PolarsError as error:
        raise SheetUnreadable(f"{path.name} is not a Parquet file: {error}.", file=path.name) from error


def _write(value: object) -> str:
    """Write a cell as CSV would have it: a number that is no whole one keeps its point, so that it can be refused."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def turn_into_parquet(path: Path, columns: Mapping[str, str]) -> Path:
    """Turn a table in NDJSON into Parquet, bit by bit, and take the first away. Raises FramesMissing."""
    pl = _load()
    kinds = {"integer": pl.Int64, "boolean": pl.Boolean}
    schema = {name: kinds.get(kind, pl.String) for name, kind in columns.items()}
    moments = [
        pl.col(name).str.to_datetime("%+", time_unit="us", time_zone="UTC")
        for name, kind in columns.items()
        if kind == "timestamp"
    ]
    target = path.with_suffix(".parquet")
    target.touch(mode=0o600)
    if path.stat().st_size:
        pl.scan_ndjson(path, schema=schema).with_columns(moments).sink_parquet(target)
    else:
        pl.DataFrame(schema=schema).with_columns(moments).write_parquet(target)
    path.unlink()
    return target


def _load() -> "ModuleType":
    try:
        import polars as pl
    except ModuleNotFoundError as error:
        detail = "Parquet is read and written with polars, which is not installed. Run: pip install 'regulars[demo]'"
        raise FramesMissing(detail) from error
    return pl
