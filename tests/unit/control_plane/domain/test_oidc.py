"""Who is let in by claims, and where a sign-in may lead."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control_plane.domain.oidc import Rules, email_of, safe_next
from control_plane.domain.people import Role

CHECKED: dict[str, Any] = {"email": "Ada@School.example", "email_verified": True}


@pytest.mark.parametrize(
    ("allow", "claims", "expected"),
    [
        ([], CHECKED, False),
        (["@school.example"], CHECKED, True),
        (["@SCHOOL.example"], CHECKED, True),
        (["@ool.example"], CHECKED, False),
        (["@school.example"], CHECKED | {"email_verified": False}, False),
        (["@school.example"], CHECKED | {"email_verified": "true"}, False),
        (["@school.example"], CHECKED | {"email": "ada@school.example.evil.example"}, False),
        (["@school.example"], CHECKED | {"email": ["ada@school.example"]}, False),
        (["groups=staff"], {"groups": ["x", "staff"]}, True),
        (["groups=staff"], {"groups": "staffers"}, False),
        (["realm.roles=staff"], {"realm": {"roles": ["staff"]}}, True),
        (["realm.roles=staff"], {"realm.roles": "staff"}, True),
        (["realm.roles=staff"], {"realm": "roles"}, False),
        (["member=true"], {"member": True}, True),
        (["member=1"], {"member": True}, False),
        (["member=None"], {}, False),
    ],
)
def test_somebody_is_let_in_by_a_rule_and_by_nothing_else(allow: list[str], claims: dict[str, Any], expected: bool):
    assert Rules.parse(allow, []).lets_in(claims) is expected


def test_the_first_role_that_fits_counts():
    rules = Rules.parse([], ["groups=root:admin", "groups=staff:teacher"])
    assert rules.role_of({"groups": ["staff", "root"]}) is Role.ADMIN
    assert rules.role_of({"groups": ["staff"]}) is Role.TEACHER
    assert rules.role_of({}) is None


@pytest.mark.parametrize("word", ["", "@", "claim", "=x", "x="])
def test_what_is_no_rule_is_refused(word: str):
    with pytest.raises(ValueError, match="is no rule"):
        Rules.parse([word], [])
    with pytest.raises(ValueError, match="is no rule"):
        Rules.parse([], [f"{word}:admin"])
    with pytest.raises(ValueError, match="one of admin"):
        Rules.parse([], ["a=b:owner"])


def test_an_address_is_one_when_the_provider_checked_it():
    assert email_of(CHECKED) == "ada@school.example"
    assert email_of({"email": "ada@school.example"}) == ""


@given(st.text() | st.text("/\\:.@ae\t\r\n"))
def test_whatever_is_asked_for_stays_here(path: str):
    led = safe_next(path)
    assert led.startswith("/")
    assert led[1:2] not in ("/", "\\")
    assert led.isprintable()


@pytest.mark.parametrize("path", ["/", "/project/p1", "/a?b=c#d", "/a?next=https://x"])
def test_paths_of_ours_stay_as_they_are(path: str):
    assert safe_next(path) == path
