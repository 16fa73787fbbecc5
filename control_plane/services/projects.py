"""Projects: made, imported, duplicated, renamed."""

import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Final

import msgspec

from control_plane.domain.errors import AimforgeError, Invalid, SandboxMisbehaved
from control_plane.domain.people import Person
from control_plane.domain.project import ProjectRecord
from control_plane.domain.sandbox import Limits, SandboxRecord, SandboxState
from control_plane.ports import AgentLink, Clock
from control_plane.services.agent_answers import bounded, raise_for_agent
from control_plane.services.deletions import Deletions
from control_plane.services.project_registry import ProjectRegistry
from control_plane.services.sandboxes.sandboxes import Sandboxes
from control_plane.services.unreadable import UNREADABLE
from sandbox_image.wire.limits import MAX_ANSWER, MAX_JSON_BODY, MAX_NAME
from sandbox_image.wire.names import NameFault, fault_of_name, normal_name
from sandbox_image.wire.project import CloneRequest

MAX_DESCRIPTION: Final = 4000
IMPORT_TIMEOUT_SEC: Final = 600.0
CLONE_TIMEOUT_SEC: Final = 660.0
"""A little longer than the agent gives Git, so that it is the agent who says what happened."""
UNNAMED: Final = "Imported project"
"""Name of a project from a zip, where neither its maker nor its folder gives it one."""
BLANK: Final = "_blank"
"""Template without packages, which nobody chooses."""
ZIP: Final = {"content-type": "application/zip"}


class Brought(msgspec.Struct, frozen=True):
    """What is of interest in an agent's answer to an import."""

    name: str = ""
    description: str = ""


def check_name(name: str) -> str:
    """Return the name as it is kept. Raises ``Invalid``, saying what is wrong with it. Nodes' titles follow the same rule."""
    name = normal_name(name)
    match fault_of_name(name):
        case None:
            return name
        case NameFault.EMPTY:
            raise Invalid("A project needs a name.", field="name")
        case NameFault.TOO_LONG:
            message = f"The name has {len(name)} characters; at most {MAX_NAME} are allowed."
            raise Invalid(message, field="name")
        case NameFault.PATH:
            raise Invalid(f"The name {name!r} looks like a path: leave out slashes.", field="name")
        case _:
            raise Invalid("The name holds a character that cannot be shown, such as a line break.", field="name")


class Projects:
    """Makes and changes projects. What it cannot do it says in a sentence (``Invalid``, ``NotFound``, ``SandboxFailed``)."""

    def __init__(
        self,
        registry: ProjectRegistry,
        sandboxes: Sandboxes,
        deletions: Deletions,
        link: AgentLink,
        clock: Clock,
        *,
        limits: Limits,
        uid_base: int,
        templates: frozenset[str],
        check_room: Callable[[str], None] = lambda _: None,
    ) -> None:
        """``check_room`` raises for the id of a person who may have no further project."""
        self.templates = templates
        self._check_room = check_room
        self._registry = registry
        self._sandboxes = sandboxes
        self._deletions = deletions
        self._link = link
        self._clock = clock
        self._limits = limits
        self._uid_base = uid_base

    def find(self, project_id: str) -> ProjectRecord | None:
        """Return a project that is not deleted; never waits."""
        return self._registry.find(project_id)

    # ── Making ────────────────────────────────────────────────────────────────────────────────────────────────

    async def make(self, person: Person, name: str, template: str = "empty", description: str = "") -> ProjectRecord:
        """Create a project. Its sandbox fills the workspace from the template when it first starts.

        Raises ``Invalid``, and ``TooMany`` for a person who has as many as they may.
        """
        name, description = check_name(name), check_description(description)
        self._check_room(person.id)
        if template not in self.templates:
            known = ", ".join(sorted(self.templates))
            raise Invalid(f"There is no template {template[:80]!r}; choose one of: {known}.", field="template")
        return await self._add(person, name, template, description)

    async def make_blank(self, person: Person, name: str) -> ProjectRecord:
        """Create a project for a course, whose content ``fill`` brings: it begins without any, and installs no packages for nothing.

        It does not count among those of which a person may have so many. Raises ``Invalid``.
        """
        return await self._add(person, check_name(name), BLANK, "")

    async def _add(self, person: Person, name: str, template: str, description: str) -> ProjectRecord:
        now = self._clock.now()
        record = ProjectRecord(
            id=secrets.token_hex(8),
            name=name,
            owner=person.id,
            created_at=now,
            opened_at=now,
            template=template,
            description=description,
        )
        sandbox = SandboxRecord(
            project_id=record.id,
            generation=0,
            state=SandboxState.ABSENT,
            uid=self._sandboxes.free_uid(self._uid_base),
            limits=self._limits,
            template=template,
            changed_at=now,
        )
        self._sandboxes.add(sandbox)
        try:
            await self._registry.add(record, sandbox)
        except AimforgeError:
            self._sandboxes.forget(record.id)
            raise
        return record

    async def bring_in(
        self, person: Person, name: str, archive: AsyncIterator[bytes], template: str = "empty"
    ) -> ProjectRecord:
        """Create a project from a zip of our folder or of the original system's. On failure nothing is left of it.

        Without a ``name`` it gets the one that the folder gives itself.
        """
        record = await self.make(person, name or UNNAMED, template)
        try:
            brought = await self.fill(record, person, archive)
            if not name:
                await self.learn(record.id, brought.name, brought.description)
        except BaseException:
            self._deletions.begin(record.id)
            raise
        return self._registry.get(record.id)

    async def clone(self, person: Person, request: CloneRequest, name: str = "") -> ProjectRecord:
        """Create a project from a Git repository, which its sandbox fetches. On failure nothing is left of it."""
        record = await self.make(person, name or name_of_repository(request.url))
        try:
            address = await self._sandboxes.ensure_ready(record.id)
            with self._sandboxes.using(record.id):
                answer = await self._link.request(
                    address,
                    "POST",
                    "/project/clone",
                    body=msgspec.json.encode(request),
                    user=person.name,
                    timeout_sec=CLONE_TIMEOUT_SEC,
                    max_body=MAX_ANSWER,
                )
            if answer.status >= 400:
                raise_for_agent(answer.status, answer.body)
        except BaseException:
            self._deletions.begin(record.id)
            raise
        return record

    async def duplicate(self, person: Person, project_id: str, name: str = "") -> ProjectRecord:
        """Copy a project's folder into a new one, without its results and environment."""
        source = self._registry.get(project_id)
        self._check_room(person.id)  # before its sandbox is woken for nothing
        copy_name = name or f"{source.name[: MAX_NAME - 7]} (copy)"
        address = await self._sandboxes.ensure_ready(project_id)
        with self._sandboxes.using(project_id):
            async with self._link.stream(
                address, "GET", "/project/export", query="importable=true", user=person.name
            ) as export:
                if export.status != 200:
                    raise_for_agent(export.status, await bounded(export.body(), MAX_JSON_BODY))
                return await self.bring_in(person, copy_name, export.body())

    async def fill(self, record: ProjectRecord, person: Person, archive: AsyncIterator[bytes]) -> Brought:
        """Replace a project's content by that of a zip. Raises ``SandboxFailed``, and what the agent says of the zip."""
        address = await self._sandboxes.ensure_ready(record.id)
        with self._sandboxes.using(record.id):
            async with self._link.stream(
                address,
                "POST",
                "/project/import",
                query="mode=replace",
                body=archive,
                headers=ZIP,
                user=person.name,
                idle_timeout_sec=IMPORT_TIMEOUT_SEC,
            ) as answer:
                body = await bounded(answer.body(), MAX_ANSWER)
                if answer.status >= 400:
                    raise_for_agent(answer.status, body)
        try:
            return msgspec.json.decode(body, type=Brought)
        except UNREADABLE as error:
            raise SandboxMisbehaved("The sandbox's answer to the import cannot be read.") from error

    # ── Changing ──────────────────────────────────────────────────────────────────────────────────────────────

    async def change(
        self, person: Person, project_id: str, *, name: str | None = None, description: str | None = None
    ) -> ProjectRecord:
        """Rename or describe a project: here at once, and in its folder when its sandbox runs. Raises ``Invalid``."""
        record = self._registry.get(project_id)
        record = replace(
            record,
            name=record.name if name is None else check_name(name),
            description=record.description if description is None else check_description(description),
        )
        await self._registry.put(record)
        address = self._sandboxes.address_of(project_id)
        if address is not None:
            body = msgspec.json.encode({"name": record.name, "description": record.description})
            answer = await self._link.request(address, "PATCH", "/project", body=body, user=person.name)
            if answer.status >= 400:
                raise_for_agent(answer.status, answer.body)
        return record

    async def learn(self, project_id: str, name: str, description: str) -> None:
        """Note what the folder says of itself after it was saved."""
        record = self._registry.get(project_id)
        try:
            learnt = replace(record, name=check_name(name), description=check_description(description))
        except Invalid:
            return  # a sandbox may write anything into its folder; what cannot be shown is not taken over
        if learnt != record:
            await self._registry.put(learnt)


def name_of_repository(url: str) -> str:
    """The last part of a repository's address, as the name of a project."""
    last = url.strip().split("?")[0].rstrip("/").rpartition("/")[2].removesuffix(".git")
    name = "".join(character for character in last if character.isprintable() and character != "\\")[:MAX_NAME].strip()
    return name if name not in ("", ".", "..") else "Cloned project"


def check_description(description: str) -> str:
    """Return the description. Raises ``Invalid`` when it is too long or holds NUL."""
    if len(description) > MAX_DESCRIPTION or "\0" in description:
        raise Invalid(f"The description may have {MAX_DESCRIPTION} characters and no NUL.", field="description")
    return description
