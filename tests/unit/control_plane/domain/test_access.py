"""Who may do what."""

import pytest

from control_plane.domain.access import PROJECT_POLICIES, Policy, check_project, check_role
from control_plane.domain.errors import Forbidden, NotFound
from control_plane.domain.people import LOCAL_PERSON, Person, Role
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
