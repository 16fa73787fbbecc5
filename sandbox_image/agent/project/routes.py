"""The routes under "Project" in ``docs/agent-api.md`` that the store answers."""

import asyncio
from typing import Any

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from sandbox_image.agent.errors import AgentError
from sandbox_image.agent.http import body_chunks, json_response, read_body, read_json, user_of
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.limits import MAX_CODE, MAX_JSON_BODY
from sandbox_image.wire.project import CloneRequest, NewEdge, NewNode, NodePatch, Project, ProjectUpdate

from .flow_file import NODE_FOLDER
from .part import Part, ids_in, only, without
from .store import ProjectStore

MAX_UPDATE_BODY = 2 * MAX_JSON_BODY
"""Bytes of ``PUT /project``, which may bring the sources of new nodes along with the graph."""


class Description(Struct, frozen=True, kw_only=True):
    """Body of ``PATCH /project``: fields that are null stay as they are."""

    name: str | None = None
    description: str | None = None


def routes(store: ProjectStore) -> list[BaseRoute]:
    """The graph, its nodes, edges and sources; import and export."""
    return [*_graph_routes(store), *_node_routes(store), *_edge_routes(store), *_archive_routes(store)]


def _graph_routes(store: ProjectStore) -> list[BaseRoute]:
    async def read(request: Request) -> Response:
        return _project(store.read())

    async def update(request: Request) -> Response:
        body = await read_json(request, ProjectUpdate, MAX_UPDATE_BODY)
        return _project(store.update(body, request.headers.get("if-match"), user_of(request)))

    async def describe(request: Request) -> Response:
        body = await read_json(request, Description)
        return _project(store.describe(body.name, body.description, user_of(request)))

    async def restore(request: Request) -> Response:
        return _project(store.restore(user_of(request)))

    return [
        Route("/project", read, methods=["GET"]),
        Route("/project", update, methods=["PUT"]),
        Route("/project", describe, methods=["PATCH"]),
        Route("/project/restore", restore, methods=["POST"]),
    ]


def _node_routes(store: ProjectStore) -> list[BaseRoute]:
    async def add(request: Request) -> Response:
        body = await read_json(request, NewNode)
        before = store.caught_up()
        return json_response(store.add_node(body, user_of(request)), 201, _step(store, before))

    async def patch(request: Request) -> Response:
        body = await read_json(request, NodePatch)
        before = store.caught_up()
        node = store.patch_node(_id(request, "node"), body, user_of(request))
        return json_response(node, headers=_step(store, before))

    async def delete(request: Request) -> Response:
        before = store.caught_up()
        store.delete_node(_id(request, "node"), user_of(request))
        return Response(status_code=204, headers=_step(store, before))

    async def read_code(request: Request) -> Response:
        source, etag = store.code(_id(request, "node"))
        return Response(source, headers={"etag": etag}, media_type="text/x-python")

    async def save_code(request: Request) -> Response:
        source = await read_body(request, MAX_CODE)
        if_match = request.headers.get("if-match")
        node, etag, alone = store.save_code(_id(request, "node"), source, if_match, user_of(request))
        # The graph is as it was; who had it needs only the node, which is the answer.
        step = _step(store, store.etag()) if alone else {}
        return json_response(node, headers={"etag": etag, **step})

    return [
        Route("/project/nodes", add, methods=["POST"]),
        Route("/project/nodes/{node}", patch, methods=["PATCH"]),
        Route("/project/nodes/{node}", delete, methods=["DELETE"]),
        Route("/project/nodes/{node}/code", read_code, methods=["GET"]),
        Route("/project/nodes/{node}/code", save_code, methods=["PUT"]),
    ]


def _edge_routes(store: ProjectStore) -> list[BaseRoute]:
    async def add(request: Request) -> Response:
        body = await read_json(request, NewEdge)
        before = store.caught_up()
        return json_response(store.add_edge(body, user_of(request)), 201, _step(store, before))

    async def delete(request: Request) -> Response:
        before = store.caught_up()
        store.delete_edge(_id(request, "edge"), user_of(request))
        return Response(status_code=204, headers=_step(store, before))

    return [
        Route("/project/edges", add, methods=["POST"]),
        Route("/project/edges/{edge}", delete, methods=["DELETE"]),
    ]


def _archive_routes(store: ProjectStore) -> list[BaseRoute]:
    async def import_archive(request: Request) -> Response:
        from .adding import add_zip
        from .importing import import_zip

        mode = request.query_params.get("mode")
        if mode == "add":
            return json_response(await add_zip(store, body_chunks(request), user_of(request)))
        if mode != "replace":
            message = "Say whether the import replaces the project, with mode=replace, or adds to it, with mode=add."
            raise AgentError(ErrorCode.INVALID, message, field="mode")
        return _project(await import_zip(store, body_chunks(request), user_of(request)))

    async def clone(request: Request) -> Response:
        from .cloning import clone_project

        return _project(await clone_project(store, await read_json(request, CloneRequest), user_of(request)))

    async def export_archive(request: Request) -> Response:
        from .exporting import check_importable, export_zip

        headers = {"content-disposition": 'attachment; filename="project.zip"'}
        part = _part(request, store)
        if request.query_params.get("importable") == "true":
            await asyncio.to_thread(check_importable, store.folder.root, part)
        chunks = export_zip(store.folder.root, part)
        return StreamingResponse(chunks, media_type="application/zip", headers=headers)

    return [
        Route("/project/import", import_archive, methods=["POST"]),
        Route("/project/clone", clone, methods=["POST"]),
        Route("/project/export", export_archive, methods=["GET"]),
    ]


def _part(request: Request, store: ProjectStore) -> Part | None:
    """What an export is to hold, None for everything. Raises INVALID, NOT_FOUND."""
    given = request.query_params
    if "without" in given and "only" in given:
        raise AgentError(ErrorCode.INVALID, "An export is without nodes or of nodes only, not both.", field="only")
    if "without" in given:
        return without(store.flow(), ids_in(given["without"]), store.folder.names(NODE_FOLDER))
    return only(store.flow(), ids_in(given["only"])) if "only" in given else None


def _step(store: ProjectStore, before: str) -> dict[str, str]:
    """Which graph a step was taken in and which it led to: who had the former has the latter, and need not read it."""
    return {"graph-etag-before": before, "graph-etag": store.etag()}


def _project(answer: tuple[Project, str]) -> Response:
    project, etag = answer
    return json_response(project, headers={"etag": etag})


def _id(request: Request, name: str) -> str:
    value: Any = request.path_params[name]
    return str(value)
