"""A course on fakes: its people, and sandboxes whose projects are lists of node ids that can be exported and imported."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import msgspec

from control_plane.api.dependencies import Coursework
from control_plane.domain.people import Role
from tests.fakes.agent_link import JSON, Asked, FakeAgent, Reply
from tests.fakes.hosted import Hosted
from tests.fakes.served import Got

Headers = dict[str, str]
Verdict = Callable[[str, list[str]], Awaitable[dict[str, Any]]]
HIDDEN = "test"


def succeeded(value: Any = None) -> dict[str, Any]:
    """What a node answers that returned a value."""
    mime = {} if value is None else {"application/json": value}
    return {"status": "succeeded", "output": {"type": "dict", "mime": mime}}


def failed(kind: str, message: str) -> dict[str, Any]:
    """What a node answers that raised."""
    return {"status": "failed", "error": {"type": kind, "message": message}}


async def passes(_: str, __: list[str]) -> dict[str, Any]:
    """Let each test pass."""
    return succeeded({"points": 2, "message": "exact"})


class FakeProject:
    """What a sandbox holds: ids of nodes."""

    def __init__(self, room: "Classroom", agent: FakeAgent, nodes: list[str]) -> None:
        self.nodes = nodes
        self._room = room
        agent.on("GET", "/project", self._read)
        agent.on("GET", "/project/export", self._export)
        agent.on("POST", "/project/import", self._import)
        agent.on("POST", "/runs", self._run)
        agent.on("GET", "/runs", self._runs)
        agent.on("GET", "/runs/flow", self._flow)
        agent.on("GET", "/environment", self._environment)

    async def _read(self, _: Asked) -> Reply:
        nodes = [{"id": n, "title": n.title(), "kind": "code", "position": {"x": 0, "y": 0}} for n in self.nodes]
        return answered({"name": "p", "nodes": nodes, "edges": []})

    async def _export(self, asked: Asked) -> Reply:
        query = parse_qs(asked.query)
        chosen = [part for name in ("without", "only") for given in query.get(name, ()) for part in given.split(",")]
        for node in chosen:
            if node not in self.nodes:
                return answered({"error": "not_found", "message": f"There is no node {node!r}."}, 404)
        nodes = [n for n in self.nodes if (n in chosen if "only" in query else n not in chosen)]
        return Reply(chunks=[msgspec.json.encode(nodes)], headers={"content-type": "application/zip"})

    async def _import(self, asked: Asked) -> Reply:
        await self._room.importing()
        nodes: list[str] = msgspec.json.decode(asked.body)
        if asked.query == "mode=replace":
            self.nodes = nodes
            return answered({"name": "p", "description": ""})
        self.nodes = [*self.nodes, *nodes]
        added = [{"id": n, "title": n.title(), "kind": "code", "position": {"x": 0, "y": 0}} for n in nodes]
        return answered({"nodes": added, "edges": [], "left_out": []})

    async def _run(self, asked: Asked) -> Reply:
        request = msgspec.json.decode(asked.body)
        if request["kind"] == "flow":
            await self._room.running(self.nodes)
            return answered({"run_id": "flow", "status": "running"}, 202)
        node = request["node_id"]
        result = await self._room.verdict(node, self.nodes)
        return answered({"run_id": "r", "status": result["status"], "nodes": {node: {"node_id": node, **result}}})

    async def _runs(self, _: Asked) -> Reply:
        return answered([{"run_id": "flow", "status": "succeeded"}])

    async def _environment(self, _: Asked) -> Reply:
        await self._room.installing()
        return answered({"status": "completed"})

    async def _flow(self, _: Asked) -> Reply:
        return answered({"run_id": "flow", "status": "failed", "nodes": self._room.flow_nodes})


def answered(value: Any, status: int = 200) -> Reply:
    """Answer with JSON."""
    return Reply(status=status, chunks=[msgspec.json.encode(value)], headers=JSON)


async def at_once() -> None:
    """Wait for nothing."""


async def nothing_happens(_: list[str]) -> None:
    """Run a submission that does nothing."""


@dataclass
class Classroom:
    """A course with a teacher, Ada, and students, on the served application."""

    app: Hosted
    ada: Headers = field(default_factory=dict[str, str])
    course: str = ""
    projects: dict[str, FakeProject] = field(default_factory=dict[str, FakeProject])
    importing: Callable[[], Awaitable[None]] = at_once
    installing: Callable[[], Awaitable[None]] = at_once
    running: Callable[[list[str]], Awaitable[None]] = nothing_happens
    verdict: Verdict = passes
    flow_nodes: dict[str, Any] = field(default_factory=dict[str, Any])

    async def open(self, *students: str) -> dict[str, Headers]:
        """Make the course; return each student's headers."""
        self.app.served.outside.link.on_new = self._furnish
        self.ada = await self.app.joined("ada", Role.TEACHER)
        made = await self.ask("POST", "/api/courses", self.ada, json={"title": "Weather"})
        self.course = f"/api/courses/{made.json['id']}"
        return {login: await self.student(login) for login in students}

    async def student(self, login: str) -> Headers:
        """Let a student join."""
        headers = await self.app.joined(login)
        await self.ask(
            "PUT", f"{self.course}/members/{login}", self.ada, json={"name": login.title(), "role": "student"}
        )
        return headers

    async def ask(self, method: str, path: str, who: Headers, status: int = 0, json: Any = None) -> Got:
        """Ask; the answer has this status, or any good one."""
        got = await self.app.served.call(method, path, headers=who, json=json)
        assert got.status == status if status else got.status < 300, (got.status, got.content)
        return got

    async def assign(self, *, hidden: bool = True, publish: bool = True, **more: Any) -> str:
        """Make an assignment of a project with two nodes and one that is hidden; return its path."""
        project_id = await self.app.make(self.ada)
        self.project(project_id).nodes = ["load", "sum", HIDDEN]
        body = {"title": "Areas", "project_id": project_id, "hidden_nodes": [HIDDEN] if hidden else []} | more
        made = await self.ask("POST", f"{self.course}/assignments", self.ada, 201, body)
        path = f"/api/assignments/{made.json['id']}"
        if publish:
            await self.ask("POST", f"{path}/publish", self.ada)
        return path

    async def start(self, assignment: str, who: Headers) -> str:
        """Start; return the id of the student's project."""
        return str((await self.ask("POST", f"{assignment}/start", who)).json["project_id"])

    async def handed_in(self, assignment: str, who: Headers) -> str:
        """Start and hand in; return the id of the student's project."""
        project_id = await self.start(assignment, who)
        await self.ask("POST", f"{assignment}/hand-in", who)
        return project_id

    async def tested(self, assignment: str) -> list[dict[str, Any]]:
        """Wait until no test waits or runs; return the rows."""
        async with asyncio.timeout(30):
            while True:
                table = (await self.ask("GET", f"{assignment}/tests", self.ada)).json
                if not table["running"] + table["waiting"]:
                    rows: list[dict[str, Any]] = table["rows"]
                    return rows
                await self.app.served.outside.clock.advance(0.1)

    def project(self, project_id: str) -> FakeProject:
        """What a project's sandbox holds."""
        self.app.served.agent(project_id)
        return self.projects[project_id]

    @property
    def coursework(self) -> Coursework:
        """The services."""
        coursework = self.app.served.app.state.services.coursework
        assert isinstance(coursework, Coursework)
        return coursework

    async def actions(self) -> list[str]:
        """What the audit log says."""
        await self.app.served.app.state.services.audit.flush()
        return [entry.action.value for entry in self.app.served.outside.audit.entries]

    def _furnish(self, project_id: str, agent: FakeAgent) -> None:
        self.projects[project_id] = FakeProject(self, agent, ["load"])
