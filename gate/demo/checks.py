"""See what the gate did in a scene of the demo, and how long it took."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from gate.demo.stage import Stage
from gate.simulator.state.records import ReviewRecord


@dataclass(frozen=True, slots=True)
class Seen:
    """What a scene came to; `milliseconds` from its trigger to the gate's answer."""

    ok: bool
    what: str
    milliseconds: float | None = None


@dataclass(slots=True)
class Memory:
    """What later scenes need of earlier ones."""

    validation_id: int = 0
    held_run_id: int = 0


def reports_of(stage: Stage, run_id: int) -> list[ReviewRecord]:
    """List the status reports that GitHub took for a run."""
    return [it for it in stage.github.reviews(run_id) if it.state is None and it.status == 204]  # noqa: PLR2004


def decisions_of(stage: Stage, run_id: int) -> list[ReviewRecord]:
    """List the answers that were sent for a run."""
    return [it for it in stage.github.reviews(run_id) if it.state is not None]


def comment_of(records: list[ReviewRecord]) -> str:
    """Return the text of the last of some reviews."""
    return records[-1].comment or "" if records else ""


def timed(stage: Stage, condition: Callable[[], bool], seconds: float = 15.0) -> float | None:
    """Wait for the gate and give how long it took, in milliseconds."""
    started = time.perf_counter()
    if not stage.wait(condition, seconds):
        return None
    return (time.perf_counter() - started) * 1000


def see_held(stage: Stage, run_id: int, words: str) -> Seen:
    """Wait for a report that says `words` while the deployment waits."""
    took = timed(stage, lambda: words in comment_of(reports_of(stage, run_id)))
    waiting = stage.github.run_view(run_id).status == "waiting"
    if took is None or not waiting:
        return Seen(ok=False, what=f"no report with: {words}")
    return Seen(ok=True, what=f"held: {words}", milliseconds=took)


def see_released(stage: Stage, run_id: int) -> Seen:
    """Wait until the deployment runs, approved once."""
    took = timed(stage, lambda: stage.github.run_view(run_id).status == "in_progress")
    applied = [it for it in decisions_of(stage, run_id) if it.status == 204]  # noqa: PLR2004
    if took is None or len(applied) != 1 or applied[0].state != "approved":
        return Seen(ok=False, what=f"{len(applied)} answers, run not released")
    return Seen(ok=True, what="approved once, the job runs", milliseconds=took)
