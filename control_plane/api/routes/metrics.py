"""Figures for Prometheus."""

from collections import Counter
from pathlib import Path
from resource import getpagesize
from time import process_time
from typing import Final

from starlette.responses import Response

from control_plane.api.dependencies import Call, Services
from control_plane.api.operation import Operation
from control_plane.domain.access import Policy

TAG: Final = "metrics"
TEXT: Final = "text/plain"
CONTENT_TYPE: Final = f"{TEXT}; version=0.0.4; charset=utf-8"
PAGE: Final = getpagesize()


async def metrics(call: Call) -> Response:
    """Answer with all figures."""
    return Response(figures(call.services), 200, {"cache-control": "no-store"}, CONTENT_TYPE)


def figures(services: Services) -> str:
    """Return all figures in Prometheus' text form."""
    counted = services.metrics
    counted.audit_waiting, counted.audit_lost = services.audit.waiting, services.audit.lost
    counted.memory_bytes = int(Path("/proc/self/statm").read_text().split()[1]) * PAGE
    counted.cpu_seconds = process_time()
    states = Counter(entry.state.value for entry in services.sandboxes.entries())
    return services.metrics.text(states, services.open_sockets.counts(), engine_ready=not services.engine.problem)


OPERATIONS: Final = [
    Operation(
        id="get_metrics",
        method="GET",
        path="/metrics",
        policy=Policy.METRICS,
        tag=TAG,
        summary="Figures in Prometheus' text form",
        description="For administrators, and for who sends `AIMFORGE_METRICS_TOKEN` as a bearer token.",
        endpoint=metrics,
        answer=TEXT,
    )
]
