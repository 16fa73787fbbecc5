"""Language servers as seen from outside; their sockets are in ``api.sockets``."""

import asyncio
from dataclasses import replace
from typing import Final

import structlog
from starlette.responses import Response

from control_plane.api.dependencies import Call, answer
from control_plane.api.operation import Operation
from control_plane.api.passing import passed
from control_plane.api.readings import shaped
from control_plane.api.schemas import LogLine
from control_plane.domain.access import Policy
from control_plane.domain.errors import AimforgeError
from control_plane.services.agent_answers import raise_for_agent
from sandbox_image.wire.language import LanguageServerHealth

log = structlog.stdlib.get_logger()

TAG: Final = "language"
LINES: Final = 50
MAX_LINES: Final = 1000
LOG_SEC: Final = 5.0
"""How long one sandbox may take to tell its lines; the others are told without them."""
MAX_LOG: Final = 1024 * 1024
"""Bytes of one sandbox's lines: it is decoded here."""


async def logs(call: Call) -> Response:
    """Read the last lines of one project's language servers, or of all of the caller's projects that run."""
    count = call.query_number("n", LINES, MAX_LINES)
    wanted = call.request.query_params.get("project_id")
    if wanted is not None:
        call.project(Policy.VIEW, wanted)
        return answer(await lines_of(call, wanted, count))
    running = [
        record.id
        for record in call.services.registry.of(call.person)
        if call.services.sandboxes.address_of(record.id) is not None
    ]
    found = await asyncio.gather(*(lines_of(call, project_id, count) for project_id in running))
    lines = sorted((line for lines in found for line in lines), key=lambda line: line.at)
    return answer(lines[-count:])


async def lines_of(call: Call, project_id: str, count: int) -> list[LogLine]:
    """Return a project's last lines; none when its sandbox rests, or does not answer."""
    address = call.services.sandboxes.address_of(project_id)
    if address is None:
        return []
    try:
        got = await call.services.link.request(
            address,
            "GET",
            "/lsp/logs",
            query=f"n={count}",
            user=call.person.name,
            timeout_sec=LOG_SEC,
            max_body=MAX_LOG,
        )
        if got.status != 200:
            raise_for_agent(got.status, got.body)
        lines: list[LogLine] = shaped(got.body, list[LogLine])
    except AimforgeError as error:
        log.warning("no_language_log", project_id=project_id, message=error.message)
        return []
    return [replace(line, project_id=project_id) for line in lines]


OPERATIONS: Final[list[Operation]] = [
    passed(
        "get_language_health",
        "GET",
        "/api/lsp/health",
        "/lsp/health",
        Policy.VIEW,
        TAG,
        "Tell how the language servers are",
        touches=False,
        wakes=False,
        answer=list[LanguageServerHealth],
    ),
    Operation(
        id="get_language_logs",
        method="GET",
        path="/api/lsp/logs",
        policy=Policy.SIGNED_IN,
        tag=TAG,
        summary="Read the language servers' log",
        description="Of one project, or of all of your projects whose sandboxes run; wakes none.",
        endpoint=logs,
        query=("n", "project_id"),
        answer=list[LogLine],
    ),
    passed(
        "get_language_stdio",
        "GET",
        "/api/lsp/stdio",
        "/lsp/stdio",
        Policy.VIEW,
        TAG,
        "Read the last lines of a server's stderr, or of its traffic",
        touches=False,
        wakes=False,
        query=("lsp_type", "stream"),
        answer="text/plain",
    ),
    passed(
        "restart_language_server",
        "POST",
        "/api/lsp/{kind}/restart",
        "/lsp/{kind}/restart",
        Policy.EDIT,
        TAG,
        "Restart a language server",
        answer=LanguageServerHealth,
    ),
]
