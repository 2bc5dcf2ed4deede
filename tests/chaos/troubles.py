"""Bring a plan's troubles about, and end all of them when the storm is over."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from itertools import count
from typing import Final

from gate.simulator.faults import Fault, WebhookFault
from tests.chaos.fleet import Fleet
from tests.chaos.github_side import NotNow
from tests.chaos.steps import (
    Channel,
    CutDatabase,
    Freeze,
    FullDisk,
    GitHubErrors,
    GitHubResets,
    GitHubSlow,
    Kill,
    Partition,
    Pause,
    QuotaUsedUp,
    ReadOnlyDatabase,
    RestartDatabase,
    RetryAfter,
    Terminate,
    TimePasses,
    Trouble,
    Webhooks,
)

_REVIEWS = "deployment_protection_rule$"
_DEADLINE: Final = 60.0
_DISTURBING: Final = (
    Kill,
    Terminate,
    Pause,
    Freeze,
    RestartDatabase,
    CutDatabase,
    Partition,
    ReadOnlyDatabase,
    FullDisk,
    GitHubSlow,
)
"""After these a node may not know what became of a call. A lost answer is on GitHub's record."""


class Troubles:
    """Acts on a fleet. What ends by itself after a while is an appointment of `due`."""

    def __init__(self, fleet: Fleet) -> None:
        """Begin with nothing wrong."""
        self._fleet = fleet
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._count = count()

    def next_at(self) -> float | None:
        """Return when the next appointment is; None when there is none."""
        return self._later[0][0] if self._later else None

    def keep_appointments(self, now: float) -> None:
        """Do what is due."""
        while self._later and self._later[0][0] <= now:
            heapq.heappop(self._later)[2]()

    def take(self, trouble: Trouble, now: float) -> None:  # noqa: C901, PLR0912 - a table of steps
        """Bring one about; raises NotNow when it cannot be."""
        fleet = self._fleet
        if isinstance(trouble, _DISTURBING):
            fleet.note_disturbance()
        match trouble:
            case Kill(node=node, back_after=seconds):
                fleet.nodes[node - 1].kill()
                self._at(now + seconds, fleet.nodes[node - 1].start)
            case Terminate(node=node):
                fleet.nodes[node - 1].terminate()
                starts = fleet.nodes[node - 1].starts
                self._at(now + 1, lambda: self._restart(node, starts, now + 2))
            case Pause(node=node, seconds=seconds):
                fleet.nodes[node - 1].pause()
                self._at(now + seconds, fleet.nodes[node - 1].go_on)
            case Freeze(node=node):
                fleet.nodes[node - 1].freeze()
            case RestartDatabase(mode=mode, seconds=seconds):
                self._check_database()
                fleet.server.database.stop(mode)
                self._at(now + seconds, fleet.server.database.start)
            case CutDatabase(node=node):
                fleet.wires[node - 1].cut()
            case Partition(node=node, seconds=seconds, silent=silent):
                fleet.wires[node - 1].set("silent" if silent else "refused")
                self._at(now + seconds, lambda: fleet.wires[node - 1].set("open"))
            case ReadOnlyDatabase(seconds=seconds):
                self._check_database()
                fleet.server.database.set_read_only(fleet.database, read_only=True)
                self._at(now + seconds, lambda: self._let_write(now + seconds))
            case FullDisk(seconds=seconds):
                if not fleet.disk.can_fill:
                    raise NotNow
                fleet.disk.fill()
                self._at(now + seconds, fleet.disk.clear)
            case Webhooks(kind=kind, times=times, seconds=seconds):
                reordered = times if kind == "reorder" else 2
                fault = WebhookFault(kind, times=times, seconds=seconds, count=reordered)
                fleet.github.github.add_webhook_fault(fault)
            case Channel(kind=kind, times=times):
                fleet.channel.fail(kind, times)
            case TimePasses(seconds=seconds):
                fleet.advance(seconds)
            case _:
                self._disturb_github(trouble)

    def heal(self) -> None:
        """End everything that is still wrong, and start what has ended; what is frozen stays."""
        deadline = time.monotonic() + _DEADLINE
        while self._later:
            assert time.monotonic() < deadline, "something that was to end goes on"
            heapq.heappop(self._later)[2]()
            time.sleep(0.01)  # some look at a process that is about to end
        for node in self._fleet.nodes:
            node.go_on()
            node.start()
        self._fleet.channel.heal()

    def _disturb_github(
        self, trouble: GitHubErrors | GitHubResets | GitHubSlow | RetryAfter | QuotaUsedUp
    ) -> None:
        github = self._fleet.github.github
        match trouble:
            case GitHubErrors(status=status, seconds=seconds, applies=applies):
                github.add_fault(Fault(status=status, seconds=seconds, apply=applies))
            case GitHubResets(times=times, applies=applies, reviews_only=reviews_only):
                path = _REVIEWS if reviews_only else ""
                github.add_fault(Fault(path, times=times, damage="close", apply=applies))
            case GitHubSlow(
                latency=latency, times=times, applies_first=first, reviews_only=reviews_only
            ):
                path = _REVIEWS if reviews_only else ""
                before, after = (0.0, latency) if first else (latency, 0.0)
                github.add_fault(Fault(path, times=times, delay_before=before, delay_after=after))
            case RetryAfter(times=times, after=after):
                github.limit_secondary(after, times)
            case QuotaUsedUp(seconds=seconds):
                github.use_up_rate_limit(self._fleet.github.installation_id, seconds)

    def _check_database(self) -> None:
        """Raise NotNow while the database is down already."""
        if not self._fleet.server.database.runs:
            raise NotNow

    def _let_write(self, now: float) -> None:
        """Let the database write again, as soon as it is up."""
        database = self._fleet.server.database
        if database.runs:
            database.set_read_only(self._fleet.database, read_only=False)
        else:
            self._at(now + 1, lambda: self._let_write(now + 1))

    def _restart(self, node: int, starts: int, again: float) -> None:
        """Start a node once it has ended; one that goes on working is looked at again."""
        ending = self._fleet.nodes[node - 1]
        if ending.starts != starts:
            return  # something else has started it anew
        if ending.frozen:
            return  # it ends when it goes on, which is when all is over
        if ending.runs:
            self._at(again, lambda: self._restart(node, starts, again + 1))
        else:
            ending.start()

    def _at(self, when: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._later, (when, next(self._count), what))
