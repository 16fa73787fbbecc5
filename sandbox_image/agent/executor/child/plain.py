"""Bounded text and JSON of Python values: work and memory depend on the limit, never on the value's size."""

import math
from typing import Any, Final, cast

MAX_DEPTH: Final = 40
MAX_INTEGER: Final = 2**63
"""Larger integers become strings: JSON readers disagree about them."""


class Exhausted(Exception):
    """The budget is used up."""


class NotPlain(Exception):
    """The value is no plain data."""


def class_of(value: Any) -> Any:
    """Return a value's class."""
    return cast("Any", type(value))


class Writer:
    """Collects text up to a limit of characters."""

    def __init__(self, limit: int) -> None:
        self._left = limit
        self._parts: list[str] = []

    def write(self, text: str) -> None:
        """Add text. Raises ``Exhausted`` when it no longer fits; what fits is kept."""
        self._parts.append(text[: self._left])
        self._left -= len(text)
        if self._left < 0:
            raise Exhausted

    @property
    def left(self) -> int:
        """Characters that still fit."""
        return max(self._left, 0)

    def text(self) -> str:
        """Return what was collected."""
        return "".join(self._parts)


def bounded_repr(value: Any, limit: int) -> tuple[str, bool]:
    """Return ``repr(value)``, at most ``limit`` characters of it, and whether it was cut. Raises what ``repr`` raises."""
    writer = Writer(limit)
    try:
        _write_repr(value, writer, 0)
    except Exhausted:
        return writer.text(), True
    return writer.text(), False


def _write_repr(value: Any, writer: Writer, depth: int) -> None:
    kind = class_of(value)
    if kind in (str, bytes, bytearray):
        piece = value[: writer.left + 1]
        writer.write(repr(piece))
        if len(piece) < len(value):
            raise Exhausted
    elif kind is int and value.bit_length() > 12_000:  # above the interpreter's limit for decimal digits
        writer.write(hex(value) if value.bit_length() < 4 * writer.left else f"<integer of {value.bit_length()} bits>")
    elif kind in _BRACKETS and value and depth < MAX_DEPTH:
        _write_container(value, writer, depth)
    else:
        text = repr(value)
        if type(text) is not str:
            text = str.__str__(text)
        writer.write(text)


_BRACKETS: Final[dict[type, tuple[str, str]]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("{", "}"),
    frozenset: ("frozenset({", "})"),
    dict: ("{", "}"),
}


def _write_container(value: Any, writer: Writer, depth: int) -> None:
    kind = class_of(value)
    opening, closing = _BRACKETS[kind]
    writer.write(opening)
    for index, item in enumerate(value):
        if index:
            writer.write(", ")
        _write_repr(item, writer, depth + 1)
        if kind is dict:
            writer.write(": ")
            _write_repr(value[item], writer, depth + 1)
    if kind is tuple and len(value) == 1:
        writer.write(",")
    writer.write(closing)


class Budget:
    """Bytes that a JSON representation may still use."""

    def __init__(self, limit: int) -> None:
        self.left = limit
        self.cut = False

    def take(self, size: int) -> bool:
        """Use ``size`` bytes; False, and ``cut`` set, when they are not there."""
        if size > self.left:
            self.cut = True
            return False
        self.left -= size
        return True


def to_json(value: Any, budget: Budget, depth: int = 0) -> Any:
    """Return plain data as JSON data within the budget; what does not fit is left out. Raises ``NotPlain``."""
    scalar = _scalar(value, budget)
    if scalar is not _NO_SCALAR:
        return scalar
    if depth >= MAX_DEPTH:
        raise NotPlain
    budget.take(2)
    if isinstance(value, (list, tuple)):
        return _list(cast("Any", value), budget, depth)
    if isinstance(value, dict):
        return _object(cast("dict[Any, Any]", value), budget, depth)
    raise NotPlain


def _list(value: list[Any], budget: Budget, depth: int) -> list[Any]:
    items: list[Any] = []
    for item in value:
        if not budget.take(2):
            break
        items.append(to_json(item, budget, depth + 1))
    return items


def _object(value: dict[Any, Any], budget: Budget, depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, item in value.items():
        name = _key(key)
        if name in found:  # two keys such as 1 and "1": one of them would be lost
            raise NotPlain
        if not budget.take(len(name) + 6):
            break
        found[name] = to_json(item, budget, depth + 1)
    return found


_NO_SCALAR: Final = object()


def _scalar(value: Any, budget: Budget) -> Any:
    if value is None or isinstance(value, bool):
        budget.take(5)
        return value
    if isinstance(value, str):
        if budget.take(len(value) + 2):
            return clean(value)
        kept, budget.left = budget.left, 0
        return clean(value[:kept])
    if isinstance(value, int):
        budget.take(20)
        if -MAX_INTEGER <= value < MAX_INTEGER:
            return int(value)
        return bounded_repr(int(value), 10_000)[0]
    if isinstance(value, float):
        budget.take(20)
        return float(value) if math.isfinite(value) else str(float(value))
    if type(value).__module__ == "numpy" and getattr(value, "shape", None) == () and hasattr(value, "item"):
        return _numpy_scalar(value, budget)
    return _NO_SCALAR


def _numpy_scalar(value: Any, budget: Budget) -> Any:
    if value.dtype.kind in "mM":  # its item would be a count of nanoseconds
        return _scalar(None if value != value else str(value), budget)  # noqa: PLR0124 NaT
    item = value.item()
    return _NO_SCALAR if type(item) is type(value) else _scalar(item, budget)


def _key(key: Any) -> str:
    if isinstance(key, str):
        return clean(key[:1000])
    if key is None or isinstance(key, (bool, int, float)):
        return bounded_repr(key, 1000)[0]
    raise NotPlain


def clean(text: str) -> str:
    """Replace lone surrogates, which JSON readers refuse."""
    text = str.__str__(text)  # a class of its own may say something else of itself, as enums do
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
