"""Exceptions of user code as errors that people can act on: a type, a sentence, the user's own frames, a hint."""

import errno
import linecache
import traceback
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any, Final

from . import plain
from .pickling import NotPicklable

MAX_FRAMES: Final = 50
MAX_MESSAGE: Final = 4000
MAX_INSIDE: Final = 10
"""Exceptions of a group, and notes, that are told."""
MAX_CAUSES: Final = 6
SKIPPED: Final = (".aimforge/", ".venv/", "venv/")

HINTS: Final = {
    "OutOfMemory": "It needs more memory than the sandbox has. Work in pieces, or drop what is no longer needed.",
    "DiskFull": "The workspace, /tmp or /dev/shm is full. Delete files that are no longer needed, or clear the cache.",
    "TooManyProcesses": "The sandbox's limit of processes and threads is reached. Start fewer, and wait for them.",
    "Exited": "A node ends by returning from main. Remove the call that exits.",
    "SyntaxError": "The source is no valid Python from the line shown on.",
    "NoMain": "Add a function named main, such as: def main(input_data): ...",
    "RecursionError": "A function calls itself without an end, or too deeply.",
    "EOFError": "A node has no keyboard. Use an input node, or a setting, instead of input().",
    "ModuleNotFoundError": "Install the package, or check the spelling of the import.",
}


class NoMain(Exception):
    """The source defines no function ``main``."""


def describe(error: BaseException, workspace: str) -> dict[str, Any]:
    """Return a ``RunError`` of the wire format; ``node`` of its frames is left to the agent, which knows the nodes."""
    kind = _kind(error)
    return {
        "type": kind,
        "message": plain.clean(_message(error, kind) + _more(error))[:MAX_MESSAGE],
        "frames": [frame for part in (error, *_inside(error)[:1]) for frame in _frames(part, workspace)],
        "hint": HINTS.get(kind, ""),
    }


def _kind(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return "Exited"
    if isinstance(error, MemoryError):
        return "OutOfMemory"
    if isinstance(error, SyntaxError):
        return "SyntaxError"
    if isinstance(error, OSError):
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return "DiskFull"
        if error.errno == errno.ENOMEM:
            return "OutOfMemory"
        if error.errno == errno.EAGAIN and _was_starting_a_process(error):
            return "TooManyProcesses"
    if isinstance(error, RuntimeError) and "can't start new thread" in str(error):
        return "TooManyProcesses"
    return type(error).__name__


def _was_starting_a_process(error: OSError) -> bool:
    last = traceback.extract_tb(error.__traceback__)[-1:]
    return any("fork" in (entry.line or "") or "fork" in entry.name or "spawn" in entry.name for entry in last)


def _message(error: BaseException, kind: str) -> str:
    if isinstance(error, SystemExit):
        return f"The node called sys.exit({plain.bounded_repr(error.code, 200)[0]})."
    if isinstance(error, SyntaxError):
        return f"line {error.lineno}: {error.msg}" if error.lineno else str(error.msg)
    try:
        text = str(error)[:MAX_MESSAGE]
    except Exception as broken:  # noqa: BLE001 an exception's __str__ is user code
        return f"(the message cannot be shown: its __str__ raised {type(broken).__name__})"
    if kind == "OutOfMemory" and not text:
        return "There was not enough memory."
    return plain.clean(text) or kind


def _more(error: BaseException) -> str:
    """What the message alone leaves out: notes, what an exception group holds, and what the error was raised from."""
    lines = [str(note) for note in getattr(error, "__notes__", ())[:MAX_INSIDE]]
    inside = _inside(error)
    lines += [f"• {_line(part)}" for part in inside[:MAX_INSIDE]]
    if len(inside) > MAX_INSIDE:
        lines.append(f"… and {len(inside) - MAX_INSIDE} more")
    said, cause = {_line(error)}, error.__cause__
    while cause is not None and len(said) < MAX_CAUSES and not isinstance(error, NotPicklable):
        if _line(cause) not in said:  # libraries often raise the same anew
            lines.append(f"Caused by {_line(cause)}")
        said.add(_line(cause))
        cause = cause.__cause__
    return "".join(f"\n{line}" for line in lines)


def _inside(error: BaseException) -> list[BaseException]:
    """The exceptions of a group, those of groups in it included; none for any other exception."""
    if not isinstance(error, BaseExceptionGroup):
        return []
    parts: tuple[BaseException, ...] = error.exceptions  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return [found for part in parts for found in (_inside(part) or [part])]


def _line(error: BaseException) -> str:
    return f"{type(error).__name__}: {_message(error, _kind(error))}"


def _frames(error: BaseException, workspace: str) -> list[dict[str, Any]]:
    found = [
        _entry(file, line, frame.f_code.co_name, frame.f_globals)
        for frame, line in _walk(error.__traceback__)
        if (file := _relative(frame.f_code.co_filename, workspace)) is not None
    ]
    if isinstance(error, SyntaxError) and error.filename:
        file = _relative(error.filename, workspace)
        if file is not None:
            found.append(
                {
                    "node": "",
                    "file": file,
                    "line": error.lineno or 1,
                    "function": "",
                    "text": (error.text or "").strip()[:500],
                }
            )
    if len(found) > MAX_FRAMES:
        found = found[: MAX_FRAMES // 2] + found[-MAX_FRAMES // 2 :]
    return found


def _walk(trace: TracebackType | None) -> Iterator[tuple[FrameType, int]]:
    while trace is not None:
        yield trace.tb_frame, trace.tb_lineno or 0
        trace = trace.tb_next


def _entry(file: str, line: int, function: str, names: dict[str, Any]) -> dict[str, Any]:
    text = linecache.getline(str(names.get("__file__", file)), line).strip()
    return {"node": "", "file": file, "line": line, "function": function, "text": plain.clean(text[:500])}


def _relative(filename: str, workspace: str) -> str | None:
    """Path below the workspace, or None for files that are not the user's own."""
    prefix = workspace.rstrip("/") + "/"
    if not filename.startswith(prefix):
        return None
    path = filename[len(prefix) :]
    return None if path.startswith(SKIPPED) or "/site-packages/" in path else path
