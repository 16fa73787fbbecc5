"""An exam begins while a student uploads to a real sandbox: it is broken off, and leaves nothing; nobody else's is."""

import asyncio
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.integration.courses.school import PASSWORD, School, Somebody, open_school, until

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

PIECE = b"%" * (1 << 16)
PIECES = 512
UNDER_WAY = 256
"""Pieces that are more than all buffers on the way hold together: the agent writes by then."""
BIG_FILES = """
import os

STATE = "/workspace/.aimforge/"


def main():
    found = [(folder, name) for folder, _, names in os.walk("/workspace") for name in names]
    own = [each for each in found if not each[0].startswith((STATE + "venv", STATE + "uv-cache"))]
    return sorted(name for folder, name in own if os.path.getsize(os.path.join(folder, name)) > 1_000_000)
"""
"""What of an upload is in the sandbox, under whatever name: 1 MB is little of it."""


@dataclass
class Upload:
    """A file that is sent until it is under way, and its rest once it may go on."""

    who: Somebody
    project_id: str
    under_way: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    sent: int = 0

    async def pieces(self) -> AsyncGenerator[bytes]:
        """Yield the file: the second half slowly, and its last piece only when it may go on."""
        for number in range(PIECES):
            if number >= UNDER_WAY:
                self.under_way.set()
                await asyncio.sleep(0.01)
            if number == PIECES - 1:
                await self.go_on.wait()
            yield PIECE
            self.sent += len(PIECE)

    async def send(self) -> tuple[int, Any]:
        """Send it; return status and body of the answer."""
        path = f"{self.who.url}/api/project/{self.project_id}/files/content?path=data.bin"
        async with self.who.session.put(path, data=self.pieces()) as got:
            return got.status, await got.json()


async def prepared(who: Somebody) -> tuple[str, str]:
    """Make a project with a file that the upload is to replace; return its id, and that of the node that looks for big ones."""
    project_id = str((await who.ask("POST", "/api/project/make", 201, {"name": "Data"}))["id"])
    node = await who.node(project_id, "Big files", BIG_FILES)
    await who.ask("PUT", f"/api/project/{project_id}/files/content?path=data.bin", data=b"what was there")
    return project_id, node


async def big_files(who: Somebody, project_id: str, node: str) -> list[str]:
    """Run the node that looks for big files."""
    body = {"project_id": project_id, "node_id": node, "use_cache": False}
    ran = await who.ask("POST", "/api/code/execute-node", json=body)
    assert ran["status"] == "succeeded", ran
    found: list[str] = ran["output"]["mime"]["application/json"]
    return found


async def content(who: Somebody, project_id: str) -> bytes:
    """Download the file."""
    return await who.ask("GET", f"/api/project/{project_id}/files/content?path=data.bin")


async def course_with(school: School, teacher: Somebody) -> tuple[str, Somebody]:
    """Make a course with one student; return its path, and the student."""
    course = f"/api/courses/{(await teacher.ask('POST', '/api/courses', 201, {'title': 'Areas'}))['id']}"
    link = await teacher.ask("POST", f"{course}/invitation", json={"max_uses": 1})
    return course, await school.register("bob", link["url"])


async def test_an_upload_under_way_ends_with_the_beginning_of_an_exam_and_nobody_elses_does(
    tmp_path: Path, image: str, deployment: str
):
    async with open_school(tmp_path, image, deployment, CPUS="1") as school:
        root = await school.admin()
        teacher = await school.teacher(root)
        course, bob = await course_with(school, teacher)
        await root.ask("POST", "/api/people", 201, {"login": "eve", "role": "student", "password": PASSWORD})
        eve = await school.signed_in("eve")
        (of_bob, bobs_node), (of_eve, eves_node) = [await prepared(who) for who in (bob, eve)]
        bobs, eves = Upload(bob, of_bob), Upload(eve, of_eve)
        async with asyncio.TaskGroup() as group:
            bobs_end, eves_end = [group.create_task(upload.send()) for upload in (bobs, eves)]
            for upload in (bobs, eves):
                await asyncio.wait_for(upload.under_way.wait(), 300)
            assert await big_files(bob, of_bob, bobs_node)  # the agent has it in part
            now = time.time()
            exam = {"title": "Test", "starts_at": now - 1, "ends_at": now + 3600}
            held = await teacher.ask("POST", f"{course}/exams", 201, exam)
            status, refusal = await asyncio.wait_for(bobs_end, 300)
            assert (status, refusal["error"]) == (403, "forbidden")
            assert "broken off" in refusal["message"]
            assert refusal["detail"]["exam_id"] == held["id"]
            assert bobs.sent < PIECES * len(PIECE)
            assert not eves_end.done()
            eves.go_on.set()
            status, entry = await asyncio.wait_for(eves_end, 300)
            assert (status, entry["size"]) == (200, PIECES * len(PIECE))

        async def nothing_left() -> bool:
            return await big_files(bob, of_bob, bobs_node) == []

        await until(nothing_left, "the part that came of the upload to be gone")
        assert await content(bob, of_bob) == b"what was there"
        assert await big_files(eve, of_eve, eves_node) == ["data.bin"]
        again = Upload(bob, of_bob)
        again.go_on.set()
        refused, _ = await again.send()
        await teacher.ask("DELETE", f"{course}/exams/{held['id']}", 204)
        allowed, entry = await again.send()
        assert (refused, allowed, entry["size"]) == (403, 200, PIECES * len(PIECE))
