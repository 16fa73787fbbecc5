"""Projects from Git repositories."""

from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from control_plane.api.dependencies import Call, answer
from control_plane.api.operation import Operation
from control_plane.api.routes.projects import TAG, summary
from control_plane.api.schemas import ProjectSummary
from control_plane.domain.access import Policy
from sandbox_image.wire.project import CloneRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class CloneProject:
    """Body of ``POST /api/project/clone``. Without a name, the project is called after the repository."""

    url: str
    name: str = ""
    branch: str = ""


async def clone(call: Call) -> Response:
    """Create a project from a Git repository."""
    wanted = await call.read(CloneProject)
    request = CloneRequest(url=wanted.url, branch=wanted.branch)
    record = await call.services.projects.clone(call.person, request, wanted.name)
    return answer(summary(call, record), 201)


OPERATIONS: Final = [
    Operation(
        id="clone_project",
        method="POST",
        path="/api/project/clone",
        policy=Policy.SIGNED_IN,
        tag=TAG,
        summary="Create a project from a Git repository",
        description="Fetched over https by the new project's own sandbox, so only from hosts that sandboxes may reach.",
        endpoint=clone,
        body=CloneProject,
        example={"url": "https://git.example.org/ada/weather.git"},
        answer=ProjectSummary,
        status=201,
    ),
]
