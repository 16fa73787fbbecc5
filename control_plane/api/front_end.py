"""The built front end, served from a table that is made once: a path that is not in it is not looked for on disk."""

import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.responses import FileResponse, Response

from control_plane.api.dependencies import Call
from control_plane.api.error_handlers import EVERYTHING_ELSE
from control_plane.api.operation import Operation
from control_plane.domain.access import Policy
from control_plane.domain.errors import NotFound

FOREVER: Final = "public, max-age=31536000, immutable"
ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))
"""Best first; files of these endings beside the original are offered to browsers that take them."""
NOT_BUILT: Final = (
    "The front end is not built. Run `make frontend`, or use the API: its description is at /api/openapi.json.\n"
)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, with its compressed forms by encoding."""

    path: Path
    media_type: str
    cache_control: str
    compressed: dict[str, Path]


class FrontEnd:
    """Answers for every path outside of the API: the file of that name, else the page, which routes by itself."""

    def __init__(self, folder: Path) -> None:
        self._assets = dict(find_assets(folder))

    async def serve(self, call: Call) -> Response:
        """Answer with a file or the page. Raises ``NotFound`` for what only looks like one of them."""
        path: str = call.request.path_params.get("path", "")
        if path.startswith(("api/", "preview/", "assets/")) and path not in self._assets:
            raise NotFound(f"There is nothing at /{path[:200]}.")
        asset = self._assets.get(path) or self._assets.get("index.html")
        if asset is None:
            return Response(NOT_BUILT, 503, media_type="text/plain")
        headers = {"cache-control": asset.cache_control, "vary": "accept-encoding"}
        accepted = call.request.headers.get("accept-encoding", "")
        for encoding, file in asset.compressed.items():
            if encoding in accepted:
                headers["content-encoding"] = encoding
                return FileResponse(file, headers=headers, media_type=asset.media_type)
        return FileResponse(asset.path, headers=headers, media_type=asset.media_type)

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


def find_assets(folder: Path) -> list[tuple[str, Asset]]:
    """Return all files of the built front end, by their path below it."""
    found: list[tuple[str, Asset]] = []
    for file in sorted(folder.rglob("*")):
        if not file.is_file() or file.suffix in (".br", ".gz"):
            continue
        name = file.relative_to(folder).as_posix()
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        forms = {encoding: file.with_name(file.name + ending) for encoding, ending in ENCODINGS}
        compressed = {encoding: form for encoding, form in forms.items() if form.is_file()}
        # The build names what is in assets/ after its content.
        cache_control = FOREVER if name.startswith("assets/") else "no-cache"
        found.append((name, Asset(file, media_type, cache_control, compressed)))
    return found
