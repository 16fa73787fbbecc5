"""The routes by which the agent tells of itself: ``/health``, ``/activity`` and ``/usage``."""

import time
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox_image.agent.activity import Activity
from sandbox_image.agent.http import json_response
from sandbox_image.agent.usage import UsageReader
from sandbox_image.wire.agent import Health
from sandbox_image.wire.environment import VenvStatus


def routes(activity: Activity, usage: UsageReader, venv: Callable[[], VenvStatus]) -> list[BaseRoute]:
    """The three routes; the time since this call is the agent's uptime."""
    started = time.monotonic()

    async def health(request: Request) -> Response:
        return json_response(Health(uptime_ms=(time.monotonic() - started) * 1000, venv=venv()))

    async def read_activity(request: Request) -> Response:
        return json_response(activity.read())

    async def read_usage(request: Request) -> Response:
        return json_response(usage.read())

    return [Route("/health", health), Route("/activity", read_activity), Route("/usage", read_usage)]
