"""Lease an installation's tokens to a node, or return how long the node has to wait.

One account holds everything that several nodes must agree about: the tokens of each limit, how many
calls each node may make at once, a pause that GitHub asked for, and what is left of the hourly
quota. Pure: whoever keeps accounts passes the time, and changes one account at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from gate.domain.limits.bucket import LASTS, Bucket, Rate
from gate.domain.limits.quota import Quota, QuotaSeen, with_seen

LONGEST_CALL: Final = timedelta(seconds=30)
"""How long a call may take: one that is begun at the end of a slice runs on for so long."""

_SHORT_PAUSE: Final = timedelta(seconds=1)


class Kind(StrEnum):
    """What GitHub limits."""

    POINTS = "points"
    CONTENT = "content"
    CONTENT_HOURLY = "content_hourly"


class Why(StrEnum):
    """Why a call has to wait."""

    PAUSED = "paused"
    CALLS = "calls"
    POINTS = "points"
    CONTENT = "content"
    CONTENT_HOURLY = "content_hourly"
    QUOTA = "quota"
    QUOTA_LEASED = "quota_leased"
    OUT_OF_REACH = "out_of_reach"


Cost = Mapping[Kind, int]
"""Tokens of each kind that a call takes."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What GitHub allows an installation: rates, and calls at the same time."""

    rates: Mapping[Kind, Rate]
    calls: int


@dataclass(frozen=True, slots=True)
class Share:
    """How many calls at once a node may make; nobody else may until `until`."""

    node: str
    calls: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """What is known of one installation. `number` is that of the last grant."""

    number: int = 0
    buckets: Mapping[Kind, Bucket] = field(default_factory=dict)
    shares: tuple[Share, ...] = ()
    paused_until: datetime | None = None
    quota: Quota | None = None

    def paused(self, until: datetime) -> Account:
        """Return the account with a pause that ends then, or when a longer one ends."""
        if self.paused_until is not None and self.paused_until >= until:
            return self
        return replace(self, paused_until=until)


@dataclass(frozen=True, slots=True)
class Ask:
    """What a node asks for.

    `needed` is what its next call takes, `wanted` how many tokens it would like of each kind.
    `running` counts its calls that are not over, `calls` how many at once it would like to make.
    `spent` tells, by kind and number of the grant, what it spent of slices that it is done with.
    `quota` is what GitHub showed it last.
    """

    node: str
    needed: Cost
    wanted: Mapping[Kind, int]
    running: int = 0
    calls: int = 1
    spent: Mapping[Kind, Mapping[int, int]] = field(default_factory=dict)
    quota: QuotaSeen | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    """Tokens to spend, and the number of the grant under which to say how many were."""

    number: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Leased:
    """Slices that may be spent within `LASTS`, and how many calls may run at once meanwhile."""

    slices: Mapping[Kind, Slice]
    calls: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing may be spent now; `why` names what is used up.

    `is_pause` says that this holds for every call until then, and that it is no use to ask earlier.
    """

    after: timedelta
    why: Why
    is_pause: bool = False


def lease(
    account: Account, ask: Ask, limits: Limits, now: datetime
) -> tuple[Account, Leased | Wait]:
    """Return the account after an answer to a node, and the answer.

    A node gets at most half of what is free, but always what its call needs if that is free: so
    another one that asks finds something. What it returns is taken back in any case.
    """
    account = _brought_up(account, ask, limits, now)
    if account.paused_until is not None:
        return account, Wait(account.paused_until - now, Why.PAUSED, is_pause=True)
    account, calls = _shared(account, ask, limits, now)
    if calls <= ask.running:
        return account, Wait(_SHORT_PAUSE, Why.CALLS)
    for kind, needed in ask.needed.items():
        wait = _bucket(account, kind).wait(needed, limits.rates[kind], now)
        if wait > timedelta(0):
            return account, Wait(wait, Why(kind))
    owed = _owed_quota(account, ask, now)
    if owed is not None:
        return account, owed
    return _granted(account, ask, calls, limits, now)


def _brought_up(account: Account, ask: Ask, limits: Limits, now: datetime) -> Account:
    """Forget what is over by now, and learn what the node tells."""
    quota = account.quota
    if ask.quota is not None:
        quota = with_seen(quota, ask.quota, now)
    paused_until = account.paused_until
    return replace(
        account,
        buckets={
            kind: bucket.at(now).returned(ask.spent.get(kind, {}), limits.rates[kind], now)
            for kind, bucket in account.buckets.items()
        },
        shares=tuple(it for it in account.shares if it.until > now),
        paused_until=paused_until if paused_until is not None and paused_until > now else None,
        quota=quota if quota is not None and quota.resets_at > now else None,
    )


def _shared(account: Account, ask: Ask, limits: Limits, now: datetime) -> tuple[Account, int]:
    """Return how many calls the node may make at once, and the account that knows of it.

    All nodes get as many in the end, once each has asked again. At a time a node gets half of what
    nobody has, so that the next finds something. One that gets none is on record too, so that the
    others leave some.
    """
    others = tuple(it for it in account.shares if it.node != ask.node)
    own = sum(it.calls for it in account.shares if it.node == ask.node)
    fair = max(1, limits.calls // (len(others) + 1))
    left = max(0, limits.calls - sum(it.calls for it in others))
    most = own + max(1, (left - own) // 2)
    calls = min(max(min(ask.calls, fair, most), ask.running), left)
    share = Share(ask.node, max(calls, ask.running), now + LASTS + LONGEST_CALL)
    return replace(account, shares=(*others, share)), calls


def _owed_quota(account: Account, ask: Ask, now: datetime) -> Wait | None:
    """Return how long to wait for the hourly quota; None while it lasts.

    A call costs a point at least, so tokens that other nodes may still spend cover their calls.
    """
    quota, needed = account.quota, ask.needed.get(Kind.POINTS, 0)
    if quota is None or needed <= quota.left - _bucket(account, Kind.POINTS).unreported:
        return None
    if needed > quota.left:
        return Wait(quota.resets_at - now, Why.QUOTA, is_pause=True)
    return Wait(LASTS, Why.QUOTA_LEASED)


def _granted(
    account: Account, ask: Ask, calls: int, limits: Limits, now: datetime
) -> tuple[Account, Leased]:
    number, buckets, slices = account.number, dict(account.buckets), dict[Kind, Slice]()
    for kind, needed in ask.needed.items():
        bucket, rate, number = _bucket(account, kind), limits.rates[kind], number + 1
        free = rate.tokens - bucket.away
        if kind is Kind.POINTS and account.quota is not None:
            free = min(free, account.quota.left - bucket.unreported)
        tokens = max(needed, min(ask.wanted.get(kind, 0), free // 2))
        buckets[kind] = bucket.leased(number, tokens, rate, now)
        slices[kind] = Slice(number, tokens)
    return replace(account, number=number, buckets=buckets), Leased(slices, calls)


def _bucket(account: Account, kind: Kind) -> Bucket:
    return account.buckets.get(kind, Bucket())
