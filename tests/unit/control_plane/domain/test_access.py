"""Who may do what."""

import pytest

from control_plane.domain.access import (
    COURSE_POLICIES,
    PROJECT_POLICIES,
    Policy,
    Share,
    check_course,
    check_project,
    check_role,
)
from control_plane.domain.courses import CourseRole
from control_plane.domain.errors import Forbidden, NotFound
from control_plane.domain.people import LOCAL_PERSON, Person, Role, Scope
from control_plane.domain.project import ProjectRecord
from control_plane.domain.sandbox import CLOSE_CODES, TRANSITIONS, EndReason, SandboxState, may_become

PROJECT = ProjectRecord(id="p", name="P", owner="ada", created_at=0, opened_at=0)
ADA, BOB = Person(id="ada", name="Ada"), Person(id="bob", name="Bob", role=Role.ADMIN)


@pytest.mark.parametrize("policy", sorted(PROJECT_POLICIES))
def test_the_owner_may_everything_and_others_are_told_that_it_is_not_there(policy: Policy):
    check_project(policy, ADA, PROJECT)
    with pytest.raises(NotFound, match="no project 'p'"):
        check_project(policy, BOB, PROJECT)


def test_only_administrators_pass_where_one_is_asked_for():
    check_role(Policy.ADMIN, LOCAL_PERSON)
    check_role(Policy.SIGNED_IN, ADA)
    with pytest.raises(Forbidden):
        check_role(Policy.ADMIN, ADA)


@pytest.mark.parametrize(
    ("granted", "scope", "expected"),
    [
        (Share.OWNER, Scope.ADMIN, {Policy.VIEW, Policy.EDIT, Policy.OWN}),
        (Share.OWNER, Scope.EDIT, {Policy.VIEW, Policy.EDIT}),
        (Share.OWNER, Scope.READ, {Policy.VIEW}),
        (Share.EDITOR, Scope.ADMIN, {Policy.VIEW, Policy.EDIT}),
        (Share.EDITOR, Scope.READ, {Policy.VIEW}),
        (Share.VIEWER, Scope.ADMIN, {Policy.VIEW}),
        (Share.VIEWER, Scope.EDIT, {Policy.VIEW}),
        (Share.NONE, Scope.ADMIN, set()),
        (Share.NONE, Scope.READ, set()),
    ],
)
def test_a_share_and_a_scope_allow_the_lesser_of_both(granted: Share, scope: Scope, expected: set[Policy]):
    person = Person(id="cyd", name="Cyd", scope=scope)
    for policy in expected:
        check_project(policy, person, PROJECT, granted)
    for policy in PROJECT_POLICIES - expected:
        with pytest.raises(Forbidden if expected else NotFound):
            check_project(policy, person, PROJECT, granted)


@pytest.mark.parametrize(
    ("role", "scope", "member", "expected"),
    [
        (Role.STUDENT, Scope.ADMIN, None, set()),
        (Role.STUDENT, Scope.ADMIN, CourseRole.STUDENT, {Policy.COURSE}),
        (Role.STUDENT, Scope.ADMIN, CourseRole.TEACHER, {Policy.COURSE, Policy.COURSE_TEACHER}),
        (Role.TEACHER, Scope.ADMIN, None, set()),
        (Role.TEACHER, Scope.ADMIN, CourseRole.STUDENT, {Policy.COURSE}),
        (Role.ADMIN, Scope.ADMIN, None, {Policy.COURSE, Policy.COURSE_TEACHER}),
        (Role.ADMIN, Scope.ADMIN, CourseRole.STUDENT, {Policy.COURSE, Policy.COURSE_TEACHER}),
        (Role.ADMIN, Scope.EDIT, None, set()),
        (Role.ADMIN, Scope.EDIT, CourseRole.STUDENT, {Policy.COURSE}),
    ],
)
def test_in_a_course_counts_what_the_course_says_and_being_an_administrator(
    role: Role, scope: Scope, member: CourseRole | None, expected: set[Policy]
):
    person = Person(id="cyd", name="Cyd", role=role, scope=scope)
    for policy in expected:
        check_course(policy, person, "c", member)
    for policy in COURSE_POLICIES - expected:
        with pytest.raises(Forbidden if expected else NotFound):
            check_course(policy, person, "c", member)


def test_teachers_and_administrators_pass_where_a_teacher_is_asked_for():
    check_role(Policy.TEACHER, Person(id="cyd", name="Cyd", role=Role.TEACHER))
    check_role(Policy.TEACHER, LOCAL_PERSON)
    with pytest.raises(Forbidden, match="Only a teacher"):
        check_role(Policy.TEACHER, ADA)


@pytest.mark.parametrize("scope", [Scope.READ, Scope.EDIT])
def test_a_smaller_scope_is_no_administrator_and_not_the_account_itself(scope: Scope):
    person = Person(id="root", name="Root", role=Role.ADMIN, scope=scope)
    check_role(Policy.SIGNED_IN, person)
    for policy in (Policy.ADMIN, Policy.METRICS, Policy.ACCOUNT, Policy.TEACHER, Policy.COURSE_TEACHER):
        with pytest.raises(Forbidden, match="scope"):
            check_role(policy, person)


def test_every_state_but_deleted_can_fail_and_be_deleted():
    for state in SandboxState:
        expected = state is not SandboxState.DELETED
        assert may_become(state, SandboxState.FAILED) is may_become(state, SandboxState.DELETED) is expected


def test_every_state_but_deleted_leads_to_ready_again():
    reached = {SandboxState.READY}
    while more := {s for s in SandboxState if s not in reached and TRANSITIONS[s] & reached}:
        reached |= more
    assert reached == set(SandboxState) - {SandboxState.DELETED}


def test_every_reason_to_end_has_a_close_code():
    assert set(CLOSE_CODES) == set(EndReason)
