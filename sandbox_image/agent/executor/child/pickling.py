"""Finds which part of a value cannot be pickled, to name it."""

import pickle
import types
from collections.abc import Iterator
from typing import Any, Final

from .outputs import type_name

MAX_DEPTH: Final = 6
MAX_PARTS: Final = 200


class NotPicklable(Exception):
    """A value cannot travel to another node. The message names the part and its type."""


def explain(value: Any, error: BaseException, port: str) -> NotPicklable:
    """Return the error that names the innermost part of ``value`` that cannot be pickled."""
    if isinstance(error, RecursionError):
        return NotPicklable(f"{port} is nested too deeply to be passed on.")
    path, part = _innermost(port, value, 0)
    reason = str(error)[:300]
    return NotPicklable(f"{path} is a {_described(part)}, which cannot be passed to another node ({reason}).")


def _innermost(path: str, value: Any, depth: int) -> tuple[str, Any]:
    if depth < MAX_DEPTH:
        for name, part in _parts(value):
            if not _picklable(part):
                return _innermost(path + name, part, depth + 1)
    return path, value


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in list(value.items())[:MAX_PARTS]:  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            yield f"[{key!r:.50}]", item
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value[:MAX_PARTS]):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            yield f"[{index}]", item
    elif not isinstance(value, (type, types.ModuleType)):  # those travel by their name
        attributes = getattr(value, "__dict__", None)
        if type(attributes) is dict:
            for name, item in list(attributes.items())[:MAX_PARTS]:  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
                yield f".{name}", item


def _picklable(value: Any) -> bool:
    try:
        pickle.dumps(value, protocol=5, buffer_callback=lambda _: None)
    except Exception:  # noqa: BLE001 a user's __reduce__ may raise anything, and that is the answer
        return False
    return True


def _described(value: Any) -> str:
    if isinstance(value, (types.GeneratorType, types.AsyncGeneratorType)):
        return f"{type_name(value)} (return a list of what it gives instead)"
    name = getattr(value, "__qualname__", "")
    if isinstance(name, str) and "<lambda>" in name:
        return "lambda (define it with def at the top of the node's file instead)"
    if isinstance(name, str) and "<locals>" in name:
        return f"{type_name(value)} defined inside a function (move {name.rsplit('.', 1)[-1]} to the top of the node's file)"
    return type_name(value)
