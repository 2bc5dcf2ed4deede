"""Measure what one node decides, and what more nodes add to it."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tests.bench.decisions import Measured, furnish, together, warm_up
from tests.bench.fleet.nodes import Fleet

OWNERS: Final = 20
"""Organizations that share a stream, as github.com lets each have 180 answers a minute."""

_SIZES: Final = (1, 2, 3, 2, 1)
"""How many nodes run, one after the other: up and down again, so that what else the machine does
falls on each number alike."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream: how many nodes shared it, and how long GitHub took for a call."""

    nodes: int
    latency: float
    measured: Measured
    database_ms: float


def streams(here: Fleet, counts: Mapping[float, int]) -> list[Stream]:
    """Send deployments at once to fleets of several sizes; `counts` are by GitHub's latency."""
    found: list[Stream] = []
    here.resize(1)
    names = furnish(here, OWNERS, "success")
    for size in _SIZES:
        here.resize(size)
        here.github.set_latency(0.0)
        for _ in range(size):
            warm_up(here, names)
        for latency, count in counts.items():
            here.github.set_latency(latency)
            before = here.database_cpu()
            measured = together(here, names, count)
            used = (here.database_cpu() - before) * 1000 / count
            here.github.wait_until_delivered(60)
            found.append(Stream(size, latency, measured, used))
    return found


def rate(found: Sequence[Stream], nodes: int, latency: float) -> float:
    """Return the median decisions a second of so many nodes."""
    return statistics.median(it.measured.per_second for it in _those(found, nodes, latency))


def node_ms(found: Sequence[Stream], nodes: int, latency: float) -> float:
    """Return the median CPU milliseconds that the nodes take for a decision."""
    those = _those(found, nodes, latency)
    return statistics.median(it.measured.cpu_ms_per_decision for it in those)


def database_ms(found: Sequence[Stream], nodes: int, latency: float) -> float:
    """Return the median CPU milliseconds that PostgreSQL takes for a decision."""
    return statistics.median(it.database_ms for it in _those(found, nodes, latency))


def _those(found: Sequence[Stream], nodes: int, latency: float) -> list[Stream]:
    return [it for it in found if it.nodes == nodes and it.latency == latency]
