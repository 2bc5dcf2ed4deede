"""Count the tokens of one limit that are leased, so that no window ever sees more of them spent.

A token comes back one window after it can have been spent for the last time. A bucket that fills up
steadily would not do: who empties a full one and then spends what flows in spends almost twice the
limit within the first window.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

LASTS: Final = timedelta(seconds=2)
"""How long a slice of tokens may be spent: what a node that dies takes along is lost so long, and
a pause that one node learns of reaches the others within it."""

_ARRIVES_WITHIN: Final = timedelta(seconds=1)
"""How much later than it was counted here a call may be counted by GitHub."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many tokens in any window of this length."""

    tokens: int
    window: timedelta

    @property
    def stay_away(self) -> timedelta:
        """Return how long a token stays away after it was spent for the last time."""
        return self.window + _ARRIVES_WITHIN


@dataclass(frozen=True, slots=True)
class Grant:
    """Tokens that a node has leased. While `is_open`, the node has not said how many it spent.

    They come back at `back_at`.
    """

    number: int
    tokens: int
    back_at: datetime
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class Bucket:
    """The tokens of one limit that are not back yet."""

    grants: tuple[Grant, ...] = ()

    def at(self, now: datetime) -> Bucket:
        """Return the bucket without the tokens that have come back by now."""
        return Bucket(tuple(it for it in self.grants if it.back_at > now))

    @property
    def away(self) -> int:
        """Count the tokens that are not back."""
        return sum(it.tokens for it in self.grants)

    @property
    def unreported(self) -> int:
        """Count the tokens of which nobody knows yet whether they were spent."""
        return sum(it.tokens for it in self.grants if it.is_open)

    def leased(self, number: int, tokens: int, rate: Rate, now: datetime) -> Bucket:
        """Return the bucket after a lease, to be spent within `LASTS`."""
        grant = Grant(number, tokens, now + LASTS + rate.stay_away)
        return Bucket((*self.grants, grant))

    def returned(self, spent: Mapping[int, int], rate: Rate, now: datetime) -> Bucket:
        """Return the bucket after nodes said what they spent of grants, and spend no more of them.

        A node cannot have spent more than it had.
        """
        return Bucket(tuple(_kept(self.grants, spent, now + rate.stay_away)))

    def wait(self, needed: int, rate: Rate, now: datetime) -> timedelta:
        """Return how long it takes until so many tokens are free, if none is returned early.

        Zero when they are free now. `needed` is at most what the rate allows.
        """
        free, back_at = rate.tokens - self.away, now
        for grant in sorted(self.grants, key=lambda it: it.back_at):
            if free >= needed:
                break
            free, back_at = free + grant.tokens, grant.back_at
        return back_at - now


def _kept(grants: Iterable[Grant], spent: Mapping[int, int], back_at: datetime) -> Iterator[Grant]:
    for it in grants:
        if it.number not in spent:
            yield it
        elif tokens := min(it.tokens, spent[it.number]):
            yield replace(it, tokens=tokens, back_at=min(it.back_at, back_at), is_open=False)
