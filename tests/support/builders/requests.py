"""Build requests, facts and decisions: by default a request has waited for a minute."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from gate.domain.model.facts import Facts
from gate.domain.model.ids import (
    DeploymentId,
    RepositoryId,
    RequestId,
    RequestKey,
    RunId,
    environment_key,
)
from gate.domain.model.request import GateRequest, RequestState
from gate.domain.requests.closing import Sighting
from gate.domain.requests.decision import Decision, Reason, ReasonCode, Verdict
from tests.support.builders.defaults import (
    BRANCH,
    DIGEST,
    ENVIRONMENT,
    INSTALLATION,
    NOW,
    REPOSITORY,
    SHA,
    before,
)
from tests.support.builders.runs import make_deploy_run, make_run


def make_key(
    *,
    repository_id: int = REPOSITORY,
    run_id: int = 601,
    run_attempt: int = 1,
    environment: str = ENVIRONMENT,
) -> RequestKey:
    """Name the gate of the first attempt of the deploying run."""
    return RequestKey(
        RepositoryId(repository_id), RunId(run_id), run_attempt, environment_key(environment)
    )


def make_request(**changes: Any) -> GateRequest:
    """Make a request that has been open for a minute, with one deployment.

    `opened_at` follows `waiting_since`, and the key follows `environment`, unless given.
    """
    waiting_since = changes.get("waiting_since", before(minutes=1))
    environment = changes.get("environment", ENVIRONMENT)
    values: dict[str, Any] = {
        "id": RequestId(9),
        "key": make_key(environment=environment),
        "installation_id": INSTALLATION,
        "environment": environment,
        "head_sha": SHA,
        "state": RequestState.OPEN,
        "round": 1,
        "deployment_ids": (DeploymentId(31),),
        "unanswered": (DeploymentId(31),),
        "opened_at": waiting_since,
        "waiting_since": waiting_since,
        "missed_at": None,
        "answer": None,
        "answered_at": None,
        "generation": 1,
    }
    return GateRequest(**values | changes)


def make_facts(**changes: Any) -> Facts:
    """Make the facts of a request that may go on: one green validation."""
    values: dict[str, Any] = {
        "request": make_request(),
        "default_branch": BRANCH,
        "validations": (make_run(),),
        "infrastructure": (),
    }
    return Facts(**values | changes)


def make_decision(
    verdict: Verdict = Verdict.WAIT,
    *codes: ReasonCode,
    detail: str = "",
    **changes: Any,
) -> Decision:
    """Make a decision; without codes it is held because the validation failed."""
    default = {
        Verdict.WAIT: ReasonCode.VALIDATION_FAILED,
        Verdict.APPROVE: ReasonCode.VALIDATION_PASSED,
        Verdict.REJECT: ReasonCode.GAVE_UP,
    }
    held = verdict is Verdict.WAIT
    values: dict[str, Any] = {
        "verdict": verdict,
        "reasons": tuple(Reason(code, detail) for code in codes or (default[verdict],)),
        "evidence": None,
        "policy_digest": DIGEST,
        "recheck_at": NOW + timedelta(minutes=5) if held else None,
        "give_up_at": NOW + timedelta(hours=23),
    }
    return Decision(**values | changes)


def make_sighting(**changes: Any) -> Sighting:
    """Make a gate that GitHub shows as pending, in a run that waits for it."""
    values: dict[str, Any] = {
        "run": make_deploy_run(),
        "newest_attempt": 1,
        "deployment_states": ("waiting",),
        "pending": True,
    }
    return Sighting(**values | changes)
