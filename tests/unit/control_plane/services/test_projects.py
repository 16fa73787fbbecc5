"""Making, changing and deleting projects."""

from collections.abc import AsyncGenerator, AsyncIterator

import pytest

from control_plane.domain.errors import AimforgeError, Conflict, EngineUnavailable, Invalid, NotFound, StoreUnavailable
from control_plane.domain.people import LOCAL_PERSON, Person
from control_plane.domain.project import ProjectRecord
from control_plane.domain.sandbox import SandboxState
from control_plane.services.agent_answers import AgentRefused
from control_plane.services.projects import check_name
from sandbox_image.wire.errors import ErrorBody
from sandbox_image.wire.project import CloneRequest
from tests.fakes.clock import settle
from tests.fakes.world import GRACE_SEC, Outside, World, open_world

STRANGER = Person(id="stranger", name="Stranger")


@pytest.fixture
async def world() -> AsyncGenerator[World]:
    async with open_world() as opened:
        yield opened


async def archive(content: bytes = b"PK") -> AsyncIterator[bytes]:
    yield content


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        "a\nb",
        "a\0b",
        "../up",
        "a/b",
        "a\\b",
        "..",
        "x" * 201,
        "\x1b[31m",
        "\ud800",
        "a\u2028b",
        "a\u202eb",
        "\u200b",
    ],
)
def test_names_that_cannot_be_are_refused(name: str):
    with pytest.raises(Invalid) as refused:
        check_name(name)
    assert refused.value.detail == {"field": "name"}


@pytest.mark.parametrize("name", ["Weather", " Größe 3 ", "数据", "x" * 200, "a.b", "🙂", "👩\u200d💻 می\u200cخواهم"])
def test_other_names_are_taken(name: str):
    assert check_name(name) == name.strip()


async def test_each_project_has_an_id_and_a_uid_of_its_own(world: World):
    made = [await world.make(f"p{i}") for i in range(5)]
    uids = {world.sandboxes.entry(record.id).record.uid for record in made}
    assert len({record.id for record in made}) == len(uids) == 5
    assert min(uids) == 200_000


async def test_an_unknown_template_is_refused_by_name(world: World):
    with pytest.raises(Invalid, match="empty, welcome"):
        await world.projects.make(LOCAL_PERSON, "x", "nope")
    assert not world.registry.all()


async def test_people_list_and_search_their_own_projects(world: World):
    await world.projects.make(LOCAL_PERSON, "Weather", description="of Bern")
    await world.clock.advance(10)
    await world.projects.make(LOCAL_PERSON, "Prices")
    await world.projects.make(STRANGER, "Secret")
    assert [p.name for p in world.registry.of(LOCAL_PERSON)] == ["Prices", "Weather"]
    assert [p.name for p in world.registry.of(LOCAL_PERSON, "BERN")] == ["Weather"]
    assert [p.name for p in world.registry.of(STRANGER)] == ["Secret"]


async def test_a_rename_reaches_the_folder_when_the_sandbox_runs(world: World):
    project_id = await world.ready()
    agent = world.link.agent(project_id)
    agent.answer("PATCH", "/project", {"name": "New"})
    await world.projects.change(LOCAL_PERSON, project_id, name="New")
    assert world.registry.get(project_id).name == world.outside.database.projects[project_id].name == "New"
    assert agent.asked[-1].body == b'{"name":"New","description":""}'


async def test_an_import_that_fails_leaves_nothing(world: World):
    def refuse(project_id: str) -> None:
        world.link.agent(project_id).answer(
            "POST", "/project/import", ErrorBody(error="invalid", message="This zip holds no project."), 422
        )

    made: list[str] = []
    add = world.registry.add

    async def adding(record: object, sandbox: object) -> None:
        await add(record, sandbox)  # pyright: ignore[reportArgumentType]
        made.append(record.id)  # pyright: ignore[reportAttributeAccessIssue]
        refuse(made[-1])

    world.registry.add = adding  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(AgentRefused, match="holds no project"):
        await world.projects.bring_in(LOCAL_PERSON, "Imported", archive())
    await settle()
    assert made
    assert not world.registry.all()
    assert not world.runtime.containers
    assert await world.runtime.workspaces() == []


async def cloned(world: World, url: str, name: str = "", *, status: int = 200) -> ProjectRecord:
    """Clone, while the agent of the new project answers with a status."""
    ensure_ready = world.sandboxes.ensure_ready
    said = {"name": "x"} if status == 200 else ErrorBody(error="forbidden", message="Sandboxes may not reach it.")

    async def ready(project_id: str, *, touch: bool = True) -> object:
        world.link.agent(project_id).answer("POST", "/project/clone", said, status)
        return await ensure_ready(project_id, touch=touch)

    world.sandboxes.ensure_ready = ready  # pyright: ignore[reportAttributeAccessIssue]
    return await world.projects.clone(LOCAL_PERSON, CloneRequest(url=url, branch="dev"), name)


async def test_a_repository_is_cloned_by_the_new_projects_own_sandbox(world: World):
    made = await cloned(world, "https://git.example.org/ada/weather.git/")
    assert made.name == "weather"
    (asked,) = [asked for asked in world.link.agent(made.id).asked if asked.path == "/project/clone"]
    assert asked.body == b'{"url":"https://git.example.org/ada/weather.git/","branch":"dev"}'
    assert (await cloned(world, "https://git.example.org/x.git", "Mine")).name == "Mine"
    assert (await cloned(world, "https://git.example.org/")).name == "git.example.org"


async def test_a_clone_that_fails_leaves_nothing(world: World):
    with pytest.raises(AgentRefused, match="may not reach"):
        await cloned(world, "https://git.example.org/ada/weather.git", status=403)
    await settle()
    assert not world.registry.all()
    assert not world.runtime.containers


@pytest.mark.parametrize(
    ("name", "said", "expected"),
    [
        ("", {"name": "Old one", "description": "of Bern"}, "Old one"),
        ("Mine", {"name": "Old one"}, "Mine"),
        ("", {"name": "../x"}, "Imported project"),
    ],
)
async def test_an_import_has_the_name_that_it_was_given_or_its_own(
    world: World, name: str, said: dict[str, str], expected: str
):
    ensure_ready = world.sandboxes.ensure_ready

    async def ready(project_id: str, *, touch: bool = True) -> object:
        world.link.agent(project_id).answer("POST", "/project/import", said)
        return await ensure_ready(project_id, touch=touch)

    world.sandboxes.ensure_ready = ready  # pyright: ignore[reportAttributeAccessIssue]
    record = await world.projects.bring_in(LOCAL_PERSON, name, archive())
    assert record.name == world.registry.get(record.id).name == expected


async def test_a_copy_is_made_of_the_export(world: World):
    source = await world.ready("Weather")
    world.link.agent(source).answer("GET", "/project/export", b"PK-the-folder", content_type="application/zip")
    in_use: list[int] = []
    ensure_ready = world.sandboxes.ensure_ready

    async def ready(project_id: str, *, touch: bool = True) -> object:
        if project_id != source:  # the copy may wait for its turn for long: nobody may pause what it is made of
            in_use.append(world.sandboxes.entry(source).in_use)
        world.link.agent(project_id).answer("POST", "/project/import", {"name": "x"})
        return await ensure_ready(project_id, touch=touch)

    world.sandboxes.ensure_ready = ready  # pyright: ignore[reportAttributeAccessIssue]
    copy = await world.projects.duplicate(LOCAL_PERSON, source)
    assert copy.name == "Weather (copy)"
    assert in_use == [1]
    assert world.sandboxes.entry(source).in_use == 0
    uploaded = world.link.agent(copy.id).asked[-1]
    assert (uploaded.path, uploaded.body) == ("/project/import", b"PK-the-folder")


async def test_a_deleted_project_is_hidden_and_can_be_restored_within_its_grace(world: World):
    project_id = await world.ready()
    until = await world.deletions.delete(project_id)
    await settle()
    assert until == world.clock.now() + GRACE_SEC
    assert world.registry.find(project_id) is None
    assert world.state(project_id) is SandboxState.STOPPED
    with pytest.raises(NotFound):
        await world.deletions.restore(STRANGER, project_id)
    await world.deletions.restore(LOCAL_PERSON, project_id)
    await world.clock.advance(GRACE_SEC * 2)
    assert world.registry.get(project_id).deleted_at is None
    assert (await world.sandboxes.ensure_ready(project_id)).generation == 2


async def test_after_its_grace_nothing_is_left(world: World):
    project_id, other = await world.ready("goes"), await world.ready("stays")
    await world.deletions.delete(project_id)
    await world.clock.advance(GRACE_SEC)
    await settle()
    assert [p.id for p in world.registry.all()] == list(world.outside.database.projects) == [other]
    assert list(world.outside.database.sandboxes) == [other]
    assert [c.project_id for c in world.runtime.containers.values()] == [other]
    assert await world.runtime.workspaces() == [other]
    with pytest.raises(NotFound):
        await world.deletions.restore(LOCAL_PERSON, project_id)


async def test_deleting_at_once_has_no_grace(world: World):
    project_id = await world.ready()
    await world.deletions.delete(project_id, at_once=True)
    assert (world.outside.database.projects, world.runtime.containers) == ({}, {})


async def test_a_deletion_that_a_kill_interrupted_goes_on():
    outside = Outside()
    async with open_world(outside) as before:
        hidden, doomed = await before.ready("hidden"), await before.ready("doomed")
        await before.deletions.delete(hidden)
        await settle()

        async def broken(project_id: str) -> None:
            raise EngineUnavailable("The container engine does not answer.")

        real, outside.runtime.delete_workspace = outside.runtime.delete_workspace, broken
        with pytest.raises(EngineUnavailable):
            await before.deletions.delete(doomed, at_once=True)
        with pytest.raises(Conflict):
            await before.deletions.restore(LOCAL_PERSON, doomed)
        outside.runtime.delete_workspace = real
    async with open_world(outside) as after:
        after.deletions.resume()
        await settle()
        assert [p.id for p in after.registry.all()] == [hidden]
        await outside.clock.advance(GRACE_SEC)
        await settle()
        assert not outside.database.projects
        assert await outside.runtime.workspaces() == []


async def test_what_the_database_does_not_take_is_as_if_it_had_not_been_asked_for(world: World):
    kept = await world.make("Kept")
    world.outside.database.down = True
    with pytest.raises(StoreUnavailable):
        await world.make("Lost")
    with pytest.raises(StoreUnavailable):
        await world.projects.change(LOCAL_PERSON, kept.id, name="Renamed")
    assert [record.name for record in world.registry.all()] == ["Kept"]
    assert [entry.record.project_id for entry in world.sandboxes.entries()] == [kept.id]
    world.outside.database.down = False
    assert (await world.make("Made")).name == "Made"


async def test_errors_of_the_project_are_sentences(world: World):
    with pytest.raises(AimforgeError, match="There is no project 'nope'"):
        await world.deletions.delete("nope")


async def test_a_user_id_is_not_given_again_while_its_row_may_still_be_there():
    async with open_world() as world:
        first = await world.make()
        uid = world.sandboxes.entry(first.id).record.uid
        await world.sandboxes.remove(first.id)  # as in the middle of a deletion: the rows go last
        second = await world.make()
        assert world.sandboxes.entry(second.id).record.uid == uid + 1


async def test_deleting_and_restoring_again_and_again_leaves_one_that_waits(world: World):
    project = await world.make()
    for _ in range(20):
        await world.deletions.delete(project.id)
        await world.deletions.restore(LOCAL_PERSON, project.id)
    await settle()
    assert world.clock.sleepers == 0
    await world.deletions.delete(project.id)
    await settle()
    assert world.clock.sleepers == 1
    await world.clock.advance(GRACE_SEC + 1)
    assert world.registry.find_any(project.id) is None
