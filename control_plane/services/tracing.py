"""What a request, a start and a run are known by in logs and in traces, and where traces go if they go anywhere.

Ids are bound to the task that works for a request, and to the tasks that it starts. What people wrote is in neither.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Final, Self

import structlog

from control_plane.ports import Attribute, Span, TracedPart, Tracer

IDS: Final = ("request_id", "project_id", "run_id")
LONGEST_ID: Final = 64
"""Characters of an id that is kept; some come from sandboxes."""


def bind_ids(**ids: str) -> None:
    """Let all that this task logs from now on carry these ids. Empty ones are left out."""
    structlog.contextvars.bind_contextvars(**{name: value[:LONGEST_ID] for name, value in ids.items() if value})


def bound_ids() -> dict[str, str]:
    """Return the ids that are bound to this task."""
    bound = structlog.contextvars.get_contextvars()
    return {name: str(bound[name]) for name in IDS if name in bound}


class _Untraced:
    """A span that nobody looks at."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def name(self, name: str) -> None:
        """Do nothing."""

    def set(self, **attributes: Attribute) -> None:
        """Do nothing."""


_UNTRACED: Final = _Untraced()


class Tracing:
    """Passes on to a tracer, once there is one; costs next to nothing until then."""

    def __init__(self, tracer: Tracer | None = None) -> None:
        self._tracer = tracer

    @property
    def on(self) -> bool:
        """Whether anybody looks."""
        return self._tracer is not None

    def to(self, tracer: Tracer | None) -> None:
        """Pass on to this tracer from now on; None: to nobody."""
        self._tracer = tracer

    def span(self, name: str, *, serves: bool = False, **attributes: Attribute) -> AbstractContextManager[Span]:
        """Trace a piece of work that begins now."""
        return _UNTRACED if self._tracer is None else self._tracer.span(name, serves=serves, **attributes)

    def tell(self, name: str, parts: Sequence[TracedPart], **attributes: Attribute) -> None:
        """Trace a piece of work that is over, with its parts in the order of their times."""
        if self._tracer is not None and parts:
            self._tracer.tell(name, parts, **attributes)
