"""All HTTP operations of the API, by what they are about."""

from control_plane.api.operation import Operation
from control_plane.api.routes import (
    environment,
    files,
    graph,
    language,
    previews,
    projects,
    runs,
    sandbox,
    session,
    terminals,
)


def operations() -> list[Operation]:
    """Return all operations; of two whose paths could both match, the one with the fixed path comes first."""
    return [
        *session.OPERATIONS,
        *runs.OPERATIONS,
        *projects.OPERATIONS,
        *sandbox.OPERATIONS,
        *graph.OPERATIONS,
        *environment.OPERATIONS,
        *files.OPERATIONS,
        *terminals.OPERATIONS,
        *language.OPERATIONS,
        *previews.OPERATIONS,
    ]
