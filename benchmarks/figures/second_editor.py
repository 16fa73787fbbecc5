"""The second editor on a project, to its first completion, over the first one's."""

from benchmarks.bench import Bench, timed
from benchmarks.editor import Editor, Place
from benchmarks.figure import Bar, Compare, Figure, Row
from benchmarks.product import Project

PLACE = Place(text="import pandas as pd\n\npd.\n", line=2, character=3)


def measure(bench: Bench) -> list[Row]:
    """Start the sandbox anew; at once connect an editor and complete, then another one."""
    first: list[float] = []
    second: list[float] = []
    with bench.product.project() as project:
        project.install("pandas")
        for _ in range(bench.count(5, 1)):
            project.call("POST", "/sandbox/stop")
            project.call("POST", "/sandbox/start?wait=true")
            with connected(project) as one:
                first.append(timed(lambda one=one: first_completion(one)))
                second.append(timed(lambda: second_one(project)))
    label, peer = "second editor, connect → completion", "first editor, cold"
    return [Row(label=label, unit="ms", ours=second, peer_name=peer, peer=first, bar=Bar(Compare.RATIO, 0.15))]


def connected(project: Project) -> Editor:
    """Connect an editor."""
    return Editor(project.socket(f"/api/lsp/pyright?project_id={project.id}"))


def first_completion(editor: Editor) -> None:
    """Initialize, open the file, and complete."""
    editor.begin(PLACE)
    editor.complete_until(PLACE, "DataFrame")


def second_one(project: Project) -> None:
    """Connect another editor and let it complete."""
    with connected(project) as other:
        first_completion(other)


FIGURE = Figure(name="second-editor", title="second editor: connect → first completion", measure=measure)
