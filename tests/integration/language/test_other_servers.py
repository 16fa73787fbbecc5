"""The Python language servers that a deployment may choose instead of pyright, at the same path: the real ones."""

import asyncio
import os
import signal
import venv
from pathlib import Path
from typing import Any

import pytest

from tests.integration.language.served import Editor, Served, served

SERVERS = ["pyright", "basedpyright", "ty"]
CLEAN = """import package_of_theirs


def tidy(value: int) -> int:
    return value + 1


tidy("text")
print(package_of_theirs.x)
"""


@pytest.fixture
def python(tmp_path: Path) -> Path:
    venv.create(tmp_path / "venv", with_pip=False)
    return tmp_path / "venv/bin/python"


def install(python: Path) -> None:
    (packages,) = python.parents[1].glob("lib/python3.*/site-packages")
    (packages / "package_of_theirs").mkdir()
    (packages / "package_of_theirs/__init__.py").write_text("x = 1\n")


def messages(editor: Editor, path: str, version: int) -> list[str]:
    published = [params for params in editor.findings(path) if params.get("version") == version]
    return [finding["message"] for finding in published[-1]["diagnostics"]] if published else []


async def completions(editor: Editor, path: str, line: int, character: int) -> set[str]:
    found = await editor.result("textDocument/completion", editor.at(path, line, character))
    items = found["items"] if isinstance(found, dict) else found or []
    return {item["label"] for item in items}


@pytest.mark.parametrize("server", SERVERS)
async def test_two_editors_share_it(tmp_path: Path, python: Path, server: Any):
    def unresolved(editor: Editor, version: int) -> bool:
        return any("package_of_theirs" in message for message in messages(editor, "nodes/clean.py", version))

    async with served(tmp_path, python, python_lsp=server) as project:
        (project.workspace / "nodes/clean.py").write_text(CLEAN)
        (project.workspace / "nodes/report.py").write_text("from nodes.clean import tidy\n\ntidy(2)\n")
        async with project.editor() as one, project.editor() as other:
            capabilities = (await one.initialize())["capabilities"]
            await other.initialize()
            assert "diagnosticProvider" not in capabilities
            assert capabilities["positionEncoding"] == "utf-16"
            assert capabilities["textDocumentSync"]["change"] == 2
            assert {"hoverProvider", "completionProvider", "renameProvider"} <= capabilities.keys()
            await one.open("nodes/clean.py", CLEAN, version=5)
            await one.until(lambda: unresolved(one, 5))
            # The second holds another text of the same file, and each is answered about its own.
            await other.open("nodes/clean.py", CLEAN.replace("value: int", "value: str"), version=40)
            hovers = await asyncio.gather(*(who.hover("nodes/clean.py", 3, 5) for who in (one, other, one, other)))
            assert ["int)" in str(hover).replace("\\n", "") for hover in hovers] == [True, False, True, False]
            await one.change("nodes/clean.py", CLEAN + "tidy(1).", 6)
            assert "bit_length" in await completions(one, "nodes/clean.py", 9, 8)
            await one.change("nodes/clean.py", CLEAN, 7)
            renamed = await one.result("textDocument/rename", {**one.at("nodes/clean.py", 3, 5), "newName": "neat"})
            assert {uri.rpartition("/")[2] for uri in _edited(renamed)} >= {"clean.py", "report.py"}
            # A package that comes is known, and what is open stays open.
            install(python)
            project.environment.change()
            await _eventually_resolved(one, unresolved)
            assert "int)" in str(await one.hover("nodes/clean.py", 3, 5))
            await _killed(project)
            assert "int)" in str(await one.hover("nodes/clean.py", 3, 5))
            assert "str)" in str(await other.hover("nodes/clean.py", 3, 5))


def _edited(edit: dict[str, Any]) -> set[str]:
    return {*edit.get("changes", {}), *(one["textDocument"]["uri"] for one in edit.get("documentChanges", []))}


async def _eventually_resolved(editor: Editor, unresolved: Any) -> None:
    version = 7
    while True:
        version += 1
        await editor.change("nodes/clean.py", CLEAN + "\n" * version, version)
        await editor.until(lambda version=version: messages(editor, "nodes/clean.py", version))
        if not unresolved(editor, version):
            return


async def _killed(project: Served) -> None:
    pid = project.part.health()[0].pid
    assert pid is not None
    os.killpg(pid, signal.SIGKILL)
    while project.part.health()[0].pid in {pid, None}:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
