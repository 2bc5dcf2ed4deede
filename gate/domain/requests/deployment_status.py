"""Record an override in the history of the deployments that it released.

Pure. GitHub's deployment history shows the newest status of a deployment, so a status is added that
says once more what the state is, with who overrode and why. It must change nothing: it is planned
only for a deployment that has come to its end, since until then another state could be on its way
(docs: REST API endpoints for deployment statuses).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gate.domain.model.ids import DeploymentId
from gate.domain.model.ledger import Effect, EffectKind, Ledger, status_key
from gate.domain.model.overrides import OverrideRecord
from gate.domain.model.request import GateRequest, RequestState
from gate.domain.requests.plan import is_sendable
from gate.domain.text.fold import fold

DESCRIPTION_LIMIT: Final = 140
"""Characters that GitHub takes as the description of a deployment status."""

_TOPIC: Final = "override"
_FINAL: Final = frozenset({"success", "failure", "error", "inactive"})
_ELLIPSIS: Final = "…"


def is_final(state: str) -> bool:
    """Return whether a deployment in this state has come to its end."""
    return state in _FINAL


def is_own(log_url: str, request: GateRequest) -> bool:
    """Return whether a status with this link is a request's, whatever its page is called now."""
    return log_url.endswith(_mark(request))


def _mark(request: GateRequest) -> str:
    """Return what the status of a request adds to its page's address, and no other one does."""
    return f"#gate-request-{request.id}"


def plan_mirrors(
    request: GateRequest,
    ledger: Ledger,
    states: Mapping[DeploymentId, str],
    record: OverrideRecord,
    page: str,
) -> tuple[Effect, ...]:
    """List the statuses that are owed to the deployments which `record` released.

    `states` are the deployments' newest states as GitHub shows them now: it sends no webhook when
    one becomes `inactive`. Each deployment gets one, under one key, so a repeated pass adds none.
    `page` is what they link, the run's. Empty while the request is not approved, and without a
    page: a status that links none is not found again.
    """
    if request.state is not RequestState.APPROVED or not page:
        return ()
    begun = {it.effect.key for it in ledger.entries if not is_sendable(it.status)}
    owed = {
        deployment_id: status_key(request.key, deployment_id)
        for deployment_id in request.known_deployments
        if states.get(deployment_id) in _FINAL
    }
    return tuple(
        Effect(
            key=key,
            kind=EffectKind.STATUS,
            topic=_TOPIC,
            comment=render_status_description(record),
            deployment_id=deployment_id,
            mirrored=states[deployment_id],
            log_url=page.partition("#")[0] + _mark(request),
        )
        for deployment_id, key in owed.items()
        if key not in begun
    )


def render_status_description(record: OverrideRecord) -> str:
    """Return one line of plain text: who overrode, and the first person's reason.

    Nothing in it is invisible or turns the reading direction; Markdown and mentions are not read
    in this field.
    """
    people = [f"@{fold(claim.person.login)}" for claim in record.claims]
    why = fold(record.claims[0].rationale) if record.claims else ""
    text = f"Override by {', '.join(people)}: {why}"
    if len(text) <= DESCRIPTION_LIMIT:
        return text
    return text[: DESCRIPTION_LIMIT - len(_ELLIPSIS)].rstrip() + _ELLIPSIS
