"""A project as the database knows it: who owns it and what it is called. The folder knows the rest."""

from dataclasses import dataclass
from typing import Final

COURSE_OWNER: Final = "course:"
"""Starts the owner of projects that exist for a course alone, such as those that hidden tests run in: nobody's id does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRecord:
    """``owner`` is a person's id. Times are seconds since 1970; ``deleted_at`` hides the project until its grace has passed;
    ``deleting`` marks the deletion for good that is under way then.
    """

    id: str
    name: str
    owner: str
    created_at: float
    opened_at: float
    template: str = "empty"
    description: str = ""
    deleted_at: float | None = None
    deleting: bool = False


def course_owner(course_id: str) -> str:
    """Return the owner of a course's own projects."""
    return f"{COURSE_OWNER}{course_id}"


def is_courses_own(owner: str) -> bool:
    """Tell whether a project with this owner is a course's own: nobody has a share in it, and it has no way out."""
    return owner.startswith(COURSE_OWNER)
