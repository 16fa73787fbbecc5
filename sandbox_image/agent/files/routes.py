"""``/files``."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from sandbox_image.agent.errors import AgentError
from sandbox_image.agent.http import body_chunks, json_response, read_json
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.files import NewFolder, Rename

from .archive import archive
from .download import Download
from .files import Files
from .names import parse_path, shown
from .upload import Precondition


def routes(part: Files) -> list[BaseRoute]:
    """Routes of the files, as in ``docs/agent-api.md``."""

    async def list_folder(request: Request) -> Response:
        return json_response(await asyncio.to_thread(part.list, _path(request)))

    async def read(request: Request) -> ASGIApp:
        headers = request.headers
        return Download(
            part.tree,
            parse_path(_path(request)),
            range_header=headers.get("range", ""),
            if_range=headers.get("if-range", ""),
            known=headers.get("if-none-match", ""),
        )

    async def write(request: Request) -> Response:
        must_be_new = request.headers.get("if-none-match", "")
        if must_be_new not in {"", "*"}:
            raise AgentError(ErrorCode.INVALID, "If-None-Match can only be * here: write only a file that is new.")
        precondition = Precondition(request.headers.get("if-match", ""), must_be_new == "*")
        new, entry = await part.write(_path(request), body_chunks(request), precondition)
        return json_response(entry, 201 if new else 200, {"ETag": entry.etag})

    async def delete(request: Request) -> Response:
        await asyncio.to_thread(part.delete, _path(request))
        return Response(status_code=204)

    async def rename(request: Request) -> Response:
        return json_response(await asyncio.to_thread(part.rename, await read_json(request, Rename)))

    async def make_folder(request: Request) -> Response:
        new = await read_json(request, NewFolder)
        return json_response(await asyncio.to_thread(part.make_folder, new.path), 201)

    async def read_archive(request: Request) -> Response:
        parts = parse_path(_path(request))
        # What is refused is refused before the answer has begun.
        with part.tree.folder(parts):
            name = quote(f"{shown(parts[-1]) if parts else 'workspace'}.zip")
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
        return StreamingResponse(_in_thread(archive(part.tree, parts)), 200, headers, "application/zip")

    return [
        Route("/files", list_folder, methods=["GET"]),
        Route("/files", delete, methods=["DELETE"]),
        Route("/files/content", read, methods=["GET"]),
        Route("/files/content", write, methods=["PUT"]),
        Route("/files/rename", rename, methods=["POST"]),
        Route("/files/folder", make_folder, methods=["POST"]),
        Route("/files/archive", read_archive, methods=["GET"]),
    ]


def _path(request: Request) -> str:
    return request.query_params.get("path", "")


async def _in_thread(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
        yield chunk
