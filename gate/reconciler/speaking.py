"""Ask GitHub what somebody may do about an incident, now. A person is known by numeric id."""

from __future__ import annotations

from typing import Final

from gate.domain.command_rule import Speaker
from gate.domain.commands import AcknowledgeCommand, IncidentCommand
from gate.domain.deliveries import Repository
from gate.domain.missing import StandingNeeded
from gate.domain.policy import LoadedPolicy, OverridePolicy, PolicyReading
from gate.domain.runs import Account
from gate.reconciler.deps import Deps
from gate.reconciler.documents import observe_policy
from gate.reconciler.places import place_of
from gate.reconciler.policies import policy_of
from gate.reconciler.standings import observe_standing

_WRITES: Final = "push"
_NO_POLICY: Final = "the policy cannot be read, which says who that is"


def observe_speaker(
    command: IncidentCommand,
    person: Account,
    repository: Repository,
    environment: str,
    deps: Deps,
) -> Speaker:
    """Look somebody up: whether they may write, and whether they may override in an environment.

    The latter is not asked where the former is enough: who can acknowledge should not have to wait
    for a policy. Raises RetryLater or Refused when GitHub does not say.
    """
    found = deps.github.read_collaborator(place_of(repository), person)
    if found is None:
        detail = "GitHub does not know them by that login"
        return Speaker(is_person=True, may_write=False, may_override=False, detail=detail)
    may_write = _WRITES in found.permissions
    if may_write and isinstance(command, AcknowledgeCommand):
        return Speaker(is_person=True, may_write=True, may_override=False, detail="may write")
    reading = _observe_policy(repository, deps)
    if not isinstance(reading, LoadedPolicy):
        return Speaker(is_person=True, may_write=may_write, may_override=False, detail=_NO_POLICY)
    entry = reading.policy.environment(environment)
    rule = entry.override if entry is not None else OverridePolicy()
    environments = (environment, rule.environment_for(environment))
    need = StandingNeeded(person, rule.reviewers, environments, None)
    standing = observe_standing(need, place_of(repository), repository.owner.login, deps.github)
    return Speaker(
        is_person=True, may_write=may_write, may_override=standing.may, detail=standing.detail
    )


def _observe_policy(repository: Repository, deps: Deps) -> PolicyReading | None:
    """Give the policy as it is now, reading it where what is stored is not trusted."""
    now = deps.clock()
    choice = deps.database.read(lambda snapshot: policy_of(snapshot, repository, deps, now))
    if choice is None:
        observe_policy(repository, deps, now)
        choice = deps.database.read(lambda snapshot: policy_of(snapshot, repository, deps, now))
    return choice.reading if choice is not None else None
