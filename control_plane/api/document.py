"""The OpenAPI document: FastAPI's, with the schemas of the types that msgspec checks requests and answers by."""

from collections.abc import Iterator
from typing import Any, Final, cast

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from control_plane.api.operation import DOCUMENTED_TYPES, TYPE_MARK
from sandbox_image.wire.events import EVENT_TYPES, Event

REF: Final = "#/components/schemas/{name}"
DESCRIPTION: Final = """Projects, their flows, and the sandboxes that they run in.

Errors are `{"error": code, "message": sentence, "detail": {…}}`. Sign in with `Authorization: Bearer TOKEN`.
WebSockets are described in docs/api.md.
"""


def build(app: FastAPI, version: str) -> dict[str, Any]:
    """Return the document of an app's operations."""
    document = get_openapi(title="AIM-Forge", version=version, description=DESCRIPTION, routes=app.routes)
    places = list(typed_schemas(document))
    schemas, components = msgspec.json.schema_components(
        [*(DOCUMENTED_TYPES[schema[TYPE_MARK]] for schema in places), Event, *EVENT_TYPES.values()], ref_template=REF
    )
    # The types of events come last: no operation has them, and clients of the event stream want them all the same.
    for place, schema in zip(places, schemas, strict=False):
        place.clear()
        place.update(schema)
    document["components"] = {
        "schemas": components,
        "securitySchemes": {
            "token": {"type": "http", "scheme": "bearer"},
            "session": {"type": "apiKey", "in": "cookie", "name": "aimforge_session"},
        },
    }
    document["security"] = [{"token": []}, {"session": []}]
    return document


def typed_schemas(value: Any) -> Iterator[dict[str, Any]]:
    """Find the schemas that only name a Python type yet."""
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        if TYPE_MARK in members:
            yield members
            return
        for part in members.values():
            yield from typed_schemas(part)
    elif isinstance(value, list):
        for part in cast("list[Any]", value):
            yield from typed_schemas(part)
