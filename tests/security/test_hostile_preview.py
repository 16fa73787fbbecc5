"""A server in a sandbox that lies to its viewer's browser and to what stands between: contained, typed, and the next one is served."""

import concurrent.futures
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox_image.wire.limits import MIB
from tests.security.deployment import Deployment, docker, until

pytestmark = pytest.mark.engine

PORT = 8123
SERVER = Path(__file__).with_name("hostile_web_server.py")
MISBEHAVED = 502


class Viewer:
    """A browser at the preview's origin, which follows nothing by itself."""

    def __init__(self, server: Deployment, project_id: str) -> None:
        self.server = server
        address = server.call("GET", f"/api/project/{project_id}/preview/{PORT}")["url"]
        entry = httpx.URL(address)
        self.host = entry.netloc.decode()
        self.prefix = f"/preview/{project_id}/{PORT}"
        self.http = httpx.Client(base_url=server.url, headers={"host": self.host}, timeout=60, trust_env=False)
        entered = self.http.get(entry.raw_path.decode())
        assert entered.status_code == 303
        self.http.headers["cookie"] = entered.headers["set-cookie"].partition(";")[0]

    def get(self, path: str) -> httpx.Response:
        return self.http.get(self.prefix + path)

    def refused(self, path: str) -> dict[str, Any]:
        answer = self.get(path)
        assert answer.status_code == MISBEHAVED, (path, answer.status_code, answer.text[:300])
        assert set(answer.json()) == {"error", "message", "detail"}
        return answer.json()

    def is_served(self) -> None:
        answer = self.get("/fine")
        assert (answer.status_code, answer.text) == (200, "fine")


@pytest.fixture(scope="module")
def viewer(server: Deployment) -> Generator[Viewer]:
    project_id = server.make("Hostile server")
    (container,) = server.containers(project_id)
    docker("exec", "-i", container, "sh", "-c", "cat > /tmp/server.py", data=SERVER.read_bytes())
    docker("exec", "-d", container, "python3", "/tmp/server.py", str(PORT))
    found = Viewer(server, project_id)
    until(lambda: found.get("/fine").status_code == 200, "the server in the sandbox")
    yield found
    found.http.close()


@pytest.mark.parametrize(
    "path",
    [
        "/giant-header",
        "/endless-header",
        "/many-headers",
        "/endless-interim",
        "/switching",
        "/switching-with-a-body",
        "/not-http",
        "/nothing",
        "/negative-length",
        "/two-lengths",
        "/no-status",
        "/half-a-head",
    ],
)
def test_an_answer_that_is_none_is_said_to_be(viewer: Viewer, path: str):
    error = viewer.refused(path)
    assert error["error"] == "sandbox_misbehaved"
    assert str(PORT) in error["message"]
    viewer.is_served()


def test_redirects_are_passed_on_and_followed_by_nobody_here(viewer: Viewer):
    for path in ("/redirect", "/redirect-inside"):
        answer = viewer.get(path)
        assert answer.status_code == 302
        assert "secret" not in answer.text
    assert viewer.get("/count-of-redirected").text == "0"


def test_the_browsers_state_for_our_site_is_not_touched(viewer: Viewer):
    answer = viewer.get("/cookie")
    assert answer.headers["x-fine"] == "yes"
    unwanted = {"set-cookie", "clear-site-data", "strict-transport-security", "connection-option"}
    assert not unwanted & set(answer.headers)
    asked = viewer.http.get(viewer.prefix + "/echo-headers", headers={"authorization": "Bearer of-ours"}).text.lower()
    assert "user-agent" in asked
    assert "cookie" not in asked
    assert "of-ours" not in asked


def test_interim_answers_are_dropped_with_their_headers(viewer: Viewer):
    answer = viewer.get("/interim")
    assert (answer.status_code, answer.text) == (200, "at last")
    assert "x-early" not in answer.headers


@pytest.mark.parametrize("path", ["/short", "/bad-chunk", "/endless-chunk-head"])
def test_a_body_that_breaks_off_is_not_shown_as_whole(viewer: Viewer, path: str):
    try:
        answer = viewer.get(path)
    except (httpx.RemoteProtocolError, httpx.ReadError):
        pass
    else:  # what is wrong came together with the head, so that there was time to say it
        assert answer.json()["error"] == "sandbox_misbehaved"
    viewer.is_served()


def test_what_comes_after_an_answers_end_is_no_answer_of_the_next(viewer: Viewer):
    for _ in range(3):
        assert viewer.get("/long").text == "ab"
        viewer.is_served()


def test_a_slow_body_streams_and_holds_up_nobody(viewer: Viewer):
    with viewer.http.stream("GET", viewer.prefix + "/slow") as slow:
        pieces = slow.iter_bytes()
        assert next(pieces) == b"begun"
        viewer.is_served()
        viewer.get("/go-on")
        assert b"".join(pieces) == b"done"


def test_a_flood_that_is_not_read_is_not_stored(viewer: Viewer):
    viewer.is_served()
    before = viewer.server.resident()
    with viewer.http.stream("GET", viewer.prefix + "/flood") as flood:
        pieces = flood.iter_bytes()
        next(pieces)
        until(lambda: viewer.get("/flood-rests").text == "yes", "the flood to rest")
        assert viewer.server.resident() < before + 32 * MIB
        del pieces
    viewer.is_served()


def test_a_flood_ends_when_its_viewer_leaves(viewer: Viewer):
    with viewer.http.stream("GET", viewer.prefix + "/flood") as flood:
        next(flood.iter_bytes())
    until(lambda: viewer.get("/flood-ended").text == "yes", "the flood to end")


def test_many_that_never_answer_leave_room_for_one_that_does(viewer: Viewer):
    with concurrent.futures.ThreadPoolExecutor(30) as threads:
        waiting = [threads.submit(viewer.get, "/slow") for _ in range(30)]
        viewer.is_served()
        viewer.get("/go-on")
        assert {answer.result().text for answer in waiting} == {"begundone"}
