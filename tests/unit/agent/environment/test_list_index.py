"""Reading an index's list of names: in pieces of any size, of any form, within bounds."""

import gzip
import io

import pytest

from sandbox_image.agent.environment import list_index
from sandbox_image.agent.environment.list_index import HTML_NAME, JSON_NAME, names, pieces, request_for

JSON_LIST = b'{"meta": {"api-version": "1.1"}, "projects": [{"name": "Foo.Bar"}, {"_last-serial": 3, "name":"numpy"}, {"name": "../x"}]}'
HTML_LIST = b'<!DOCTYPE html><html><body><a href="/simple/foo-bar/" data-x="1">Foo_Bar</a><br/>\n<A HREF="/numpy/">numpy</A></body></html>'


def cut(text: bytes, size: int) -> list[bytes]:
    return [text[at : at + size] for at in range(0, len(text), size)]


@pytest.mark.parametrize("size", [1, 3, 17, 4096])
def test_names_are_found_wherever_the_list_is_cut(size: int) -> None:
    assert list(names(iter(cut(JSON_LIST, size)), JSON_NAME)) == [b"foo-bar", b"numpy"]
    assert list(names(iter(cut(HTML_LIST, size)), HTML_NAME)) == [b"foo-bar", b"numpy"]


def test_what_is_packed_is_unpacked() -> None:
    packed = io.BytesIO(gzip.compress(JSON_LIST))
    assert list(names(pieces(packed, "gzip"), JSON_NAME)) == [b"foo-bar", b"numpy"]


def test_a_list_that_is_cut_off_or_damaged_is_no_list() -> None:
    with pytest.raises(ValueError, match="cut off"):
        list(pieces(io.BytesIO(gzip.compress(JSON_LIST)[:-12]), "gzip"))
    with pytest.raises(ValueError, match="damaged"):
        list(pieces(io.BytesIO(JSON_LIST), "gzip"))


def test_a_list_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_index, "MAX_TEXT", 1 << 20)
    bomb = gzip.compress(b" " * (2 << 20))
    assert len(bomb) < 10_000
    longest = 0

    def unpack() -> None:
        nonlocal longest
        for text in pieces(io.BytesIO(bomb), "gzip"):
            longest = max(longest, len(text))

    with pytest.raises(ValueError, match="too long"):
        unpack()
    assert 0 < longest <= list_index.PIECE


def test_a_password_in_the_address_becomes_a_header_that_stays_with_its_host() -> None:
    request = request_for("https://ada:s%40cret@index.example/simple")
    assert request.full_url == "https://index.example/simple/"
    assert request.unredirected_hdrs["Authorization"] == "Basic YWRhOnNAY3JldA=="
    assert "Authorization" not in request.headers
