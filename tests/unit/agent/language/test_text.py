"""Edits in lines and UTF-16 code units, against a model that really holds code units."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox_image.agent.language.text import ContentChange, Position, Range, apply_changes

TEXTS = st.text(alphabet=st.sampled_from("ab é\n\r\u2028\U0001f600"), max_size=30)


def lines_of(text: str) -> list[str]:
    """The protocol's lines, each with its line break."""
    return re.split(r"(?<=\n)|(?<=\r)(?!\n)", text)


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@st.composite
def positions(draw: st.DrawFn, text: str) -> Position:
    lines = lines_of(text)
    line = draw(st.integers(0, len(lines) - 1))
    content = lines[line].rstrip("\r\n")
    return Position(line, units(content[: draw(st.integers(0, len(content)))]))


def model_offset(text: str, position: Position) -> int:
    """Offset in code units."""
    return units("".join(lines_of(text)[: position.line])) + position.character


@given(st.data(), TEXTS)
def test_edits_give_what_code_units_give(data: st.DataObject, text: str):
    expected, changes = text, list[ContentChange]()
    for _ in range(data.draw(st.integers(1, 4))):
        ends = [data.draw(positions(expected)), data.draw(positions(expected))]
        start, end = sorted(ends, key=lambda position: (position.line, position.character))
        new = data.draw(TEXTS)
        encoded = expected.encode("utf-16-le")
        first, last = 2 * model_offset(expected, start), 2 * model_offset(expected, end)
        expected = (encoded[:first] + new.encode("utf-16-le") + encoded[last:]).decode("utf-16-le")
        changes.append(ContentChange(new, Range(start, end)))
    edited = apply_changes(text, changes)
    assert edited.text == expected
    assert edited.exact


@pytest.mark.parametrize(
    ("text", "start", "end", "expected"),
    [
        ("abc", (0, 5), (0, 9), "abcX"),
        ("abc\n", (7, 0), (9, 0), "abc\nX"),
        ("a\nb", (1, 1), (0, 0), "X"),
        ("\U0001f600b", (0, 1), (0, 2), "\U0001f600Xb"),
        ("a\r\nb", (0, 2), (0, 2), "aX\r\nb"),
    ],
)
def test_positions_that_servers_disagree_on_are_clamped_and_reported(
    text: str, start: tuple[int, int], end: tuple[int, int], expected: str
):
    edited = apply_changes(text, [ContentChange("X", Range(Position(*start), Position(*end)))])
    assert edited.text == expected
    assert not edited.exact


def test_a_change_without_a_range_is_the_whole_text():
    edited = apply_changes("old", [ContentChange("new"), ContentChange("!", Range(Position(0, 3), Position(0, 3)))])
    assert (edited.text, edited.exact) == ("new!", True)
