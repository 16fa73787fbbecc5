"""The saved text of a file that somebody may have open with another one."""

import os
import stat
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from .documents import MAX_SHADOW

_FLAGS: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_NOCTTY


def saved_text(workspace: Path, uri: str) -> str | None:
    """The text on disk, by a file's address; empty where there is no file, None where it is no file of the project.

    It blocks, for a file that is open in an editor: as large as people write them.
    """
    try:
        path = unquote(urlsplit(uri).path, errors="surrogateescape")
        if not Path(path).is_relative_to(workspace) or ".." in Path(path).parts:
            return None
        with os.fdopen(os.open(path, _FLAGS), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_SHADOW:
                return None
            return file.read(MAX_SHADOW).decode("utf-8-sig", errors="replace")
    except FileNotFoundError:
        return ""
    except (OSError, ValueError):
        return None
