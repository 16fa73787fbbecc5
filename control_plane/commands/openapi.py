"""``aimforge openapi``: print the OpenAPI document, from which clients can be generated."""

import json


def openapi() -> None:
    """Print the OpenAPI document as JSON."""
    from control_plane import __version__
    from control_plane.api.document import build
    from control_plane.app import create_app
    from control_plane.settings import Settings

    app = create_app(Settings())
    print(json.dumps(build(app, __version__), indent=2, ensure_ascii=False))
