"""Measure how fast one green validation releases many deployments, and what others notice of it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import partial
from typing import Final

from tests.bench.decisions import Rig, furnish, warm_up
from tests.bench.services import wait_for

_PAUSE: Final = 0.2
_AT_ONCE: Final = 100


def released_in(here: Rig, count: int, quiet_count: int) -> tuple[float, list[float]]:
    """Hold `count` deployments of one repository, then validate it again.

    Return the seconds until the last is answered, and the milliseconds from webhook to answer of
    `quiet_count` deployments that another installation asks for meanwhile.
    """
    (noisy,), (quiet,) = furnish(here, 1, "failure"), furnish(here, 1, "success")
    warm_up(here, [quiet])
    held = 0
    while held < count:
        held += len(here.github.deploy_many(noisy, min(_AT_ONCE, count - held)))
        wait_for(partial(_has_held, here, held), "the holds", 300)
    here.github.wait_until_delivered(120)
    started = time.perf_counter()
    here.github.validate(noisy, "success")
    asked: dict[int, datetime] = {}
    for _ in range(quiet_count):
        asked[here.github.deploy(quiet).run_id] = datetime.now(UTC)
        time.sleep(_PAUSE)
    decisions = count + quiet_count
    wait_for(lambda: here.github.totals().decisions >= decisions, "the answers", 600)
    seconds = time.perf_counter() - started
    answered = {it.run_id: it.received_at for it in here.github.reviews() if it.state is not None}
    return seconds, [(answered[run_id] - at).total_seconds() * 1000 for run_id, at in asked.items()]


def _has_held(here: Rig, count: int) -> bool:
    return here.github.totals().reports >= count
