"""Whatever several nodes do, together they stay within the limits, and none waits for ever."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gate.domain.limits.account import LONGEST_CALL, Ask, Cost, Kind, Leased, Limits, Wait
from gate.domain.limits.bucket import LASTS, Rate
from gate.errors import RetryLater
from gate.githubapp.transport.accounts import LocalAccounts
from gate.githubapp.transport.limiter import CREATE, READ, WRITE, Limiter
from tests.support.clock import NOW, FakeClock

INSTALLATION: Final = 77
LIMITS: Final = Limits(
    {
        Kind.POINTS: Rate(30, timedelta(seconds=60)),
        Kind.CONTENT: Rate(3, timedelta(seconds=60)),
        Kind.CONTENT_HOURLY: Rate(4, timedelta(hours=1)),
    },
    calls=5,
)
NODES: Final = st.sampled_from([0, 0, 1, 1, 2])
STEPS: Final = st.one_of(
    st.sampled_from([1.9, LASTS.total_seconds(), 3.0, 58.2, 59.5, 61.0, 63.0, 3700.0]),
    st.floats(0, 70),
)


@dataclass
class Partition:
    """The fleet's accounts as one node reaches them, or does not."""

    shared: LocalAccounts
    is_cut: bool = False

    def lease(self, installation_id: int | None, ask: Ask) -> Leased | Wait:
        """Lease, or lose the answer on its way."""
        answer = self.shared.lease(installation_id, ask)
        self._check()
        return answer

    def pause(self, installation_id: int | None, length: timedelta) -> None:
        """Record a pause, unless cut off."""
        self._check()
        self.shared.pause(installation_id, length)

    def _check(self) -> None:
        if self.is_cut:
            raise RetryLater("database_busy")


@dataclass(frozen=True)
class Running:
    """A call that is not over, and when it was begun."""

    at: float
    call: AbstractContextManager[None]


@dataclass
class Node:
    """A process: its limiter, its way to the accounts, and its calls that are not over."""

    limiter: Limiter
    accounts: Partition
    running: list[Running] = field(default_factory=list)


@dataclass(frozen=True)
class Spent:
    """A call as GitHub saw it."""

    at: float
    node: int
    cost: Cost


class FleetMachine(RuleBasedStateMachine):
    """Three nodes, whose clocks differ, over the accounts of one database."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.shared = LocalAccounts(LIMITS, self.clock)
        self.starts = 0
        self.nodes = [self.start(it) for it in range(3)]
        self.calls: list[Spent] = []
        self.pauses: list[tuple[float, float, int]] = []

    def start(self, number: int) -> Node:
        """Start a node; its uptime has nothing to do with the others'."""
        accounts = Partition(self.shared)
        uptime: Callable[[], float] = lambda: self.time + 1000.0 * number  # noqa: E731
        self.starts += 1
        return Node(Limiter(accounts, LIMITS, self.clock, uptime, str(self.starts)), accounts)

    @property
    def time(self) -> float:
        """Return the seconds that have passed."""
        return (self.clock.now - NOW).total_seconds()

    @rule(seconds=STEPS)
    def wait(self, seconds: float) -> None:
        """Let time pass; no call takes longer than its time-outs allow."""
        self.clock.advance(seconds=seconds)
        for node in self.nodes:
            while node.running and self.time - node.running[0].at > LONGEST_CALL.total_seconds():
                node.running.pop(0).call.__exit__(None, None, None)

    @rule(
        number=NODES, cost=st.sampled_from([READ, WRITE, CREATE]), times=st.sampled_from([1, 3, 30])
    )
    def call(self, number: int, cost: Cost, times: int) -> None:
        """Make calls that are over at once."""
        for _ in range(times):
            if self.admit(number, cost):
                self.end(number)

    @rule(number=NODES)
    def begin(self, number: int) -> None:
        """Begin a call that goes on."""
        self.admit(number, READ)

    def admit(self, number: int, cost: Cost) -> bool:
        """Begin a call; return whether it was admitted."""
        node = self.nodes[number]
        call = node.limiter.admitted(INSTALLATION, cost)
        try:
            call.__enter__()
        except RetryLater:
            return False
        node.running.append(Running(self.time, call))
        self.calls.append(Spent(self.time, number, cost))
        return True

    @rule(number=NODES)
    def end(self, number: int) -> None:
        """End a call, if one runs."""
        if self.nodes[number].running:
            self.nodes[number].running.pop().call.__exit__(None, None, None)

    @rule(number=NODES)
    def kill(self, number: int) -> None:
        """Let a node die, and another start in its place; nothing is returned."""
        self.nodes[number] = self.start(number)

    @rule(number=NODES)
    def stop(self, number: int) -> None:
        """Stop a node in order."""
        while self.nodes[number].running:
            self.end(number)
        self.nodes[number].limiter.close()
        self.kill(number)

    @rule(number=NODES, is_cut=st.booleans())
    def cut(self, number: int, is_cut: bool) -> None:
        """Cut a node off from the accounts, or let it reach them."""
        self.nodes[number].accounts.is_cut = is_cut

    @rule(number=NODES, seconds=st.sampled_from([1, 30, 600]))
    def pause(self, number: int, seconds: int) -> None:
        """Let GitHub ask a node for a pause."""
        node = self.nodes[number]
        node.limiter.record_limit(INSTALLATION, {"retry-after": str(seconds)})
        if not node.accounts.is_cut:
            self.pauses.append((self.time, self.time + seconds, number))

    def check_rates(self) -> None:
        """Allow no window in which more is spent than its limit."""
        for kind, rate in LIMITS.rates.items():
            for first in self.calls:
                window = rate.window.total_seconds()
                inside = [it for it in self.calls if first.at <= it.at <= first.at + window]
                assert sum(it.cost.get(kind, 0) for it in inside) <= rate.tokens, kind

    @invariant()
    def keeps_calls_at_once(self) -> None:
        """Allow no more calls at once than the limit."""
        assert sum(len(it.running) for it in self.nodes) <= LIMITS.calls

    def check_pauses(self) -> None:
        """Let nobody call in a pause, once the slices are over that were leased before it."""
        for begun, ends, number in self.pauses:
            for it in self.calls:
                others = 0.0 if it.node == number else LASTS.total_seconds()
                assert not begun + others < it.at < ends

    def teardown(self) -> None:
        """Check the record; and that nobody starves: after a rest each node can call at once."""
        self.check_rates()
        self.check_pauses()
        for number, node in enumerate(self.nodes):
            while node.running:
                self.end(number)
            node.accounts.is_cut = False
        self.clock.advance(hours=2)
        for number in range(3):
            assert self.admit(number, CREATE)
            self.end(number)


TestFleet = FleetMachine.TestCase
TestFleet.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
