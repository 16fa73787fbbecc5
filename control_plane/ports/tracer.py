"""Where traces go."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

Attribute = str | int | float | bool


class Span(Protocol):
    """A piece of work that is traced. Attributes are ids, figures and names of ours, never what people wrote; two underscores
    stand for the dot of a name that OpenTelemetry defines.
    """

    def name(self, name: str) -> None: ...
    def set(self, **attributes: Attribute) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedPart:
    """A part of a piece of work that is over. Times are seconds since 1970."""

    name: str
    began: float
    ended: float
    failed: bool = False


class Tracer(Protocol):
    """Where traces go."""

    def span(self, name: str, *, serves: bool = False, **attributes: Attribute) -> AbstractContextManager[Span]:
        """Trace what happens in the block. ``serves``: it answers somebody outside."""
        ...

    def tell(self, name: str, parts: Sequence[TracedPart], **attributes: Attribute) -> None:
        """Trace what is over; there is at least one part."""
        ...
