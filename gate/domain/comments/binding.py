"""Find the one held request that somebody means when they name a run.

Pure. A run is named by an id or an address in a comment, or in the title of an override workflow's
run. It must be one of this repository that the gate holds, and only one request of it can be meant:
what is ambiguous releases nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from gate.domain.comments.commands import RunReference
from gate.domain.model.deliveries import ReviewSubmitted
from gate.domain.model.ids import environment_key
from gate.domain.model.policy import OverridePolicy
from gate.domain.model.request import GateRequest

_OVERRIDE_EVENT: Final = "workflow_dispatch"


@dataclass(frozen=True, slots=True)
class Unbound:
    """Why what was said is a claim on nothing: a stable slug, and plain words."""

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
    """Find the one request of `held` that is meant; all of them are of the repository `full_name`.

    An address must be one of this repository on the GitHub at `host`. Without an attempt the newest
    that is held is meant. `environment` is the one whose reviewers approved an override workflow's
    run; it tells which request is meant where the run waits at several environments.
    """
    if named.full_name is not None and not _is_here(named, host, full_name):
        return Unbound("other_repository", "the run is not one of this repository")
    of_run = [
        request
        for request in held
        if request.key.run_id == named.run_id
        and named.run_attempt in {None, request.key.run_attempt}
    ]
    if not of_run:
        return Unbound("not_held", f"the gate does not hold run {named.run_id}")
    newest = max(request.key.run_attempt for request in of_run)
    return _only([it for it in of_run if it.key.run_attempt == newest], environment)


def _is_here(named: RunReference, host: str, full_name: str) -> bool:
    """Say whether a run's address is of this repository, on this GitHub."""
    said_host, said_name = named.host or "", named.full_name or ""
    is_own = said_name.casefold() == full_name.casefold()
    return is_own and said_host.casefold() == host.casefold()


def _only(held: Sequence[GateRequest], environment: str | None) -> GateRequest | Unbound:
    """Choose the one request that is meant.

    Of several, the name of the override environment tells when it is made from one of theirs, as it
    is where the policy gives no other.
    """
    if len(held) == 1:
        return held[0]
    own = [it for it in held if environment is not None and _overrides(environment, it)]
    if len(own) == 1:
        return own[0]
    environments = ", ".join(it.environment for it in held)
    return Unbound("ambiguous", f"the run waits at several environments: {environments}")


def _overrides(environment: str, request: GateRequest) -> bool:
    usual = OverridePolicy().environment_for(request.environment)
    return environment_key(environment) == environment_key(usual)


def is_override_run(seen: ReviewSubmitted) -> bool:
    """Say whether a run may speak for the override workflow.

    It must be of the default branch and started by hand there: on any other branch whoever pushes
    could write the workflow.
    """
    default = seen.repository.default_branch
    return (
        seen.is_local
        and seen.event == _OVERRIDE_EVENT
        and default is not None
        and seen.branch == default
    )
