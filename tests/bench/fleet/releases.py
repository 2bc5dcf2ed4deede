"""Measure how fast green validations release many deployments that wait."""

from __future__ import annotations

import time

from tests.bench.decisions import furnish
from tests.bench.fleet.nodes import SERVE, Fleet
from tests.bench.fleet.streams import OWNERS
from tests.bench.services import wait_for


def released_in(here: Fleet, count: int, nodes: int) -> float:
    """Hold `count` deployments, validate all repositories again; return seconds to the last answer.

    They are spread over organizations, because GitHub lets each have 180 answers at once only.
    """
    here.start(SERVE, nodes)
    names = furnish(here, OWNERS, "failure")
    for number in range(count):
        here.github.deploy(names[number % len(names)])
    wait_for(lambda: here.github.totals().reports >= count, "the holds", 300)
    here.github.wait_until_delivered(60)
    started = time.perf_counter()
    for name in names:
        here.github.validate(name, "success")
    wait_for(lambda: here.github.totals().decisions >= count, "the answers", 300)
    return time.perf_counter() - started
