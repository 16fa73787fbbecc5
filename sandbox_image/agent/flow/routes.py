"""HTTP of runs, freshness, cache and tables, as ``docs/agent-api.md`` lists it."""

from collections.abc import AsyncIterator

from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from sandbox_image.agent.errors import AgentError
from sandbox_image.agent.http import json_response, query_int, read_json, user_of
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.runs import RunRequest, RunResult

from .history import KEPT
from .results import encoded
from .runs import Runs

NDJSON = "application/x-ndjson"
MAX_PAGE = 1000


def routes(runs: Runs) -> list[BaseRoute]:
    """Return the routes of the flow engine."""
    endpoints = _Endpoints(runs)
    return [
        Route("/runs", endpoints.start, methods=["POST"]),
        Route("/runs", endpoints.list, methods=["GET"]),
        Route("/runs/{run}", endpoints.read, methods=["GET"]),
        Route("/runs/{run}/events", endpoints.events, methods=["GET"]),
        Route("/runs/{run}/cancel", endpoints.cancel, methods=["POST"]),
        Route("/cache", endpoints.clear_cache, methods=["DELETE"]),
        Route("/project/freshness", endpoints.freshness, methods=["GET"]),
        Route("/project/nodes/{node}/table", endpoints.table, methods=["GET"]),
    ]


class _Endpoints:
    def __init__(self, runs: Runs) -> None:
        self._runs = runs

    async def start(self, request: Request) -> Response:
        body = await read_json(request, RunRequest)
        run = self._runs.start(replace(body, started_by=user_of(request)))
        if request.query_params.get("wait") == "false":
            return json_response(run.summary(), 202)
        if NDJSON in request.headers.get("accept", ""):
            return _stream(await self._runs.events(run.id, 0, follow=True), run.id)
        await run.done.wait()
        return _run_response(run.result())

    async def list(self, request: Request) -> Response:
        return json_response(self._runs.list(query_int(request, "limit", 50, least=1, most=KEPT)))

    async def read(self, request: Request) -> Response:
        return _run_response(await self._runs.get(request.path_params["run"]))

    async def events(self, request: Request) -> Response:
        run_id = request.path_params["run"]
        follow = request.query_params.get("follow") == "true"
        return _stream(await self._runs.events(run_id, query_int(request, "after", 0), follow=follow), run_id)

    async def cancel(self, request: Request) -> Response:
        return _run_response(await self._runs.cancel(request.path_params["run"]))

    async def clear_cache(self, request: Request) -> Response:
        await self._runs.clear_cache()
        return Response(status_code=204)

    async def freshness(self, request: Request) -> Response:
        return json_response(await self._runs.freshness())

    async def table(self, request: Request) -> Response:
        order = request.query_params.get("order", "asc")
        if order not in {"", "asc", "desc"}:
            raise AgentError(ErrorCode.INVALID, "`order` must be asc or desc.", field="order")
        found = await self._runs.table(
            request.path_params["node"],
            offset=query_int(request, "offset", 0),
            limit=query_int(request, "limit", 100, least=1, most=MAX_PAGE),
            column=request.query_params.get("column", ""),
            descending=order == "desc",
        )
        return json_response(found)


def _run_response(result: RunResult) -> Response:
    return Response(encoded(result), media_type="application/json")


def _stream(lines: AsyncIterator[bytes], run_id: str) -> Response:
    return StreamingResponse(lines, media_type=NDJSON, headers={"X-Run-Id": run_id})
