"""Queries are blanked, nothing else is, wherever the pieces are cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox_image.agent.terminal.replay import first_line, whole_sequences, without_queries

QUERIES = [
    b"\x1b[c",
    b"\x1b[>0c",
    b"\x1b[=c",
    b"\x1b[6n",
    b"\x1b[?6n",
    b"\x1b[>q",
    b"\x1b[?2026$p",
    b"\x1b[?u",
    b"\x1b[?4m",
    b"\x1b[14t",
    b"\x1bZ",
    b"\x1b]10;?\x07",
    b"\x1b]11;?\x1b\\",
    b"\x1b]4;12;?\x07",
    b"\x1b]52;c;?\x07",
    b"\x1bP$qm\x1b\\",
    b"\x1bP+q544e\x1b\\",
]
KEPT = [
    b"plain text\r\n",
    b"\x1b[31mred\x1b[0m",
    b"\x1b[>4;2m",
    b"\x1b[2J\x1b[H",
    b"\x1b[?1049h",
    b"\x1b]0;a title\x07",
    b"\x1b]11;#ffffff\x1b\\",
    b"\x1b[8;24;80t",
    "ünïcödé 🐍".encode(),
]


@pytest.mark.parametrize("query", QUERIES)
def test_blanks_a_query_and_keeps_the_offsets(query: bytes) -> None:
    assert without_queries(b"before" + query + b"after") == b"before" + bytes(len(query)) + b"after"


@pytest.mark.parametrize("sequence", KEPT)
def test_keeps_what_is_no_query(sequence: bytes) -> None:
    assert without_queries(sequence) == sequence


@given(parts=st.lists(st.sampled_from(QUERIES + KEPT), min_size=1, max_size=60), limit=st.integers(120, 300))
def test_no_query_slips_through_where_pieces_are_cut(parts: list[bytes], limit: int) -> None:
    data = b"".join(parts)
    shown = b""
    rest = data
    while rest:
        piece = rest[:limit]
        if len(piece) < len(rest):
            piece = piece[: whole_sequences(piece)]
        assert piece
        shown += without_queries(piece)
        rest = rest[len(piece) :]
    assert shown == without_queries(data)


def test_begins_after_the_first_line_end() -> None:
    assert first_line(b"1;31mcut\nwhole") == 9
    assert first_line(b"no line end") == 0
