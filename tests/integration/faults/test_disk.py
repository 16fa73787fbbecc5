"""A workspace with a quota fills up: the run says so, and what was there is still there."""

from collections.abc import Generator

import pytest

from tests.security.deployment import Deployment, deployed, until

pytestmark = pytest.mark.engine

MIB = 1024 * 1024
FILL = """
def main():
    with open("/workspace/fill", "wb") as file:
        while True:
            file.write(bytes(2**20))
"""


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory, image: str) -> Generator[Deployment]:
    folder = tmp_path_factory.mktemp("disk")
    with deployed(folder, image, DISK_QUOTA="true", DISK=str(256 * MIB)) as running:
        yield running
        for project in running.call("GET", "/api/project/"):
            running.call("DELETE", f"/api/project/{project['id']}?now=true")
        assert not list((running.data / "workspaces").glob("*.ext4"))


def test_a_full_workspace_is_a_typed_error_and_can_be_emptied(server: Deployment):
    full, other = server.make("Full"), server.make("Other")
    node = server.node(full, FILL)
    result = server.run_node(full, node)
    assert (result["status"], result["error"]["type"]) == ("failed", "DiskFull"), result
    upload = f"/api/project/{full}/files/content?path="
    assert "disk_full" in server.refused("PUT", upload + "more", 507, content=bytes(4 * MIB))
    assert server.works(other)
    assert server.run_node(full, node)["error"]["type"] == "DiskFull"
    assert any(each["id"] == node for each in server.call("GET", f"/api/project/{full}")["nodes"])

    server.call("DELETE", f"/api/project/{full}/files?path=fill", 204)
    until(lambda: server.works(full), "a run that works")
    server.call("PUT", upload + "more", 201, content=bytes(4 * MIB))
