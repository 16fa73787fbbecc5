"""Each promise of the security model names tests that exist."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "docs" / "security-model.md"


def functions_in(folder: Path) -> dict[str, Path]:
    """Test functions below a folder, with the file of each."""
    return {
        node.name: path
        for path in folder.rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }


def promises() -> list[tuple[str, list[str]]]:
    """The table's rows: a promise, and the tests that keep it."""
    rows = re.findall(r"^\| (?!promise|-)(.+?) \| (.+) \|$", MODEL.read_text(), re.MULTILINE)
    return [(promise, re.findall(r"`(test_\w+)`", tests)) for promise, tests in rows]


def test_every_promise_is_kept_by_tests_that_exist():
    known = functions_in(ROOT / "tests")
    assert len(promises()) > 20
    for promise, tests in promises():
        assert tests, promise
        assert not [test for test in tests if test not in known], promise


def test_what_runs_without_an_engine_is_marked():
    known = functions_in(ROOT / "tests")
    for test, mark in re.findall(r"`(test_\w+)`( †)?", MODEL.read_text()):
        assert ("pytest.mark.engine" not in known[test].read_text()) == bool(mark), test
