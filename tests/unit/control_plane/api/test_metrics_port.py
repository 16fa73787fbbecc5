"""The figures on a port of their own: those alone, and for whoever reaches it."""

import socket
from pathlib import Path

import aiohttp

from tests.fakes.hosted import hosted


async def test_it_serves_the_figures_without_a_token_and_nothing_else(tmp_path: Path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    async with hosted(tmp_path, metrics_port=port) as app, aiohttp.ClientSession() as client:
        ada = await app.joined("ada")
        await app.make(ada)
        assert await app.status("GET", "/metrics", {}) == 401
        async with client.get(f"http://127.0.0.1:{port}/metrics") as got:
            text = await got.text()
            assert (got.status, got.content_type) == (200, "text/plain")
        for name in ("sandboxes", "answer_seconds_count", "audit_waiting", "memory_bytes", "cpu_seconds_total"):
            assert f"\naimforge_{name}" in f"\n{text}", name
        assert "ada" not in text
        for method, path in (("GET", "/"), ("GET", "/api/me"), ("POST", "/metrics"), ("GET", "/login")):
            async with client.request(method, f"http://127.0.0.1:{port}{path}", headers=ada) as got:
                assert got.status in (404, 405), (method, path)
