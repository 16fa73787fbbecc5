"""Who may do what: every route names one policy, and this module alone decides.

==================  =================================================================
policy              allows
==================  =================================================================
``PUBLIC``          anybody, signed in or not: the front end's files, health, signing in
``SIGNED_IN``       everybody who is signed in; what is listed is still only their own
``ACCOUNT``         everybody who is signed in, about themselves: password, sessions, tokens
``VIEW``            those who may read the project
``EDIT``            those who may change the project and run code in its sandbox
``OWN``             the project's owner: delete, restore
``TEACHER``         teachers and administrators of the deployment
``COURSE``          members of the course, and administrators
``COURSE_TEACHER``  teachers of the course, and administrators
``ALLOW``           administrators, and teachers of the project's course: what it may use
``LOOK``            administrators, and teachers of the project's course: to read it for a while
``ADMIN``           administrators of the deployment
``METRICS``         administrators, and who holds the deployment's metrics token
==================  =================================================================

Within a course, what somebody is there decides, not their role of the deployment: who teaches it may do there all that a teacher may,
also with the role of a student. That role decides who may make courses, and what their own projects may use.

A person who may not even view a project is told that it does not exist; so is who is no member of a course. A token's scope takes
away from what its owner may: ``READ`` leaves reading, ``EDIT`` leaves what an editor may, and only ``ADMIN`` leaves all.

While an exam of theirs runs, a course's students may not call the operations of ``CLOSED_IN_EXAM``, shares lead neither them to
others' projects nor others to theirs, and their sandboxes have no way out. Their teachers, and looks, stay.
"""

from enum import StrEnum
from typing import Final

from control_plane.domain.courses import CourseRole
from control_plane.domain.errors import Forbidden, NotFound
from control_plane.domain.people import Person, Role, Scope
from control_plane.domain.project import ProjectRecord
from control_plane.domain.refusals import Refusal


class Policy(StrEnum):
    """What a route asks of the person who calls it."""

    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    ACCOUNT = "account"
    VIEW = "view"
    EDIT = "edit"
    OWN = "own"
    TEACHER = "teacher"
    COURSE = "course"
    COURSE_TEACHER = "course_teacher"
    ALLOW = "allow"
    LOOK = "look"
    ADMIN = "admin"
    METRICS = "metrics"


PROJECT_POLICIES: Final = frozenset({Policy.VIEW, Policy.EDIT, Policy.OWN})
"""Policies that are about one project, and need to be told which."""
COURSE_POLICIES: Final = frozenset({Policy.COURSE, Policy.COURSE_TEACHER})
"""Policies that are about one course, and need to be told which: by the path's course, or by its assignment."""
CLOSED_IN_EXAM: Final = frozenset(
    {
        "import_project",
        "replace_project",
        "clone_project",
        "write_file",
        "share_project",
        "change_share",
        "create_share_link",
        "accept_share",
    }
)
"""Operations that bring something in or share something. Saving a file that is there is no bringing in: ``api.routes.files``."""


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


SCOPE_LEAVES: Final[dict[Scope, frozenset[Share]]] = {
    Scope.READ: frozenset({Share.NONE, Share.VIEWER}),
    Scope.EDIT: frozenset({Share.NONE, Share.VIEWER, Share.EDITOR}),
    Scope.ADMIN: frozenset(Share),
}
"""Which shares a credential of that scope can carry; of a greater one it carries the greatest of these."""
RANK: Final = (Share.NONE, Share.VIEWER, Share.EDITOR, Share.OWNER)
FULL_SCOPE: Final = frozenset(
    {Policy.ACCOUNT, Policy.TEACHER, Policy.COURSE_TEACHER, Policy.ALLOW, Policy.LOOK, Policy.ADMIN, Policy.METRICS}
)
"""Policies that a token of a smaller scope never passes, whoever its owner is."""


def share_of(person: Person, project: ProjectRecord, granted: Share = Share.NONE) -> Share:
    """Tell what the person is in the project, given what its owner granted them and what their credential carries."""
    share = Share.OWNER if project.owner == person.id else granted
    return min(share, max(SCOPE_LEAVES[person.scope], key=RANK.index), key=RANK.index)


def check_project(policy: Policy, person: Person, project: ProjectRecord, granted: Share = Share.NONE) -> None:
    """Raise ``NotFound`` or ``Forbidden`` unless the person may do this in the project."""
    allowed = SHARE_ALLOWS[share_of(person, project, granted)]
    if policy in allowed:
        return
    if not allowed:
        raise no_such_project(project.id)
    if person.scope is not Scope.ADMIN:
        raise Forbidden(f"This token's scope is {person.scope.value!r}: make one of a larger scope.")
    if policy is Policy.OWN:
        raise Forbidden(
            f"Only the owner of {project.name!r} may do this.",
            reason=Refusal.OWNER_ONLY,
            name=project.name,
            project_id=project.id,
        )
    raise Forbidden(
        f"You may look at {project.name!r}, not change it: ask its owner.",
        reason=Refusal.VIEW_ONLY,
        name=project.name,
        project_id=project.id,
    )


def check_role(policy: Policy, person: Person, *, writes: bool = False) -> None:
    """Raise ``Forbidden`` when the policy asks for a role of the deployment that the person does not have, or for more than
    their credential carries. ``writes``: the request is not a plain read.
    """
    if person.scope is not Scope.ADMIN and (policy in FULL_SCOPE or (writes and person.scope is Scope.READ)):
        raise Forbidden(f"This token's scope is {person.scope.value!r}: make one of a larger scope.")
    if policy in (Policy.ADMIN, Policy.METRICS) and person.role is not Role.ADMIN:
        raise Forbidden("Only an administrator may do this.", reason=Refusal.ADMINS_ONLY)
    if policy is Policy.TEACHER and person.role is Role.STUDENT:
        raise Forbidden(
            "Only a teacher may do this: ask an administrator to make you one.", reason=Refusal.TEACHERS_ONLY
        )


def course_role_of(person: Person, member: CourseRole | None) -> CourseRole | None:
    """Tell what the person is in a course, given what its list of members says; an administrator is a teacher everywhere."""
    return CourseRole.TEACHER if person.role is Role.ADMIN and person.scope is Scope.ADMIN else member


def check_course(policy: Policy, person: Person, course_id: str, member: CourseRole | None) -> None:
    """Raise ``NotFound`` or ``Forbidden`` unless the person may do this in a course that there is."""
    role = course_role_of(person, member)
    if role is None:
        raise no_such_course(course_id)
    if policy is Policy.COURSE_TEACHER and role is not CourseRole.TEACHER:
        raise Forbidden(
            "Only a teacher of this course may do this.", reason=Refusal.COURSE_TEACHERS_ONLY, course_id=course_id
        )


def no_such_course(course_id: str) -> NotFound:
    """Build the one error for courses that are not there and for those that the caller may not know of."""
    return NotFound(f"There is no course {course_id[:64]!r}.", reason=Refusal.NO_COURSE, course_id=course_id[:64])


def no_such_assignment(assignment_id: str) -> NotFound:
    """Build the one error for assignments that are not there and for those that the caller may not know of."""
    return NotFound(
        f"There is no assignment {assignment_id[:64]!r}.",
        reason=Refusal.NO_ASSIGNMENT,
        assignment_id=assignment_id[:64],
    )


def no_such_project(project_id: str) -> NotFound:
    """Build the one error for projects that are not there and for those that the caller may not know of."""
    return NotFound(f"There is no project {project_id[:64]!r}.", reason=Refusal.NO_PROJECT, project_id=project_id[:64])
