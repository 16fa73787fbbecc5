"""A project as the database knows it: who owns it and what it is called. The folder knows the rest."""

from dataclasses import dataclass


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
