"""Choose the policy that speaks for a repository, and keep it above the organization's floor.

Pure. The repository's own file wins, then the organization's, then the server's; but where the
organization has one, a repository may only be stricter. A looser one is not merged silently: it is
a problem like any other, so the gate holds and says which line to change.

That each key is as strict does not make the whole so: a hold of another kind may be overridden by
other people, or earlier. So an accepted policy carries the floor, and `gate.domain.requests.decide`
approves nothing that the floor would not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from gate.domain.model.ids import environment_key
from gate.domain.model.policy.policy import (
    Covers,
    EnvironmentPolicy,
    InvalidPolicy,
    LoadedPolicy,
    Mode,
    OverridePolicy,
    Permission,
    PermissionReviewer,
    Policy,
    PolicyReading,
    Problem,
    Reaction,
    Reviewer,
    UnavailablePolicy,
    ValidationRule,
    ValidationState,
)

_REACTIVE: Final = (
    ValidationState.FAILED,
    ValidationState.RUNNING,
    ValidationState.INCONCLUSIVE,
    ValidationState.MISSING,
    ValidationState.STALE,
)


@dataclass(frozen=True, slots=True)
class PolicyPlace:
    """A place where a policy was read: its text's digest, or why it could not be read."""

    source: str
    digest: str
    unavailable: str | None = None


@dataclass(frozen=True, slots=True)
class PolicyBasis:
    """The places that a chosen policy comes from, enough to choose it again from their texts."""

    repository: PolicyPlace | None
    organization: PolicyPlace | None
    server: PolicyPlace


@dataclass(frozen=True, slots=True)
class PolicyChoice:
    """The reading that decides, and what it was chosen from."""

    reading: PolicyReading
    basis: PolicyBasis


ReadPlace = Callable[[PolicyPlace], PolicyReading]
"""Read the policy of a place again."""


def choose(
    repository: PolicyReading | None, organization: PolicyReading | None, server: PolicyReading
) -> PolicyChoice:
    """Choose as `choose_policy` does, and keep what it was chosen from."""
    basis = PolicyBasis(
        _place(repository) if repository is not None else None,
        _place(organization) if organization is not None else None,
        _place(server),
    )
    return PolicyChoice(choose_policy(repository, organization, server), basis)


def choose_again(basis: PolicyBasis, read: ReadPlace) -> PolicyReading:
    """Choose the policy once more from the places it came from."""
    own, shared = basis.repository, basis.organization
    return choose_policy(
        read(own) if own is not None else None,
        read(shared) if shared is not None else None,
        read(basis.server),
    )


def without_organization(reading: PolicyReading, basis: PolicyBasis) -> PolicyReading | None:
    """Return a chosen reading as people see it who may not see the organization's policy.

    It is without the floor, and None where the organization's policy decides or is the invalid one.
    That a policy cannot be read quotes none.
    """
    organization = basis.organization
    if organization is None or isinstance(reading, UnavailablePolicy):
        return reading
    if basis.repository is None or reading.source == organization.source:
        return None
    return replace(reading, floor=None) if isinstance(reading, LoadedPolicy) else reading


def _place(reading: PolicyReading) -> PolicyPlace:
    if isinstance(reading, UnavailablePolicy):
        return PolicyPlace("", "", reading.detail)
    return PolicyPlace(reading.source, reading.digest)


def choose_policy(
    repository: PolicyReading | None, organization: PolicyReading | None, server: PolicyReading
) -> PolicyReading:
    """Pick the reading that decides; None means that the place was read and holds no policy.

    A place that could not be read is not an absent one: without it nobody knows which policy
    speaks, so the result is unavailable.
    """
    if repository is None:
        return server if organization is None else organization
    if isinstance(organization, UnavailablePolicy | InvalidPolicy):
        return organization
    if organization is None or not isinstance(repository, LoadedPolicy):
        return repository
    problems = tuple(check_floor(repository.policy, organization.policy))
    if not problems:
        return replace(repository, floor=organization.policy)
    return InvalidPolicy(problems, repository.digest, repository.source)


def check_floor(policy: Policy, floor: Policy) -> Iterator[Problem]:
    """List where `policy` is looser than `floor`; an environment only one of them has is no case.

    Places are given as line 1, because a looser value need not be written in the file at all.
    """
    for name, required in floor.environments.items():
        own = policy.environments.get(name)
        if own is None:
            continue
        for key, message in _looser(own, required, name):
            yield Problem(
                1,
                1,
                f"environments.{name}.{key}",
                f"looser than the organization's policy, which {message}",
            )


def _looser(
    own: EnvironmentPolicy, floor: EnvironmentPolicy, name: str
) -> Iterator[tuple[str, str]]:
    if own.mode is Mode.OBSERVE and floor.mode is Mode.ENFORCE:
        yield "mode", "has mode: enforce"
    yield from _looser_identity(own.validation, floor.validation)
    yield from _looser_demand(own.validation, floor.validation)
    for state in _REACTIVE:
        if floor.when.to(state) is Reaction.REJECT and own.when.to(state) is not Reaction.REJECT:
            yield f"when.{state}", "rejects"
    if own.give_up_after > floor.give_up_after:
        yield "give_up_after", f"gives up after {_spell(floor.give_up_after)}"
    if own.override.allow:
        yield from _looser_override(own.override, floor.override, name)


def _spell(duration: timedelta) -> str:
    """Spell a duration as a policy does, in the largest unit that is exact, up to hours."""
    seconds = int(duration.total_seconds())
    for size, unit in ((3_600, "h"), (60, "m")):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _looser_identity(own: ValidationRule, floor: ValidationRule) -> Iterator[tuple[str, str]]:
    """List where another run than the floor's may count as the validation."""
    if own.workflow != floor.workflow:
        yield "validation.workflow", f"requires {floor.workflow}"
    if own.branch != floor.branch:
        yield "validation.branch", f"requires {floor.branch or 'the default branch'}"
    if set(own.events) != set(floor.events):
        # With fewer, a newer red run by one of the others would not be seen.
        yield "validation.events", f"requires {', '.join(sorted(floor.events))}"


def _looser_demand(own: ValidationRule, floor: ValidationRule) -> Iterator[tuple[str, str]]:
    """List where the run that counts has less to show."""
    if own.max_age > floor.max_age:
        yield "validation.max_age", f"allows at most {_spell(floor.max_age)}"
    if lacking := set(floor.required_jobs) - set(own.required_jobs):
        yield "validation.required_jobs", f"also requires {', '.join(sorted(lacking))}"
    if floor.covers is not Covers.LATEST and own.covers is not floor.covers:
        yield "validation.covers", f"requires {floor.covers}"
    if floor.covers is Covers.INFRASTRUCTURE and (
        own.infrastructure_workflow != floor.infrastructure_workflow
    ):
        yield "validation.infrastructure.workflow", f"requires {floor.infrastructure_workflow}"


def _looser_override(
    own: OverridePolicy, floor: OverridePolicy, name: str
) -> Iterator[tuple[str, str]]:
    """List where a hold is released more easily than the floor lets it be."""
    if not floor.allow:
        yield "override.allow", "allows no override"
    if extra := set(own.holds) - set(floor.holds):
        yield "override.holds", f"does not allow overriding {', '.join(sorted(extra))}"
    if not floor.reviewers and own.reviewers:
        yield "override.reviewers", "leaves the reviewers to GitHub"
    elif _more_reviewers(own.reviewers, floor.reviewers):
        yield "override.reviewers", "lists fewer or other reviewers"
    environment = floor.environment_for(name)
    if environment_key(own.environment_for(name)) != environment_key(environment):
        yield "override.environment", f"requires {environment}"
    if floor.prevent_self_review and not own.prevent_self_review:
        yield "override.prevent_self_review", "does not allow self-review"
    if own.approvals < floor.approvals:
        yield "override.approvals", f"requires {floor.approvals}"
    if own.min_length < floor.min_length:
        yield "override.rationale.min_length", f"requires {floor.min_length}"
    if own.acknowledge.casefold() != floor.acknowledge.casefold():
        yield "override.rationale.acknowledge", f"requires “{floor.acknowledge}”"


def _more_reviewers(own: tuple[Reviewer, ...], floor: tuple[Reviewer, ...]) -> bool:
    """Return whether people may override whom a floor that names reviewers does not list.

    A team's members and a person's permission are not known here: such an entry is within the floor
    only when the floor has the same one.
    """
    if not floor:
        return False
    return not own or any(not _is_within(reviewer, floor) for reviewer in own)


def _is_within(reviewer: Reviewer, floor: tuple[Reviewer, ...]) -> bool:
    if not isinstance(reviewer, PermissionReviewer):
        return reviewer in floor
    order = list(Permission)
    levels = [order.index(it.level) for it in floor if isinstance(it, PermissionReviewer)]
    return bool(levels) and order.index(reviewer.level) >= min(levels)
