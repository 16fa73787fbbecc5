"""deploy/Caddyfile with the real Caddy in front of the application: TLS, sockets, cookies, previews, and who asks."""

import asyncio
import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver

from tests.fakes.hosted import PASSWORD, Hosted, hosted

CADDYFILE = Path(__file__).parents[3] / "deploy" / "Caddyfile"
CADDY = shutil.which("caddy")
CLIENT = "127.0.0.2"
"""Where the browser is; Caddy itself asks the application from 127.0.0.1."""

pytestmark = pytest.mark.skipif(CADDY is None, reason="caddy is not installed (Debian, Ubuntu: apt-get install caddy)")


@dataclass
class Front:
    app: Hosted
    url: str
    client: aiohttp.ClientSession
    port: int


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
async def front(tmp_path: Path) -> AsyncGenerator[Front]:
    port = free_port()
    url = f"https://localhost:{port}"
    settings: dict[str, Any] = {
        "public_url": url,
        "trusted_proxies": ("127.0.0.1",),
        "preview_host": "preview.localhost",
    }
    async with hosted(tmp_path / "data", **settings) as app:
        whole = tmp_path / "Caddyfile"
        # What a test needs besides: an authority of its own, and no ports but the one.
        options = f"admin off\nauto_https disable_redirects\nlocal_certs\nskip_install_trust\nhttps_port {port}\n"
        whole.write_text(f"{{\n{options}}}\n{CADDYFILE.read_text()}")
        environment = os.environ | {
            "AIMFORGE_DOMAIN": "localhost",
            "AIMFORGE_UPSTREAM": f"127.0.0.1:{app.served.port}",
            "AIMFORGE_PREVIEW_HOST": "preview.localhost",
            "XDG_DATA_HOME": str(tmp_path / "caddy"),
            "XDG_CONFIG_HOME": str(tmp_path / "caddy"),
            "HOME": str(tmp_path),
        }
        assert CADDY is not None
        with (tmp_path / "log").open("w") as log:
            caddy = subprocess.Popen(
                (CADDY, "run", "--config", whole, "--adapter", "caddyfile"), env=environment, stderr=log
            )
        try:
            root = tmp_path / "caddy" / "caddy" / "pki" / "authorities" / "local" / "root.crt"
            async with asyncio.timeout(60):
                while not root.exists():  # another program's file
                    assert caddy.poll() is None, (tmp_path / "log").read_text()
                    await asyncio.sleep(0.05)
            trusted = ssl.create_default_context(cafile=str(root))
            connector = aiohttp.TCPConnector(local_addr=(CLIENT, 0), ssl=trusted, resolver=Loopback())
            jar = aiohttp.DummyCookieJar()
            async with aiohttp.ClientSession(connector=connector, cookie_jar=jar) as client:
                for name in ("localhost", "p-8080.preview.localhost"):
                    await until_it_serves(client, f"https://{name}:{port}/api/health")
                yield Front(app, url, client, port)
        finally:
            caddy.terminate()
            await asyncio.to_thread(caddy.wait)


class Loopback(AbstractResolver):
    """Every name is this machine."""

    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> list[Any]:
        return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": socket.AF_INET, "proto": 0, "flags": 0}]

    async def close(self) -> None:
        return


async def until_it_serves(client: aiohttp.ClientSession, url: str) -> None:
    """Wait until there is a certificate for the name: Caddy listens before."""
    async with asyncio.timeout(60):
        while True:
            try:
                async with client.get(url):
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)


async def test_people_sign_in_and_work_through_it(front: Front):
    await front.app.add("ada")
    headers = {"origin": front.url, "x-forwarded-for": "203.0.113.9"}
    body = {"login": "ada", "password": PASSWORD}
    async with front.client.post(f"{front.url}/api/session", json=body, headers=headers) as got:
        assert got.status == 200, await got.text()
        cookie = got.headers["set-cookie"]
    assert cookie.startswith("__Host-aimforge_session=")
    assert "; secure" in cookie.lower()
    ada = {"cookie": cookie.partition(";")[0], "origin": front.url}

    async with front.client.get(f"{front.url}/api/sessions", headers=ada) as got:
        assert [session["address"] for session in await got.json()] == [CLIENT]

    project_id = await front.app.make({**ada, "host": f"localhost:{front.port}"})
    events = f"{front.url.replace('https', 'wss')}/api/project/{project_id}/events"
    async with front.client.ws_connect(events, headers=ada) as opened, asyncio.timeout(60):
        assert set(await opened.receive_json()) == {"epoch", "seq"}
        async with front.client.post(f"{front.url}/api/project/{project_id}/sandbox/stop", headers=ada) as got:
            assert got.status == 200
        states: list[str] = []
        while "stopped" not in states:
            states += [e["data"]["state"] for e in await opened.receive_json() if e["type"] == "sandbox"]

    foreign = ada | {"origin": "https://evil.example"}
    async with front.client.post(f"{front.url}/api/logout", headers=foreign) as got:
        assert got.status == 403
    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        async with front.client.ws_connect(events, headers=foreign):
            pass


async def test_previews_have_names_of_their_own_and_never_the_applications_pages(front: Front):
    name = f"p-8080.preview.localhost:{front.port}"
    async with front.client.get(f"https://{name}/api/me") as got:
        through = got.status, await got.text()
    direct = await front.app.served.call("GET", "/api/me", headers={"host": name})
    assert through == (direct.status, direct.content.decode())
    own = await front.app.served.call("GET", "/api/me", headers={"host": f"localhost:{front.port}"})
    assert own.status == 401
    assert own.content.decode() != through[1]
