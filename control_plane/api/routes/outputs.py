"""Pages that nodes returned, where their scripts may run: in an origin of their own, without a network."""

from typing import Final

from starlette.responses import Response

from control_plane.api.dependencies import Call
from control_plane.api.operation import Operation
from control_plane.api.readings import HTML, output_page
from control_plane.api.routes.runs import TAG
from control_plane.domain.access import Policy
from control_plane.domain.errors import SandboxMisbehaved
from control_plane.services.agent_answers import raise_for_agent
from sandbox_image.wire.limits import MAX_ANSWER

PAGE_POLICY: Final = "; ".join(
    (
        "sandbox allow-scripts",
        "default-src 'none'",
        "script-src 'unsafe-inline' 'unsafe-eval' blob:",
        "worker-src blob:",
        "style-src 'unsafe-inline'",
        "img-src data: blob:",
        "font-src data:",
        "media-src data: blob:",
        "frame-ancestors 'self'",
    )
)
"""Sandboxed by the answer itself, so that the page has no origin however it is opened: no cookie, no API, no storage."""


async def page(call: Call) -> Response:
    """Answer with the HTML that a node of a run returned, or with that of one of its displays."""
    services, given = call.services, call.request.path_params
    run_id, node_id = str(given["run_id"]), str(given["node_id"])
    address = await services.sandboxes.ensure_ready(call.project_id)
    got = await services.link.request(
        address,
        "GET",
        f"/runs/{run_id}",
        user=call.person.name,
        view_only=True,
        max_body=MAX_ANSWER,
        admit=call.admit_answer,
    )
    if got.status != 200:
        raise_for_agent(got.status, got.body)
    display = call.request.query_params.get("display", "")
    html = await services.reader.read(
        call.project_id, output_page, got.body, node_id, display, refusal=SandboxMisbehaved
    )
    return Response(html, 200, {"content-security-policy": PAGE_POLICY, "cache-control": "no-store"}, HTML)


OPERATIONS: Final = [
    Operation(
        id="get_output_page",
        method="GET",
        path="/api/project/{project_id}/runs/{run_id}/nodes/{node_id}/html",
        policy=Policy.VIEW,
        tag=TAG,
        summary="Show the HTML that a node returned",
        description="Its scripts run in an origin of their own and reach no network; for a frame of this server's pages.",
        endpoint=page,
        query=("display",),
        answer=HTML,
    )
]
