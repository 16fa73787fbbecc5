"""What schemathesis has to be told: bodies that are neither JSON nor forms are bytes as they are."""

from typing import Any

import schemathesis


@schemathesis.serializer("text/x-python", "application/zip", "application/octet-stream", "text/csv", "text/plain")
def as_bytes(_: Any, value: Any) -> bytes:
    """Send a value as its bytes."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
