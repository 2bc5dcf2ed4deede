"""Play a plan: the storm, the healing, the time it takes to come to rest, and the record."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.chaos.clocks import Clocks
from tests.chaos.database import database_server
from tests.chaos.fleet import Fleet, Server, running_fleet
from tests.chaos.github_side import NotNow
from tests.chaos.oracle import find_late, find_unsettled
from tests.chaos.plan import Plan
from tests.chaos.records import Check, Entry, Record
from tests.chaos.steps import Load, Step
from tests.chaos.troubles import Troubles

_EXPORT: Final = ("audit", "export")
_CHECKS: Final = (("audit", "verify"), ("replay", "--all"))

_PASSING: Final = (0, 35, 65, 65, 200)
"""Seconds that are let pass, one after the other, until all is settled: pauses and leases."""

_REST: Final = 200
"""Seconds that pass at last, longer than any lease: what was settled must stay as it is."""

_AFTER: Final = 3.0
_EACH: Final = 4.0
_LAST: Final = 30.0
_WITHOUT_CLOCKS: Final = 240.0
_DEADLINE: Final = 60.0
_LOOKS_AGAIN: Final = 4
"""Times that the trail is read again because something in it is late, each time after a pause."""

_PAUSE: Final = 65

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Played:
    """What a run leaves: the record, and what could not be done."""

    record: Record
    logs: dict[str, str]
    seconds: float


@contextmanager
def running_server() -> Iterator[Server]:
    """Run the database server that the plans share while the context lasts."""
    with TemporaryDirectory(prefix="gate-clocks-") as folder:
        # The database's user reads its clock there.
        Path(folder).chmod(0o755)
        clocks = Clocks(Path(folder))
        with database_server(clocks.environment("database")) as database:
            yield Server(database, clocks)


def play(plan: Plan, server: Server, say: Say) -> Played:
    """Play one plan and return what is on record afterwards."""
    began = time.monotonic()
    with running_fleet(plan, server) as fleet:
        troubles = Troubles(fleet)
        say(f"{len(fleet.nodes)} nodes run after {time.monotonic() - began:.1f} s")
        _storm(plan, fleet, troubles, say)
        troubles.heal()
        fleet.github.heal()
        _settle(fleet, say)
        record = _record(fleet)
        logs = {it.log.name: it.log.read_text("utf-8") for it in fleet.nodes}
    return Played(record, logs, time.monotonic() - began)


def _storm(plan: Plan, fleet: Fleet, troubles: Troubles, say: Say) -> None:
    started = time.monotonic()
    for timed in plan.steps:
        _wait(started, timed.at, troubles)
        now = time.monotonic() - started
        try:
            _take(timed.step, fleet, troubles, now)
        except NotNow:
            say(f"{now:6.2f} left out: {timed.step}")
    # What goes wrong goes on for a while, so that it befalls the answers to the last deployments.
    _wait(started, plan.steps[-1].at + _AFTER if plan.steps else 0, troubles)


def _wait(started: float, until: float, troubles: Troubles) -> None:
    """Wait until it is time for a step, and keep the appointments before it."""
    while True:
        now = time.monotonic() - started
        troubles.keep_appointments(now)
        due = troubles.next_at()
        wait = min(until, until if due is None else due) - now
        if wait > 0:
            time.sleep(wait)  # the plan's own pace
        elif now >= until:
            return


def _take(step: Step, fleet: Fleet, troubles: Troubles, now: float) -> None:
    if isinstance(step, Load):
        fleet.github.take(step)
    else:
        troubles.take(step, now)


def _settle(fleet: Fleet, say: Say) -> None:
    """Wait until nothing is unsettled, let time pass meanwhile, and then let more of it pass."""
    for node in fleet.nodes:
        if not node.frozen:
            node.wait_until_ready()
    for seconds, wait in _patience(fleet):
        fleet.advance(seconds)
        unsettled = _wait_until_settled(fleet, wait)
        if not unsettled:
            break
        say(f"after {seconds} s more: {'; '.join(unsettled[:4])}")
    fleet.advance(_REST)
    for node in fleet.nodes:
        node.thaw()
    fleet.github.github.wait_until_delivered()
    time.sleep(2.0)  # for what must not happen: nothing tells when it has not


def _patience(fleet: Fleet) -> list[tuple[float, float]]:
    """List how much time is let pass, and how long is waited then."""
    if not fleet.server.clocks.can_move:
        return [(0, _WITHOUT_CLOCKS)]
    return [*((seconds, _EACH) for seconds in _PASSING), (_REST, _LAST)]


def _wait_until_settled(fleet: Fleet, seconds: float) -> list[str]:
    deadline = time.monotonic() + seconds
    while True:
        unsettled = find_unsettled(_outside(fleet))
        if not unsettled or time.monotonic() > deadline:
            return unsettled
        time.sleep(0.1)  # between two looks at what GitHub and the channel have


def _outside(fleet: Fleet) -> Record:
    """Read what GitHub and the channel have on record."""
    github = fleet.github
    return Record(
        repositories=github.repositories,
        validations=github.validations(),
        told=github.told(),
        deployments=github.deployments(),
        reviews=github.reviews(),
        refused=github.refused(),
        human_reviews=github.human_reviews(),
        alerts=fleet.channel.received(),
        issues=github.issues(),
        comments=github.comments(),
        entries=(),
        checks=(),
        disturbances=tuple(fleet.disturbances),
    )


def _record(fleet: Fleet) -> Record:
    """Read everything, with what the gate's own commands say about its record."""
    exported, record = _export(fleet)
    for _ in range(_LOOKS_AGAIN):
        if not find_late(record):
            break
        fleet.advance(_PAUSE)
        deadline = time.monotonic() + _LAST
        # Nothing outside tells when the trail is complete, and a busy machine needs a while.
        while find_late(record) and time.monotonic() < deadline:
            time.sleep(_EACH)  # between two readings of the trail
            exported, record = _export(fleet)
    return replace(record, checks=(exported, *_run_commands(fleet, _CHECKS)))


def _export(fleet: Fleet) -> tuple[Check, Record]:
    outside = _outside(fleet)
    (exported,) = _run_commands(fleet, [_EXPORT])
    is_read = exported.status == 0
    entries = tuple(_entry(line) for line in exported.said.splitlines()) if is_read else ()
    return exported, replace(outside, entries=entries)


def _run_commands(fleet: Fleet, commands: Iterable[tuple[str, ...]]) -> list[Check]:
    """Run commands of the gate side by side."""
    started = [(command, _start(fleet, command)) for command in commands]
    checks = []
    for command, process in started:
        said, _ = process.communicate(timeout=_DEADLINE)
        checks.append(Check("gate " + " ".join(command), process.returncode, said))
    return checks


def _start(fleet: Fleet, command: tuple[str, ...]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "gate", *command],
        env=dict(fleet.checking),
        cwd=fleet.disk.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _entry(line: str) -> Entry:
    told = json.loads(line)
    return Entry(
        sequence=told["sequence"],
        repository_id=told["repository_id"],
        run_id=told["run_id"],
        attempt=told["run_attempt"],
        kind=told["kind"],
        reason=told["reason"],
        detail=told["detail"],
    )
