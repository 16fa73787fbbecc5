"""What the relay and the multiplexer add to a request to the language server."""

from benchmarks.bench import Bench, timed
from benchmarks.editor import Editor, Place
from benchmarks.figure import Bar, Compare, Figure, Row
from benchmarks.peers import pyright_stdio

PLACE = Place(text="import os\n\nprint(os.path.join('a', 'b'))\n", line=2, character=15)


def measure(bench: Bench) -> list[Row]:
    """Hover through the control plane, and over the same pyright in the same sandbox on stdio, in turn."""
    ours: list[float] = []
    peer: list[float] = []
    with bench.product.project() as project:
        project.ready()
        container = project.container()["Id"]
        with Editor(project.socket(f"/api/lsp/pyright?project_id={project.id}")) as editor:
            editor.begin(PLACE)
            while not editor.ask("textDocument/hover", PLACE.params):
                pass
            for _ in range(bench.count(4, 2)):
                count = bench.count(200, 50)
                peer += pyright_stdio.ask(container, "textDocument/hover", PLACE, count)["warm_ms"]
                ours += [timed(lambda: editor.ask("textDocument/hover", PLACE.params)) for _ in range(count)]
    label, name = "hover", "same pyright on stdio"
    return [
        Row(label=label, unit="ms", ours=ours, peer_name=name, peer=peer, bar=Bar(Compare.DIFFERENCE, 0.7)),
        Row(label=label, unit="ms", ours=ours, peer_name=name, peer=peer, percent=99),
    ]


FIGURE = Figure(name="hover", title="LSP relay overhead per request", measure=measure)
