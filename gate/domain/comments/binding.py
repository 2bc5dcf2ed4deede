"""Find the one held request that a person means when they name a run.

Pure. People name a run by its id or URL in a comment, or in the title of an override workflow's
run. The run must belong to this repository and be held by the gate, and exactly one of its requests
must match: an ambiguous name releases nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from gate.domain.comments.run_reference import RunReference
from gate.domain.model.deliveries import ReviewSubmitted
from gate.domain.model.ids import environment_key
from gate.domain.model.policy.policy import OverridePolicy
from gate.domain.model.request import GateRequest

_OVERRIDE_EVENT: Final = "workflow_dispatch"


@dataclass(frozen=True, slots=True)
class Unbound:
    """Why an override matches no held request: a stable slug, and an explanation."""

    reason: str
    detail: str


def bind(
    named: RunReference,
    held: Iterable[GateRequest],
    *,
    host: str,
    full_name: str,
    environment: str | None = None,
) -> GateRequest | Unbound:
    """Return the one request of `held` that is meant; all belong to the repository `full_name`.

    A URL must belong to this repository on the GitHub at `host`. Without an attempt, the newest
    held attempt is meant. `environment` is the one whose reviewers approved an override workflow's
    run; it selects the request when the run waits for several environments.
    """
    if named.full_name is not None and not _is_here(named, host, full_name):
        return Unbound("other_repository", "the run belongs to another repository")
    of_run = [
        request
        for request in held
        if request.key.run_id == named.run_id
        and named.run_attempt in {None, request.key.run_attempt}
    ]
    if not of_run:
        return Unbound("not_held", f"the gate is not holding run {named.run_id}")
    newest = max(request.key.run_attempt for request in of_run)
    return _only([it for it in of_run if it.key.run_attempt == newest], environment)


def _is_here(named: RunReference, host: str, full_name: str) -> bool:
    """Return whether a run's URL belongs to this repository, on this GitHub."""
    said_host, said_name = named.host or "", named.full_name or ""
    is_own = said_name.casefold() == full_name.casefold()
    return is_own and said_host.casefold() == host.casefold()


def _only(held: Sequence[GateRequest], environment: str | None) -> GateRequest | Unbound:
    """Return the one request that is meant.

    Of several, the name of the override environment selects one when it is derived from the gated
    environment's name, as it is by default.
    """
    if len(held) == 1:
        return held[0]
    own = [it for it in held if environment is not None and _overrides(environment, it)]
    if len(own) == 1:
        return own[0]
    environments = ", ".join(it.environment for it in held)
    return Unbound(
        "ambiguous",
        f"the run waits for several environments ({environments}), so it is unclear which one",
    )


def _overrides(environment: str, request: GateRequest) -> bool:
    usual = OverridePolicy().environment_for(request.environment)
    return environment_key(environment) == environment_key(usual)


def is_override_run(seen: ReviewSubmitted) -> bool:
    """Return whether a run counts as one of the override workflow.

    It must be started by hand on the default branch: on any other branch, whoever pushes could
    write the workflow.
    """
    default = seen.repository.default_branch
    return (
        seen.is_local
        and seen.event == _OVERRIDE_EVENT
        and default is not None
        and seen.branch == default
    )
