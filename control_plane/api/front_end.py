"""The built front end, served from a table of its files: a path that is not in it is never looked for on disk.

The table is made anew when the front end was built anew, which is noticed by who opens a page or asks for a name that the
table does not have.
"""

import asyncio
from contextlib import suppress
from os import stat_result
from pathlib import Path
from time import time
from typing import Final

from starlette.convertors import Convertor, register_url_convertor
from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response

from control_plane.api.built_front_end import PAGE, Asset, BuiltFrontEnd, Form, is_settled
from control_plane.api.dependencies import Call
from control_plane.api.error_handlers import EVERYTHING_ELSE
from control_plane.api.operation import Operation
from control_plane.domain.access import Policy
from control_plane.domain.errors import NotFound

TAGS: Final = ("etag", "last-modified")
FOREVER: Final = "public, max-age=31536000, immutable"
NOT_BUILT: Final = (
    "The front end is not built. Run `make frontend`, or use the API: its description is at /api/openapi.json.\n"
)


class PagePath(Convertor[str]):
    """A path outside of the API, of which the heads are its own business."""

    regex = "(?!api/|preview/).*"

    def convert(self, value: str) -> str:
        """Return what the path gives."""
        return value

    def to_string(self, value: str) -> str:
        """Return what the path is given."""
        return value


register_url_convertor("page", PagePath())


class FrontEnd:
    """Answers for every path outside of the API: the file of that name, else the page, which routes by itself."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._built = BuiltFrontEnd.found_in(folder)
        self._looking = asyncio.Lock()

    async def serve(self, call: Call) -> Response:
        """Answer with a file or the page. Raises ``NotFound`` for what only looks like one of them."""
        path: str = call.request.path_params.get("path", "")
        if path == PAGE or path not in self._built.assets:
            await self._look_again()
        headers = call.request.headers
        for _ in range(2):
            with suppress(FileNotFoundError):
                response = file_response(self._asset(path), headers.get("accept-encoding", ""))
                return unchanged(response) if has_already(headers, response) else response
            await self._look_again()  # built anew since the table was made
        return Response(NOT_BUILT, 503, media_type="text/plain")

    def _asset(self, path: str) -> Asset:
        """Return the file of a path, or the page. Raises ``NotFound``, and ``FileNotFoundError`` without a page."""
        assets = self._built.assets
        if path in assets:
            return assets[path]
        if path.startswith(("api/", "preview/", "assets/")):
            raise NotFound(f"There is nothing at /{path[:200]}.")
        if PAGE not in assets:
            raise FileNotFoundError(PAGE)
        return assets[PAGE]

    async def _look_again(self) -> None:
        """Make the table anew if it is not of the build that is there now: once, however many ask."""
        if self._built.is_current():
            return
        async with self._looking:
            if not self._built.is_current():
                self._built = await asyncio.to_thread(BuiltFrontEnd.found_in, self._folder)

    def operations(self) -> list[Operation]:
        """Return the routes. The first one matches everything, so they come last."""
        return [
            self._operation("front_end", "GET", EVERYTHING_ELSE),
            self._operation(
                "head_front_end", "HEAD", "/{path:page}"
            ),  # load balancers ask so whether somebody is there
        ]

    def _operation(self, name: str, method: str, path: str) -> Operation:
        return Operation(
            id=name,
            method=method,
            path=path,
            policy=Policy.PUBLIC,
            tag="front end",
            summary="The front end",
            endpoint=self.serve,
            hidden=True,
        )


def file_response(asset: Asset, accepted: str) -> FileResponse:
    """Answer with a file, compressed if the browser takes that. Raises ``FileNotFoundError`` when it is gone.

    What may still be being written is kept by nobody, and its compressed forms, which come later, are left alone.
    """
    now = time()
    found = asset.plain.path.stat()
    lasting = asset.lasting and is_settled(found.st_mtime, now)
    headers = {"cache-control": FOREVER if lasting else "no-cache", "vary": "accept-encoding"}
    for encoding, form in asset.compressed.items():
        if encoding in accepted and is_settled((packed := form.path.stat()).st_mtime, now):
            return tagged(form, packed, headers | {"content-encoding": encoding}, asset.media_type, now)
    return tagged(asset.plain, found, headers, asset.media_type, now)


def tagged(form: Form, found: stat_result, headers: dict[str, str], media_type: str, now: float) -> FileResponse:
    """Answer with a file as it was found, with its tag if that is of what is in it now."""
    if form.is_as_found(found) and is_settled(found.st_mtime, now):
        headers = headers | {"etag": form.tag}
        return FileResponse(form.path, headers=headers, media_type=media_type, stat_result=found)
    response = FileResponse(form.path, headers=headers, media_type=media_type, stat_result=found)
    for name in TAGS:
        del response.headers[name]
    return response


def has_already(asked: Headers, response: Response) -> bool:
    """Tell whether who asks names the tag of what they would get. A proxy that packs answers makes tags weak ones."""
    tag = response.headers.get("etag")
    given = [each.strip().removeprefix("W/") for each in asked.get("if-none-match", "").split(",")]
    return tag is not None and (tag in given or given == ["*"])


def unchanged(response: Response) -> Response:
    """Say in place of an answer that it is as it was."""
    kept = {name: response.headers[name] for name in (*TAGS, "cache-control", "vary")}
    return Response(status_code=304, headers=kept)
