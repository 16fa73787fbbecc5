"""schemathesis over the whole OpenAPI document: no fault of ours, and each answer as it is documented."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from control_plane.domain.people import Registration, Role
from tests.fakes.hosted import hosted
from tests.security.deployment import Deployment
from tests.security.schemathesis_run import schemathesis

LEFT_OUT = {
    "delete_project": "would take away what the others ask about",
    "stop_sandbox": "the same, and takes the engine's time",
    "restart_sandbox": "the same",
    "recreate_environment": "takes uv's time",
    "clone_project": "starts a sandbox for each request",
    "duplicate_project": "starts a sandbox for each request",
}
"""Not asked here; ``test_hostile_input`` asks these with whatever hypothesis finds."""
ENDS_THE_SESSION = {"logout"}
WITH_PEOPLE = ("session", "people", "tokens", "shares", "audit", "admin", "allowances", "courses", "assignments")
"""Tags of operations that say more where there are accounts."""


def ids_of(document: dict[str, Any], tags: tuple[str, ...] = ()) -> set[str]:
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    return {each["operationId"] for each in operations if not tags or each["tags"][0] in tags}


@pytest.mark.engine
@pytest.mark.timeout(600)
def test_the_whole_document_holds_for_whatever_is_sent(server: Deployment, tmp_path: Path):
    project_id = server.make("Described")
    known = ids_of(server.call("GET", "/api/openapi.json"))
    left_out = {*LEFT_OUT, *ENDS_THE_SESSION}
    assert left_out <= known
    ran = schemathesis(
        tmp_path,
        f"{server.url}/api/openapi.json",
        headers={"Authorization": f"Bearer {server.token}"},
        parameters={"path.project_id": project_id, "query.project_id": project_id},
        left_out=left_out,
        examples=2,
    )
    assert ran.code == 0, ran.said
    assert ran.tested == len(known) - len(left_out), ran.said
    assert ran.asked == ran.passed > 1.5 * ran.tested, ran.said


@pytest.mark.timeout(600)
async def test_so_does_it_where_there_are_people_and_courses(tmp_path: Path):
    async with hosted(tmp_path, registration=Registration.OPEN) as app:
        root = await app.token(await app.joined("root", Role.ADMIN), "admin")
        course = await app.served.call("POST", "/api/courses", json={"title": "Weather"}, headers=root)
        known = ids_of((await app.served.call("GET", "/api/openapi.json", headers=root)).json, WITH_PEOPLE)
        ran = await asyncio.to_thread(
            schemathesis,
            tmp_path,
            f"{app.served.url}/api/openapi.json",
            headers=root,
            parameters={"path.course_id": course.json["id"]},
            left_out={*ENDS_THE_SESSION, "delete_course"},
            tags=WITH_PEOPLE,
            examples=2,
        )
    assert ran.code == 0, ran.said
    assert ran.tested == len(known - {*ENDS_THE_SESSION, "delete_course"}), ran.said
    assert ran.asked == ran.passed > 1.5 * ran.tested, ran.said


async def test_a_document_that_promises_something_else_is_noticed(tmp_path: Path):
    """The control: the same program, and a document that is wrong on purpose."""
    promised = {"description": "x", "content": {"application/json": {"schema": {"type": "integer"}}}}
    wrong = {
        "openapi": "3.1.0",
        "info": {"title": "x", "version": "1"},
        "paths": {"/api/health": {"get": {"responses": {"200": promised}}}},
    }
    (tmp_path / "wrong.json").write_text(json.dumps(wrong))
    async with hosted(tmp_path / "data") as app:
        url = f"--url={app.served.url}"
        ran = await asyncio.to_thread(schemathesis, tmp_path, str(tmp_path / "wrong.json"), url)
    assert ran.code == 1, ran.said
    assert "Response violates schema" in ran.said
