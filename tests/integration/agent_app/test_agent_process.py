"""The whole agent as a process: socket handed over, driven over HTTP and WebSocket, ended by a signal."""

import asyncio
import io
import json
import zipfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sandbox_image.wire.closing import CloseCode
from tests.integration.agent_app.process import AgentProcess, agent_process, start
from tests.integration.agent_app.wheels import make_wheel

HERE = {"x": 0, "y": 0}


@pytest.fixture(scope="module")
def agent() -> Iterator[AgentProcess]:
    with agent_process() as agent:
        (agent.workspace / "requirements.txt").write_text("alpha\n")
        agent.start(AIMFORGE_PROJECT_NAME="Driven")
        yield agent


@pytest.fixture
async def client(agent: AgentProcess) -> AsyncIterator[aiohttp.ClientSession]:
    async with agent.client(**{"X-Aimforge-User": "ada"}) as client:
        yield client


async def answer(response: aiohttp.ClientResponse, status: int = 200) -> Any:
    text = await response.text()
    assert response.status == status, text
    return json.loads(text) if text else None


async def test_it_tells_of_itself(client: aiohttp.ClientSession):
    health = await answer(await client.get("/health"))
    assert health["api_version"] == 1
    usage = await answer(await client.get("/usage"))
    assert (usage["memory"] > 0) == (usage["memory_limit"] > 0)  # without a limit it would be the machine's
    assert (usage["cpu"] > 0) <= (usage["cpu_limit"] > 0)
    assert (usage["disk"], usage["disk_limit"]) == (0, 0)  # a folder of the machine's disk, whose size is not its own
    activity = await answer(await client.get("/activity"))
    assert activity["idle_sec"] >= 0


@pytest.mark.parametrize("token", ["", "wrong", "token-of-this-sandbo"])
async def test_without_its_token_it_answers_nothing(agent: AgentProcess, token: str):
    async with agent.client(token) as stranger:
        for path in ("/health", "/project", "/nothing"):
            error = await answer(await stranger.get(path), 401)
            assert error["error"] == "unauthenticated"
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await stranger.ws_connect("/events")
        assert refused.value.status == 403
    async with agent.client() as known, known.ws_connect("/events") as socket:
        assert "epoch" in await socket.receive_json(timeout=60)


async def test_a_viewer_looks_and_changes_nothing(agent: AgentProcess):
    async with agent.client(**{"X-Aimforge-Mode": "view"}) as viewer:
        project = await answer(await viewer.get("/project"))
        for method, path in [("POST", "/project/nodes"), ("PUT", "/project"), ("POST", "/runs"), ("DELETE", "/cache")]:
            error = await answer(await viewer.request(method, path, json={}), 403)
            assert error["error"] == "forbidden"
        assert await answer(await viewer.get("/project")) == project


async def test_bad_requests_are_answered_in_one_shape(client: aiohttp.ClientSession):
    for method, path, body, status, code in [
        ("GET", "/nothing", b"", 404, "not_found"),
        ("POST", "/health", b"", 405, "bad_request"),
        ("POST", "/project/nodes", b"{", 400, "bad_request"),
        ("POST", "/project/nodes", b'{"title": 5}', 422, "invalid"),
        ("POST", "/project/nodes", b"x" * (8 * 1024 * 1024 + 1), 413, "too_large"),
        ("PUT", "/project", b'{"nodes": [], "edges": []}', 428, "precondition_required"),
        ("POST", "/project/import", b"", 422, "invalid"),
        ("POST", "/packages", b'{"requirements": ["--evil"]}', 422, "invalid"),
        ("GET", "/project/nodes/none/code", b"", 404, "not_found"),
    ]:
        error = await answer(await client.request(method, path, data=body), status)
        assert error["error"] == code
        assert error["message"]


async def test_a_project_is_built_run_and_followed(client: aiohttp.ClientSession):
    async with client.ws_connect("/events", max_msg_size=0) as socket:
        hello = await socket.receive_json(timeout=60)
        node = {"title": "One", "position": HERE, "code": "def main():\n    print('hi')\n    return 20\n"}
        one = await answer(await client.post("/project/nodes", json=node), 201)
        node = {"title": "Two", "position": HERE, "code": "def main(x, *, plus: int = 1):\n    return x + plus\n"}
        two = await answer(await client.post("/project/nodes", json=node), 201)
        edge = {"source": one["id"], "target": two["id"]}
        await answer(await client.post("/project/edges", json=edge), 201)
        back = await answer(await client.post("/project/edges", json={"source": two["id"], "target": one["id"]}), 422)
        assert back["error"] == "invalid"
        result = await answer(await client.post("/runs", json={"kind": "flow"}))
        assert result["status"] == "succeeded", result
        assert result["nodes"][two["id"]]["output"]["mime"]["application/json"] == 21
        assert result["nodes"][one["id"]]["stdout"] == "hi\n"
        assert result["started_by"] == "ada"
        events: list[dict[str, Any]] = []
        while not any(event["type"] == "run_finished" for event in events):
            events += await socket.receive_json(timeout=60)
    numbers = [event["seq"] for event in events]
    assert numbers == list(range(hello["seq"] + 1, hello["seq"] + 1 + len(numbers)))
    assert {event["data"]["by"] for event in events if event["type"] == "project_changed"} == {"ada"}

    async with client.ws_connect(f"/events?after={hello['seq']}&epoch={hello['epoch']}", max_msg_size=0) as socket:
        await socket.receive_json(timeout=60)
        assert (await socket.receive_json(timeout=60))[0] == events[0]
    async with client.ws_connect(f"/events?after={hello['seq']}&epoch=another") as socket:
        closed = await socket.receive(timeout=60)
        assert (closed.type, closed.data) == (aiohttp.WSMsgType.CLOSE, CloseCode.RELOAD)


async def test_graph_and_sources_are_saved_with_their_tags(client: aiohttp.ClientSession, agent: AgentProcess):
    response = await client.get("/project")
    project, etag = await answer(response), response.headers["ETag"]
    assert project["name"] == "Driven"
    nodes = [*project["nodes"], {"id": "saved", "title": "Saved", "position": HERE}]
    body = {"nodes": nodes, "edges": project["edges"], "code": {"saved": "def main():\n    return 1\n"}}
    saved = await client.put("/project", json=body, headers={"If-Match": etag})
    assert [node["id"] for node in (await answer(saved))["nodes"]][-1] == "saved"
    await answer(await client.put("/project", json=body, headers={"If-Match": etag}), 412)
    for step in (
        client.patch("/project/nodes/saved", json={"position": {"x": 8, "y": 8}}),
        client.post("/project/nodes", json={"id": "more", "title": "More", "position": HERE}),
        client.delete("/project/nodes/more"),
    ):
        before = (await client.get("/project")).headers["ETag"]
        taken = await step
        assert (taken.ok, taken.headers["Graph-ETag-Before"]) == (True, before)
        assert taken.headers["Graph-ETag"] == (await client.get("/project")).headers["ETag"] != before
    code = await client.get("/project/nodes/saved/code")
    assert (await code.read(), code.headers["ETag"]) == (b"def main():\n    return 1\n", code.headers["ETag"])
    new = "def main(a, b):\n    return a\n"
    put = await client.put("/project/nodes/saved/code", data=new, headers={"If-Match": code.headers["ETag"]})
    await answer(put)
    tag = (await client.get("/project")).headers["ETag"]
    assert (put.headers["Graph-ETag-Before"], put.headers["Graph-ETag"]) == (tag, tag)
    same = await client.put("/project/nodes/saved/code", data=new + "# said\n")
    assert (same.status, "Graph-ETag" in same.headers) == (200, False)
    await answer(await client.put("/project/nodes/saved/code", data=new))
    assert (agent.workspace / "nodes/saved.py").read_text() == new
    archive = zipfile.ZipFile(io.BytesIO(await (await client.get("/project/export")).read()))
    assert {"flow.json", "nodes/saved.py", "requirements.txt"} <= set(archive.namelist())
    assert not [name for name in archive.namelist() if name.startswith(".aimforge")]


async def test_the_environment_is_told_of(client: aiohttp.ClientSession):
    status: dict[str, Any] = {}
    while status.get("status") not in {"completed", "failed"}:
        status = await answer(await client.get("/environment"))
    assert status["usable"], status
    packages = await answer(await client.get("/packages"))
    assert {"name": "alpha", "version": "1.0", "required": True} in packages
    await answer(await client.delete("/packages/never-heard-of"), 404)


async def test_it_ends_by_signal_and_goes_on_where_it_was():
    with agent_process() as agent:
        agent.start(AIMFORGE_TEMPLATE="empty")
        async with agent.client() as client:
            await answer(await client.post("/project/nodes", json={"title": "Kept", "position": HERE}), 201)
            async with client.ws_connect("/events") as socket, client.ws_connect("/events") as garbled:
                await socket.receive_json(timeout=60)
                await garbled.receive_json(timeout=60)
                await garbled.send_frame(b"\xff\xfe", aiohttp.WSMsgType.TEXT)
                closed = await garbled.receive(timeout=60)
                assert (closed.type, closed.data) == (aiohttp.WSMsgType.CLOSE, 1007)
                running = agent.process
                assert agent.stop() == 0
        assert running is not None
        assert running.stderr is not None
        said = running.stderr.read()
        assert b"Traceback" not in said, said  # neither was a fault of ours
        assert b"ERROR" not in said, said
        agent.start()
        async with agent.client() as client:
            project = await answer(await client.get("/project"))
        assert [node["title"] for node in project["nodes"]] == ["Kept"]


WAITS = "import time\ndef main():\n    print('here', flush=True)\n    time.sleep(600)\n"


async def test_runs_that_it_ends_with_are_answered_and_say_why():
    with agent_process() as agent:
        (agent.workspace / "requirements.txt").write_text("alpha\n")
        agent.start()
        async with agent.client() as client:
            while (await answer(await client.get("/environment")))["status"] != "completed":
                pass
            new = {"id": "long", "title": "Long", "position": HERE, "code": WAITS}
            await answer(await client.post("/project/nodes", json=new), 201)
            body = {"kind": "node", "node_id": "long"}
            plain = asyncio.ensure_future(client.post("/runs", json=body))
            streamed = await client.post("/runs", json=body, headers={"Accept": "application/x-ndjson"})
            while len([run for run in await answer(await client.get("/runs")) if run["status"] == "running"]) < 2:
                pass
            while b"here" not in await streamed.content.readline():
                pass
            ending = asyncio.ensure_future(asyncio.to_thread(agent.stop))
            ended = await answer(await plain)
            last = json.loads((await streamed.content.read()).splitlines()[-1])
            assert await ending == 0
        assert (ended["status"], ended["nodes"]["long"]["status"]) == ("lost", "lost"), ended
        assert ended["error"]["type"] == ended["nodes"]["long"]["error"]["type"] == "SandboxStopped"
        assert (last["type"], last["data"]["status"]) == ("run_finished", "lost")
        assert last["data"]["error"] == "The sandbox was stopped during this run."
        agent.start()
        async with agent.client() as client:
            kept = await answer(await client.get(f"/runs/{ended['run_id']}"))
        assert (kept["status"], kept["error"]) == ("lost", ended["error"])


def test_without_a_bootstrap_it_says_why_it_ends(tmp_path: Path):
    process = start(tmp_path / "none.sock")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert b"none.sock does not answer" in said


async def test_requirements_that_a_program_edits_are_noticed_and_installed_on_request(
    client: aiohttp.ClientSession, agent: AgentProcess
):
    async def until_outdated(wanted: bool) -> None:
        now: dict[str, Any] = {}
        while (now.get("status"), now.get("outdated")) != ("completed", wanted):
            now = await answer(await client.get("/environment"))

    await until_outdated(False)
    make_wheel(agent.folder / "wheels", "delta")
    (agent.workspace / "requirements.txt").write_text("alpha\ndelta\n")
    await until_outdated(True)
    await answer(await client.post("/environment/install"), 202)
    await until_outdated(False)
    packages = await answer(await client.get("/packages"))
    assert {"name": "delta", "version": "1.0", "required": True} in packages
