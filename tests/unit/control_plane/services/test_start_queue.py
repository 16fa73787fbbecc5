"""The queue of starts: classes and owners take turns, positions are right, and whoever waits is told why."""

import asyncio
from dataclasses import dataclass, field

import pytest

from control_plane.domain.errors import TooMany
from control_plane.services.sandboxes.start_queue import StartQueue
from control_plane.services.sandboxes.start_turns import Place
from tests.fakes.clock import settle


def place(name: str) -> Place:
    """``a1`` is of a person on their own; ``Aa1`` is of the person a of class A."""
    return Place(name[0], name[1] if name[0].isupper() else name[0])


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
        """Ask for a start each; the first letter of a name is its owner, in capitals one of a class."""
        for name in names:
            self.gates[name] = asyncio.Event()
            self.tasks[name] = asyncio.create_task(self._start(name))
        await settle()

    async def _start(self, name: str) -> None:
        async with self.queue.slot(place(name), self.positions.setdefault(name, []).append):
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


async def test_one_class_does_not_keep_another_waiting():
    starts = Starts()
    crowd = [f"A{person}1" for person in "abcdefgh"]
    await starts.ask(*crowd, "Bx1", "By1", "z1")
    assert starts.positions["Bx1"][-1] == 1
    assert starts.positions["z1"][-1] == 2
    order = await starts.finish_all()
    assert order[:5] == ["Aa1", "Bx1", "z1", "Ab1", "By1"]
    assert order[5:] == crowd[2:]


async def test_within_a_class_its_people_take_turns():
    starts = Starts()
    await starts.ask("Aa1", "Aa2", "Aa3", "Bx1", "Ab1", "Ac1", "Bx2")
    assert await starts.finish_all() == ["Aa1", "Bx1", "Ab1", "Bx2", "Ac1", "Aa2", "Aa3"]


async def test_who_was_served_goes_to_the_end_of_the_class_that_still_waits():
    starts = Starts()
    await starts.ask("Aa1", "Ab1", "Ac1")
    await starts.ask("Aa2")
    assert await starts.finish_all() == ["Aa1", "Ab1", "Ac1", "Aa2"]
