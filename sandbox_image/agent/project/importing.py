"""Replaces the project by a folder that came from outside: ours, or one of the original system."""

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Final

from sandbox_image.agent.errors import AgentError
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.limits import MAX_CODE, MAX_JSON_BODY
from sandbox_image.wire.project import Project

from .archive import unpack
from .flow_file import FLOW_FILE, Damaged, decode
from .folder import STATE_FOLDER, Folder
from .graph_checks import check_graph
from .legacy import LEGACY_FILE, Imported, read_legacy
from .node_ports import PortReader, ports_in
from .store import ProjectStore

BEFORE_IMPORT: Final = f"{STATE_FOLDER}/before-import"
"""Where the files of the replaced project go; those of the import before are deleted."""


async def import_zip(store: ProjectStore, chunks: AsyncIterator[bytes], by: str) -> tuple[Project, str]:
    """Replace the project by the archive that ``chunks`` bring."""

    async def fill(tree: Path) -> None:
        archive = tree.with_name("archive.zip")
        await receive(chunks, archive)
        await asyncio.to_thread(unpack, archive, tree)

    return await replace_by(store, fill, by)


async def replace_by(store: ProjectStore, fill: Callable[[Path], Awaitable[None]], by: str) -> tuple[Project, str]:
    """Replace the project by the folder that ``fill`` makes.

    It is made and checked aside, so that one that is refused changes nothing.
    """
    root = store.folder.root
    store.folder.make(STATE_FOLDER)
    staging = root / STATE_FOLDER / f"import-{secrets.token_hex(6)}"
    staging.mkdir()
    try:
        tree = staging / "tree"
        await fill(tree)
        imported = await asyncio.to_thread(_checked, tree)
        await asyncio.to_thread(shutil.rmtree, root / BEFORE_IMPORT, ignore_errors=True)
        _swap(root, tree)
        return store.replace_all(imported.flow, imported.sources, by)
    finally:
        await asyncio.to_thread(shutil.rmtree, staging, ignore_errors=True)


async def receive(chunks: AsyncIterator[bytes], path: Path) -> None:
    """Write what comes into the new file ``path``."""
    with path.open("xb") as file:
        async for chunk in chunks:
            file.write(chunk)


def _checked(tree: Path) -> Imported:
    shutil.rmtree(tree / STATE_FOLDER, ignore_errors=True)
    folder = Folder(tree)
    imported = _read(folder)
    ports = PortReader(folder)
    check_graph(
        imported.flow.nodes,
        imported.flow.edges,
        {
            node.id: ports_in(imported.sources[node.file], legacy=True)
            if node.file in imported.sources
            else ports.ports_of(node)
            for node in imported.flow.nodes
        },
        known=imported.flow.edges,
    )
    for path in imported.replaced:
        folder.remove(path)
    return imported


def _read(folder: Folder) -> Imported:
    names = folder.names()
    if FLOW_FILE in names:
        try:
            return Imported(decode(folder.read(FLOW_FILE, MAX_JSON_BODY)[0]), {}, [])
        except Damaged as damaged:
            raise AgentError(ErrorCode.INVALID, f"{FLOW_FILE} of the import: {damaged}.", path=FLOW_FILE) from damaged
    if LEGACY_FILE not in names:
        message = f"This is no project: it holds neither {FLOW_FILE} nor {LEGACY_FILE} at its top."
        raise AgentError(ErrorCode.INVALID, message)

    def beside(name: str) -> bytes | None:
        try:
            return folder.read(name, MAX_CODE)[0]
        except FileNotFoundError:
            return None

    return read_legacy(folder.read(LEGACY_FILE, MAX_JSON_BODY)[0], beside)


def _swap(root: Path, tree: Path) -> None:
    """Move the old files aside and the new ones in. Only renames within one folder: quick, and never half a file."""
    before = root / BEFORE_IMPORT
    before.mkdir(exist_ok=True)
    for entry in sorted(root.iterdir()):
        if entry.name != STATE_FOLDER:
            entry.rename(before / entry.name)
    for entry in sorted(tree.iterdir()):
        entry.rename(root / entry.name)
