"""What is kept for an administrator to find out later who did what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class AuditAction(StrEnum):
    """What happened; the part before the dot is what it happened to."""

    SIGN_IN = "session.sign_in"
    SIGN_IN_FAILED = "session.sign_in_failed"
    SIGN_OUT = "session.sign_out"
    SESSION_REVOKED = "session.revoked"
    PERSON_CREATED = "person.created"
    PERSON_DELETED = "person.deleted"
    ROLE_CHANGED = "person.role_changed"
    PERSON_DISABLED = "person.disabled"
    PERSON_ENABLED = "person.enabled"
    PASSWORD_CHANGED = "person.password_changed"  # noqa: S105  # the name of an action
    INVITATION_CREATED = "invitation.created"
    INVITATION_REVOKED = "invitation.revoked"
    TOKEN_CREATED = "token.created"  # noqa: S105
    TOKEN_REVOKED = "token.revoked"  # noqa: S105
    SHARE_CHANGED = "share.changed"
    SHARE_REMOVED = "share.removed"
    SHARE_LINK_CREATED = "share_link.created"
    SHARE_LINK_REVOKED = "share_link.revoked"
    SHARE_LINK_ACCEPTED = "share_link.accepted"
    PROJECT_LOOKED_AT = "project.looked_at"
    PROJECT_EXPORTED = "project.exported"
    PROJECT_DELETED = "project.deleted"
    PROJECT_RESTORED = "project.restored"
    SANDBOX_STARTED = "sandbox.started"
    SANDBOX_ENDED = "sandbox.ended"
    SANDBOX_STOPPED_BY_ADMIN = "sandbox.stopped_by_admin"
    SANDBOX_LIMITS_CHANGED = "sandbox.limits_changed"
    EGRESS_DENIED = "egress.denied"
    HOST_ASKED_FOR = "egress.asked"
    ALLOWANCE_CHANGED = "allowance.changed"
    COURSE_CREATED = "course.created"
    COURSE_CHANGED = "course.changed"
    COURSE_DELETED = "course.deleted"
    MEMBERS_IMPORTED = "member.imported"
    MEMBER_CHANGED = "member.changed"
    MEMBER_REMOVED = "member.removed"
    MEMBER_JOINED = "member.joined"
    MEMBER_LEFT = "member.left"
    EXAM_CREATED = "exam.created"
    EXAM_REMOVED = "exam.removed"
    ASSIGNMENT_CREATED = "assignment.created"
    ASSIGNMENT_CHANGED = "assignment.changed"
    ASSIGNMENT_PUBLISHED = "assignment.published"
    ASSIGNMENT_DELETED = "assignment.deleted"
    SUBMISSION_STARTED = "submission.started"
    SUBMISSION_HANDED_IN = "submission.handed_in"
    SUBMISSION_COLLECTED = "submission.collected"
    SUBMISSION_NOT_COLLECTED = "submission.not_collected"
    SUBMISSION_DOWNLOADED = "submission.downloaded"
    SUBMISSION_COPIED = "submission.copied"
    SUBMISSION_COMMENTED = "submission.commented"
    SUBMISSION_GIVEN_BACK = "submission.given_back"
    TESTS_STARTED = "tests.started"
    TESTS_CANCELLED = "tests.cancelled"
    AUDIT_EXPORTED = "audit.exported"
    AUDIT_LOST = "audit.lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Something that happened. ``at`` is seconds since 1970; ``actor`` is a person's id, empty for the system itself;
    ``id`` counts up and is given by the store.
    """

    at: float
    action: AuditAction
    actor: str = ""
    project_id: str = ""
    address: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict[str, Any])
    id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which entries are asked for; what is empty does not matter. ``action`` may be a whole group, such as ``token.``."""

    actor: str = ""
    action: str = ""
    project_id: str = ""
    since: float | None = None
    until: float | None = None
    before_id: int | None = None
