"""Ask GitHub what somebody may do about an incident or a hold, now.

A person is known by numeric id. Most people who write on a public repository may do nothing, so
that is found out with as few calls as it takes, and a yes is asked for again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gate.domain.incidents.command_rule import Commenter
from gate.domain.model.deliveries import Repository
from gate.domain.model.github import Collaborator, RepositoryAddress, RequiredReviewer
from gate.domain.model.ids import InstallationId
from gate.domain.model.overrides import Standing
from gate.domain.model.policy.policy import (
    LoadedPolicy,
    OverridePolicy,
    Policy,
    PolicyReading,
    UnavailablePolicy,
)
from gate.domain.model.runs import Account
from gate.domain.requests.missing_facts import StandingNeeded
from gate.errors import RetryLater
from gate.reconciler.deps import Deps
from gate.reconciler.observe.policy import policy_of
from gate.reconciler.observe.policy_documents import observe_policy
from gate.reconciler.observe.reviewer import observe_standing

_WRITES: Final = "push"
_NO_POLICY: Final = "unknown, the policy cannot be read"
_MOST_ENVIRONMENTS: Final = 3
"""Environments of a policy that are tried for somebody who names none of them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Of whom something is asked, and for where.

    `environment` None stands for any that the policy names. `write_is_enough` spares the question
    who may override, where write permission settles it.
    """

    person: Account
    repository: Repository
    environment: str | None
    write_is_enough: bool


def observe_commenter(asked: Asked, deps: Deps) -> Commenter:
    """Look somebody up: whether they may write, and whether they may override in an environment.

    Who may acknowledge should not have to wait for a policy. Raises RetryLater or Refused when
    GitHub does not say.
    """
    address = asked.repository.address
    found = deps.github.people.read_collaborator(address, asked.person)
    if found is None:
        detail = "the login no longer belongs to this account"
        return Commenter(is_person=True, may_write=False, may_override=False, detail=detail)
    may_write = _WRITES in found.permissions
    if may_write and asked.write_is_enough:
        return Commenter(is_person=True, may_write=True, may_override=False, detail="write access")
    reading = _observe_policy(asked.repository, deps)
    if reading is None or isinstance(reading, UnavailablePolicy):
        raise RetryLater("policy_unavailable", _NO_POLICY)
    if not isinstance(reading, LoadedPolicy):
        return Commenter(is_person=True, may_write=may_write, may_override=False, detail=_NO_POLICY)
    standing = _observe_standing(asked, reading.policy, found, deps)
    return Commenter(
        is_person=True, may_write=may_write, may_override=standing.may, detail=standing.detail
    )


def _observe_standing(asked: Asked, policy: Policy, found: Collaborator, deps: Deps) -> Standing:
    """Find out whether somebody may override, in the one environment or in any."""
    address, owner = asked.repository.address, asked.repository.owner.login
    quick = _Quick(deps, found, deps.clock())
    standing = Standing(asked.person.id, may=False, detail="none, the policy names no environment")
    for need in _needs(asked, policy):
        standing = observe_standing(need, address, owner, quick)
        if standing.may:
            return observe_standing(need, address, owner, deps.github.people)
    return standing


def _needs(asked: Asked, policy: Policy) -> Iterable[StandingNeeded]:
    names = tuple(policy.environments)[:_MOST_ENVIRONMENTS]
    if asked.environment is not None:
        names = (asked.environment,)
    for name in names:
        entry = policy.environment(name)
        rule = entry.override if entry is not None else OverridePolicy()
        environments = (name, rule.environment_for(name))
        yield StandingNeeded(asked.person, rule.reviewers, environments, None)


@dataclass(frozen=True, slots=True)
class _Quick:
    """Ask about a person who was looked up, with what is remembered of the environments."""

    deps: Deps
    found: Collaborator
    now: datetime

    def read_collaborator(self, address: RepositoryAddress, person: Account) -> Collaborator | None:  # noqa: ARG002
        """Return what was found just now."""
        return self.found

    def read_team_member(
        self, installation_id: InstallationId, *, organization: str, slug: str, login: str
    ) -> bool:
        """Ask GitHub: teams are about the person."""
        return self.deps.github.people.read_team_member(
            installation_id, organization=organization, slug=slug, login=login
        )

    def read_required_reviewers(
        self, address: RepositoryAddress, environment: str
    ) -> tuple[RequiredReviewer, ...]:
        """Return what GitHub said a minute ago at most."""
        read = self.deps.github.people.read_required_reviewers
        return self.deps.strangers.required_reviewers(address, environment, self.now, read)


def _observe_policy(repository: Repository, deps: Deps) -> PolicyReading | None:
    """Return the policy as it is now, reading it where what is stored is not trusted."""
    now = deps.clock()
    choice = deps.database.read(lambda snapshot: policy_of(snapshot, repository, deps, now))
    if choice is None:
        observe_policy(repository, deps, now)
        choice = deps.database.read(lambda snapshot: policy_of(snapshot, repository, deps, now))
    return choice.reading if choice is not None else None
