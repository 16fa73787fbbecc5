"""Adds the nodes of an archive to the project that is there."""

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

from sandbox_image.agent.errors import AgentError
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.limits import MAX_CODE, MAX_JSON_BODY
from sandbox_image.wire.project import Added

from .archive import unpack
from .flow_file import FLOW_FILE, Damaged, Flow, decode
from .folder import STATE_FOLDER, Folder
from .importing import BEFORE_IMPORT, receive
from .part import files_of
from .store import ProjectStore


async def add_zip(store: ProjectStore, chunks: AsyncIterator[bytes], by: str) -> Added:
    """Add the nodes and edges of the archive that ``chunks`` bring, and the files that those nodes name.

    All nodes are added or none: CONFLICT when the project has one of their ids. A title that is taken gets a number. A
    file that is there is replaced, and kept in ``.aimforge/before-import``. Edges that cannot be are left out.
    """
    root = store.folder.root
    store.folder.make(STATE_FOLDER)
    staging = f"{STATE_FOLDER}/import-{secrets.token_hex(6)}"
    (root / staging).mkdir()
    try:
        tree = root / staging / "tree"
        archive = root / staging / "archive.zip"
        await receive(chunks, archive)
        await asyncio.to_thread(unpack, archive, tree)
        flow, sources = await asyncio.to_thread(_read, tree)
        nodes = store.check_added(flow.nodes, sources)
        await asyncio.to_thread(shutil.rmtree, root / BEFORE_IMPORT, ignore_errors=True)
        store.folder.make(BEFORE_IMPORT)
        _bring_files(store, flow, tree, f"{staging}/tree")
        added, left_out = store.add_all(nodes, flow.edges, sources, by)
        return Added(nodes=[store.node(node.id) for node in nodes], edges=added, left_out=left_out)
    finally:
        await asyncio.to_thread(shutil.rmtree, root / staging, ignore_errors=True)


def _read(tree: Path) -> tuple[Flow, dict[str, bytes]]:
    """The archive's graph, and its sources by node id."""
    folder = Folder(tree)
    try:
        flow = decode(folder.read(FLOW_FILE, MAX_JSON_BODY)[0], whole=False)
    except FileNotFoundError as error:
        raise AgentError(ErrorCode.INVALID, f"This is no part of a project: it holds no {FLOW_FILE}.") from error
    except Damaged as damaged:
        raise AgentError(ErrorCode.INVALID, f"{FLOW_FILE} of the import: {damaged}.", path=FLOW_FILE) from damaged
    sources: dict[str, bytes] = {}
    for node in flow.nodes:
        if node.file:
            try:
                sources[node.id] = folder.read(node.file, MAX_CODE)[0]
            except FileNotFoundError as error:
                message = f"{node.file}, the source of {node.title!r}, is not in the archive."
                raise AgentError(ErrorCode.INVALID, message, path=node.file) from error
    return flow, sources


def _bring_files(store: ProjectStore, flow: Flow, tree: Path, staged: str) -> None:
    """Move the data files that the nodes name into the project. Only renames within one file system."""
    sources = {node.file for node in (*flow.nodes, *store.read()[0].nodes)}
    named = {path for node in flow.nodes for path in files_of(node)} - sources
    for path in sorted(named):
        if path.startswith(f"{STATE_FOLDER}/") or not (tree / path).is_file():
            continue
        with suppress(FileNotFoundError):
            store.folder.move(path, f"{BEFORE_IMPORT}/{path}")
        store.folder.move(f"{staged}/{path}", path)
