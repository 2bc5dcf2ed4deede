"""Ask GitHub who somebody is and what they may do, by numeric id: logins are given up and reused.

GitHub answers these questions by login. So the answer is used only when it is about the account
that was asked for.
"""

from __future__ import annotations

from typing import Final

import msgspec

from gate.domain.model.github import Collaborator, RepositoryAddress, RequiredReviewer
from gate.domain.model.ids import AccountId, InstallationId
from gate.domain.model.runs import Account
from gate.errors import Refused
from gate.githubapp.app.tokens import Scope
from gate.githubapp.shapes import (
    MembershipShape,
    PermissionShape,
    ProtectedEnvironmentShape,
    RequiredReviewerShape,
)
from gate.githubapp.transport.connection import Answer
from gate.githubapp.transport.paths import repository_path, segment
from gate.githubapp.transport.transport import Transport, decoded

_METADATA: Final = (("metadata", "read"),)
_MEMBERS: Final = (("members", "read"),)
_ACTIONS: Final = (("actions", "read"),)
_REQUIRED: Final = "required_reviewers"
_USER: Final = "User"
_ACTIVE: Final = "active"

_permission: Final = msgspec.json.Decoder(PermissionShape)
_membership: Final = msgspec.json.Decoder(MembershipShape)
_environment: Final = msgspec.json.Decoder(ProtectedEnvironmentShape)


def read_collaborator(
    transport: Transport, address: RepositoryAddress, person: Account
) -> Collaborator | None:
    """Read what a person may do in a repository; None when the login is not theirs (any more)."""
    scope = Scope(address.installation_id, address.repository_id, permissions=_METADATA)
    path = f"/collaborators/{segment(person.login)}/permission"
    answer = _found(transport, scope, repository_path(address.full_name, path))
    if answer is None:
        return None
    user = decoded(answer, _permission).user
    if user is None or user.id != person.id:
        return None
    granted = frozenset(name for name, held in user.permissions.items() if held)
    return Collaborator(Account(AccountId(user.id), user.login), granted)


def read_team_member(
    transport: Transport,
    installation_id: InstallationId,
    *,
    organization: str,
    slug: str,
    login: str,
) -> bool:
    """Say whether a login is an active member of a team; an invited one is not yet."""
    scope = Scope(installation_id, permissions=_MEMBERS)
    path = f"/orgs/{segment(organization)}/teams/{segment(slug)}/memberships/{segment(login)}"
    answer = _found(transport, scope, path)
    return answer is not None and decoded(answer, _membership).state == _ACTIVE


def read_required_reviewers(
    transport: Transport, address: RepositoryAddress, environment: str
) -> tuple[RequiredReviewer, ...]:
    """List who must review an environment; nobody when it is not protected so, or unknown."""
    scope = Scope(address.installation_id, address.repository_id, permissions=_ACTIONS)
    path = repository_path(address.full_name, f"/environments/{segment(environment)}")
    answer = _found(transport, scope, path)
    if answer is None:
        return ()
    rules = decoded(answer, _environment).protection_rules
    named = [it for rule in rules if rule.type == _REQUIRED for it in rule.reviewers]
    return tuple(_reviewer(it) for it in named)


def _reviewer(shape: RequiredReviewerShape) -> RequiredReviewer:
    if shape.type == _USER:
        return RequiredReviewer(user_id=AccountId(shape.reviewer.id))
    return RequiredReviewer(team=shape.reviewer.slug)


def _found(transport: Transport, scope: Scope, path: str) -> Answer | None:
    """Read, taking an absence for an answer."""
    try:
        return transport.call(scope, "GET", path)
    except Refused as error:
        if error.reason == "not_found":
            return None
        raise
