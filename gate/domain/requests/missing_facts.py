"""List the facts that must be read from GitHub before a request is decided.

Pure. Facts come with webhooks; GitHub is asked only for what is missing or cannot be trusted any
more. A listing of runs is trusted for `LISTING_TRUSTED` after it was read, and never longer than
webhooks have been received without a gap (`Listings.received_since`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gate.domain.evidence.jobs import lacks_jobs
from gate.domain.evidence.judge import judge_facts
from gate.domain.evidence.relevance import ValidationScope, counting_validations
from gate.domain.model.facts import Facts
from gate.domain.model.ids import DeploymentId, RunId, environment_key
from gate.domain.model.overrides import OverrideChannel, OverrideClaim, RefusalCode
from gate.domain.model.policy.policy import (
    Covers,
    EnvironmentPolicy,
    OverridePolicy,
    Reaction,
    Reviewer,
    ValidationState,
)
from gate.domain.model.runs import Account
from gate.domain.overrides.rule import judge_claims

LISTING_TRUSTED: Final = timedelta(minutes=10)
_ONLY_STANDING: Final = (RefusalCode.ELIGIBILITY_UNKNOWN,)


@dataclass(frozen=True, slots=True)
class ListingNeeded:
    """The newest runs of a workflow file on one branch."""

    path: str
    branch: str


@dataclass(frozen=True, slots=True)
class JobsNeeded:
    """The executions of a run's jobs, over all attempts up to this one."""

    run_id: RunId
    run_attempt: int


@dataclass(frozen=True, slots=True)
class PolicyNeeded:
    """The policy documents that speak for the repository."""


@dataclass(frozen=True, slots=True)
class RepositoryNeeded:
    """The repository itself: its default branch is not known."""


@dataclass(frozen=True, slots=True)
class GateNeeded:
    """What GitHub shows of the gate itself: the run attempt, and whether it still pends."""


@dataclass(frozen=True, slots=True)
class TriggerNeeded:
    """The run attempt that asks: who started it is not known."""


@dataclass(frozen=True, slots=True)
class StandingNeeded:
    """Whether this person may override now.

    `reviewers` are those that the policy lists. Without any it is whoever GitHub lets review
    `environments`; `reviewed` names the one that GitHub let them review just now, if any.
    """

    person: Account
    reviewers: tuple[Reviewer, ...]
    environments: tuple[str, ...]
    reviewed: str | None


@dataclass(frozen=True, slots=True)
class StatusesNeeded:
    """The newest statuses of deployments that an override has released."""

    deployment_ids: tuple[DeploymentId, ...]


@dataclass(frozen=True, slots=True)
class RoutesNeeded:
    """Whether anybody must review the gated environment, and the one to override it by."""

    gated: str
    override: str


Need = (
    RepositoryNeeded
    | PolicyNeeded
    | ListingNeeded
    | JobsNeeded
    | GateNeeded
    | TriggerNeeded
    | StandingNeeded
    | StatusesNeeded
    | RoutesNeeded
)


@dataclass(frozen=True, slots=True)
class Listings:
    """When each listing was last read, and since when no webhook can have been lost on our side."""

    read_at: Mapping[ListingNeeded, datetime]
    received_since: datetime

    def is_trusted(self, listing: ListingNeeded, now: datetime) -> bool:
        """Return whether what is stored, kept current by webhooks, still equals what GitHub has."""
        read_at = self.read_at.get(listing)
        return (
            read_at is not None
            and read_at >= self.received_since
            and now - read_at <= LISTING_TRUSTED
        )


def listings_of(policy: EnvironmentPolicy, default_branch: str) -> tuple[ListingNeeded, ...]:
    """Name the listings that a policy's evidence rests on."""
    rule = policy.validation
    branch = rule.branch or default_branch
    validations = ListingNeeded(rule.workflow, branch)
    if rule.covers is Covers.INFRASTRUCTURE:
        return validations, ListingNeeded(rule.infrastructure_workflow, branch)
    return (validations,)


def missing_facts(
    policy: EnvironmentPolicy, facts: Facts, listings: Listings, now: datetime
) -> tuple[Need, ...]:
    """List what must be read before `facts` may be decided by `policy`.

    Jobs are asked for only once the listings are trusted, since a listing may bring a newer run,
    and people are looked up only once the evidence is complete; call again after each reading until
    nothing is missing.
    """
    unread = tuple(
        listing
        for listing in listings_of(policy, facts.default_branch)
        if not listings.is_trusted(listing, now)
    )
    if unread:
        return unread
    return _missing_jobs(policy, facts) or _missing_for_override(policy, facts, now)


def _missing_jobs(policy: EnvironmentPolicy, facts: Facts) -> tuple[JobsNeeded, ...]:
    """Ask for the jobs of the run that decides, where its success alone says too little."""
    counting = counting_validations(
        facts.validations,
        ValidationScope(policy.validation, facts.request.key.repository_id, facts.default_branch),
    )
    newest = counting[0] if counting else None
    if newest is None or not lacks_jobs(newest, policy.validation.required_jobs):
        return ()
    return (JobsNeeded(newest.run_id, newest.run_attempt),)


def _missing_for_override(
    policy: EnvironmentPolicy, facts: Facts, now: datetime
) -> tuple[TriggerNeeded | StandingNeeded, ...]:
    """Ask about people only where nothing else stands between their claim and a release."""
    if not facts.claims:
        return ()
    evidence = judge_facts(policy.validation, facts, now)
    passed = evidence.state is ValidationState.PASSED
    if passed or policy.when.to(evidence.state) is Reaction.REJECT:
        return ()
    judgment = judge_claims(policy.override, facts, evidence)
    if judgment.asks_trigger:
        return (TriggerNeeded(),)
    open_keys = {it.key for it in judgment.refused if it.codes == _ONLY_STANDING}
    claims = [it for it in facts.claims if it.key in open_keys]
    return tuple(
        _standing_needed(person, policy.override, facts, claims) for person in judgment.unknown
    )


def _standing_needed(
    person: Account, policy: OverridePolicy, facts: Facts, claims: Iterable[OverrideClaim]
) -> StandingNeeded:
    """Return what must be looked up of a person whose `claims` lack nothing else.

    A review shows that GitHub takes the person for a reviewer when it is itself the claim, and
    nobody else is waited for. After that they may have lost it: then they are looked up.
    """
    gated = facts.request.environment
    environments = (gated, policy.environment_for(gated))
    names = {environment_key(name): name for name in environments}
    reviewed = [
        names[environment_key(claim.environment)]
        for claim in claims
        if policy.approvals <= 1
        and claim.person.id == person.id
        and claim.channel is not OverrideChannel.COMMENT
        and environment_key(claim.environment) in names
    ]
    return StandingNeeded(person, policy.reviewers, environments, next(iter(reviewed), None))
