"""The routes under "Environment" in ``docs/agent-api.md``."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox_image.agent.http import json_response, read_json
from sandbox_image.wire.environment import InstallRequest

from .environment import Environment


def routes(environment: Environment) -> list[BaseRoute]:
    """The state of the environment, and its packages."""

    async def status(request: Request) -> Response:
        return json_response(environment.status)

    async def recreate(request: Request) -> Response:
        return json_response(environment.recreate(), 202)

    async def install_required(request: Request) -> Response:
        return json_response(environment.install_required(), 202)

    async def packages(request: Request) -> Response:
        return json_response(environment.packages())

    async def install(request: Request) -> Response:
        body = await read_json(request, InstallRequest)
        return json_response(environment.install(body.requirements), 202)

    async def available(request: Request) -> Response:
        return json_response(environment.available())

    async def search(request: Request) -> Response:
        given = request.query_params
        return json_response(await environment.search(given.get("text", ""), read=given.get("read") == "true"))

    async def lookup(request: Request) -> Response:
        return json_response(await environment.lookup(str(request.path_params["name"])))

    async def uninstall(request: Request) -> Response:
        return json_response(environment.uninstall(str(request.path_params["name"])), 202)

    return [
        Route("/environment", status, methods=["GET"]),
        Route("/environment/recreate", recreate, methods=["POST"]),
        Route("/environment/install", install_required, methods=["POST"]),
        Route("/packages", packages, methods=["GET"]),
        Route("/packages", install, methods=["POST"]),
        Route("/packages/available", available, methods=["GET"]),
        Route("/packages/search", search, methods=["GET"]),
        Route("/packages/{name}/lookup", lookup, methods=["GET"]),
        Route("/packages/{name}", uninstall, methods=["DELETE"]),
    ]
