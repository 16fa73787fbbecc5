"""Two editors at once on the real pyright, the way a client library and a page use it."""

import asyncio
import os
import signal
import sys
import venv
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.io_ import WebSocketWriter, run_websocket
from pygls.lsp.client import LanguageClient

from tests.integration.language.served import DEADLINE, Served, served

CLEAN = """import pandas


def tidy(value: int) -> int:
    return value + 1


def main(input_data):
    return pandas.DataFrame({"tidy": [tidy(1), input_data]})
"""
REPORT = """from nodes.clean import tidy

print(tidy(2))
"""


class Library(LanguageClient):
    """pygls as an editor on an open socket."""

    def __init__(self, project: Served) -> None:
        super().__init__("test", "1")
        self.project = project
        self.published: list[types.PublishDiagnosticsParams] = []
        self._news = asyncio.Event()

        @self.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def take(params: types.PublishDiagnosticsParams) -> None:
            self.published.append(params)
            self._news.set()

    async def start(self) -> None:
        folder = types.WorkspaceFolder(uri="file:///elsewhere", name="elsewhere")
        await self.initialize_async(
            types.InitializeParams(
                process_id=os.getpid(), capabilities=types.ClientCapabilities(), workspace_folders=[folder]
            )
        )
        self.initialized(types.InitializedParams())

    def uri(self, name: str) -> str:
        return (self.project.workspace / "nodes" / name).as_uri()

    def open(self, name: str, text: str, version: int = 1) -> None:
        item = types.TextDocumentItem(uri=self.uri(name), language_id="python", version=version, text=text)
        self.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))

    def insert(self, name: str, version: int, line: int, character: int, text: str) -> None:
        at = types.Position(line=line, character=character)
        change = types.TextDocumentContentChangePartial(range=types.Range(start=at, end=at), text=text)
        document = types.VersionedTextDocumentIdentifier(uri=self.uri(name), version=version)
        self.text_document_did_change(
            types.DidChangeTextDocumentParams(text_document=document, content_changes=[change])
        )

    def at(self, name: str, line: int, character: int) -> dict[str, Any]:
        return {
            "text_document": types.TextDocumentIdentifier(uri=self.uri(name)),
            "position": types.Position(line=line, character=character),
        }

    async def hover(self, name: str, line: int, character: int) -> str:
        hover = await self.text_document_hover_async(types.HoverParams(**self.at(name, line, character)))
        assert hover is not None
        assert isinstance(hover.contents, types.MarkupContent)
        return hover.contents.value

    async def completes(self, name: str, line: int, character: int) -> set[str]:
        found = await self.text_document_completion_async(types.CompletionParams(**self.at(name, line, character)))
        assert isinstance(found, types.CompletionList)
        return {item.label for item in found.items}

    async def findings(self, name: str, version: int) -> list[str]:
        """The first findings about that version of a file."""
        async with asyncio.timeout(DEADLINE):
            while True:
                for params in self.published:
                    if (params.uri, params.version) == (self.uri(name), version):
                        return [finding.message for finding in params.diagnostics]
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def library(project: Served) -> AsyncIterator[Library]:
    async with project.connected() as connection, asyncio.TaskGroup() as group:
        client = Library(project)
        client.protocol.set_writer(WebSocketWriter(connection), include_headers=False)
        running = group.create_task(run_websocket(connection, client._stop_event, client.protocol))
        await client.start()
        yield client
        await connection.close()
        await running


@pytest.fixture
def nodes(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace/nodes"
    folder.mkdir(parents=True)
    (folder / "clean.py").write_text(CLEAN)
    (folder / "report.py").write_text(REPORT)
    return folder


async def test_two_clients_of_a_library_at_once(tmp_path: Path, nodes: Path):
    async with served(tmp_path, Path(sys.executable)) as project, library(project) as one, library(project) as other:
        one.open("clean.py", CLEAN, version=1)
        other.open("report.py", REPORT, version=7)
        assert await one.findings("clean.py", 1) == []
        assert await other.findings("report.py", 7) == []
        one.insert("clean.py", 2, 9, 0, "main(1).")
        labels, hover = await asyncio.gather(one.completes("clean.py", 9, 8), other.hover("report.py", 2, 7))
        assert {"groupby", "merge", "to_csv"} <= labels
        assert "def tidy(value: int) -> int" in hover
        # Diverged: each is answered about its own text.
        other.open("clean.py", CLEAN.replace("value: int", "value: str"), version=3)
        hovers = await asyncio.gather(*(client.hover("clean.py", 3, 5) for client in (one, other, one, other)))
        assert ["int)" in text for text in hovers] == [True, False, True, False]
        assert "str)" in await other.hover("clean.py", 3, 5)
        assert any('Operator "+"' in message for message in await other.findings("clean.py", 3))
        renamed = await one.text_document_rename_async(types.RenameParams(**one.at("clean.py", 3, 5), new_name="neat"))
        assert renamed is not None
        assert renamed.changes is not None
        assert {uri.rpartition("/")[2]: len(edits) for uri, edits in renamed.changes.items()} == {
            "clean.py": 2,
            "report.py": 2,
        }
        # One leaves as the protocol says; the other does not notice.
        await one.shutdown_async(None)
        one.exit(None)
        assert "tidy" in await other.hover("report.py", 2, 7)


async def test_a_rename_leaves_a_colleague_s_unsaved_text_alone(tmp_path: Path, nodes: Path):
    unsaved = "# not saved\n\n" + REPORT + "tidy(3)\n"
    async with served(tmp_path, Path(sys.executable)) as project, library(project) as one, library(project) as other:
        one.open("clean.py", CLEAN, version=4)
        other.open("report.py", unsaved, version=7)
        assert await other.findings("report.py", 7) == []
        params = types.RenameParams(**one.at("clean.py", 3, 5), new_name="neat")
        renamed = await one.text_document_rename_async(params)
        assert renamed is not None
        assert applied(renamed, one.uri("report.py"), REPORT) == REPORT.replace("tidy", "neat")
        assert applied(renamed, one.uri("clean.py"), CLEAN) == CLEAN.replace("tidy", "neat").replace('"neat"', '"tidy"')
        # The colleague is answered about the unsaved text as before, and of a rename of its own gets that one's places.
        assert "def tidy(value: int) -> int" in await other.hover("report.py", 4, 7)
        params = types.RenameParams(**other.at("report.py", 4, 7), new_name="neat")
        renamed = await other.text_document_rename_async(params)
        assert renamed is not None
        assert applied(renamed, other.uri("report.py"), unsaved) == unsaved.replace("tidy", "neat")


def applied(edit: types.WorkspaceEdit, uri: str, text: str) -> str:
    """A text after the edits of its file, each within one line."""
    assert edit.changes is not None
    lines = text.splitlines(keepends=True)
    for one in sorted(edit.changes[uri], key=lambda one: one.range.start.character, reverse=True):
        start, end = one.range.start, one.range.end
        assert start.line == end.line
        lines[start.line] = lines[start.line][: start.character] + one.new_text + lines[start.line][end.character :]
    return "".join(lines)


async def test_a_killed_pyright_comes_back_with_what_is_open(tmp_path: Path, nodes: Path):
    async with served(tmp_path, Path(sys.executable)) as project, project.editor() as editor:
        await editor.initialize(initializationOptions={"aimforge": True})
        await editor.open("nodes/clean.py", CLEAN.replace("tidy", "neat"))
        assert "neat" in str(await editor.hover("nodes/clean.py", 3, 5))
        pid = project.part.health()[0].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await editor.until(lambda: "restarting" in editor.statuses() and editor.statuses()[-1] == "ready")
        assert "neat" in str(await editor.hover("nodes/clean.py", 3, 5))
        assert project.part.health()[0].pid != pid


async def test_files_and_packages_that_come_later_are_seen(tmp_path: Path, nodes: Path):
    environment = tmp_path / "venv"
    venv.create(environment, with_pip=False)
    (packages,) = environment.glob("lib/python3.*/site-packages")
    async with served(tmp_path, environment / "bin/python") as project, project.editor() as editor:
        await editor.initialize()
        await editor.open("nodes/fresh.py", "import nodes.later\nimport package_of_theirs\n")

        def unresolved() -> int:
            findings = editor.findings("nodes/fresh.py")
            messages = [finding["message"] for finding in findings[-1]["diagnostics"]] if findings else []
            return sum("could not be resolved" in message for message in messages)

        await editor.until(lambda: unresolved() == 2)
        (packages / "package_of_theirs").mkdir()
        (packages / "package_of_theirs/__init__.py").write_text("x = 1\n")
        project.environment.change()
        await editor.until(lambda: unresolved() == 1)
        (nodes / "later.py").write_text("x = 1\n")
        project.watcher.tell(["nodes/later.py"], [])
        await editor.until(lambda: unresolved() == 0)
        # So much changed at once that it is not named.
        (nodes / "later.py").unlink()
        project.watcher.tell([], [])
        await editor.until(lambda: unresolved() == 1)
        assert len(editor.findings("nodes/fresh.py")) >= 3


async def test_a_viewer_reads_and_gives_no_commands(tmp_path: Path, nodes: Path):
    async with served(tmp_path, Path(sys.executable)) as project, project.editor(mode="view") as viewer:
        await viewer.initialize()
        await viewer.open("nodes/clean.py", CLEAN)
        assert "tidy" in str(await viewer.hover("nodes/clean.py", 3, 5))
        refused = await viewer.ask("workspace/executeCommand", {"command": "pyright.restartserver"})
        assert refused["error"]["code"] == -32803
