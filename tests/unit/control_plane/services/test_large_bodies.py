"""A few large bodies at a time for each owner; small ones, and those of others, never wait."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from control_plane.api.dependencies import MAX_FORM
from control_plane.services.large_bodies import AT_ONCE, FREE, LargeBodies
from sandbox_image.wire.limits import MAX_ANSWER
from tests.fakes.agent_link import Asked, Reply
from tests.fakes.clock import settle
from tests.fakes.served import BEARER, served


async def test_the_large_ones_of_one_owner_wait_for_each_other_and_for_nobody_else():
    bodies = LargeBodies()
    held = [bodies.hold() for _ in range(AT_ONCE)]
    for each in held:
        await each.admit("ann", FREE + 1)
        await each.admit("ann", 100 * FREE)  # has its turn already
    late = bodies.hold()
    await late.admit("ann", FREE)
    await late.admit("bob", FREE + 1)
    waiting = asyncio.ensure_future(late.admit("ann", FREE + 1))
    await settle()
    assert not waiting.done()
    held[0].release()
    held[0].release()  # only what it had
    await waiting
    more = asyncio.ensure_future(bodies.hold().admit("ann", FREE + 1))
    await settle()
    assert not more.done()
    more.cancel()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110  # a semaphore tells nobody of its value
            await asyncio.sleep(0.01)


async def test_an_answer_that_nobody_reads_has_its_turn_until_its_client_goes(tmp_path: Path):
    async with served(tmp_path) as app:
        project_id = await app.make()
        await app.call("POST", f"/api/project/{project_id}/sandbox/start?wait=true")
        path = f"/api/project/{project_id}/usage"
        app.agent(project_id).answer("GET", "/usage", b" " * (MAX_ANSWER - 2) + b"{}")
        turns = app.app.state.services.large_bodies.turns_of(project_id)

        assert len((await app.call("GET", path)).content) == MAX_ANSWER
        await until(lambda: not turns.locked() and turns._value == AT_ONCE)
        reader, writer = await asyncio.open_connection("127.0.0.1", app.port)
        writer.write(
            f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: {BEARER['authorization']}\r\n\r\n".encode()
        )
        assert b" 200 " in await reader.readline()
        assert turns._value == AT_ONCE - 1
        # Those who come meanwhile are served, one after the other.
        assert len((await app.call("GET", path)).content) == MAX_ANSWER
        writer.transport.abort()
        await until(lambda: turns._value == AT_ONCE)


async def test_what_is_read_by_the_server_itself_is_smaller_than_what_is_passed_on(tmp_path: Path):
    async with served(tmp_path) as app:
        for size, status in ((MAX_FORM // 2, 422), (MAX_FORM, 413)):
            assert (await app.call("POST", "/api/project/make", json={"name": "x" * size})).status == status


async def test_a_large_request_has_its_persons_turn_until_it_is_answered(tmp_path: Path):
    async with served(tmp_path) as app:
        project_id = await app.make()
        await app.call("POST", f"/api/project/{project_id}/sandbox/start?wait=true")
        taken: list[int] = []
        turns = app.app.state.services.large_bodies.turns_of("local")

        async def add(_: Asked) -> Reply:
            taken.append(turns._value)
            return Reply(status=404, chunks=[b'{"error":"not_found","message":"x"}'])

        app.agent(project_id).on("POST", "/project/nodes", add)
        node = {"title": "x", "position": {"x": 0, "y": 0}}
        for code in ("", "x" * 2 * FREE):
            assert (
                await app.call("POST", f"/api/project/{project_id}/nodes", json=node | {"code": code})
            ).status == 404
        await until(lambda: turns._value == AT_ONCE)
        assert taken == [AT_ONCE, AT_ONCE - 1]
