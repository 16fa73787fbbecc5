"""Administrators see what is set; nobody sees a secret."""

from pathlib import Path
from typing import Any

import pytest

from control_plane.domain.people import Role
from control_plane.domain.setting import masked
from control_plane.settings import Settings
from control_plane.settings_in_force import MASKED
from tests.fakes.hosted import hosted
from tests.fakes.served import TOKEN, served

SECRETS = {
    "metrics_token": "a-metrics-token-of-length",
    "agent_secret": "an-agent-secret-of-more-than-32-characters",
    "oidc_client_secret": "what-the-provider-gave-us",
    "database_url": "postgresql://aimforge:the-database-word@db/aimforge?password=another-word",
    "index_url": "https://reader:the-index-word@index.example/simple",
}
WORDS = (TOKEN, *list(SECRETS.values())[:3], "the-database-word", "another-word", "the-index-word")


def by_name(body: Any) -> dict[str, dict[str, Any]]:
    return {line["name"]: line for line in body["settings"]}


async def test_settings_are_told_with_their_source_and_no_secret_is_in_the_answer(tmp_path: Path):
    async with hosted(tmp_path, **SECRETS, max_running=7, egress_hosts=("a.example", "b.example:8443!")) as app:
        root, ada = await app.joined("root", Role.ADMIN), await app.joined("ada", Role.TEACHER)
        assert await app.status("GET", "/api/admin/settings", ada) == 403
        assert await app.status("GET", "/api/admin/settings", {}) == 401
        got = await app.served.call("GET", "/api/admin/settings", headers=root)
    assert got.status == 200
    for word in WORDS:
        assert word.encode() not in got.content
    told = by_name(got.json)
    assert set(told) == {line for line in told if line.startswith("AIMFORGE_")}
    assert len(told) == len(Settings.model_fields)
    assert all(line["description"] for line in told.values())
    running = told["AIMFORGE_MAX_RUNNING"]
    assert (running["value"], running["default"], running["secret"]) == ("7", "50", False)
    assert running["source"] == "environment"
    assert told["AIMFORGE_MAX_PIDS"]["source"] == "default"
    assert told["AIMFORGE_EGRESS_HOSTS"]["value"] == "a.example,b.example:8443!"
    assert told["AIMFORGE_DISK_QUOTA"]["value"] == "false"
    assert told["AIMFORGE_REGISTRATION"]["value"] == "closed"
    assert told["AIMFORGE_DATABASE_URL"]["value"] == "postgresql://***@db/aimforge?***"
    assert told["AIMFORGE_INDEX_URL"]["value"] == "https://***@index.example/simple"
    for name in ("TOKEN", "METRICS_TOKEN", "AGENT_SECRET", "OIDC_CLIENT_SECRET"):
        line = told[f"AIMFORGE_{name}"]
        assert (line["secret"], line["value"], line["default"]) == (True, "set", "")


async def test_what_was_made_at_the_first_start_is_told_as_kept_in_a_file(tmp_path: Path):
    made = "made-at-the-first-start-and-kept"
    (tmp_path / "token").write_text(made)
    headers = {"authorization": f"Bearer {made}"}
    async with served(tmp_path, token="") as app:
        got = await app.call("GET", "/api/admin/settings", headers=headers)
    told = by_name(got.json)
    assert (told["AIMFORGE_TOKEN"]["value"], told["AIMFORGE_TOKEN"]["source"]) == ("set", "file")
    assert (told["AIMFORGE_AGENT_SECRET"]["value"], told["AIMFORGE_AGENT_SECRET"]["source"]) == ("", "default")
    assert made.encode() not in got.content


def test_every_field_that_is_not_in_a_repr_is_told_without_its_value():
    hidden = {name for name, field in Settings.model_fields.items() if not field.repr}
    assert hidden == {*SECRETS, "token"} - {"index_url"}
    assert hidden >= MASKED


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite+aiosqlite:////data/aimforge.db", "sqlite+aiosqlite:////data/aimforge.db"),
        ("postgresql://u:p@host/db", "postgresql://***@host/db"),
        ("postgresql://u:p/a?s#s@w@host/db", "postgresql://***@host/db"),
        ("postgresql:///db?host=/run&password=p", "postgresql:///db?***"),
        ("https://index.example/simple#token=p", "https://index.example/simple?***"),
        ("unix:///run/docker.sock", "unix:///run/docker.sock"),
        ("b.example:8443!", "b.example:8443!"),
    ],
)
def test_urls_are_shown_without_what_they_carry(url: str, shown: str):
    assert masked(url) == shown
