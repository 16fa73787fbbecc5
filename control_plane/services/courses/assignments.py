"""Assignments: a teacher's project, frozen when it is published."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from control_plane.domain.access import no_such_assignment
from control_plane.domain.audit import AuditAction
from control_plane.domain.courses import (
    Assignment,
    Submission,
    check_hidden_nodes,
    check_text,
    check_title,
    without_failure,
)
from control_plane.domain.errors import Conflict, Invalid, SandboxMisbehaved, TooMany
from control_plane.domain.identity import Change, Drop, Identity, Put, new_id
from control_plane.domain.refusals import Refusal
from control_plane.ports import AgentLink, Clock, JsonReader
from control_plane.services.agent_answers import raise_for_agent
from control_plane.services.audit import Actor, AuditLog
from control_plane.services.courses.courses import Courses
from control_plane.services.courses.keyed_locks import KeyedLocks
from control_plane.services.courses.project_archives import ProjectArchives
from control_plane.services.people.directory import Directory
from control_plane.services.project_registry import ProjectRegistry
from control_plane.services.sandboxes.sandboxes import Sandboxes
from control_plane.services.unreadable import UNREADABLE
from sandbox_image.wire.limits import MAX_ANSWER, MAX_NAME, MAX_NODES

MAX_ASSIGNMENTS: Final = 200
MAX_AHEAD_SEC: Final = 10 * 366 * 86400.0


class FoundNode(msgspec.Struct, frozen=True):
    """What is of interest in a node of the teacher's project."""

    id: str
    title: str
    kind: str = "code"


class FoundGraph(msgspec.Struct, frozen=True):
    """What is of interest in the teacher's project."""

    nodes: list[FoundNode]


def found_graph(body: bytes) -> bytes:
    """Keep of a graph what is of interest, as a work of ``ports.JsonReader``. Raises ``SandboxMisbehaved``."""
    try:
        graph = msgspec.json.decode(body, type=FoundGraph)
    except UNREADABLE as error:
        raise SandboxMisbehaved("The sandbox's answer about its project cannot be read.") from error
    if len(graph.nodes) > MAX_NODES:
        raise SandboxMisbehaved(f"The sandbox's answer about its project tells of more than {MAX_NODES} nodes.")
    return msgspec.json.encode(graph)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentChange:
    """What to change; None stays as it is. ``due_at`` counts when ``dated``."""

    title: str | None = None
    text: str | None = None
    hidden_nodes: tuple[str, ...] | None = None
    dated: bool = False
    due_at: float | None = None


class Assignments:
    """All assignments. What it cannot do it says in a sentence (``Invalid``, ``NotFound``, ``Conflict`` …)."""

    def __init__(
        self,
        directory: Directory,
        courses: Courses,
        registry: ProjectRegistry,
        archives: ProjectArchives,
        sandboxes: Sandboxes,
        link: AgentLink,
        reader: JsonReader,
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        self._directory = directory
        self._courses = courses
        self._registry = registry
        self._archives = archives
        self._sandboxes = sandboxes
        self._link = link
        self._reader = reader
        self._audit = audit
        self._clock = clock
        self._publishing = KeyedLocks()

    def get(self, assignment_id: str) -> Assignment:
        """Return an assignment. Raises ``NotFound``."""
        return found(self._directory.identity, assignment_id)

    def of(self, course_id: str, *, drafts: bool) -> list[Assignment]:
        """Return a course's assignments, the oldest first; those that are not published only with ``drafts``."""
        kept = [each for each in self._courses.assignments(course_id) if drafts or each.published_at is not None]
        return sorted(kept, key=lambda assignment: (assignment.created_at, assignment.id))

    async def create(
        self,
        actor: Actor,
        course_id: str,
        *,
        title: str,
        text: str,
        project_id: str,
        hidden_nodes: Sequence[str] = (),
        due_at: float | None = None,
    ) -> Assignment:
        """Make an assignment of a project. The caller checked that the actor may change the project. Raises ``Invalid`` …"""
        assignment = Assignment(
            id=new_id(),
            course_id=course_id,
            title=check_title(title),
            text=check_text(text),
            project_id=project_id,
            created_by=actor.person_id,
            created_at=self._clock.now(),
            hidden_nodes=check_hidden_nodes(tuple(hidden_nodes)),
            due_at=self._check_due(due_at),
        )

        def make(identity: Identity) -> tuple[list[Change], None]:
            self._courses.get(course_id)
            held = sum(each.course_id == course_id for each in identity.all(Assignment).values())
            if held >= MAX_ASSIGNMENTS:
                raise TooMany(f"The course has {MAX_ASSIGNMENTS} assignments: delete some.")
            return [Put(assignment)], None

        await self._directory.change(make)
        self._note(AuditAction.ASSIGNMENT_CREATED, actor, assignment)
        return assignment

    async def change(self, actor: Actor, assignment_id: str, wanted: AssignmentChange) -> Assignment:
        """Change what is given. A later deadline is collected at anew. Hidden nodes count from the next publication on."""
        given: dict[str, object] = {}
        if wanted.title is not None:
            given["title"] = check_title(wanted.title)
        if wanted.text is not None:
            given["text"] = check_text(wanted.text)
        if wanted.hidden_nodes is not None:
            given["hidden_nodes"] = check_hidden_nodes(wanted.hidden_nodes)
        due_at = self._check_due(wanted.due_at) if wanted.dated else None

        def make(identity: Identity) -> tuple[list[Change], Assignment]:
            before = found(identity, assignment_id)
            after = replace(before, **given)  # pyright: ignore[reportArgumentType]  # fields of the record, checked above
            changes: list[Change] = []
            if wanted.dated and due_at != before.due_at:
                after = replace(after, due_at=due_at, collected_at=None)
                below = self._courses.submissions(assignment_id).values()
                changes += [Put(without_failure(s)) for s in below if s.collect_failures]
            return [*changes, Put(after)] if after != before else [], after

        assignment = await self._directory.change(make)
        self._note(AuditAction.ASSIGNMENT_CHANGED, actor, assignment)
        return assignment

    async def remove(self, actor: Actor, assignment_id: str) -> None:
        """Remove an assignment with what was handed in; the students' projects stay. Raises ``NotFound``."""

        def make(identity: Identity) -> tuple[list[Change], Assignment]:
            assignment = found(identity, assignment_id)
            below = [s for s in identity.all(Submission).values() if s.assignment_id == assignment_id]
            return [*(Drop(Submission, s.id) for s in below), Drop(Assignment, assignment_id)], assignment

        assignment = await self._directory.change(make)
        self._note(AuditAction.ASSIGNMENT_DELETED, actor, assignment)

    async def publish(self, actor: Actor, assignment_id: str, user: str) -> Assignment:
        """Freeze the project: without the hidden nodes for the students, and those alone for the tests.

        Again: a new version, for those who start later and for the next tests. Raises ``Conflict`` when the project is gone
        or holds no such nodes, and what keeps its sandbox from being read.
        """
        async with self._publishing.hold(assignment_id):
            before = self.get(assignment_id)
            if self._registry.find(before.project_id) is None:
                message = "The project of this assignment is gone: restore it, or make an assignment of another one."
                raise Conflict(message, reason=Refusal.ASSIGNMENT_PROJECT_GONE, assignment_id=assignment_id)
            hidden = before.hidden_nodes
            tests = await self._tests_among(before, user)
            handout = await self._archives.freeze(before.project_id, without=hidden, user=user)
            held_back = await self._archives.freeze(before.project_id, only=hidden, user=user) if hidden else None

            def make(identity: Identity) -> tuple[list[Change], Assignment]:
                now = found(identity, assignment_id)
                after = replace(
                    now,
                    published_at=now.published_at or self._clock.now(),
                    version=now.version + 1,
                    archive_id=handout.id,
                    archive_digest=handout.digest,
                    archive_size=handout.size,
                    tests_id=held_back.id if held_back else "",
                    tests_digest=held_back.digest if held_back else "",
                    tests_size=held_back.size if held_back else 0,
                    tests=tests,
                )
                return [Put(after)], after

            assignment = await self._directory.change(make)
        self._note(AuditAction.ASSIGNMENT_PUBLISHED, actor, assignment, version=assignment.version)
        return assignment

    async def _tests_among(self, assignment: Assignment, user: str) -> tuple[tuple[str, str], ...]:
        """Return id and title of the hidden nodes that are tests. Raises ``Conflict`` for ids that the project has not."""
        if not assignment.hidden_nodes:
            return ()
        address = await self._sandboxes.ensure_ready(assignment.project_id)
        answer = await self._link.request(address, "GET", "/project", user=user, max_body=MAX_ANSWER)
        if answer.status != 200:
            raise_for_agent(answer.status, answer.body)
        found = await self._reader.read(assignment.project_id, found_graph, answer.body, refusal=SandboxMisbehaved)
        graph = msgspec.json.decode(found, type=FoundGraph)
        nodes = {node.id: node for node in graph.nodes}
        for node_id in assignment.hidden_nodes:
            if node_id not in nodes:
                message = f"The project has no node {node_id!r} any more: choose anew which nodes are hidden."
                raise Conflict(message, reason=Refusal.HIDDEN_NODE_GONE, node=node_id)
        hidden = (nodes[node_id] for node_id in assignment.hidden_nodes)
        return tuple((node.id, node.title[:MAX_NAME]) for node in hidden if node.kind == "code")

    def _check_due(self, due_at: float | None) -> float | None:
        if due_at is not None and not 0 <= due_at <= self._clock.now() + MAX_AHEAD_SEC:
            raise Invalid("A deadline is in seconds since 1970, and within ten years.", field="due_at")
        return due_at

    def _note(self, action: AuditAction, actor: Actor, assignment: Assignment, **detail: object) -> None:
        self._audit.record(
            action,
            actor,
            project_id=assignment.project_id,
            course_id=assignment.course_id,
            assignment_id=assignment.id,
            title=assignment.title,
            **detail,
        )


def found(identity: Identity, assignment_id: str) -> Assignment:
    """Return an assignment. Raises ``NotFound``."""
    assignment = identity.get(Assignment, assignment_id)
    if assignment is None:
        raise no_such_assignment(assignment_id)
    return assignment
