"""An installation in a terminal, to the completion that knows the package."""

import io
import zipfile
from collections.abc import Mapping
from time import perf_counter

from benchmarks.bench import Bench
from benchmarks.editor import Editor, Place
from benchmarks.figure import Bar, Compare, Figure, Row
from benchmarks.peers import pyright_stdio
from benchmarks.product import Project


def measure(bench: Bench) -> list[Row]:
    """Install a small wheel by uv in a terminal; from its end, ask until the completion has the package's function."""
    found: list[float] = []
    cold: list[float] = []
    with bench.product.project() as project:
        project.ready()
        terminal = project.terminal()
        container = project.container()["Id"]
        with Editor(project.socket(f"/api/lsp/pyright?project_id={project.id}")) as editor:
            for number in range(bench.count(5, 2)):
                name = f"measured{number}"
                place = Place(
                    text=f"import {name}\n\n{name}.\n",
                    line=2,
                    character=len(name) + 1,
                    uri=f"file:///workspace/{name}.py",
                )
                upload(project, f"{name}-1.0-py3-none-any.whl", wheel(name))
                (editor.open if number else editor.begin)(place)
                terminal.command(f"uv pip install -q ./{name}-1.0-py3-none-any.whl")
                start = perf_counter()
                editor.complete_until(place, "installed")
                found.append((perf_counter() - start) * 1000)
                cold.append(pyright_stdio.ask(container, "textDocument/completion", place, 0)["cold_ms"])
        terminal.socket.close()
    peer = "pyright on stdio, started anew"
    bar = Bar(Compare.VALUE, 1500)
    return [Row(label="install done → completion", unit="ms", ours=found, peer_name=peer, peer=cold, bar=bar)]


def upload(project: Project, name: str, data: bytes) -> None:
    """Put a file into the workspace."""
    headers = {"content-type": "application/octet-stream"}
    project.call("PUT", f"/files/content?path={name}", data, headers)


def wheel(name: str, more: Mapping[str, bytes] | None = None) -> bytes:
    """Return a wheel with one module that has one function, and with what ``more`` has."""
    info = f"{name}-1.0.dist-info"
    files: dict[str, str | bytes] = {
        f"{name}.py": "def installed() -> int:\n    return 1\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        **(more or {}),
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in (*files, f"{info}/RECORD"))
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return target.getvalue()


FIGURE = Figure(name="new-package", title="installation done → completion knows the package", measure=measure)
