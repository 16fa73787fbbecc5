"""Pages that nodes returned, where their scripts may run: in an origin of their own, without a network."""

from typing import Final

import msgspec
from starlette.responses import Response

from control_plane.api.dependencies import Call
from control_plane.api.operation import Operation
from control_plane.api.passing import check_shape
from control_plane.api.routes.runs import MAX_RESULT, TAG
from control_plane.domain.access import Policy
from control_plane.domain.errors import Invalid, NotFound
from control_plane.services.agent_answers import raise_for_agent
from sandbox_image.wire.runs import RunResult

HTML: Final = "text/html"
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
        address, "GET", f"/runs/{run_id}", user=call.person.name, view_only=True, max_body=MAX_RESULT
    )
    if got.status != 200:
        raise_for_agent(got.status, got.body)
    result: RunResult = check_shape(got.body, RunResult)
    html = html_of(result, node_id, call.request.query_params.get("display", ""))
    return Response(html, 200, {"content-security-policy": PAGE_POLICY, "cache-control": "no-store"}, HTML)


def html_of(result: RunResult, node_id: str, display: str) -> str:
    """The HTML of a node's value, or of its display of that number. Raises ``NotFound`` and ``Invalid``."""
    node = result.nodes.get(node_id)
    if node is None:
        raise NotFound(f"The run has no node {node_id[:100]!r}.", node_id=node_id[:100])
    if display and not (display.isascii() and display.isdecimal() and len(display) <= 6):
        raise Invalid(f"{display[:20]!r} is no number of a display.", field="display")
    outputs = node.displays[int(display) :] if display else [node.output]
    html = outputs[0].mime.get(HTML) if outputs and outputs[0] is not None else None
    if html is None:
        raise NotFound(f"The node {node_id[:100]!r} returned no HTML in this run.", node_id=node_id[:100])
    return html if isinstance(html, str) else msgspec.json.encode(html).decode()


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
