"""Modules of the workspace that a node's source imports, directly or through one another: they are part of its code."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from .signature import parse

REMEMBERED: Final = 1000
"""Sources whose imports are remembered."""
MAX_FILES: Final = 500
"""Modules that are followed from one node."""
MAX_SOURCE: Final = 2 * 1024 * 1024


class OwnModules:
    """Finds them without running anything. Imports within functions count, those under computed names cannot."""

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace
        self._imports: dict[tuple[str, str], frozenset[str]] = {}

    def of(self, file: str, source: str) -> list[str]:
        """Return their paths below the workspace, sorted, without ``file`` itself. Blocks where there are any."""
        found: set[str] = {file}
        ahead = [(file, source)]
        while ahead and len(found) <= MAX_FILES:
            importer, text = ahead.pop()
            for name in self._imported(importer, text):
                for path in self._files(name):
                    if path not in found:
                        found.add(path)
                        ahead.append((path, self._read(path)))
        return sorted(found - {file})

    def _imported(self, file: str, source: str) -> frozenset[str]:
        package = file.rpartition("/")[0].replace("/", ".")
        names = self._imports.get((package, source))
        if names is None:
            if len(self._imports) >= REMEMBERED:
                self._imports.clear()
            names = self._imports[package, source] = frozenset(_imports(source, package))
        return names

    def _files(self, name: str) -> Iterator[str]:
        """The files that importing a dotted name executes, as far as they lie in the workspace."""
        path = ""
        for part in name.split("."):
            path = f"{path}/{part}" if path else part
            here = self._workspace / path
            try:
                if (here / "__init__.py").is_file():
                    yield f"{path}/__init__.py"
                elif here.with_name(f"{part}.py").is_file():
                    yield f"{path}.py"
                    return
                elif not here.is_dir():
                    return
            except (OSError, ValueError):  # a name that no file can have
                return

    def _read(self, path: str) -> str:
        try:
            with (self._workspace / path).open("rb") as file:
                return file.read(MAX_SOURCE).decode("utf-8-sig", "replace")
        except OSError:
            return ""


def _imports(source: str, package: str) -> Iterator[str]:
    """Dotted names that a source may import; ``from a import b`` gives ``a.b``, whether or not that is a module."""
    try:
        tree = parse(source)
    except SyntaxError:
        return
    for item in ast.walk(tree):
        if isinstance(item, ast.Import):
            yield from (alias.name for alias in item.names)
        elif isinstance(item, ast.ImportFrom):
            parts = package.split(".") if package and item.level else []
            parts = parts[: len(parts) - item.level + 1] if item.level else []
            base = ".".join([*parts, *([item.module] if item.module else [])])
            yield from (f"{base}.{alias.name}" if base else alias.name for alias in item.names)
