"""The built front end, served from a table of its files: a path that is not in it is never looked for on disk.

The table is made anew when the front end was built anew, which is noticed by who opens a page or asks for a name that the
table does not have.
"""

import asyncio
from contextlib import suppress
from pathlib import Path
from time import time
from typing import Final

from starlette.responses import FileResponse, Response

from control_plane.api.built_front_end import PAGE, Asset, BuiltFrontEnd, is_settled
from control_plane.api.dependencies import Call
from control_plane.api.error_handlers import EVERYTHING_ELSE
from control_plane.api.operation import Operation
from control_plane.domain.access import Policy
from control_plane.domain.errors import NotFound

FOREVER: Final = "public, max-age=31536000, immutable"
NOT_BUILT: Final = (
    "The front end is not built. Run `make frontend`, or use the API: its description is at /api/openapi.json.\n"
)


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
        accepted = call.request.headers.get("accept-encoding", "")
        for _ in range(2):
            with suppress(FileNotFoundError):
                return file_response(self._asset(path), accepted)
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
        """Return the routes. The second one matches everything, so they come last."""
        return [
            self._operation("head_front_end", "HEAD", "/"),  # as load balancers ask whether somebody is there
            self._operation("front_end", "GET", EVERYTHING_ELSE),
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
    found = asset.path.stat()
    lasting = asset.lasting and is_settled(found.st_mtime, now)
    headers = {"cache-control": FOREVER if lasting else "no-cache", "vary": "accept-encoding"}
    for encoding, file in asset.compressed.items():
        if encoding not in accepted:
            continue
        form = file.stat()
        if is_settled(form.st_mtime, now):
            headers["content-encoding"] = encoding
            return FileResponse(file, headers=headers, media_type=asset.media_type, stat_result=form)
    return FileResponse(asset.path, headers=headers, media_type=asset.media_type, stat_result=found)
