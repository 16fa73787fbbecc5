"""Which package indexes sandboxes may reach, from what this machine says."""

import zipfile
from pathlib import Path

import pytest

from control_plane.adapters.egress import indexes
from control_plane.adapters.egress.indexes import index_hosts, listing_url, standard_hosts
from control_plane.domain.egress import AllowedHost


def pip_file(folder: Path, text: str) -> dict[str, str]:
    path = folder / "pip.conf"
    path.write_text(text)
    return {"PIP_CONFIG_FILE": str(path)}


def test_the_setting_wins():
    assert index_hosts("https://mirror.lan:8443/simple", {"PIP_INDEX_URL": "https://other.lan/"}) == [
        AllowedHost("mirror.lan", frozenset({8443}), private=True)
    ]


def test_variables_and_files_are_read_and_credentials_are_not(tmp_path: Path):
    environment = pip_file(tmp_path, "[global]\nindex-url = https://user:secret@mirror.lan/simple\n")
    environment |= {"UV_INDEX": "torch=https://wheels.lan/ https://more.lan/"}
    assert [host.name for host in index_hosts("", environment)] == ["mirror.lan", "more.lan", "wheels.lan"]


def test_a_broken_file_is_passed_over(tmp_path: Path):
    environment = pip_file(tmp_path, "index-url = nowhere\n[global") | {"PIP_INDEX_URL": "https://mirror.lan/"}
    assert [host.name for host in index_hosts("", environment)] == ["mirror.lan"]


def test_the_standard_index_is_known_by_python_itself(tmp_path: Path):
    assert len(standard_hosts()) == 2
    with zipfile.ZipFile(tmp_path / "pip-99-py3-none-any.whl", "w") as wheel:
        wheel.writestr(
            "pip/_internal/models/index.py",
            'PyPI = PackageIndex("https://pages.example/", file_storage_domain="files.example")\n',
        )
    assert standard_hosts((tmp_path,)) == ["pages.example", "files.example"]
    assert standard_hosts((tmp_path / "nothing",)) == []


def test_the_list_to_search_is_that_of_the_index_in_use_without_its_password():
    assert listing_url("https://reader:word@given.example/simple/") == "https://reader:word@given.example/simple/"
    configured = {"UV_DEFAULT_INDEX": "https://reader:word@mirror.example:8443/simple/?a=b"}
    assert listing_url("", configured) == "https://mirror.example:8443/simple/"


def test_without_any_main_index_the_standard_one_is_searched(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(indexes, "FILES", ())
    standard = f"https://{standard_hosts()[0]}/simple/"
    assert listing_url("", {}) == standard
    assert listing_url("", {"UV_INDEX": "torch=https://wheels.example/"}) == standard
