"""Describe what people say to release a held deployment, and what became of it.

Pure values. A claim is what a person said in one of the three places where GitHub lets people
speak; whether it counts is decided in `gate.domain.overrides.rule`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from gate.domain.model.ids import AccountId, RunId, Sha
from gate.domain.model.runs import Account
from gate.domain.text.fold import fold


class OverrideChannel(StrEnum):
    """Where an override was given: three routes, one rule.

    `review`: a required reviewer approved the gated environment. `environment`: the override
    environment of an override workflow's run was approved. `comment`: `/override` on an issue.
    """

    REVIEW = "review"
    ENVIRONMENT = "environment"
    COMMENT = "comment"


@dataclass(frozen=True, slots=True)
class OverrideClaim:
    """What one person said to release a run.

    `run_id`, `run_attempt` and `head_sha` are those of the run to be released, never of an override
    workflow's own run. `environment` is the one that was approved; for a comment, the gated one.
    `given_at` is GitHub's time, or the earliest that is known: a claim must not look younger than
    it is. `rationale` is raw and whole. `key` is natural: the same claim seen again has the same.

    `received_at` is when GitHub told of a review first; None when that is not known, or when
    `given_at` is GitHub's own word. A review was given at some time between the two.
    """

    key: str
    channel: OverrideChannel
    person: Account
    is_person: bool
    rationale: str
    given_at: datetime
    run_id: RunId
    run_attempt: int
    head_sha: Sha
    environment: str
    url: str | None = None
    received_at: datetime | None = None

    @property
    def is_silent_review(self) -> bool:
        """Return whether it is an ordinary approval without a comment, which asks for nothing."""
        return self.channel is OverrideChannel.REVIEW and not fold(self.rationale)


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a person may override, as GitHub says now; `detail` says by which entry, or why not.

    Only a standing that was read for the present pass is given: an older one says nothing.
    """

    person_id: AccountId
    may: bool
    detail: str


@dataclass(frozen=True, slots=True)
class OverrideAsk:
    """What an override of a hold takes, for people to read.

    `environment` is the one whose reviewers approve an override workflow's run.
    """

    environment: str
    approvals: int
    min_length: int
    acknowledge: str


@dataclass(frozen=True, slots=True)
class OverrideRoutes:
    """The open routes of an override: the review, the override environment, a comment.

    A route that is open to no one is not offered. Where the gate does not know, it is.
    """

    review: bool = True
    environment: bool = True
    comment: bool = True

    @property
    def is_open(self) -> bool:
        """Return whether there is any route."""
        return self.review or self.environment or self.comment


ALL_ROUTES: Final = OverrideRoutes()
"""What is offered where nothing better is known."""


@dataclass(frozen=True, slots=True)
class OverrideRecord:
    """The claims that released a deployment, one for each person, the first given first."""

    claims: tuple[OverrideClaim, ...]


class RefusalCode(StrEnum):
    """What is wrong with a claim; stable slugs, in the order in which they are listed."""

    NOT_ALLOWED = "not_allowed"
    HOLD_NOT_OVERRIDABLE = "hold_not_overridable"
    BEFORE_RED = "before_red"
    OTHER_ATTEMPT = "other_attempt"
    OTHER_COMMIT = "other_commit"
    OTHER_ENVIRONMENT = "other_environment"
    NOT_A_PERSON = "not_a_person"
    TRIGGER_UNKNOWN = "trigger_unknown"
    SELF_REVIEW = "self_review"
    NOT_ELIGIBLE = "not_eligible"
    ELIGIBILITY_UNKNOWN = "eligibility_unknown"
    RATIONALE_TOO_LONG = "rationale_too_long"
    RATIONALE_SHORT = "rationale_short"
    NOT_ACKNOWLEDGED = "not_acknowledged"


OPEN_QUESTIONS: Final = (RefusalCode.TRIGGER_UNKNOWN, RefusalCode.ELIGIBILITY_UNKNOWN)
"""What is wrong with a claim only until the gate has looked it up, which it does last."""

_MENDABLE: Final = frozenset(
    {
        *OPEN_QUESTIONS,
        RefusalCode.RATIONALE_SHORT,
        RefusalCode.NOT_ACKNOWLEDGED,
        RefusalCode.RATIONALE_TOO_LONG,
        RefusalCode.BEFORE_RED,
    }
)


_FOR_NOBODY: Final = frozenset({RefusalCode.NOT_ALLOWED, RefusalCode.HOLD_NOT_OVERRIDABLE})


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing that is wrong with a claim. `detail` may quote hostile text."""

    code: RefusalCode
    detail: str


@dataclass(frozen=True, slots=True)
class RefusedClaim:
    """A claim that does not count, with everything that is wrong with it."""

    key: str
    channel: OverrideChannel
    person: Account
    given_at: datetime
    refusals: tuple[Refusal, ...]

    @property
    def codes(self) -> tuple[RefusalCode, ...]:
        """Name what is wrong, in a fixed order."""
        return tuple(refusal.code for refusal in self.refusals)

    @property
    def faults(self) -> tuple[Refusal, ...]:
        """List what a person needs to know: not what the gate looks up once nothing else is wrong.

        Where that is all, it is listed.
        """
        real = tuple(it for it in self.refusals if it.code not in OPEN_QUESTIONS)
        return real or self.refusals

    @property
    def is_mendable(self) -> bool:
        """Return whether the person can mend it, or the gate look it up; else they are barred."""
        return _MENDABLE.issuperset(self.codes)

    @property
    def is_barred_to_all(self) -> bool:
        """Return whether the hold is one that nobody may override."""
        return not _FOR_NOBODY.isdisjoint(self.codes)


def describe(claim: OverrideClaim | RefusedClaim) -> str:
    """Return who overrode, where and when, on one line of raw text."""
    where = _CHANNELS[claim.channel]
    return f"{fold(claim.person.login)} ({where}, {claim.given_at:%Y-%m-%d %H:%M} UTC)"


def describe_refused(claim: RefusedClaim) -> str:
    """Return what is wrong with a claim, on one line of raw text."""
    faults = "; ".join(fold(refusal.detail) for refusal in claim.faults)
    return f"{describe(claim)}: {faults}"


_CHANNELS: Final = {
    OverrideChannel.REVIEW: "review",
    OverrideChannel.ENVIRONMENT: "override workflow",
    OverrideChannel.COMMENT: "comment",
}


@dataclass(frozen=True, slots=True)
class OverrideJudgment:
    """Which claims count, which do not, and what is still needed.

    `accepted` holds one claim of each person, the first that counts. `refused` holds all that do
    not count; `outstanding` those of them that tell where a person stands: the newest of each who
    has none accepted. `needed` is how many more people must override. `unknown` are the people
    whose standing is all that their claim lacks, and `asks_trigger` says the same of who started
    the deployment; both are empty once the override is complete.
    """

    accepted: tuple[OverrideClaim, ...]
    refused: tuple[RefusedClaim, ...]
    outstanding: tuple[RefusedClaim, ...]
    needed: int
    unknown: tuple[Account, ...]
    asks_trigger: bool

    @property
    def is_complete(self) -> bool:
        """Return whether the deployment is released; without an accepted claim it never is."""
        return bool(self.accepted) and self.needed <= 0
