"""Read what people may do, by numeric id: logins are given up and reused.

GitHub answers these questions by login. So the answer is used only when it is about the account
that was asked for.
"""

from __future__ import annotations

from typing import Final

import msgspec

from gate.domain.model.github import Collaborator, RepositoryAddress, RequiredReviewer
from gate.domain.model.ids import AccountId, InstallationId
from gate.domain.model.runs import Account
from gate.githubapp.app.repository import RepositoryCalls
from gate.githubapp.app.session import Session
from gate.githubapp.app.tokens import Scope
from gate.githubapp.shapes.accounts import PersonShape
from gate.githubapp.shapes.fields import Id, Name
from gate.githubapp.transport.decoding import decoded
from gate.githubapp.transport.paths import segment

_METADATA: Final = (("metadata", "read"),)
_MEMBERS: Final = (("members", "read"),)
_ACTIONS: Final = (("actions", "read"),)
_REQUIRED: Final = "required_reviewers"
_USER: Final = "User"
_ACTIVE: Final = "active"


class ReviewerShape(msgspec.Struct):
    """A required reviewer: a user has a login, a team a slug."""

    id: Id
    login: Name | None = None
    slug: Name | None = None


class RequiredReviewerShape(msgspec.Struct):
    """A required reviewer and whether it is a `User` or a `Team`."""

    type: str
    reviewer: ReviewerShape


class ProtectionRuleShape(msgspec.Struct):
    """A protection rule of an environment; only `required_reviewers` names any."""

    type: str
    reviewers: list[RequiredReviewerShape] = []


class ProtectedEnvironmentShape(msgspec.Struct):
    """An environment with its protection rules."""

    protection_rules: list[ProtectionRuleShape] = []


class CollaboratorShape(PersonShape):
    """A user with what they may do in a repository, by GitHub's short names."""

    permissions: dict[str, bool] = msgspec.field(default_factory=dict)


class PermissionShape(msgspec.Struct):
    """What somebody may do in a repository."""

    user: CollaboratorShape | None


class MembershipShape(msgspec.Struct):
    """Somebody's membership of a team; only an `active` one counts."""

    state: str


_permission: Final = msgspec.json.Decoder(PermissionShape)
_membership: Final = msgspec.json.Decoder(MembershipShape)
_environment: Final = msgspec.json.Decoder(ProtectedEnvironmentShape)


class PeopleClient:
    """People, by numeric id."""

    def __init__(self, session: Session) -> None:
        """Prepare; nothing is called before it is needed."""
        self._session = session

    def read_collaborator(self, address: RepositoryAddress, person: Account) -> Collaborator | None:
        """Read what a person may do in a repository; None when the login is not theirs now."""
        path = f"/collaborators/{segment(person.login)}/permission"
        answer = RepositoryCalls.to(address, _METADATA, self._session).find(path)
        if answer is None:
            return None
        user = decoded(answer, _permission).user
        if user is None or user.id != person.id:
            return None
        granted = frozenset(name for name, held in user.permissions.items() if held)
        return Collaborator(Account(AccountId(user.id), user.login), granted)

    def read_team_member(
        self, installation_id: InstallationId, *, organization: str, slug: str, login: str
    ) -> bool:
        """Return whether a login is an active member of a team; an invited one is not yet."""
        scope = Scope(installation_id, permissions=_MEMBERS)
        path = f"/orgs/{segment(organization)}/teams/{segment(slug)}/memberships/{segment(login)}"
        answer = self._session.find(scope, path)
        return answer is not None and decoded(answer, _membership).state == _ACTIVE

    def read_required_reviewers(
        self, address: RepositoryAddress, environment: str
    ) -> tuple[RequiredReviewer, ...]:
        """Read who must review an environment; nobody when it is not protected so, or unknown."""
        calls = RepositoryCalls.to(address, _ACTIONS, self._session)
        answer = calls.find(f"/environments/{segment(environment)}")
        if answer is None:
            return ()
        rules = decoded(answer, _environment).protection_rules
        named = [it for rule in rules if rule.type == _REQUIRED for it in rule.reviewers]
        return tuple(_reviewer(it) for it in named)


def _reviewer(shape: RequiredReviewerShape) -> RequiredReviewer:
    if shape.type == _USER:
        return RequiredReviewer(user_id=AccountId(shape.reviewer.id))
    return RequiredReviewer(team=shape.reviewer.slug)
