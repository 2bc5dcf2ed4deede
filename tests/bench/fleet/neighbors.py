"""Measure what a noisy installation costs a quiet one."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from tests.bench.decisions import furnish, warm_up
from tests.bench.fleet.nodes import SERVE, Fleet
from tests.bench.services import wait_for

_PAUSE: Final = 0.25


def quiet_beside_noisy(
    here: Fleet, count: int, noise: int, *, latency: float
) -> tuple[list[float], list[float]]:
    """Return the quiet one's milliseconds from webhook to answer: alone, and beside the noise.

    The noise is `noise` deployments of another installation, all at once, before the first of
    `count` deployments of the quiet one. GitHub takes `latency` seconds for a call, so that passes
    wait for a thread.
    """
    here.start(SERVE, 2)
    noisy, quiet = furnish(here, 2, "success")
    for _ in range(3):
        warm_up(here, [noisy, quiet])
    here.github.set_latency(latency)
    alone = _answers(here, quiet, count)
    with _noise(here, noisy, noise):
        beside = _answers(here, quiet, count)
    return alone, beside


@contextmanager
def _noise(here: Fleet, name: str, count: int) -> Iterator[None]:
    """Send a burst, half of it before anything else; the rest follows meanwhile."""

    def send(several: int) -> None:
        for _ in range(several):
            here.github.deploy(name)

    send(count // 2)
    rest = threading.Thread(target=send, args=(count - count // 2,))
    rest.start()
    yield
    rest.join()


def _answers(here: Fleet, name: str, count: int) -> list[float]:
    asked: dict[int, datetime] = {}
    for _ in range(count):
        asked[here.github.deploy(name).run_id] = datetime.now(UTC)
        time.sleep(_PAUSE)
    wait_for(lambda: asked.keys() <= {it.run_id for it in here.github.reviews()}, "the quiet one")
    return [
        (it.received_at - asked[it.run_id]).total_seconds() * 1000
        for it in here.github.reviews()
        if it.run_id in asked
    ]
