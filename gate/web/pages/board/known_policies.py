"""Choose the policies of many repositories as they were read last, and find whose are concealed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gate.domain.model.access import Visible
from gate.domain.model.deliveries import Repository
from gate.domain.model.ids import RepositoryId
from gate.domain.model.policy.sources import PolicyChoice, without_organization
from gate.policyfile import parse_policy
from gate.store.engine.database import Snapshot
from gate.store.github.names import owners_seen
from gate.store.github.stored_policies import choose_known, read_known
from gate.web.deps import WebDeps


def choose_policies(
    snapshot: Snapshot, repositories: Sequence[Repository], deps: WebDeps
) -> Mapping[RepositoryId, PolicyChoice]:
    """Choose the policies of those repositories where they were read, with one query."""
    known = read_known(snapshot, repositories)
    choices = {
        it.id: choose_known(
            known, it, parse_policy, deps.server_policy, requires_floor=deps.requires_floor
        )
        for it in repositories
    }
    return {number: choice for number, choice in choices.items() if choice is not None}


def find_concealed(
    snapshot: Snapshot,
    repositories: Sequence[Repository],
    choices: Mapping[RepositoryId, PolicyChoice],
    visible: Visible,
) -> frozenset[RepositoryId]:
    """Find the repositories whose policy is the organization's, which the reader may not see."""
    owners = {it.id: it.owner.id for it in repositories}
    shared = {
        number: owners[number]
        for number, choice in choices.items()
        if without_organization(choice.reading, choice.basis) is None
    }
    seen = owners_seen(snapshot, set(shared.values()), visible)
    return frozenset(number for number, owner in shared.items() if owner not in seen)
