"""Tables: pandas DataFrames and Series, and lists of dicts, as bounded rows of JSON values."""

import sys
from typing import Any, Final, cast

from . import plain

MIME: Final = "application/vnd.aimforge.table+json"
PREVIEW_ROWS: Final = 100
MAX_COLUMNS: Final = 100
MAX_CELL: Final = 1000
"""Characters of one cell's text."""


def as_frame(value: Any) -> Any:
    """Return the value as a DataFrame if it is one, or a Series; otherwise None. Never imports pandas."""
    pandas: Any = sys.modules.get("pandas")
    if pandas is None or not hasattr(pandas, "DataFrame"):
        return None
    if isinstance(value, pandas.Series):
        value = value.to_frame(name="value" if value.name is None else value.name)
    return value if isinstance(value, pandas.DataFrame) else None


def as_records(value: Any) -> list[dict[str, Any]] | None:
    """Return the value if it is a list of dicts with text keys, judged by its first rows; otherwise None."""
    if type(value) is not list or not value:
        return None
    found = cast("list[Any]", value)
    head = found[:PREVIEW_ROWS]
    if all(type(row) is dict and row and all(type(key) is str for key in row) for row in head) and all(
        type(row) is dict for row in found
    ):
        return found
    return None


def table(value: Any, limit: int, offset: int = 0, rows: int = PREVIEW_ROWS) -> tuple[dict[str, Any], bool] | None:
    """Return rows of a table from ``offset`` on and whether something was cut; None for what is no table."""
    frame = as_frame(value)
    if frame is not None:
        return _frame_table(frame, limit, offset, rows)
    records = as_records(value)
    if records is not None:
        return _records_table(records, limit, offset, rows)
    return None


def ordered(value: Any, column: str, *, descending: bool) -> Any:
    """Return a table sorted by a column; values that cannot be compared are compared as text. Raises ``KeyError``."""
    frame = as_frame(value)
    if frame is not None:
        for index, name in enumerate(frame.columns):
            if str(name) == column:
                keys = frame.iloc[:, index]
                try:
                    order = keys.reset_index(drop=True).sort_values(ascending=not descending, kind="stable").index
                except TypeError:
                    order = keys.reset_index(drop=True).astype(str).sort_values(ascending=not descending).index
                # Numbers of rows stay hidden: out of their order they would look like an index that tells something.
                return frame.iloc[order] if _shows_index(frame) else frame.iloc[order].reset_index(drop=True)
        if _shows_index(frame) and column == _index_name(frame):
            keys = frame.index.to_series().reset_index(drop=True)
            try:
                order = keys.sort_values(ascending=not descending, kind="stable").index
            except TypeError:
                order = keys.astype(str).sort_values(ascending=not descending, kind="stable").index
            return frame.iloc[order]
        raise KeyError(column)
    records = as_records(value) or []
    if not any(column in row for row in records):
        raise KeyError(column)
    present = [row for row in records if row.get(column) is not None]
    absent = [row for row in records if row.get(column) is None]
    try:
        present.sort(key=lambda row: row[column], reverse=descending)
    except TypeError:
        present.sort(key=lambda row: str(row[column]), reverse=descending)
    return present + absent


def _frame_table(frame: Any, limit: int, offset: int, rows: int) -> tuple[dict[str, Any], bool]:
    total, width = frame.shape
    shown = frame.iloc[offset : offset + rows, :MAX_COLUMNS]
    columns = [{"name": _text(name), "type": str(kind)} for name, kind in zip(shown.columns, shown.dtypes, strict=True)]
    has_index = _shows_index(frame)
    if has_index:
        columns.insert(0, {"name": _index_name(frame), "type": str(frame.index.dtype)})
    body = _Rows(limit)
    for row in shown.itertuples(index=has_index, name=None):
        if not body.add([_cell(value) for value in row]):
            break
    cut = width > MAX_COLUMNS or len(body.rows) < len(shown)
    return {"columns": columns, "rows": body.rows, "total_rows": total}, cut


def _shows_index(frame: Any) -> bool:
    """Whether the index tells something: it has a name, or is not just the number of the row."""
    pandas: Any = sys.modules["pandas"]
    index = frame.index
    return not isinstance(index, pandas.RangeIndex) or (index.start, index.step, index.name) != (0, 1, None)


def _index_name(frame: Any) -> str:
    return "index" if frame.index.name is None else _text(frame.index.name)


def _records_table(records: list[dict[str, Any]], limit: int, offset: int, rows: int) -> tuple[dict[str, Any], bool]:
    head = records[:PREVIEW_ROWS]
    names = list(dict.fromkeys(key for row in head for key in row))
    columns = [{"name": _text(name), "type": _column_type(head, name)} for name in names[:MAX_COLUMNS]]
    body = _Rows(limit)
    shown = records[offset : offset + rows]
    for row in shown:
        if not body.add([_cell(row.get(name)) for name in names[:MAX_COLUMNS]]):
            break
    cut = len(names) > MAX_COLUMNS or len(body.rows) < len(shown)
    return {"columns": columns, "rows": body.rows, "total_rows": len(records)}, cut


class _Rows:
    """Rows within a limit of bytes, roughly counted."""

    def __init__(self, limit: int) -> None:
        self.rows: list[list[Any]] = []
        self._left = limit - 16 * 1024  # for the columns

    def add(self, row: list[Any]) -> bool:
        self._left -= sum(len(cell.encode("utf-8", "replace")) + 8 if isinstance(cell, str) else 24 for cell in row)
        if self._left < 0:
            return False
        self.rows.append(row)
        return True


def _column_type(rows: list[dict[str, Any]], name: str) -> str:
    kinds = dict.fromkeys(type(row[name]).__name__ for row in rows if row.get(name) is not None)
    return " | ".join(kinds)


def _text(value: Any) -> str:
    return plain.clean(str(value)[:MAX_CELL])


def _shown(value: Any) -> str:
    try:
        if isinstance(value, (list, dict, tuple)):
            return plain.clean(plain.bounded_repr(value, MAX_CELL)[0])
        return _text(value)
    except Exception:  # noqa: BLE001 one value that cannot be shown must not hide the others
        return f"<{plain.class_of(value).__name__}>"


def _cell(value: Any) -> Any:
    if value is None or type(value).__name__ in {"NaTType", "NAType"}:
        return None
    if isinstance(value, float) and value != value:  # noqa: PLR0124 NaN is an empty cell
        return None
    try:
        budget = plain.Budget(MAX_CELL)
        cell = plain.to_json(value, budget)
    except plain.NotPlain:
        cell = None
    if cell is None or isinstance(cell, (list, dict)):
        return _shown(value)
    return cell
