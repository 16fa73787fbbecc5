"""Requirements in files of their own count like those in ``requirements.txt``."""

from pathlib import Path

import pytest

from sandbox_image.agent.environment.included_files import MAX_DEPTH, MAX_FILES, followed, included
from sandbox_image.agent.environment.maker import VenvMaker
from sandbox_image.agent.settings import AgentSettings


def test_the_ways_to_read_in_a_file():
    text = "-r a.txt\n-rb.txt\n--requirement c.txt\n--requirement=d.txt # why\n-c e.txt\n--constraint f.txt\n"
    assert included(text) == ["a.txt", "b.txt", "c.txt", "d.txt", "e.txt", "f.txt"]
    assert included("pandas\n# -r x\n--index-url y\n-e .\nr x\n") == []


def test_files_are_followed_from_where_they_lie_and_no_further_than_the_workspace():
    files = {"more/a.txt": "-r b.txt\n-r ../../etc/passwd", "more/b.txt": "-r ../requirements.txt\n-r a.txt\nx"}
    found = followed("-r more/a.txt\n-r gone.txt\n-r /etc/passwd\n-r https://example.org/r.txt", files.get)
    assert found == {**files, "gone.txt": None}


def test_neither_depth_nor_number_has_no_end():
    deep = followed("-r 0.txt", lambda path: f"-r {int(path[:-4]) + 1}.txt")
    assert len(deep) == MAX_DEPTH
    assert len(followed("\n".join(f"-r {number}.txt" for number in range(1000)), lambda _: "")) == MAX_FILES


@pytest.fixture
def maker(tmp_path: Path) -> VenvMaker:
    (tmp_path / ".aimforge").mkdir()
    return VenvMaker(tmp_path, AgentSettings(workspace=str(tmp_path)))


def test_a_change_of_an_included_file_is_one_of_what_is_asked_for(tmp_path: Path, maker: VenvMaker):
    (tmp_path / "requirements.txt").write_text("-r more.txt\n")
    seen = [maker._digest()]
    assert maker.requirement_files == {"requirements.txt", "more.txt"}
    for text in ("pandas\n", "pandas # a comment\n", "numpy\n"):
        (tmp_path / "more.txt").write_text(text)
        seen.append(maker._digest())
    assert seen[1] == seen[2]
    assert len(set(seen)) == 3


def test_a_link_is_not_followed(tmp_path: Path, maker: VenvMaker):
    outside = tmp_path.parent / f"{tmp_path.name}-outside.txt"
    outside.write_text("pandas\n")
    (tmp_path / "requirements.txt").write_text("-r more.txt\n")
    missing = maker._digest()
    (tmp_path / "more.txt").symlink_to(outside)
    assert maker._digest() == missing
    (tmp_path / "more.txt").unlink()
    (tmp_path / "more.txt").write_text("pandas\n")
    assert maker._digest() != missing
