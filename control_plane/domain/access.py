"""Who may do what: every route names one policy, and this module alone decides.

==============  =====================================================================
policy          allows
==============  =====================================================================
``PUBLIC``      anybody, signed in or not: the front end's files, health, signing in
``SIGNED_IN``   everybody who is signed in; what is listed is still only their own
``VIEW``        those who may read the project
``EDIT``        those who may change the project and run code in its sandbox
``OWN``         the project's owner: delete, restore
``ADMIN``       administrators of the deployment
==============  =====================================================================

A person who may not even view a project is told that it does not exist.
"""

from enum import StrEnum
from typing import Final

from control_plane.domain.errors import Forbidden, NotFound
from control_plane.domain.people import Person, Role
from control_plane.domain.project import ProjectRecord


class Policy(StrEnum):
    """What a route asks of the person who calls it."""

    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    VIEW = "view"
    EDIT = "edit"
    OWN = "own"
    ADMIN = "admin"


PROJECT_POLICIES: Final = frozenset({Policy.VIEW, Policy.EDIT, Policy.OWN})
"""Policies that are about one project, and need to be told which."""


class Share(StrEnum):
    """What a person is in one project."""

    NONE = "none"
    VIEWER = "viewer"
    EDITOR = "editor"
    OWNER = "owner"


SHARE_ALLOWS: Final[dict[Share, frozenset[Policy]]] = {
    Share.NONE: frozenset(),
    Share.VIEWER: frozenset({Policy.VIEW}),
    Share.EDITOR: frozenset({Policy.VIEW, Policy.EDIT}),
    Share.OWNER: frozenset({Policy.VIEW, Policy.EDIT, Policy.OWN}),
}


def share_of(person: Person, project: ProjectRecord) -> Share:
    """Tell what the person is in the project."""
    return Share.OWNER if project.owner == person.id else Share.NONE


def check_project(policy: Policy, person: Person, project: ProjectRecord) -> None:
    """Raise ``NotFound`` or ``Forbidden`` unless the person may do this in the project."""
    allowed = SHARE_ALLOWS[share_of(person, project)]
    if policy in allowed:
        return
    if not allowed:
        raise no_such_project(project.id)
    raise Forbidden(f"You may look at {project.name!r}, not change it: ask its owner.", project_id=project.id)


def check_role(policy: Policy, person: Person) -> None:
    """Raise ``Forbidden`` when the policy asks for an administrator and the person is none."""
    if policy is Policy.ADMIN and person.role is not Role.ADMIN:
        raise Forbidden("Only an administrator may do this.")


def no_such_project(project_id: str) -> NotFound:
    """Build the one error for projects that are not there and for those that the caller may not know of."""
    return NotFound(f"There is no project {project_id[:64]!r}.", project_id=project_id[:64])
