"""Settings: where they come from, and what is refused with which sentence."""

import stat
from pathlib import Path

import pytest
from pydantic import ValidationError

from control_plane.settings import Settings


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.0.0.2"])
def test_local_mode_listens_on_loopback(host: str):
    assert Settings(host=host).host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "forge.school", ""])
def test_and_nowhere_else(host: str):
    with pytest.raises(ValidationError, match="forward the port over SSH"):
        Settings(host=host)


def test_the_original_systems_names_are_honoured_and_ours_come_first(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LSP_MAX_RESTARTS", "7")
    monkeypatch.setenv("TERMINAL_IDLE_TIMEOUT_MS", "5000")
    assert Settings().agent_settings()["lsp_max_restarts"] == 7
    assert Settings().terminal_idle_timeout_ms == 5000
    monkeypatch.setenv("AIMFORGE_LSP_MAX_RESTARTS", "9")
    assert Settings().lsp_max_restarts == 9


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AIMFORGE_EGRESS_HOSTS", "a.example, b.example:8443!,")
    assert Settings().egress_hosts == ("a.example", "b.example:8443!")


def test_a_refused_token_is_not_shown():
    with pytest.raises(ValidationError) as refused:
        Settings(token="two words of a secret")
    assert "token" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_the_token_is_made_once_and_kept_where_only_we_can_read(tmp_path: Path):
    settings = Settings(data_dir=tmp_path / "data")
    settings.prepare_data_dir()
    token = settings.local_token()
    assert len(token) >= 32
    (tmp_path / "data" / "token").chmod(0o644)
    (tmp_path / "data").chmod(0o755)
    settings.prepare_data_dir()
    assert settings.local_token() == token
    assert stat.S_IMODE((tmp_path / "data" / "token").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    assert Settings(data_dir=tmp_path / "data", token="x" * 20).local_token() == "x" * 20


def test_hosted_mode_listens_where_it_is_told_and_knows_its_public_name():
    settings = Settings(mode="hosted", host="0.0.0.0", public_url="https://forge.example:8443")
    assert (settings.public_host, settings.over_tls) == ("forge.example", True)
    assert not Settings(mode="hosted", public_url="http://forge.example").over_tls


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"oidc_allow": ("anybody",)}, "is no rule"),
        ({"oidc_roles": ("groups=staff:owner",)}, "one of admin"),
        ({"oidc_issuer": "https://id.example"}, "AIMFORGE_OIDC_CLIENT_ID"),
        ({"trusted_proxies": ("front",)}, "front"),
        ({"public_url": "forge.example"}, "public_url"),
        ({"metrics_token": "short"}, "metrics_token"),
    ],
)
def test_what_cannot_be_meant_about_people_is_refused(wrong: dict[str, str], sentence: str):
    with pytest.raises(ValidationError, match=sentence):
        Settings(mode="hosted", **wrong)  # pyright: ignore[reportArgumentType]
