"""All HTTP operations of the API, by what they are about."""

from control_plane.api.operation import Operation
from control_plane.api.routes import (
    accounts,
    all_sandboxes,
    audit,
    clones,
    courses,
    environment,
    files,
    graph,
    language,
    looks,
    members,
    metrics,
    oidc,
    outputs,
    people,
    previews,
    projects,
    runs,
    sandbox,
    session,
    settings,
    shares,
    terminals,
    tokens,
)


def operations() -> list[Operation]:
    """Return all operations; of two whose paths could both match, the one with the fixed path comes first."""
    return [
        *session.OPERATIONS,
        *accounts.OPERATIONS,
        *oidc.OPERATIONS,
        *tokens.OPERATIONS,
        *people.OPERATIONS,
        *shares.OPERATIONS,
        *courses.OPERATIONS,
        *members.OPERATIONS,
        *looks.OPERATIONS,
        *audit.OPERATIONS,
        *metrics.OPERATIONS,
        *all_sandboxes.OPERATIONS,
        *settings.OPERATIONS,
        *runs.OPERATIONS,
        *outputs.OPERATIONS,
        *clones.OPERATIONS,
        *projects.OPERATIONS,
        *sandbox.OPERATIONS,
        *graph.OPERATIONS,
        *environment.OPERATIONS,
        *files.OPERATIONS,
        *terminals.OPERATIONS,
        *language.OPERATIONS,
        *previews.OPERATIONS,
    ]
