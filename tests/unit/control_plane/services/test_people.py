"""Signing in, in local mode."""

import pytest

from control_plane.domain.errors import Unauthenticated
from control_plane.domain.people import LOCAL_PERSON
from control_plane.services.people.people import LocalPeople
from tests.fakes.clock import FakeClock

TOKEN = "a-token-of-some-length"


def test_the_token_is_the_person_and_nothing_else_is():
    people = LocalPeople(TOKEN, FakeClock())
    assert people.by_token(TOKEN) == LOCAL_PERSON
    for other in ("", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "\udcff"):
        assert people.by_token(other) is None


async def test_a_session_outlives_a_restart_but_neither_its_time_nor_its_token():
    clock = FakeClock()
    session = LocalPeople(TOKEN, clock, session_sec=100).open_session(TOKEN)
    restarted = LocalPeople(TOKEN, clock, session_sec=100)
    assert restarted.by_session(session) == LOCAL_PERSON
    assert LocalPeople("another-token-of-length", clock).by_session(session) is None
    await clock.advance(101)
    assert restarted.by_session(session) is None


def test_a_session_cannot_be_made_up_or_prolonged():
    people = LocalPeople(TOKEN, FakeClock())
    session = people.open_session(TOKEN)
    claim, _, signature = session.rpartition(".")
    for forged in ("", ".", "x", "9" + session, f"{claim}0.{signature}", f"{claim}.", f"{claim}.{'0' * 64}", "é.é"):
        assert people.by_session(forged) is None
    assert people.by_session(session) == LOCAL_PERSON


def test_an_old_token_opens_no_session():
    with pytest.raises(Unauthenticated, match="printed last"):
        LocalPeople(TOKEN, FakeClock()).open_session("old")
