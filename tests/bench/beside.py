"""Measure what people who watch the pages cost the deployments that wait for an answer.

A hundred deployments a second are answered, alone and beside two hundred views of pages a second,
in turn, so that what else the machine does falls on both.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

import requests
from sqlalchemy import text

from gate.domain.model.policy.policy import POLICY_PATH
from gate.store.engine.database import Database
from tests.bench.baseline import decided_per_second
from tests.bench.decisions import Measured, furnish, paced, warm_up
from tests.bench.services import ENVIRONMENT, Rig, rig, wait_for
from tests.bench.years import POLICY, multiply

DECISIONS: Final = 100
VIEWS: Final = 200

_OWNERS: Final = 60
_FEW_EVENTS: Final = ["deployment_protection_rule", "workflow_run"]
_STORY: Final = "octo-org/frontend"
_PAGES: Final = (
    "/",
    "/requests/1",
    "/",
    "/incidents",
    "/",
    "/incidents/1",
    "/",
    "/history",
    "/",
    "/status",
)
"""What people watch: half of them the board."""


@dataclass(frozen=True, slots=True)
class Beside:
    """Rounds without and with views, the views that came of it, and the floor of a decision."""

    alone: list[Measured]
    watched: list[Measured]
    views_per_second: float
    view_ms: float
    floor_ms: float

    @property
    def p50(self) -> tuple[float, float]:
        """Return the median of the rounds' medians, alone and beside."""
        return _middle([it.p50 for it in self.alone]), _middle([it.p50 for it in self.watched])

    @property
    def p95(self) -> tuple[float, float]:
        """Return the median of the rounds' 95th percentiles, alone and beside."""
        return _middle([it.p95 for it in self.alone]), _middle([it.p95 for it in self.watched])

    @property
    def cpu(self) -> tuple[float, float]:
        """Return the CPU milliseconds that the service takes for a decision, alone and beside."""
        return (
            _middle([it.cpu_ms_per_decision for it in self.alone]),
            _middle([it.cpu_ms_per_decision for it in self.watched]),
        )


def answered_beside(recorded: int, incidents: int, rounds: int, seconds: int) -> Beside:
    """Measure on SQLite, with so many requests and incidents recorded."""
    alone: list[Measured] = []
    watched: list[Measured] = []
    seen: list[Mapping[str, float]] = []
    with rig(_FEW_EVENTS) as here:
        _play(here)
        names = furnish(here, _OWNERS, "success")
        warm_up(here, names)
        _fill(here, recorded, incidents)
        floor_ms = 1000 / decided_per_second(200, b"x" * 6_000, 3, here)
        for _ in range(rounds):
            alone.append(paced(here, names, DECISIONS * seconds, DECISIONS))
            with _watching(here, seconds) as found:
                watched.append(paced(here, names, DECISIONS * seconds, DECISIONS))
            seen += found
    return Beside(
        alone,
        watched,
        _middle([it["per_second"] for it in seen]),
        _middle([it["p50"] for it in seen]),
        floor_ms,
    )


def _play(here: Rig) -> None:
    """Play a failure that holds a deployment, of which there are copies later."""
    installation = here.github.create_installation("octo-org")
    here.github.create_repository(_STORY, installation)
    here.github.protect_environment(_STORY, ENVIRONMENT)
    here.github.put_file(_STORY, POLICY_PATH, POLICY)
    here.github.validate(_STORY, "failure")
    here.github.wait_until_delivered(60)
    here.github.deploy(_STORY)
    wait_for(lambda: here.github.totals().reports > 0, "the hold")


def _fill(here: Rig, requests: int, incidents: int) -> None:
    database = Database(here.database_url)
    database.transact(partial(multiply, requests=requests, incidents=incidents))
    database.transact(lambda tx: tx.execute(text("ANALYZE")).close())
    database.close()


@contextmanager
def _watching(here: Rig, seconds: int) -> Iterator[list[Mapping[str, float]]]:
    """Watch the pages meanwhile, from a process of its own; gives what came of it at the end."""
    # They watch for a while already: a page that nobody has made yet sends most of them away.
    for path in _PAGES:
        requests.get(f"{here.url}{path}", timeout=60).raise_for_status()
    command = [sys.executable, "-m", "tests.bench.watchers", here.url, str(VIEWS), str(seconds)]
    found: list[Mapping[str, float]] = []
    with subprocess.Popen([*command, *_PAGES], stdout=subprocess.PIPE) as process:
        yield found
        output, _ = process.communicate(timeout=60)
    seen = json.loads(output)
    if set(seen["statuses"]) - {"200", "304"}:
        raise ValueError(seen)
    found.append(seen)


def _middle(values: list[float]) -> float:
    return statistics.median(values)
