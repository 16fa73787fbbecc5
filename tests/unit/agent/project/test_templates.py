from pathlib import Path

import pytest

from sandbox_image.agent.errors import AgentError
from sandbox_image.agent.events import EventLog
from sandbox_image.agent.project import ProjectStore
from sandbox_image.agent.project.flow_file import decode, encode
from sandbox_image.agent.project.template import TEMPLATES
from sandbox_image.wire.project import NodeKind


@pytest.mark.parametrize("template", [path.name for path in sorted(TEMPLATES.iterdir()) if path.is_dir()])
async def test_every_template_makes_a_project_without_a_fault(tmp_path: Path, template: str):
    async with ProjectStore(tmp_path, EventLog(), name="Mine", template=template) as store:
        project, _ = store.read()
    assert project.name == "Mine"
    assert [node.ports.error for node in project.nodes if node.ports.error] == []
    assert [edge.broken for edge in project.edges if edge.broken] == []
    packages = [] if template == "_blank" else ["matplotlib", "numpy", "pandas"]
    assert (tmp_path / "requirements.txt").read_text().split() == packages
    written = (TEMPLATES / template / "flow.json").read_bytes()
    assert encode(decode(written)) == written


async def test_the_welcome_flow_is_worth_looking_at(tmp_path: Path):
    async with ProjectStore(tmp_path, EventLog(), template="welcome") as store:
        project, _ = store.read()
    running = [node for node in project.nodes if node.kind not in {NodeKind.NOTE, NodeKind.GROUP}]
    assert len(running) >= 8
    targets = [edge.target for edge in project.edges if edge.source == "clean"]
    assert {"body_size", "bill_shape"} <= set(targets)
    assert (tmp_path / "data/penguins.csv").read_text().count("\n") == 345


async def test_the_korean_welcome_is_the_same_flow_in_other_words(tmp_path: Path):
    graphs = [decode((TEMPLATES / name / "flow.json").read_bytes()) for name in ("welcome", "welcome-ko")]
    english, korean = ([(node.id, node.file, node.position, node.files) for node in graph.nodes] for graph in graphs)
    assert korean == english
    assert graphs[1].edges == graphs[0].edges
    assert not {node.title for node in graphs[0].nodes} & {node.title for node in graphs[1].nodes}
    async with ProjectStore(tmp_path, EventLog(), template="welcome-ko") as store:
        assert store.read()[0].nodes[0].title == graphs[1].nodes[0].title
    assert (tmp_path / "data/penguins.csv").read_bytes() == (TEMPLATES / "welcome/data/penguins.csv").read_bytes()


async def test_a_workspace_with_files_is_left_as_it_is(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("mine")
    async with ProjectStore(tmp_path, EventLog(), template="welcome") as store:
        assert store.read()[0].nodes == []
    assert store.folder.names() == [".aimforge", "notes.txt"]


async def test_an_unknown_template_is_named_with_those_there_are(tmp_path: Path):
    with pytest.raises(AgentError, match="'nope'; there are empty, welcome"):
        async with ProjectStore(tmp_path, EventLog(), template="nope"):
            pass
