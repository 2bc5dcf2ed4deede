"""Read the policy of a deployment, as far as a reader of its page may see it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from gate.domain.model.access import Visible
from gate.domain.model.policy.policy import InvalidPolicy, PolicyReading, UnavailablePolicy
from gate.domain.model.policy.sources import PolicyBasis, PolicyPlace, without_organization
from gate.domain.requests.explanation.concealment import conceal_policy
from gate.domain.text.addresses import file_page
from gate.domain.text.escaping import cut
from gate.policyfile import parse_policy
from gate.store.engine.database import Snapshot
from gate.store.github.names import may_see_owners
from gate.store.github.policies import PolicyTextMissing, read_policy_again, read_policy_text
from gate.store.requests.story import DeploymentRecord

_MOST_POLICY: Final = 20_000


@dataclass(frozen=True, slots=True)
class ShownPolicy:
    """A document that the policy in force comes from; `role` says which part it plays.

    `text` is None where it stands in a repository that the reader may not see.
    """

    source: str
    role: str
    digest: str
    text: str | None
    url: str


@dataclass(frozen=True, slots=True)
class Found:
    """What was read of a deployment, as far as its reader may see it.

    `reading` is None where its policy's text is not kept, and where it `is_concealed`: it is the
    organization's, which the reader may not see. `is_usable` says whether it is a valid policy.
    """

    record: DeploymentRecord
    reading: PolicyReading | None
    policies: tuple[ShownPolicy, ...]
    is_usable: bool = True
    is_concealed: bool = False


def _concealed(record: DeploymentRecord) -> DeploymentRecord:
    """Return a record whose decision quotes no policy of the organization."""
    if record.decision is None:
        return record
    decision = conceal_policy(record.decision.decision, record.decision.basis)
    return replace(record, decision=replace(record.decision, decision=decision))


def find_policy(snapshot: Snapshot, record: DeploymentRecord, visible: Visible) -> Found:
    """Read the policy that the newest decision rests on, as far as a reader may see it."""
    # It names environments and people of other repositories.
    sees_organizations = may_see_owners(snapshot, record.owner_id, visible)
    if not sees_organizations:
        record = _concealed(record)
    basis = record.decision.basis if record.decision is not None else None
    if basis is None:
        return Found(record, None, ())
    try:
        reading: PolicyReading | None = read_policy_again(snapshot, basis, parse_policy)
    except PolicyTextMissing:
        reading = None
    page = record.run.html_url if record.run is not None else ""
    places = [
        ShownPolicy(
            place.source,
            role,
            place.digest,
            _policy_text(snapshot, place)
            if sees_organizations or place is not basis.organization
            else None,
            file_page(page, place.source),
        )
        for role, place in _places(basis)
    ]
    is_usable = not isinstance(reading, InvalidPolicy | UnavailablePolicy)
    if reading is None or sees_organizations:
        return Found(record, reading, tuple(places), is_usable)
    shown = without_organization(reading, basis)
    return Found(record, shown, tuple(places), is_usable, is_concealed=shown is None)


def _places(basis: PolicyBasis) -> Iterator[tuple[str, PolicyPlace]]:
    """List the documents that count, as `choose_policy` does."""
    if basis.repository is not None:
        yield "the repository's policy", basis.repository
    if basis.organization is not None:
        is_floor = basis.repository is not None
        yield (
            "the organization's floor" if is_floor else "the organization's policy",
            (basis.organization),
        )
    if basis.repository is None and basis.organization is None:
        yield "the server's policy", basis.server


def _policy_text(snapshot: Snapshot, place: PolicyPlace) -> str:
    if place.unavailable is not None:
        return place.unavailable
    text = read_policy_text(snapshot, place.digest)
    return cut(text.decode("utf-8", "replace"), _MOST_POLICY) if text is not None else ""
