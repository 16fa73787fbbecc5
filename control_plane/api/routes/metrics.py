"""Figures for Prometheus."""

from collections import Counter
from typing import Final

from starlette.responses import Response

from control_plane.api.dependencies import Call
from control_plane.api.operation import Operation
from control_plane.domain.access import Policy

TAG: Final = "metrics"
TEXT: Final = "text/plain"


async def metrics(call: Call) -> Response:
    """Answer with all figures."""
    services = call.services
    states = Counter(entry.state.value for entry in services.sandboxes.entries())
    text = services.metrics.text(states, services.open_sockets.counts(), engine_ready=not services.engine.problem)
    return Response(text, 200, {"cache-control": "no-store"}, f"{TEXT}; version=0.0.4; charset=utf-8")


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
