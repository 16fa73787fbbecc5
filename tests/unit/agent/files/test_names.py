"""Names of any bytes come back as they were, and are safe to show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox_image.agent.errors import AgentError
from sandbox_image.agent.files.names import parse_path, shown, shown_path

NAME = st.binary(min_size=1, max_size=60).filter(lambda name: b"/" not in name and b"\0" not in name)


@given(parts=st.lists(NAME.filter(lambda name: name not in {b".", b".."}), max_size=5).map(tuple))
def test_any_bytes_survive(parts: tuple[bytes, ...]) -> None:
    path = shown_path(parts)
    assert path.isprintable()
    assert path.encode().decode() == path
    assert parse_path(path) == parts


@given(path=st.text(max_size=80))
def test_any_text_is_a_path_or_refused(path: str) -> None:
    try:
        parts = parse_path(path)
    except AgentError:
        return
    assert b".." not in parts
    assert all(part and b"/" not in part and b"\0" not in part for part in parts)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (b"data.csv", "data.csv"),
        ("prix été.csv".encode(), "prix été.csv"),
        (b"a\\b", r"a\\b"),
        (b"\x1b[2J", r"\x1b[2J"),
        (b"latin\xe9", r"latin\xe9"),
        ("gpj\u202etxt".encode(), r"gpj\xe2\x80\xaetxt"),
    ],
)
def test_shows_what_is_printable(name: bytes, text: str) -> None:
    assert shown(name) == text


@pytest.mark.parametrize(
    "path", ["..", "a/../b", "a/\\x2e\\x2e/b", "a\\", "a\\q", "\\x00", "a\\x2fb", "x" * 5000, "y" * 256]
)
def test_refuses_paths_that_lead_out_or_cannot_be(path: str) -> None:
    with pytest.raises(AgentError) as refused:
        parse_path(path)
    assert refused.value.status == 422


def test_dots_and_slashes_that_mean_nothing_are_left_out() -> None:
    assert parse_path("/a//./b/") == (b"a", b"b")
    assert parse_path("") == parse_path("/") == parse_path(".") == ()
