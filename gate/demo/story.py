"""Play the scenes one after the other and print the table of what happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from rich.console import Console
from rich.table import Table

from gate.demo.checks import Memory, Seen
from gate.demo.neighbors import NEIGHBORS
from gate.demo.scene import Scene
from gate.demo.scenes import SCENES
from gate.demo.stage import Stage, set_stage
from gate.simulator.errors import SimulatorError
from gate.simulator.server import BANNER


def play(port: int, console: Console, pause: Callable[[Stage], None] | None = None) -> bool:
    """Play everything; say whether each scene went as expected.

    `pause` is called before the stage is cleared, for a look around; other repositories join the
    story then.
    """
    scenes = SCENES if pause is None else (*SCENES, *NEIGHBORS)
    console.print(BANNER)
    with set_stage(port) as stage:
        results: list[tuple[Scene, Seen]] = []
        for scene, seen in perform(stage, scenes):
            results.append((scene, seen))
            console.print(f"  {'ok  ' if seen.ok else 'FAIL'}  {scene.title}: {seen.what}")
        console.print(_table(results))
        if pause is not None:
            pause(stage)
    return all(seen.ok for _, seen in results)


def perform(stage: Stage, scenes: Sequence[Scene] = SCENES) -> Iterator[tuple[Scene, Seen]]:
    """Play the scenes in order, and yield each with what it came to."""
    memory = Memory()
    for scene in scenes:
        yield scene, _played(scene, stage, memory)


def _played(scene: Scene, stage: Stage, memory: Memory) -> Seen:
    """Play one scene; what the simulation refuses is a failure of the scene."""
    try:
        return scene.play(stage, memory)
    except SimulatorError as error:
        return Seen(ok=False, what=f"the simulation refused: {error}")


def _table(results: list[tuple[Scene, Seen]]) -> Table:
    table = Table(title="What happened")
    for heading in ("", "what", "expected", "seen"):
        table.add_column(heading)
    table.add_column("ms", justify="right")
    for number, (scene, seen) in enumerate(results, 1):
        took = "" if seen.milliseconds is None else f"{seen.milliseconds:.0f}"
        style = None if seen.ok else "bold red"
        mark = "ok" if seen.ok else "FAIL"
        table.add_row(f"{number} {mark}", scene.title, scene.expected, seen.what, took, style=style)
    return table
