"""Reading lists of members, as people save them and as attackers write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control_plane.domain.courses import CourseRole
from control_plane.domain.errors import Invalid
from control_plane.domain.member_list import MAX_BYTES, MAX_LINES, Listed, read_member_list
from control_plane.domain.people import canonical_login, check_person_name

ADA = ("ada@school.example", "Ada Lovelace", None)
BOB = ("bob", "Bob", CourseRole.TEACHER)


def members(body: bytes) -> list[tuple[str, str, CourseRole | None]]:
    listed, problems = read_member_list(body)
    assert problems == []
    return [(m.login, m.name, m.role) for m in listed]


@pytest.mark.parametrize(
    "body",
    [
        b"ada@school.example,Ada Lovelace\nbob,Bob,teacher\n",
        b"\xef\xbb\xbflogin,name,role\r\nAda@School.Example,Ada Lovelace,\r\nbob,Bob,Teacher\r\n",
        b"Name;E-Mail;Role\nAda Lovelace; ada@school.example ;\nBob;bob;TEACHER",
        b'name\tlogin\trole\n"Ada Lovelace"\tada@school.example\n\n\t\t\nBob\tbob\tteacher\textra',
        b"ada@school.example,Ada Lovelace\rbob,Bob,teacher\r",
    ],
)
def test_a_list_is_read_as_spreadsheets_save_it(body: bytes):
    assert members(body) == [ADA, BOB]


def test_what_a_line_leaves_out_is_not_made_up():
    assert members(b"ada") == members(b'ada;""; ') == [("ada", "", None)]
    assert members(b"ada;;student") == [("ada", "", CourseRole.STUDENT)]
    assert members(b"") == members(b"\n\n") == members(b"login,name\n") == []


def test_a_line_that_is_wrong_is_told_with_its_number_and_spoils_no_other():
    lines = [
        "login,name,role",
        "ada,Ada",
        "two words,Eve",
        "nul\0,Eve",
        "eve,\x1b[31mEve",
        "eve,Eve,admin",
        'eve,"Eve',
        "ADA,Another",
        "e" * 255 + ",Eve",
        "eve," + "E" * 121,
        "eve,\u202eEve",
        ",Eve",
        "bob,Bob",
        "x," + "y" * 200_000,
    ]
    listed, problems = read_member_list("\n".join(lines).encode())
    assert [m.login for m in listed] == ["ada", "bob"]
    assert [p.line for p in problems] == [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14]
    assert all(p.problem and len(p.text) <= 80 and p.text.isprintable() for p in problems)
    assert listed[1] == Listed(line=13, login="bob", name="Bob", role=None)


def test_formulas_stay_texts():
    listed, problems = read_member_list(b"=1+1,=HYPERLINK(1)\n+x@y,@SUM(A1)\n=cmd x,Eve")
    assert [(m.login, m.name) for m in listed] == [("=1+1", "=HYPERLINK(1)"), ("+x@y", "@SUM(A1)")]
    assert [p.line for p in problems] == [3]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("ada,Ada\nbob,Böb".encode("latin-1"), "Line 2 is not written in UTF-8"),
        ("ada,Ada".encode("utf-16"), "UTF-16"),
        (b"a" * (MAX_BYTES + 1), "larger"),
        (b"a\n" * (MAX_LINES + 1), "5001 lines"),
    ],
)
def test_what_cannot_be_read_at_all_is_told(body: bytes, message: str):
    with pytest.raises(Invalid, match=message):
        read_member_list(body)
    assert len(read_member_list(b"a\n" * MAX_LINES)[0]) == 1


@given(
    st.one_of(
        st.binary(max_size=300), st.text(alphabet=st.sampled_from('ab@,;\t"\n\r\0=+- é\ufeff\u2028'), max_size=300)
    )
)
def test_whatever_comes_is_a_list_or_an_error_of_ours(body: bytes | str):
    try:
        listed, problems = read_member_list(body if isinstance(body, bytes) else body.encode())
    except Invalid:
        return
    assert len({m.login for m in listed}) == len(listed)
    assert len(listed) + len(problems) <= MAX_LINES
    for member in listed:
        assert canonical_login(member.login) == member.login
        assert not member.name or check_person_name(member.name) == member.name
