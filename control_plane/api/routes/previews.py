"""The way from a project's page to what runs in its sandbox."""

from dataclasses import dataclass
from typing import Final

from starlette.datastructures import URL
from starlette.responses import Response

from control_plane.api.dependencies import Call, answer
from control_plane.api.operation import Operation
from control_plane.api.passing import passed
from control_plane.api.preview.app import TICKET
from control_plane.domain.access import Policy
from control_plane.domain.errors import Invalid, NotFound
from sandbox_image.wire.agent import ListeningPort

TAG: Final = "preview"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewAddress:
    """Where to open a preview. The address lets whoever opens it first in, within a minute."""

    url: str


async def address(call: Call) -> Response:
    """Return the address of what listens on a port in the sandbox, with a ticket for its origin."""
    services = call.services
    if not services.preview_host:
        raise NotFound("Previews are switched off here: set AIMFORGE_PREVIEW_HOST.")
    text: str = call.request.path_params["port"]
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and 0 < int(text) < 65536):
        raise Invalid(f"{text[:20]!r} is not a port: a number from 1 to 65535 is.", field="port")
    hosted = services.hosted
    url = URL(hosted.public_url) if hosted is not None and hosted.public_url else call.request.url
    port = f":{url.port}" if url.port else ""
    ticket = services.previews.ticket(call.project_id, call.person.id, call.person.via)
    return answer(
        PreviewAddress(
            url=f"{url.scheme}://{call.project_id}.{services.preview_host}{port}"
            f"/preview/{call.project_id}/{int(text)}/?{TICKET}={ticket}"
        )
    )


OPERATIONS: Final = [
    passed(
        "list_ports",
        "GET",
        "/api/project/{project_id}/ports",
        "/ports",
        Policy.VIEW,
        TAG,
        "List the ports in the sandbox that something listens on",
        touches=False,
        wakes=False,
        answer=list[ListeningPort],
    ),
    Operation(
        id="get_preview",
        method="GET",
        path="/api/project/{project_id}/preview/{port}",
        policy=Policy.VIEW,
        tag=TAG,
        summary="Where to see what listens on a port in the sandbox",
        endpoint=address,
        answer=PreviewAddress,
    ),
]
