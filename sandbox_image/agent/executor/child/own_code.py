"""The workspace's own modules in a run: which of them a value refers to, and how they come before others of the same name."""

import hashlib
import itertools
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from . import values

NEVER_OWN: Final = (".aimforge/", ".venv/", "venv/")


class OwnCode:
    """The modules of the workspace that a run loads. Made before it loads any."""

    def __init__(self, workspace: str, file: str, source: str, own: Iterable[str]) -> None:
        """``own`` are the top-level names of the workspace's modules that the source may import."""
        uncover(own, workspace)
        self.name = file.removesuffix(".py").replace("/", ".")
        """The name of the node's own module."""
        self._workspace = workspace.rstrip("/") + "/"
        self._file = file
        self._source = source
        self._before = len(sys.modules)

    def referred_to_by(self, packed: Iterable[values.Packed]) -> dict[str, str]:
        """Return the digests of the loaded files, by path, if a value refers to one of them; and tell those values.

        All that are loaded count: a class may get its behaviour from another module's.
        """
        loaded = {self.name: self._file, **dict(self._loaded())}
        referring = [item for item in packed if any(map(item.refers_to, loaded))]
        if not referring:
            return {}
        found = {path: self._digest(path) for path in sorted(set(loaded.values()))}
        for item in referring:
            item.definitions = repr(found)
        return found

    def _loaded(self) -> Iterator[tuple[str, str]]:
        # Those that were imported ahead of time are none of the workspace's.
        for name, module in list(itertools.islice(sys.modules.items(), self._before, None)):
            file: Any = getattr(module, "__file__", None)
            if not isinstance(file, str) or not file.startswith(self._workspace):
                continue
            path = file[len(self._workspace) :]
            if not path.startswith(NEVER_OWN) and "site-packages/" not in path:
                yield name, path

    def _digest(self, path: str) -> str:
        if path == self._file:
            data = self._source.encode()
        else:
            try:
                data = Path(self._workspace, path).read_bytes()
            except OSError:
                data = b""
        return hashlib.blake2b(data, digest_size=16).hexdigest()


def uncover(names: Iterable[str], workspace: str) -> None:
    """Forget modules that were imported ahead of time under names that the workspace has modules of its own for.

    A script's own folder comes first wherever Python runs, and has to here as well, whatever an earlier run imported.
    What the interpreter itself is made of stays, as it would for a script.
    """
    for name in names:
        covering = sys.modules.get(name)
        if covering is None or _is_fixed(name):
            continue
        file: Any = getattr(covering, "__file__", None)
        if isinstance(file, str) and file.startswith(workspace.rstrip("/") + "/") and "site-packages/" not in file:
            continue
        for loaded in [other for other in sys.modules if other == name or other.startswith(f"{name}.")]:
            del sys.modules[loaded]


def _is_fixed(name: str) -> bool:
    import _imp

    return name in sys.builtin_module_names or _imp.is_frozen(name)
