"""Drive deployments through the service and measure webhook to answer."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from gate.simulator.client import SimulatorClient
from tests.bench.services import ENVIRONMENT, wait_for


class Rig(Protocol):
    """A gate of one process or of several, beside the GitHub that it answers."""

    @property
    def github(self) -> SimulatorClient:
        """Return what drives the simulated GitHub."""

    def gate_cpu(self) -> float:
        """Return the seconds of CPU that the gate's processes have used."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a batch of decisions came to; times in milliseconds from webhook to answer."""

    decisions: int
    seconds: float
    p50: float
    p95: float
    p99: float
    calls_per_decision: float
    cpu_ms_per_decision: float

    @property
    def per_second(self) -> float:
        """Return the decisions a second."""
        return self.decisions / self.seconds


def furnish(rig: Rig, count: int, conclusion: str) -> list[str]:
    """Make `count` repositories, each of an installation of its own, with a finished validation.

    One owner's repositories share GitHub's limit of 900 points a minute, which is 180 answers; a
    faster stream can only come from many owners.
    """
    names = []
    for number in range(count):
        installation = rig.github.create_installation(f"org-{conclusion}-{number}")
        name = f"org-{conclusion}-{number}/frontend"
        rig.github.create_repository(name, installation)
        rig.github.protect_environment(name, ENVIRONMENT)
        rig.github.validate(name, conclusion)
        names.append(name)
    rig.github.wait_until_delivered(120)
    return names


def warm_up(rig: Rig, names: list[str]) -> None:
    """Answer one deployment in each repository: token, policy and listing are then known."""
    runs = [rig.github.deploy(name).run_id for name in names]
    wait_for(lambda: _answered(rig, runs), "the warm-up")
    rig.github.wait_until_delivered(120)
    rig.github.reset_totals()


def singles(rig: Rig, name: str, count: int) -> Measured:
    """Answer one deployment after the other on an idle service."""
    took, cpu = [], rig.gate_cpu()
    started = time.perf_counter()
    for _ in range(count):
        run_id = rig.github.start_run(name, "deploy-frontend.yml")
        rig.github.progress_run(run_id)
        rig.github.wait_until_delivered()
        asked = datetime.now(UTC)
        rig.github.reach_environment(run_id, ENVIRONMENT)
        wait_for(partial(_answered_one, rig, run_id), "an answer", every=0.005)
        took.append((rig.github.reviews(run_id)[0].received_at - asked).total_seconds() * 1000)
        rig.github.wait_until_delivered()
    return _measured(rig, took, time.perf_counter() - started, cpu)


def together(rig: Rig, names: list[str], count: int) -> Measured:
    """Let `count` deployments reach the gate as fast as the simulation can send them."""
    cpu, asked = rig.gate_cpu(), {}
    started = time.perf_counter()
    for number in range(count):
        reached = rig.github.deploy(names[number % len(names)])
        asked[reached.run_id] = datetime.now(UTC)
    return _all_answered(rig, asked, started, cpu)


def paced(rig: Rig, names: list[str], count: int, per_second: int) -> Measured:
    """Let `count` deployments reach the gate, so many a second."""
    cpu, asked = rig.gate_cpu(), {}
    started = time.perf_counter()
    for number in range(count):
        time.sleep(max(0.0, started + number / per_second - time.perf_counter()))
        reached = rig.github.deploy(names[number % len(names)])
        asked[reached.run_id] = datetime.now(UTC)
    return _all_answered(rig, asked, started, cpu)


def holds(rig: Rig, names: list[str]) -> Measured:
    """Hold one deployment in each repository; a hold is answered by its status report."""
    cpu, asked = rig.gate_cpu(), {}
    started = time.perf_counter()
    for name in names:
        reached = rig.github.deploy(name)
        asked[reached.run_id] = datetime.now(UTC)
    wait_for(lambda: rig.github.totals().reports >= len(names), "all reports")
    seconds = time.perf_counter() - started
    took = [
        max(0.0, (it.received_at - asked[it.run_id]).total_seconds() * 1000)
        for it in rig.github.reviews()
        if it.run_id in asked
    ]
    return _measured(rig, took, seconds, cpu)


def _all_answered(rig: Rig, asked: Mapping[int, datetime], started: float, cpu: float) -> Measured:
    """Wait until everything is answered, and measure how long each took."""
    wait_for(lambda: rig.github.totals().decisions >= len(asked), "all answers", 300)
    seconds = time.perf_counter() - started
    took = [
        max(0.0, (it.received_at - asked[it.run_id]).total_seconds() * 1000)
        for it in rig.github.reviews()
        if it.state is not None and it.run_id in asked
    ]
    return _measured(rig, took, seconds, cpu)


def _answered_one(rig: Rig, run_id: int) -> bool:
    return bool(rig.github.reviews(run_id))


def _answered(rig: Rig, runs: list[int]) -> bool:
    answered = {it.run_id for it in rig.github.reviews() if it.status == 204}
    return answered.issuperset(runs)


def _measured(rig: Rig, took: list[float], seconds: float, cpu: float) -> Measured:
    totals = rig.github.totals()
    calls = sum(totals.requests.values())
    count = len(took)
    ordered = sorted(took)
    rig.github.reset_totals()
    return Measured(
        decisions=count,
        seconds=seconds,
        p50=statistics.median(ordered),
        p95=ordered[min(count - 1, int(count * 0.95))],
        p99=ordered[min(count - 1, int(count * 0.99))],
        calls_per_decision=calls / count,
        cpu_ms_per_decision=(rig.gate_cpu() - cpu) * 1000 / count,
    )
