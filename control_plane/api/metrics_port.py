"""The figures on a port of their own: for a Prometheus that reaches it, and for nobody else."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from aiohttp import web

from control_plane.api.dependencies import Services
from control_plane.api.routes.metrics import CONTENT_TYPE, figures


@asynccontextmanager
async def serving_metrics(services: Services, host: str, port: int) -> AsyncGenerator[None]:
    """Serve ``GET /metrics``, and nothing else, until the block ends. Raises ``OSError`` when the port cannot be had."""

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=figures(services).encode(), headers={"content-type": CONTENT_TYPE})

    app = web.Application()
    app.router.add_get("/metrics", metrics)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield
    finally:
        await runner.cleanup()
