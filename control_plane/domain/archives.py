"""Archives: a project's export as opaque bytes, which nothing of the control plane ever opens."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A stored archive. ``digest`` is the SHA-256 of its bytes in hexadecimal digits; ``created_at`` seconds since 1970."""

    id: str
    digest: str
    size: int
    created_at: float
