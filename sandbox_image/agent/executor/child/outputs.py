"""What people see of a value: bounded representations by media type. A representation that fails becomes a note."""

import base64
import io
import json
import sys
from collections.abc import Callable
from typing import Any, Final, cast

from . import plain, tables

MAX_TEXT: Final = 64 * 1024
MAX_TOTAL: Final = 400 * 1024
"""Bytes of all representations of one output as JSON, so that an event with it stays within its limit."""
DROPPED_FIRST: Final = ("text/html", "application/json", "image/svg+xml", tables.MIME, "image/png")
METHODS: Final = {"_repr_html_": "text/html", "_repr_svg_": "image/svg+xml", "_repr_png_": "image/png"}
KNOWN: Final = frozenset({*METHODS.values(), "text/plain", "application/json"})


class _Building:
    """An output in the making."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.mime: dict[str, Any] = {}
        self.truncated = False
        self.notes: list[str] = []

    def cut(self, note: str) -> None:
        self.truncated = True
        self.notes.append(note)

    def attempt(self, what: str, make: Callable[[], None]) -> None:
        try:
            make()
        except (Exception, SystemExit) as error:  # noqa: BLE001 a user's repr may raise anything; the note says so
            self.notes.append(f"{what} failed: {type(error).__name__}: {_message(error)}")


def represent(value: Any, limit: int) -> dict[str, Any]:
    """Return an ``Output`` of the wire format, without its ``size``; each representation has at most ``limit`` bytes."""
    building = _Building(limit)
    if is_figure(value):
        building.attempt("drawing the figure", lambda: _figure(value, building))
    else:
        building.attempt("the table", lambda: _table(value, building))
        _rich(value, building)
        building.attempt("JSON", lambda: _json(value, building))
    building.attempt("repr", lambda: _text(value, building))
    building.mime.setdefault("text/plain", f"<{type_name(value)}>")
    _fit(building)
    return {
        "type": type_name(value),
        "mime": building.mime,
        "truncated": building.truncated,
        "note": "; ".join(building.notes)[:2000],
    }


def type_name(value: Any) -> str:
    """Return the type's name as people write it: ``int``, ``pandas.DataFrame``."""
    kind = plain.class_of(value)
    module = str(kind.__module__)
    if module == "builtins" or module.startswith("nodes."):
        return kind.__qualname__
    if module.startswith("pandas."):
        module = "pandas"
    return f"{module}.{kind.__qualname__}"


def is_figure(value: Any) -> bool:
    """Whether the value is a matplotlib figure. Never imports matplotlib."""
    module = sys.modules.get("matplotlib.figure")
    return module is not None and isinstance(value, module.Figure)


def open_figures() -> list[Any]:
    """Return pyplot's open figures in the order of their numbers. Never imports pyplot."""
    pyplot: Any = sys.modules.get("matplotlib.pyplot")
    if pyplot is None or not hasattr(pyplot, "get_fignums"):
        return []
    return [pyplot.figure(number) for number in pyplot.get_fignums()]


def _text(value: Any, building: _Building) -> None:
    text, cut = plain.bounded_repr(value, min(MAX_TEXT, building.limit // 4))
    building.mime["text/plain"] = plain.clean(text)
    if cut:
        building.cut("the text was cut")


def _json(value: Any, building: _Building) -> None:
    budget = plain.Budget(building.limit // 2)  # escapes can double it
    try:
        building.mime["application/json"] = plain.to_json(value, budget)
    except plain.NotPlain:
        return
    if budget.cut:
        building.cut("the JSON was cut")


def _table(value: Any, building: _Building) -> None:
    found = tables.table(value, building.limit)
    if found is None:
        return
    building.mime[tables.MIME], cut = found
    if cut:
        building.cut("some columns or rows are not shown")


def _rich(value: Any, building: _Building) -> None:
    kind = plain.class_of(value)
    if kind.__module__ == "builtins":
        return
    if hasattr(kind, "_repr_mimebundle_"):
        building.attempt("_repr_mimebundle_", lambda: _bundle(value, building))
    for method, mime in METHODS.items():
        if (
            hasattr(kind, method)
            and mime not in building.mime
            and not (mime == "text/html" and tables.MIME in building.mime)
        ):
            building.attempt(method, lambda method=method, mime=mime: _add(mime, getattr(value, method)(), building))


def _bundle(value: Any, building: _Building) -> None:
    bundle: Any = value._repr_mimebundle_(include=None, exclude=None)
    data = cast("Any", bundle[0] if isinstance(bundle, tuple) else bundle)
    for mime, item in dict(data or {}).items():
        if mime in KNOWN - {"text/plain", "application/json"}:
            _add(mime, item, building)


def _add(mime: str, item: Any, building: _Building) -> None:
    if isinstance(item, tuple) and item:
        item = item[0]  # pyright: ignore[reportUnknownVariableType] IPython allows (data, metadata)
    if item is None:
        return
    if mime == "image/png" and isinstance(item, (bytes, bytearray)):
        item = base64.b64encode(item).decode()
    if not isinstance(item, str):
        raise TypeError(f"it returned {type(item).__name__}, which is no {mime}")  # pyright: ignore[reportUnknownArgumentType]
    if mime == "text/html" and len(item) > building.limit:
        item = item[: building.limit]
        building.cut("the HTML was cut")
    if len(item.encode("utf-8", "replace")) > building.limit:
        building.cut(f"{mime} of {len(item) // 1024} KiB is larger than {building.limit // 1024} KiB and is not shown")
        return
    building.mime[mime] = plain.clean(item)


def _figure(figure: Any, building: _Building) -> None:
    for dpi in (100, 72, 50, 30):
        target = io.BytesIO()
        figure.savefig(target, format="png", dpi=dpi, bbox_inches="tight")
        data = target.getvalue()
        if len(data) * 4 / 3 <= building.limit:
            building.mime["image/png"] = base64.b64encode(data).decode()
            if dpi != 100:
                building.cut(f"drawn with {dpi} dots per inch to fit")
            return
    building.cut("the figure is too large to be shown")


def _fit(building: _Building) -> None:
    sizes = {mime: len(json.dumps(item)) for mime, item in building.mime.items()}
    for mime in DROPPED_FIRST:
        if sum(sizes.values()) <= MAX_TOTAL:
            return
        if mime in sizes:
            del sizes[mime], building.mime[mime]
            building.cut(f"{mime} was left out to keep the output small")


def _message(error: BaseException) -> str:
    try:
        return plain.clean(str(error)[:300])
    except Exception:  # noqa: BLE001 an exception's own __str__ may raise as well
        return "(its message cannot be shown)"
