from pathlib import Path

import pytest

from sandbox_image.agent.environment.distributions import difference, fingerprint, installed
from sandbox_image.agent.environment.requirements import checked, names_in, with_requirement, without
from sandbox_image.agent.environment.uv import explained
from sandbox_image.agent.errors import AgentError
from sandbox_image.wire.events import PackageChanged


@pytest.mark.parametrize(
    "text", ["polars", "polars>=1", "Ruamel.yaml", "a[b,c]~=1.0 ; python_version>'3'", "x @ https://h/x.whl"]
)
def test_requirements_that_are_taken(text: str):
    assert checked(f" {text} ") == text


@pytest.mark.parametrize(
    "text", ["", "-r /etc/passwd", "--index-url=x", "../pkg", "/abs", "a\n-e .", "a b", "x" * 501, "git+https://x"]
)
def test_requirements_that_are_refused(text: str):
    with pytest.raises(AgentError, match="is no requirement"):
        checked(text)


FILE = "# what we use\npandas>=2  # tables\n-e .\n\nNumPy\n"


def test_a_line_is_replaced_in_place_and_the_rest_kept():
    assert with_requirement(FILE, "numpy<3") == "# what we use\npandas>=2  # tables\n-e .\n\nnumpy<3\n"
    assert with_requirement(FILE, "pandas") == FILE
    assert with_requirement(FILE, "polars") == FILE + "polars\n"
    assert with_requirement("", "polars") == "polars\n"
    assert without(FILE, "numpy") == "# what we use\npandas>=2  # tables\n-e .\n\n"
    assert names_in(FILE) == {"pandas", "numpy"}


def test_a_distribution_counts_once_its_record_is_there(tmp_path: Path):
    for name in ("Good_Name-1.0.dist-info", "half-2.0.dist-info", "~ame-1.0.dist-info"):
        (tmp_path / name).mkdir()
    (tmp_path / "Good_Name-1.0.dist-info/RECORD").write_text("x")
    before = installed(tmp_path)
    assert list(before.packages) == ["good-name"]
    assert set(before.unfinished) == {tmp_path / "half-2.0.dist-info", tmp_path / "~ame-1.0.dist-info"}
    (tmp_path / "half-2.0.dist-info/RECORD").write_text("x")
    (tmp_path / "Good_Name-1.0.dist-info/RECORD").write_text("another build")
    after = installed(tmp_path)
    assert difference(before.packages, after.packages) == PackageChanged(
        added=["half==2.0"], updated=["Good-Name==1.0"]
    )
    assert difference(after.packages, after.packages) is None
    assert fingerprint("py", before.packages) != fingerprint("py", after.packages)


@pytest.mark.parametrize(
    ("lines", "offline", "sentence"),
    [
        (
            [
                "error: No solution found",
                "  cause: Because nope was not found in the package registry and you require nope==3, …",
            ],
            False,
            "There is no package 'nope' in the package index. Check how it is spelled.",
        ),
        (
            ["error: No solution found", "  cause: Because nope was not found in the cache and you require nope, …"],
            True,
            "There is no package 'nope' among the packages that can be had without a network. Check how it is spelled.",
        ),
        (
            [
                "error: No solution found when resolving dependencies",
                "  cause: Because there is no version of requests==99.99 and you require requests==99.99, …",
            ],
            False,
            "No version of 'requests' fits. Because there is no version of requests==99.99",
        ),
        (["error: failed to write", "  cause: No space left on device (os error 28)"], False, "The workspace is full."),
        (
            ["error: Failed to fetch: `https://h/x/`", "  Caused by: 403 Forbidden"],
            False,
            "Failed to fetch: `https://h/x/` 403",
        ),
        ([], False, "uv failed without a word."),
    ],
)
def test_failures_are_explained(lines: list[str], offline: bool, sentence: str):
    assert explained(lines, offline=offline).startswith(sentence)
