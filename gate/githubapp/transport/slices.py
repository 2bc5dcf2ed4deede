"""The leased slices of an installation's rate limits: what is left, what to ask for next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gate.domain.limits.account import Ask, Cost, Kind, Leased, Limits
from gate.domain.limits.bucket import LASTS
from gate.domain.limits.quota import QuotaSeen
from gate.domain.limits.slices import LEAST_CALLS, next_size


@dataclass(slots=True)
class _Slice:
    number: int
    tokens: int
    spent: int = 0


class Slices:
    """Tokens that this process may spend until they end, and its calls that run.

    Not thread-safe. Instants are of the uptime.
    """

    def __init__(self, limits: Limits) -> None:
        """Start with nothing leased."""
        self.running = 0
        self._limits = limits
        self._slices: dict[Kind, _Slice] = {}
        self._sizes = {kind: next_size(rate, 0, 0) for kind, rate in limits.rates.items()}
        self._ends = 0.0
        self._calls = 0
        self._most = 0

    @property
    def tokens(self) -> Mapping[Kind, int]:
        """Return how many tokens of each kind were leased."""
        return {kind: it.tokens for kind, it in self._slices.items()}

    @property
    def has_rest(self) -> bool:
        """Return whether something of the slices was not spent."""
        return any(it.spent < it.tokens for it in self._slices.values())

    def is_over(self, now: float) -> bool:
        """Return whether the slices cannot be spent any more."""
        return now >= self._ends

    def covers(self, cost: Cost, now: float) -> bool:
        """Return whether a call can be paid from the slices."""
        return (
            now < self._ends
            and self.running < self._calls
            and all(self._rest(kind) >= tokens for kind, tokens in cost.items())
        )

    def spend(self, cost: Cost) -> None:
        """Pay for a call, and count it as running."""
        for kind, tokens in cost.items():
            self._slices[kind].spent += tokens
        self.running += 1
        self._most = max(self._most, self.running)

    def end_call(self) -> None:
        """Count a call as over."""
        self.running -= 1

    def hand_in(self, node: str, cost: Cost, quota: QuotaSeen | None) -> Ask:
        """Return what to ask for, and stop spending of the slices that there are."""
        for kind, it in self._slices.items():
            self._sizes[kind] = next_size(self._limits.rates[kind], it.tokens, it.spent)
        ask = Ask(
            node=node,
            needed=cost,
            wanted=dict(self._sizes),
            running=self.running,
            calls=max(LEAST_CALLS, 2 * max(self._most, self.running)),
            spent={kind: {it.number: it.spent} for kind, it in self._slices.items()},
            quota=quota,
        )
        self._slices, self._most, self._ends = {}, self.running, 0.0
        return ask

    def take(self, leased: Leased, now: float) -> None:
        """Spend from what was leased, as of `now`, when it was asked for."""
        self._slices = {k: _Slice(it.number, it.tokens) for k, it in leased.slices.items()}
        self._calls, self._ends = leased.calls, now + LASTS.total_seconds()

    def _rest(self, kind: Kind) -> int:
        it = self._slices.get(kind)
        return 0 if it is None else it.tokens - it.spent
