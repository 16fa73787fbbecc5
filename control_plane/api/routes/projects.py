"""Projects as a whole: list, make, import, read, save, rename, duplicate, delete, restore."""

from typing import Final

from starlette.responses import Response

from control_plane.api.dependencies import JSON, Call, answer
from control_plane.api.operation import ZIP, Operation
from control_plane.api.passing import agent_headers, bounded, check_request, our_headers, passed
from control_plane.api.readings import named_project, shaped
from control_plane.api.schemas import Deleted, Duplicate, NewProject, ProjectPatch, ProjectSummary, Template
from control_plane.domain.access import Policy
from control_plane.domain.audit import AuditAction
from control_plane.domain.errors import SandboxMisbehaved
from control_plane.domain.project import ProjectRecord
from control_plane.ports import AgentAnswer
from control_plane.services.agent_answers import raise_for_agent
from control_plane.services.projects import Brought
from sandbox_image.wire.closing import CloseCode
from sandbox_image.wire.limits import MAX_ANSWER
from sandbox_image.wire.project import Added, Project, ProjectUpdate

TAG: Final = "projects"
EXAMPLE: Final = {"name": "Weather", "template": "welcome"}


def summary(call: Call, record: ProjectRecord) -> ProjectSummary:
    """Describe a project to the caller."""
    services = call.services
    state = services.sandboxes.entry(record.id).state.value
    share = services.guard.share_of(call.person, record.id)
    foreign = record.owner != call.person.id and services.hosted is not None
    owner_name = services.hosted.accounts.name_of(record.owner) if foreign and services.hosted else ""
    return ProjectSummary.of(record, state, share.value, owner_name)


async def list_projects(call: Call) -> Response:
    """List the caller's projects, last opened first."""
    search = call.request.query_params.get("search", "")
    hosted = call.services.hosted
    shared = hosted.access.given_to(call.person.id) if hosted is not None else ()
    return answer([summary(call, record) for record in call.services.registry.of(call.person, search, shared)])


async def make(call: Call) -> Response:
    """Create a project, and begin to start its sandbox: whoever makes a project is about to use it."""
    new = await call.read(NewProject)
    record = await call.services.projects.make(call.person, new.name, new.template, new.description)
    call.services.sandboxes.open_soon(record.id)
    return answer(summary(call, record), 201)


async def bring_in(call: Call) -> Response:
    """Create a project from a zip."""
    name = call.request.query_params.get("name", "")
    record = await call.services.projects.bring_in(call.person, name, bounded(call))
    return answer(summary(call, record), 201)


async def templates(call: Call) -> Response:
    """List the templates."""
    return answer(
        [Template(name=name, title=name.replace("-", " ").title()) for name in sorted(call.services.projects.templates)]
    )


async def read(call: Call) -> Response:
    """Answer with the graph, under the name that the control plane knows."""
    services = call.services
    services.opened.note(call.project_id)
    address = await services.sandboxes.ensure_ready(call.project_id)
    got = await services.link.request(
        address,
        "GET",
        "/project",
        headers=agent_headers(call),
        user=call.person.name,
        view_only=call.view_only,
        max_body=MAX_ANSWER,
        admit=call.admit_answer,
    )
    return await structure(call, got)


async def save(call: Call) -> Response:
    """Replace the graph, if nobody else saved it since it was read."""
    body = await call.body()
    await check_request(call, body, ProjectUpdate)
    services = call.services
    address = await services.sandboxes.ensure_ready(call.project_id)
    got = await services.link.request(
        address,
        "PUT",
        "/project",
        body=body,
        headers=agent_headers(call) | {"content-type": JSON},
        user=call.person.name,
        max_body=MAX_ANSWER,
        admit=call.admit_answer,
    )
    if got.status == 200:
        saved = shaped(got.body, Brought)
        await services.projects.learn(call.project_id, saved.name, saved.description)
    return await structure(call, got)


async def structure(call: Call, got: AgentAnswer) -> Response:
    """Answer with a graph from an agent, with the id and name that the folder does not know."""
    if got.status == 304:
        return Response(status_code=304, headers=our_headers(got.headers))
    if got.status != 200:
        raise_for_agent(got.status, got.body)
    name = call.services.registry.get(call.project_id).name
    project = await call.services.reader.read(
        call.project_id, named_project, got.body, call.project_id, name, refusal=SandboxMisbehaved
    )
    headers = {"etag": got.headers["etag"]} if "etag" in got.headers else {}
    return Response(project, 200, headers, JSON)


async def change(call: Call) -> Response:
    """Rename or describe a project; its sandbox need not run."""
    patch = await call.read(ProjectPatch)
    record = await call.services.projects.change(
        call.person, call.project_id, name=patch.name, description=patch.description
    )
    return answer(summary(call, record))


async def duplicate(call: Call) -> Response:
    """Copy a project."""
    wanted = await call.read(Duplicate)
    record = await call.services.projects.duplicate(call.person, call.project_id, wanted.name)
    return answer(summary(call, record), 201)


async def delete(call: Call) -> Response:
    """Delete a project: container, workspace and rows, after a grace in which it can be restored."""
    at_once = call.request.query_params.get("now", "") in ("1", "true")
    name = call.services.registry.name_of(call.project_id)
    try:
        until = await call.services.deletions.delete(call.project_id, at_once=at_once)
    finally:
        # Also where it cannot be removed now: it is hidden, and goes when what is missing is there again.
        if call.services.registry.find(call.project_id) is None:
            call.services.open_sockets.close_project(call.project_id, CloseCode.SANDBOX_DELETED)
            call.services.audit.record(
                AuditAction.PROJECT_DELETED, call.actor, project_id=call.project_id, name=name, at_once=at_once
            )
    return answer(Deleted(id=call.project_id, restorable_until=until))


async def restore(call: Call) -> Response:
    """Undo a deletion."""
    record = await call.services.deletions.restore(call.person, call.project_id)
    call.services.audit.record(AuditAction.PROJECT_RESTORED, call.actor, project_id=record.id)
    return answer(summary(call, record))


OPERATIONS: Final = [
    Operation(
        id="list_projects",
        method="GET",
        path="/api/project/",
        policy=Policy.SIGNED_IN,
        tag=TAG,
        summary="List your projects, last opened first",
        endpoint=list_projects,
        answer=list[ProjectSummary],
        query=("search",),
    ),
    Operation(
        id="list_projects_without_slash",
        method="GET",
        path="/api/project",
        policy=Policy.SIGNED_IN,
        tag=TAG,
        summary="List your projects, for those who leave the slash out",
        endpoint=list_projects,
        hidden=True,
    ),
    Operation(
        id="list_templates",
        method="GET",
        path="/api/templates",
        policy=Policy.SIGNED_IN,
        tag=TAG,
        summary="List the templates that a project can begin with",
        endpoint=templates,
        answer=list[Template],
    ),
    Operation(
        id="make_project",
        method="POST",
        path="/api/project/make",
        policy=Policy.SIGNED_IN,
        tag=TAG,
        summary="Create a project",
        endpoint=make,
        body=NewProject,
        example=EXAMPLE,
        answer=ProjectSummary,
        status=201,
    ),
    Operation(
        id="import_project",
        method="POST",
        path="/api/project/import",
        policy=Policy.SIGNED_IN,
        tag=TAG,
        summary="Create a project from a zip",
        description="Of our own folder, or of the original system's with its `structure.json`; without `name`, under its own.",
        endpoint=bring_in,
        query=("name",),
        body=ZIP,
        answer=ProjectSummary,
        status=201,
    ),
    Operation(
        id="get_project",
        method="GET",
        path="/api/project/{project_id}",
        policy=Policy.VIEW,
        tag=TAG,
        summary="Read a project's graph",
        description="Opens its sandbox. The `ETag` guards the next save.",
        endpoint=read,
        answer=Project,
        headers=("If-None-Match",),
    ),
    Operation(
        id="save_project",
        method="PUT",
        path="/api/project/{project_id}",
        policy=Policy.EDIT,
        tag=TAG,
        summary="Save a project's graph",
        description="Needs `If-Match` (428); when somebody else saved meanwhile, 412 and nothing is lost.",
        endpoint=save,
        body=ProjectUpdate,
        answer=Project,
        headers=("If-Match",),
    ),
    Operation(
        id="change_project",
        method="PATCH",
        path="/api/project/{project_id}",
        policy=Policy.EDIT,
        tag=TAG,
        summary="Rename or describe a project",
        endpoint=change,
        body=ProjectPatch,
        answer=ProjectSummary,
    ),
    Operation(
        id="delete_project",
        method="DELETE",
        path="/api/project/{project_id}",
        policy=Policy.OWN,
        tag=TAG,
        summary="Delete a project",
        description="Its sandbox stops at once; workspace and rows go after the grace, or at once with `now=true`.",
        endpoint=delete,
        query=("now",),
        answer=Deleted,
    ),
    Operation(
        id="restore_project",
        method="POST",
        path="/api/project/{project_id}/restore",
        policy=Policy.SIGNED_IN,
        tag=TAG,
        summary="Undo a deletion within its grace",
        endpoint=restore,
        answer=ProjectSummary,
    ),
    Operation(
        id="duplicate_project",
        method="POST",
        path="/api/project/{project_id}/duplicate",
        policy=Policy.VIEW,
        tag=TAG,
        summary="Copy a project",
        endpoint=duplicate,
        body=Duplicate,
        answer=ProjectSummary,
        status=201,
    ),
    passed(
        "export_project",
        "GET",
        "/api/project/{project_id}/export",
        "/project/export",
        Policy.VIEW,
        TAG,
        "Download a project as a zip",
        stream=True,
        answer=ZIP,
        audit=AuditAction.PROJECT_EXPORTED,
    ),
    passed(
        "replace_project",
        "POST",
        "/api/project/{project_id}/import",
        "/project/import",
        Policy.EDIT,
        TAG,
        "Replace a project's content with that of a zip, or add to it",
        description="With `mode=replace`. With `mode=add`, the zip's nodes and edges are added, and the files that they name; "
        "then the answer tells `nodes`, `edges`, and as `left_out` the edges that could not be made and why.",
        stream=True,
        query=("mode",),
        body=ZIP,
        answer=Project,
        or_answer=Added,
    ),
]
