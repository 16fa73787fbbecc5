"""A start that failed for a lasting cause is not repeated for everybody who asks."""

import pytest

from control_plane.domain.errors import AimforgeError, EngineUnavailable, ImageMissing, SandboxFailed
from control_plane.domain.sandbox import EndReason, SandboxState
from control_plane.services.sandboxes.start_backoff import LONGEST_SEC, StartBackoff
from tests.fakes.world import open_world


def waits(backoff: StartBackoff, *errors: AimforgeError) -> list[float]:
    """How long each failure holds, one after the other."""
    found: list[float] = []
    for error in errors:
        backoff.failed(error, 100.0)
        found.append(backoff.until - 100.0)
    return found


def test_each_failure_for_the_same_cause_doubles_the_wait_up_to_a_minute():
    missing = ImageMissing("no image")
    assert waits(StartBackoff(), *[missing] * 8) == [1, 2, 4, 8, 16, 32, LONGEST_SEC, LONGEST_SEC]


def test_another_cause_begins_anew_and_what_may_be_chance_is_free_once():
    gone, crashed = EngineUnavailable("gone"), SandboxFailed("it ended", EndReason.START_FAILED)
    called_off = SandboxFailed("called off", EndReason.BY_USER)
    assert waits(StartBackoff(), gone, gone, crashed, crashed, crashed, called_off, gone) == [1, 2, 0, 1, 2, 0, 1]


async def test_an_open_page_does_not_start_again_what_just_failed_and_a_person_who_insists_does():
    async with open_world() as world:
        project = await world.make()
        world.runtime.failures.extend(ImageMissing("no image") for _ in range(100))
        generations: set[int] = set()
        for _ in range(30):  # a minute of a page that asks every two seconds
            with pytest.raises(ImageMissing, match="no image"):
                await world.sandboxes.ensure_ready(project.id)
            generations.add(world.sandboxes.entry(project.id).record.generation)
            await world.clock.advance(2.0)
        assert len(generations) <= 6
        with pytest.raises(ImageMissing) as held:
            await world.sandboxes.ensure_ready(project.id)
        assert held.value.detail["retry_after"] >= 1
        with pytest.raises(ImageMissing):
            await world.sandboxes.ensure_ready(project.id, insist=True)
        assert world.sandboxes.entry(project.id).record.generation == len(generations) + 1

        world.runtime.failures.clear()
        with pytest.raises(ImageMissing):
            await world.sandboxes.ensure_ready(project.id)
        world.sandboxes.open_soon(project.id)
        await world.sandboxes.ensure_ready(project.id)
        assert world.state(project.id) is SandboxState.READY
        assert world.sandboxes.entry(project.id).backoff.failures == 0
