"""Measure how long answers take that a killed node had begun."""

from __future__ import annotations

import time
from functools import partial
from typing import Final

from tests.bench.decisions import furnish, warm_up
from tests.bench.fleet.nodes import SERVE, Fleet
from tests.bench.fleet.streams import OWNERS
from tests.bench.services import wait_for

_SLOW: Final = 5.0
"""Seconds that GitHub takes for a call, so that none is answered before the node is killed."""

_KNOWN: Final = "SELECT count(*) FROM gate_requests"


def answered_after_kill(here: Fleet, count: int, most: float) -> float:
    """Kill the node that has `count` requests in flight; return the seconds until all are answered.

    Another node starts before. GitHub is slow until the node is dead: what it had sent is lost.
    """
    (doomed,) = here.start(SERVE)
    names = furnish(here, OWNERS, "success")
    warm_up(here, names)
    here.github.set_latency(_SLOW)
    known = here.count(_KNOWN)
    runs = {here.github.deploy(names[number % len(names)]).run_id for number in range(count)}
    wait_for(lambda: here.count(_KNOWN) >= known + count, "the requests to open")
    here.start(SERVE)
    here.kill(doomed)
    here.github.set_latency(0.0)
    killed = time.perf_counter()
    wait_for(partial(_all_answered, here, runs), "all answers", most)
    return time.perf_counter() - killed


def _all_answered(here: Fleet, runs: set[int]) -> bool:
    return runs <= {it.run_id for it in here.github.reviews() if it.status < 400 and it.state}
