"""compose.yaml passes every setting on that an administrator may want to set, and leaves its default alone."""

import re
from pathlib import Path

import pytest

from control_plane.settings import Settings

COMPOSE = Path(__file__).parents[2] / "compose.yaml"
SET_BY_COMPOSE = frozenset(
    [
        "host",
        "port",
        "data_dir",
        "database_url",
        "frontend_dir",
        "docker_host",
        "image",
        "runtime",
        "deployment",
        "uid_base",
        "launcher_socket",
        "egress_socket",
        "run_dir",
        "role_peers",
        "role_gid",
        "egress_uid",
        "disk_quota",
        "log_format",
        "metrics_port",
        "metrics_host",
    ]
)
"""What follows from how the roles are put together, or needs what a container of theirs does not have."""
CHOSEN_BY_COMPOSE = frozenset({"mode", "preview_host"})
"""What has another default in compose.yaml."""


def passed_to_api() -> dict[str, str]:
    """Field → what the api is given when .env says nothing of it."""
    api = COMPOSE.read_text().partition("\n  launcher:")[0]
    found = re.findall(
        r"^ +AIMFORGE_([A-Z0-9_]+): \$\{AIMFORGE_[A-Z0-9_]+(?::?-([^}]*))?(?::\?[^}]*)?\}$", api, re.MULTILINE
    )
    return {name.lower(): default for name, default in found}


def test_every_setting_can_be_set_in_the_env_file():
    assert set(Settings.model_fields) - SET_BY_COMPOSE - {"public_url"} <= set(passed_to_api())
    assert set(passed_to_api()) <= set(Settings.model_fields)


def test_what_the_env_file_does_not_say_has_its_default(monkeypatch: pytest.MonkeyPatch):
    for field, default in passed_to_api().items():
        monkeypatch.setenv(f"AIMFORGE_{field.upper()}", default)
    given = Settings()
    for field in passed_to_api().keys() - CHOSEN_BY_COMPOSE:
        assert getattr(given, field) == getattr(Settings.model_construct(), field), field


def test_an_empty_text_is_a_value_only_where_texts_are(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AIMFORGE_PREVIEW_HOST", "")
    monkeypatch.setenv("AIMFORGE_PIDS", "")
    assert (Settings().preview_host, Settings().pids) == ("", 256)
    monkeypatch.setenv("AIMFORGE_PIDS", "many")
    with pytest.raises(ValueError, match="pids"):
        Settings()
