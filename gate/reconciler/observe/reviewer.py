"""Ask GitHub whether a person may override, now.

By the reviewers that the policy lists; where it lists none, by GitHub's own reviewers. A person is
known by numeric id. What cannot be found out is no yes.
"""

from __future__ import annotations

from typing import Final, assert_never

from gate.domain.model.github import Collaborator, RepositoryAddress, RequiredReviewer
from gate.domain.model.overrides import Standing
from gate.domain.model.policy.policy import (
    Permission,
    PermissionReviewer,
    Reviewer,
    TeamReviewer,
    UserReviewer,
)
from gate.domain.requests.missing_facts import StandingNeeded
from gate.errors import Refused, RetryLater
from gate.reconciler.obstacles import cause
from gate.reconciler.ports import People

_GITHUB_NAME: Final = {
    Permission.WRITE: "push",
    Permission.MAINTAIN: "maintain",
    Permission.ADMIN: "admin",
}


def observe_standing(
    need: StandingNeeded, address: RepositoryAddress, owner: str, people: People
) -> Standing:
    """Look one person up; `owner` is whose teams an environment can ask.

    A team that GitHub does not let us read hides nobody who stands beside it in the list: it is
    named to whoever is found nowhere else. Raises RetryLater or Refused when GitHub does not say,
    and nothing else says that they may: then nobody is released on it.
    """
    person = need.person
    if not need.reviewers and need.reviewed is not None:
        return Standing(person.id, may=True, detail=f"GitHub let them review {need.reviewed}")
    found = people.read_collaborator(address, person)
    if found is None:
        return Standing(person.id, may=False, detail="the login no longer belongs to this account")
    if need.reviewers:
        return _by_policy(need.reviewers, found, address, people)
    return _by_environments(need.environments, found, address, owner, people)


def _by_policy(
    reviewers: tuple[Reviewer, ...], found: Collaborator, address: RepositoryAddress, people: People
) -> Standing:
    person_id = found.account.id
    unread: list[str] = []
    later: RetryLater | None = None
    for reviewer in reviewers:
        try:
            if _is_reviewer(reviewer, found, address, people):
                return Standing(person_id, may=True, detail=_spell(reviewer))
        except RetryLater as error:
            later = later or error
        except Refused as error:
            unread.append(f"{_spell(reviewer)} cannot be read ({cause(error)})")
    if later is not None:
        raise later
    listed = ", ".join(_spell(reviewer) for reviewer in reviewers)
    return Standing(
        person_id, may=False, detail="; ".join([f"not listed in the policy ({listed})", *unread])
    )


def _is_reviewer(
    reviewer: Reviewer, found: Collaborator, address: RepositoryAddress, people: People
) -> bool:
    """Return whether an entry of the policy means this person."""
    match reviewer:
        case UserReviewer(login):
            return found.account.login.casefold() == login
        case PermissionReviewer(level):
            return _GITHUB_NAME[level] in found.permissions
        case TeamReviewer(organization, slug):
            return people.read_team_member(
                address.installation_id,
                organization=organization,
                slug=slug,
                login=found.account.login,
            )
        case _:
            assert_never(reviewer)


def _by_environments(
    environments: tuple[str, ...],
    found: Collaborator,
    address: RepositoryAddress,
    owner: str,
    people: People,
) -> Standing:
    """Find the person among those whom GitHub itself would ask."""
    person_id = found.account.id
    for environment in environments:
        for required in people.read_required_reviewers(address, environment):
            if _is_required(required, found, address, owner, people):
                return Standing(person_id, may=True, detail=f"a required reviewer of {environment}")
    asked = " or ".join(environments)
    return Standing(person_id, may=False, detail=f"not a required reviewer of {asked}")


def _is_required(
    required: RequiredReviewer,
    found: Collaborator,
    address: RepositoryAddress,
    owner: str,
    people: People,
) -> bool:
    """Return whether an environment's required reviewer is this person, or a team they are in."""
    if required.team is None:
        return required.user_id == found.account.id
    return people.read_team_member(
        address.installation_id,
        organization=owner,
        slug=required.team,
        login=found.account.login,
    )


def _spell(reviewer: Reviewer) -> str:
    """Name an entry as the policy does."""
    match reviewer:
        case UserReviewer(login):
            return f"user:{login}"
        case PermissionReviewer(level):
            return f"permission:{level}"
        case TeamReviewer(organization, slug):
            return f"team:{organization}/{slug}"
        case _:
            assert_never(reviewer)
