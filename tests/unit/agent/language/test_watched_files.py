"""Globs as the protocol has them, and what a server is told of files that change."""

import json
import re
from pathlib import Path

import pytest
from msgspec import Raw

from sandbox_image.agent.language.server_requests import WATCHED_FILES, Registration
from sandbox_image.agent.language.watched_files import WatchedFiles, python_files, translate


@pytest.mark.parametrize(
    ("glob", "matches", "others"),
    [
        ("**/*.py", ["a.py", "x/y/a.py"], ["a.pyi", "a.pyc"]),
        ("**/*.{py,pyi}", ["a.py", "x/a.pyi"], ["a.p", "a.py,pyi"]),
        ("nodes/?.py", ["nodes/a.py"], ["nodes/ab.py", "nodes//.py"]),
        ("**", ["a", "a/b/c"], []),
        ("[a-c]*.py", ["abc.py", "c.py"], ["d.py", "-.py"]),
        ("[!a]x", ["bx"], ["ax"]),
        ("a+(b).py", ["a+(b).py"], ["aab.py"]),
        ("a{b", ["ab"], ["a{b"]),
        ("a}b,c", ["a}b,c"], ["ab"]),
    ],
)
def test_globs(glob: str, matches: list[str], others: list[str]):
    pattern = re.compile(translate(glob))
    assert [path for path in matches if not pattern.fullmatch(path)] == []
    assert [path for path in others if pattern.fullmatch(path)] == []


class Notified(list[dict[str, int]]):
    def __call__(self, method: str, params: bytes) -> None:
        assert method == WATCHED_FILES
        self.append({event["uri"]: event["type"] for event in json.loads(params)["changes"]})


def watch(options: str) -> Registration:
    return Registration("1", WATCHED_FILES, Raw(options.encode()))


def test_new_changed_and_deleted_files_are_told_apart():
    notified = Notified()
    files = WatchedFiles(Path("/workspace"), notified)
    files.register([watch('{"watchers":[{"globPattern":"**/*.py"}]}')])
    files.know(["/workspace/old.py"])
    files.changed(["old.py", "nodes/new.py", "data.csv"], [])
    files.changed(["/workspace/nodes/new.py"], ["old.py"])
    files.changed(["old.py"], [])
    assert notified == [
        {"file:///workspace/old.py": 2, "file:///workspace/nodes/new.py": 1},
        {"file:///workspace/old.py": 3, "file:///workspace/nodes/new.py": 2},
        {"file:///workspace/old.py": 1},
    ]


def test_kinds_relative_patterns_hidden_files_and_strangers():
    notified = Notified()
    files = WatchedFiles(Path("/workspace"), notified)
    files.register(
        [
            watch('{"watchers":[{"globPattern":{"baseUri":"file:///workspace/a%20b","pattern":"*.py"},"kind":4}]}'),
            watch('{"watchers":"?"}'),
            watch('{"watchers":[{"globPattern":"[z-a]"}]}'),
        ]
    )
    files.changed(["a b/x.py"], ["c/x.py", "a b/.x.py", "../x.py"])
    assert notified == []
    files.changed([], ["a b/x.py"])
    assert notified == [{"file:///workspace/a%20b/x.py": 3}]


def test_python_files_of_a_project(tmp_path: Path):
    for name in ("a.py", "nodes/b.pyi", ".venv/c.py", "node_modules/d.py", "e.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert python_files(tmp_path) == {f"{tmp_path}/a.py", f"{tmp_path}/nodes/b.pyi"}
