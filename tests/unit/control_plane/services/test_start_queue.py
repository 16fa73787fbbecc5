"""The queue of starts: owners take turns, positions are right, and whoever waits is told why."""

import asyncio
from dataclasses import dataclass, field

import pytest

from control_plane.domain.errors import TooMany
from control_plane.services.start_queue import StartQueue
from tests.fakes.clock import settle


@dataclass
class Starts:
    """Starts that last until they are let go."""

    obstacle: str = ""
    order: list[str] = field(default_factory=list[str])
    positions: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    gates: dict[str, asyncio.Event] = field(default_factory=dict[str, asyncio.Event])
    tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict[str, asyncio.Task[None]])
    queue: StartQueue = field(init=False)

    def __post_init__(self) -> None:
        self.queue = StartQueue(1, 100, lambda: self.obstacle)

    async def ask(self, *names: str) -> None:
        """Ask for a start each; the first letter of a name is its owner."""
        for name in names:
            self.gates[name] = asyncio.Event()
            self.tasks[name] = asyncio.create_task(self._start(name))
        await settle()

    async def _start(self, name: str) -> None:
        async with self.queue.slot(name[0], self.positions.setdefault(name, []).append):
            self.order.append(name)
            await self.gates[name].wait()

    async def finish(self, name: str) -> None:
        self.gates[name].set()
        await self.tasks[name]
        await settle()

    async def finish_all(self) -> list[str]:
        await settle()
        done = 0
        while done < len(self.order):
            await self.finish(self.order[done])
            done += 1
        return self.order


async def test_owners_take_turns_whatever_one_of_them_asks_for():
    starts = Starts()
    await starts.ask("a1", "a2", "a3", "a4", "b1", "c1", "b2")
    assert await starts.finish_all() == ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]


async def test_who_comes_late_waits_for_one_start_of_each_of_the_others_at_most():
    starts = Starts()
    await starts.ask(*(f"a{number}" for number in range(10)))
    for number in range(4):
        await starts.finish(f"a{number}")
    await starts.ask("b1")
    assert starts.positions["b1"] == [1]
    await starts.finish("a4")
    assert starts.order[-1] == "b1"


async def test_a_start_that_is_called_off_moves_the_others_up():
    starts = Starts()
    await starts.ask("a1", "a2", "a3", "b1")
    assert starts.positions["a3"][-1] == 3
    starts.tasks["a2"].cancel()
    await asyncio.gather(starts.tasks["a2"], return_exceptions=True)
    assert starts.positions["a3"][-1] == 2
    assert await starts.finish_all() == ["a1", "b1", "a3"]
    assert (starts.queue.waiting, starts.queue.running) == (0, 0)


async def test_whoever_waits_is_told_why_and_goes_on_when_the_obstacle_is_gone():
    starts = Starts(obstacle="No room.")
    await starts.ask("a1", "b1")
    assert (starts.queue.reason, starts.order) == ("No room.", [])
    starts.obstacle = ""
    starts.queue.pump()
    assert starts.queue.reason == ""
    assert await starts.finish_all() == ["a1", "b1"]


async def test_a_full_queue_refuses_and_takes_again_when_one_left():
    starts = Starts()
    starts.queue = StartQueue(1, 1, lambda: "")
    await starts.ask("a1", "b1", "c1")
    with pytest.raises(TooMany, match="Try again"):
        await starts.tasks["c1"]
    await starts.finish("a1")
    await starts.ask("c2")
    assert (await starts.finish_all())[-1] == "c2"
