"""Describe a gate request and the only ways in which its state may change.

A request is our record of one environment that one run attempt waits for. The table of states in
docs/explanation/architecture.md is generated from `TRANSITIONS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from gate.domain.model.ids import DeploymentId, InstallationId, RequestId, RequestKey, Sha


class RequestState(StrEnum):
    """Where a request stands; only `answering` may have a review in flight."""

    OPEN = "open"
    WAITING = "waiting"
    ANSWERING = "answering"
    APPROVED = "approved"
    REJECTED = "rejected"
    LAPSED = "lapsed"
    RESOLVED_ELSEWHERE = "resolved_elsewhere"
    UNANSWERABLE = "unanswerable"


class ReviewState(StrEnum):
    """The two answers GitHub accepts from a deployment protection rule."""

    APPROVED = "approved"
    REJECTED = "rejected"


UNDECIDED: Final = frozenset({RequestState.OPEN, RequestState.WAITING, RequestState.ANSWERING})
"""The states that still owe GitHub an answer."""

CLOSED_WITHOUT_US: Final = frozenset(
    {RequestState.LAPSED, RequestState.RESOLVED_ELSEWHERE, RequestState.UNANSWERABLE}
)
# A late job may turn out to be covered by the answer of the round before.
_ANSWERED: Final = frozenset({RequestState.APPROVED, RequestState.REJECTED})

TRANSITIONS: Final[Mapping[RequestState, frozenset[RequestState]]] = {
    RequestState.OPEN: (
        frozenset({RequestState.WAITING, RequestState.ANSWERING}) | _ANSWERED | CLOSED_WITHOUT_US
    ),
    RequestState.WAITING: frozenset({RequestState.ANSWERING}) | _ANSWERED | CLOSED_WITHOUT_US,
    RequestState.ANSWERING: frozenset({RequestState.WAITING}) | _ANSWERED | CLOSED_WITHOUT_US,
    # A closed request opens again when one more job of the same attempt reaches the environment:
    # that job is a pending deployment which the earlier answer did not cover.
    RequestState.APPROVED: frozenset({RequestState.OPEN}),
    RequestState.REJECTED: frozenset({RequestState.OPEN}),
    RequestState.LAPSED: frozenset({RequestState.OPEN}),
    RequestState.RESOLVED_ELSEWHERE: frozenset({RequestState.OPEN}),
    RequestState.UNANSWERABLE: frozenset({RequestState.OPEN}),
}


@dataclass(frozen=True, slots=True)
class GateRequest:
    """What GitHub waits for us to answer.

    `environment` is spelled as GitHub sent it, `key.environment` is folded. `round` counts how
    often the request was opened: it is 1 until a late job of the same attempt needs one more
    answer. `waiting_since` is when the present round began, `opened_at` when the first did.
    `missed_at` is when GitHub was first seen not to wait for us any more although we had not
    answered. `deployment_ids` has one entry for each job that asked, below zero for one without a
    deployment; `unanswered` are those that no answer of ours covers yet. `answer` and `answered_at`
    tell of the last answer given, in whichever round.
    """

    id: RequestId
    key: RequestKey
    installation_id: InstallationId
    environment: str
    head_sha: Sha
    state: RequestState
    round: int
    deployment_ids: tuple[DeploymentId, ...]
    unanswered: tuple[DeploymentId, ...]
    opened_at: datetime
    waiting_since: datetime
    missed_at: datetime | None
    answer: ReviewState | None
    answered_at: datetime | None
    generation: int

    @property
    def known_deployments(self) -> tuple[DeploymentId, ...]:
        """Return the deployments that GitHub can be asked about."""
        return tuple(it for it in self.deployment_ids if it > 0)

    @property
    def is_untouched(self) -> bool:
        """Return whether no pass has looked at it yet, so that nothing is on record about it."""
        return self.state is RequestState.OPEN and self.round == 1

    @property
    def is_undecided(self) -> bool:
        """Return whether GitHub may still be waiting for our answer."""
        return self.state in UNDECIDED


def answered_state(answer: ReviewState) -> RequestState:
    """Return the state in which an answer leaves its request."""
    if answer is ReviewState.APPROVED:
        return RequestState.APPROVED
    return RequestState.REJECTED


def may_become(state: RequestState, target: RequestState) -> bool:
    """Return whether a request in `state` may move to `target`; staying is always allowed."""
    return target is state or target in TRANSITIONS[state]
