"""What a client sends can be hostile as well: archives, names, graphs, conditions, and anything that the API describes."""

import io
import json
import stat
import struct
import zipfile
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from control_plane.api.document import build
from control_plane.app import create_app
from control_plane.settings import Settings
from sandbox_image.wire.errors import ErrorCode
from tests.security.conftest import Neighbours
from tests.security.deployment import Deployment
from tests.security.test_openapi import LEFT_OUT

pytestmark = pytest.mark.engine

ZIP = {"content-type": "application/zip"}
FLOW = '{"schema_version": 1, "name": "Imported", "nodes": [], "edges": []}'
DOCUMENT: dict[str, Any] = build(create_app(Settings()), "0")
OPERATIONS = [
    (method.upper(), path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if operation["operationId"] in LEFT_OUT
]
"""What ``test_openapi`` does not ask: schemathesis asks all others."""
HERE = {"x": 0, "y": 0}


def zipped(files: dict[str, bytes | str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def linked() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("flow.json", FLOW)
        entry = zipfile.ZipInfo("data")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("archive", "status"),
    [
        (b"PK no archive", 422),
        (zipped({"flow.json": FLOW, "../outside": "x"}), 422),
        (zipped({"flow.json": FLOW, "/etc/cron.d/x": "x"}), 422),
        (zipped({"flow.json": FLOW, "a\\..\\b": "x"}), 422),
        (zipped({"flow.json": FLOW, "line\nbreak": "x"}), 422),
        (zipped({"flow.json": FLOW, "n" * 2000: "x"}), 422),
        (zipped({"flow.json": "{"}), 422),
        # The directory of the archive says that 3 GiB are in it.
        (
            zipped({"flow.json": FLOW, "bomb": bytes(2**20)}).replace(
                struct.pack("<L", 2**20), struct.pack("<L", 3 * 2**30)
            ),
            413,
        ),
        (linked(), 422),
        (zipped({"flow.json": FLOW, "good.csv": "a,b\n"})[:-30], 422),
    ],
    ids=["no archive", "dots", "absolute", "backslash", "newline", "long", "no json", "bomb", "link", "cut"],
)
def test_a_bad_archive_changes_nothing(server: Deployment, neighbours: Neighbours, archive: bytes, status: int):
    project = f"/api/project/{neighbours.other}"
    good = zipped({"flow.json": FLOW, "good.csv": "a,b\n"})
    server.call("POST", f"{project}/import?mode=replace", content=good, headers=ZIP)
    before = server.ask("GET", project)
    assert server.refused("POST", f"{project}/import?mode=replace", status, content=archive, headers=ZIP)
    after = server.ask("GET", project)
    assert (after.headers["etag"], after.json()) == (before.headers["etag"], before.json())
    assert server.call("GET", f"{project}/files/content?path=good.csv") == b"a,b\n"


@pytest.mark.parametrize("name", ["", " ", "../x", "a/b", "a\\b", "..", "a\0b", "a\nb", "n" * 10_000, "\ud800"])
def test_a_name_that_cannot_be_is_refused_wherever_it_is_given(server: Deployment, neighbours: Neighbours, name: str):
    body = json.dumps({"name": name, "title": name, "position": HERE})
    headers = {"content-type": "application/json"}
    projects = len(server.call("GET", "/api/project/"))
    for path in ("/api/project/make", f"/api/project/{neighbours.mine}/nodes"):
        answer = server.ask("POST", path, content=body, headers=headers)
        assert answer.status_code in (400, 422), answer.text
        assert answer.json()["error"] in ("bad_request", "invalid")
    assert len(server.call("GET", "/api/project/")) == projects
    odd = "Größe <b>&amp; 数据 …"
    made = server.call("POST", "/api/project/make", 201, json={"name": odd})
    assert made["name"] == odd
    server.call("DELETE", f"/api/project/{made['id']}?now=true")


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "a/../../x", "a\0b", "link/passwd", "n" * 5000])
def test_a_path_leads_nowhere_else(server: Deployment, neighbours: Neighbours, path: str):
    link = "import os\ndef main():\n    os.path.lexists('/workspace/link') or os.symlink('/etc', '/workspace/link')\n    return {}\n"
    server.probe(neighbours.mine, link)
    files = f"/api/project/{neighbours.mine}/files"
    for method, where, more in (
        ("GET", f"{files}/content", {}),
        ("PUT", f"{files}/content", {"content": b"x"}),
        ("DELETE", files, {}),
        ("GET", f"{files}/archive", {}),
    ):
        answer = server.ask(method, f"{where}?path={quote(path, safe='')}", **more)
        assert 400 <= answer.status_code < 500, (method, where, answer.text[:300])
        assert b"root:" not in answer.content
    server.call("PUT", f"{files}/content?path=plain.txt", 201, content=b"here")
    assert server.call("GET", f"{files}/content?path=plain.txt") == b"here"
    server.call("DELETE", f"{files}?path=plain.txt", 204)


def test_graphs_that_cannot_be_are_refused_and_name_the_thing(server: Deployment):
    project = "/api/project/" + server.make("Graphs")
    ids = [server.node(project.rpartition("/")[2], "def main(input_data):\n    return 1\n") for _ in range(2)]
    edge = server.call("POST", f"{project}/edges", 201, json={"source": ids[0], "target": ids[1]})
    titles = {node["id"]: node["title"] for node in server.call("GET", project)["nodes"]}
    cycle = server.refused("POST", f"{project}/edges", 422, json={"source": ids[1], "target": ids[0]})
    assert titles[ids[0]] in cycle
    assert titles[ids[1]] in cycle
    assert "nowhere" in server.refused("POST", f"{project}/edges", 422, json={"source": ids[0], "target": "nowhere"})

    got = server.ask("GET", project)
    etag, graph = got.headers["etag"], got.json()
    body = {"nodes": graph["nodes"], "edges": graph["edges"]}
    twice = body | {"nodes": [*graph["nodes"], graph["nodes"][0]]}
    assert ids[0] in server.refused("PUT", project, 422, json=twice, headers={"if-match": etag})
    assert "precondition_required" in server.refused("PUT", project, 428, json=body)
    server.call("PUT", project, json=body | {"description": "mine"}, headers={"if-match": etag})
    assert "stale" in server.refused("PUT", project, 412, json=body | {"edges": []}, headers={"if-match": etag})
    assert [kept["id"] for kept in server.call("GET", project)["edges"]] == [edge["id"]]


def test_what_is_not_there_is_404(server: Deployment, neighbours: Neighbours):
    project = f"/api/project/{neighbours.mine}"
    for method, path, more in (
        ("GET", "/api/project/nothing", {}),
        ("DELETE", "/api/project/nothing", {}),
        ("POST", "/api/code/execute-node", {"json": {"project_id": "nothing", "node_id": "n"}}),
        ("POST", "/api/code/execute-node", {"json": {"project_id": neighbours.mine, "node_id": "nothing"}}),
        ("GET", f"{project}/runs/nothing", {}),
        ("GET", f"{project}/nodes/nothing/code", {}),
        ("DELETE", f"{project}/edges/nothing", {}),
        ("DELETE", f"{project}/terminals/nothing", {}),
        ("GET", f"{project}/files/content?path=nothing", {}),
        ("GET", "/api/nothing", {}),
    ):
        assert server.refused(method, path, 404, **more).startswith("not_found")


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


def bodies(operation: dict[str, Any], data: st.DataObject) -> dict[str, Any]:
    """A body for the operation: fields that it knows with values that may not fit, or bytes that are no JSON."""
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" not in content:
        return {
            "content": data.draw(st.binary(max_size=100)),
            "headers": {"content-type": next(iter(content), "text/plain")},
        }
    schema = content["application/json"]["schema"]
    known = DOCUMENT["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], {}).get("properties", {})
    fields = st.fixed_dictionaries({}, optional=dict.fromkeys(known, JSON_VALUES))
    return {"json": data.draw(fields | JSON_VALUES)}


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=[o["operationId"] for _, _, o in OPERATIONS])
@settings(
    max_examples=2,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_no_request_is_a_fault_of_ours(
    server: Deployment, neighbours: Neighbours, method: str, path: str, operation: dict[str, Any], data: st.DataObject
):
    """Two arbitrary requests for each operation that the API describes: no 500, and errors in their one shape."""
    query: dict[str, str] = {}
    for parameter in operation.get("parameters", []):
        text = data.draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
        about_project = parameter["name"] == "project_id" and method != "DELETE" and "restart" not in path
        value = neighbours.other if about_project else text or "x"
        if parameter["in"] == "path":
            path = path.replace("{" + parameter["name"] + "}", quote(value, safe=""))
        elif parameter["in"] == "query":
            query[parameter["name"]] = value
    more = bodies(operation, data) if method in ("POST", "PUT", "PATCH") else {}
    answer = server.ask(method, f"{path}?{urlencode(query)}", **more)
    assert answer.status_code < 500, (operation["operationId"], answer.text[:500])
    if answer.status_code >= 400:
        body = answer.json()
        assert set(body) == {"error", "message", "detail"}, body
        assert body["error"] in frozenset(ErrorCode)
        assert body["message"]
