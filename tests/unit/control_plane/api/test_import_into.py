"""An import into a project: what is promised of its answer, and that no other answer is passed on."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from sandbox_image.wire.project import Added, Edge, LeftOut, Node, Position, Project
from tests.fakes.served import BEARER, Served, served

NODE = Node(id="n1", title="Clean", position=Position(x=1, y=2), file="nodes/clean.py")
EDGE = Edge(id="e1", source="n1", target="n2")
ADDED = Added(nodes=[NODE], edges=[EDGE], left_out=[LeftOut(edge=EDGE, reason="no such port")])
REPLACED = Project(name="Weather", nodes=[NODE])


@pytest.fixture
async def app(tmp_path: Path) -> AsyncGenerator[Served]:
    async with served(tmp_path) as running:
        yield running


async def test_the_document_says_what_comes_in_either_mode(app: Served):
    document = (await app.call("GET", "/api/openapi.json")).json
    operation = document["paths"]["/api/project/{project_id}/import"]["post"]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema == {"oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in ("Project", "Added")]}
    assert document["components"]["schemas"]["Added"]["required"] == ["nodes", "edges", "left_out"]
    # The control: where one thing comes, one is promised.
    whole = document["paths"]["/api/project/{project_id}"]["get"]["responses"]["200"]["content"]["application/json"]
    assert whole["schema"] == {"$ref": "#/components/schemas/Project"}


@pytest.mark.parametrize(
    ("mode", "said", "status"),
    [
        ("add", ADDED, 200),
        ("replace", REPLACED, 200),
        ("add", {"nodes": [], "edges": "none", "left_out": []}, 502),
        ("replace", {"script": "<script>"}, 502),
    ],
)
async def test_only_what_is_promised_is_passed_on(app: Served, mode: str, said: Any, status: int):
    project_id = (await app.call("POST", "/api/project/make", json={"name": "Weather"})).json["id"]
    app.agent(project_id).answer("POST", "/project/import", said)
    headers = BEARER | {"content-type": "application/zip"}
    got = await app.call("POST", f"/api/project/{project_id}/import?mode={mode}", data=b"PK", headers=headers)
    assert got.status == status, got.content
    if status == 502:
        assert got.json["error"] == "sandbox_misbehaved"
