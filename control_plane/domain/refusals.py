"""Why something about people and courses was refused, for programs and for pages in other languages than English.

An error that has one carries it as ``reason`` in its detail, beside the values that its sentence names.
"""

from enum import StrEnum


class Refusal(StrEnum):
    """Why something about people and courses was refused; the ``reason`` in an error's detail."""

    EXAM_ON = "exam_on"
    EXAM_BEGAN = "exam_began"
    EXAM_TIMES = "exam_times"
    EXAM_OVER = "exam_over"
    WRONG_SIGN_IN = "wrong_sign_in"
    TOO_MANY_ATTEMPTS = "too_many_attempts"
    LOGIN_TAKEN = "login_taken"
    NOBODY_WITH_LOGIN = "nobody_with_login"
    BAD_LOGIN = "bad_login"
    BAD_PASSWORD = "bad_password"  # noqa: S105
    OLD_PASSWORD_WRONG = "old_password_wrong"  # noqa: S105
    PASSWORD_BY_PROVIDER = "password_by_provider"  # noqa: S105
    OWNS_PROJECTS = "owns_projects"
    LAST_ADMIN = "last_admin"
    LAST_TEACHER = "last_teacher"
    TEACHER_NEEDS_ACCOUNT = "teacher_needs_account"
    NOT_A_MEMBER = "not_a_member"
    ADMINS_ONLY = "admins_only"
    TEACHERS_ONLY = "teachers_only"
    COURSE_TEACHERS_ONLY = "course_teachers_only"
    COURSE_STUDENTS_ONLY = "course_students_only"
    OWNER_ONLY = "owner_only"
    VIEW_ONLY = "view_only"
    NO_COURSE = "no_course"
    NO_ASSIGNMENT = "no_assignment"
    NO_PROJECT = "no_project"
    NOT_PUBLISHED = "not_published"
    ASSIGNMENT_PROJECT_GONE = "assignment_project_gone"
    HIDDEN_NODE_GONE = "hidden_node_gone"
    NO_HIDDEN_TESTS = "no_hidden_tests"
    NOTHING_HANDED_IN = "nothing_handed_in"
    NOTHING_TO_COLLECT = "nothing_to_collect"
    START_FIRST = "start_first"
    OWN_PROJECT_GONE = "own_project_gone"
    DEADLINE_OVER = "deadline_over"
    POINTS_RANGE = "points_range"
    INVITATION_OVER = "invitation_over"
    INVITATION_NEEDED = "invitation_needed"
    LINK_OVER = "link_over"
    THEIRS_ALREADY = "theirs_already"
