"""Names of any bytes, in a form that can be shown and typed, and that gives the same bytes back.

What is no printable UTF-8 is written as ``\\xNN``, byte by byte, and a backslash as ``\\\\``. So a name cannot clear a
screen, turn the direction of writing, or look like another one by control characters.
"""

import re
from typing import Final

from sandbox_image.agent.errors import AgentError
from sandbox_image.wire.errors import ErrorCode

MAX_PATH: Final = 4096
MAX_PART: Final = 255
_ESCAPE: Final = re.compile(r"\\(?:\\|x([0-9a-fA-F]{2}))?")


def shown(name: bytes) -> str:
    """``name`` escaped."""
    return "".join(map(_shown, name.decode(errors="surrogateescape")))


def _shown(character: str) -> str:
    if character == "\\":
        return r"\\"
    if character.isprintable():
        return character
    return "".join(f"\\x{byte:02x}" for byte in character.encode(errors="surrogateescape"))


def shown_path(parts: tuple[bytes, ...]) -> str:
    """A path below the workspace; empty for the workspace itself."""
    return "/".join(map(shown, parts))


def parse_path(path: str) -> tuple[bytes, ...]:
    """The names in a path below the workspace. Raises INVALID for one that leads out of it or cannot exist."""
    if len(path) > MAX_PATH:
        raise _invalid(path[:100], f"is longer than {MAX_PATH} characters")
    parts = tuple(_bytes_of(part, path) for part in path.split("/") if part not in {"", "."})
    if b".." in parts:
        raise _invalid(path, "leads upwards; name it from the workspace's folder on")
    if any(len(part) > MAX_PART for part in parts):
        raise _invalid(path, f"has a part of more than {MAX_PART} bytes")
    return parts


def _bytes_of(part: str, path: str) -> bytes:
    pieces: list[bytes] = []
    position = 0
    try:
        for escape in _ESCAPE.finditer(part):
            pieces.append(part[position : escape.start()].encode())
            if escape[0] == "\\":
                raise _invalid(path, r"has a lone backslash; write \\ for it, or \xNN for a byte")
            pieces.append(bytes.fromhex(escape[1]) if escape[1] else b"\\")
            position = escape.end()
        name = b"".join([*pieces, part[position:].encode()])
    except UnicodeEncodeError as error:
        raise _invalid(shown(path.encode(errors="replace")), "is no valid text") from error
    if b"\0" in name or b"/" in name:
        raise _invalid(path, "holds a byte that no name can have")
    return name


def _invalid(path: str, why: str) -> AgentError:
    return AgentError(ErrorCode.INVALID, f"The path {path!r} {why}.", field="path")
