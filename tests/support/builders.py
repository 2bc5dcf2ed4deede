"""Values of the domain that are valid by default; one keyword changes one thing.

Left alone they tell the good story: a green validation of the default branch that started an hour
before `NOW`, and a request that has waited for a minute under the built-in policy.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from gate.domain.model.facts import Facts
from gate.domain.model.ids import (
    AccountId,
    DeploymentId,
    InstallationId,
    RepositoryId,
    RequestId,
    RequestKey,
    RunId,
    Sha,
    environment_key,
)
from gate.domain.model.ledger import (
    Effect,
    EffectKind,
    EffectStatus,
    Ledger,
    LedgerEntry,
    report_key,
    review_key,
)
from gate.domain.model.overrides import OverrideChannel, OverrideClaim, OverrideRecord, Standing
from gate.domain.model.policy import (
    EnvironmentPolicy,
    LoadedPolicy,
    OverridePolicy,
    Policy,
    Reactions,
    ValidationRule,
)
from gate.domain.model.reporters import Reporter
from gate.domain.model.reports import AlertReport, Flow, FlowStatus, ValidationReport
from gate.domain.model.request import GateRequest, RequestState, ReviewState
from gate.domain.model.runs import Account, Job, WorkflowRun, workflow_file
from gate.domain.requests.closing import Sighting
from gate.domain.requests.decision import Decision, Reason, ReasonCode, Verdict

NOW: Final = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TICK: Final = timedelta.resolution

REPOSITORY: Final = RepositoryId(1001)
FORK: Final = RepositoryId(2002)
INSTALLATION: Final = InstallationId(77)
ENVIRONMENT: Final = "production-frontend"
BRANCH: Final = "main"
SHA: Final = Sha("c0ffee0" + "1" * 33)
OTHER_SHA: Final = Sha("badcafe" + "2" * 33)
VALIDATION: Final = workflow_file("production-validation.yml")
TERRAFORM: Final = workflow_file("terraform-apply.yml")
DEPLOY: Final = workflow_file("deploy.yml")
DIGEST: Final = "sha256:0123"


def before(**ago: float) -> datetime:
    """Give the instant this long before `NOW`, as in `before(hours=1)`."""
    return NOW - timedelta(**ago)


def make_account(login: str = "mona", *, id: int = 583231) -> Account:  # noqa: A002 - GitHub's word
    """Make a person, or an App."""
    return Account(AccountId(id), login)


def make_job(
    name: str = "flows",
    conclusion: str | None = "success",
    *,
    status: str = "completed",
    started_at: datetime | None = NOW - timedelta(minutes=59),
    run_attempt: int = 1,
) -> Job:
    """Make a job that succeeded, and began just after the default validation."""
    return Job(name, status, conclusion, started_at, run_attempt)


def make_run(**changes: Any) -> WorkflowRun:
    """Make the green validation of the default branch, started an hour ago."""
    run_id = RunId(changes.get("run_id", 501))
    values: dict[str, Any] = {
        "repository_id": REPOSITORY,
        "run_id": run_id,
        "run_attempt": 1,
        "path": VALIDATION,
        "event": "push",
        "head_sha": SHA,
        "head_branch": BRANCH,
        "head_repository_id": REPOSITORY,
        "status": "completed",
        "conclusion": "success",
        "started_at": before(hours=1),
        "updated_at": before(minutes=50),
        "html_url": f"https://github.com/acme/shop/actions/runs/{run_id}",
        "title": "Production validation",
        "actor": make_account(),
        "triggering_actor": make_account(),
        "jobs": None,
    }
    return WorkflowRun(**values | changes)


def make_infrastructure(**changes: Any) -> WorkflowRun:
    """Make a successful infrastructure run that ended before the default validation started."""
    values: dict[str, Any] = {
        "run_id": RunId(401),
        "path": TERRAFORM,
        "started_at": before(hours=3),
        "updated_at": before(hours=2),
        "title": "Apply infrastructure",
    }
    return make_run(**values | changes)


def make_deploy_run(**changes: Any) -> WorkflowRun:
    """Make the deploying run, which waits for the gate."""
    values: dict[str, Any] = {
        "run_id": RunId(601),
        "path": DEPLOY,
        "status": "waiting",
        "conclusion": None,
        "started_at": before(minutes=2),
        "updated_at": before(minutes=1),
        "title": "Deploy",
    }
    return make_run(**values | changes)


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


def make_rule(**changes: Any) -> ValidationRule:
    """Make the default rule about which validation counts."""
    return ValidationRule(**changes)


def make_environment(**changes: Any) -> EnvironmentPolicy:
    """Make the default policy of one environment.

    The keywords of `ValidationRule`, `Reactions` and `OverridePolicy` may be given beside its own.
    """
    rule = {k: changes.pop(k) for k in ValidationRule.__dataclass_fields__ if k in changes}
    when = {k: changes.pop(k) for k in Reactions.__dataclass_fields__ if k in changes}
    override = {k: changes.pop(k) for k in OverridePolicy.__dataclass_fields__ if k in changes}
    values: dict[str, Any] = {
        "validation": ValidationRule(**rule),
        "when": Reactions(**when),
        "override": OverridePolicy(**override),
    }
    return EnvironmentPolicy(**values | changes)


def make_policy(
    environment: EnvironmentPolicy | None = None, *, name: str = ENVIRONMENT, **changes: Any
) -> LoadedPolicy:
    """Make a policy that was read; the keywords are those of `make_environment`."""
    asked = make_environment(**changes) if environment is None else environment
    return LoadedPolicy(
        Policy({environment_key(name): asked}), DIGEST, "acme/shop:.github/deployment-gate.yml"
    )


def make_claim(**changes: Any) -> OverrideClaim:
    """Make what somebody said to release the default request, half a minute ago: nothing is wrong.

    `key` follows `person` and `channel` unless given.
    """
    person = changes.get("person", make_account("hubot", id=4711))
    channel = changes.get("channel", OverrideChannel.REVIEW)
    values: dict[str, Any] = {
        "key": f"{channel}/601/{person.id}",
        "channel": channel,
        "person": person,
        "is_person": True,
        "rationale": "The checkout is not touched by this. I accept the risk.",
        "given_at": before(seconds=30),
        "run_id": RunId(601),
        "run_attempt": 1,
        "head_sha": SHA,
        "environment": ENVIRONMENT,
        "url": None,
        "received_at": None,
    }
    return OverrideClaim(**values | changes)


def make_standing(
    person: Account | None = None, *, may: bool = True, detail: str = "permission:admin"
) -> Standing:
    """Make the answer that the person of the default claim may override."""
    return Standing((person or make_claim().person).id, may, detail)


def make_record(*claims: OverrideClaim) -> OverrideRecord:
    """Make the record of an override; without claims, of the default one."""
    return OverrideRecord(claims or (make_claim(),))


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


def make_report(
    number: int = 1,
    *,
    topic: str = ReasonCode.VALIDATION_FAILED,
    status: EffectStatus = EffectStatus.DONE,
    round: int = 1,  # noqa: A002 - the domain's word
) -> LedgerEntry:
    """Make a status report that GitHub has taken."""
    effect = Effect(report_key(make_key(), number), EffectKind.REPORT, topic, "On hold")
    return LedgerEntry(effect, round, status, attempts=1)


def make_review(
    status: EffectStatus = EffectStatus.INTENDED,
    *,
    state: ReviewState = ReviewState.APPROVED,
    round: int = 1,  # noqa: A002 - the domain's word
) -> LedgerEntry:
    """Make the review of a round, not begun yet."""
    topic = ReasonCode.VALIDATION_PASSED
    effect = Effect(
        review_key(make_key(), round), EffectKind.REVIEW, topic, "Approved", state=state
    )
    return LedgerEntry(effect, round, status, attempts=0)


def make_ledger(*entries: LedgerEntry) -> Ledger:
    """Make the ledger of a request; without entries nothing was sent yet."""
    return Ledger(entries)


def make_sighting(**changes: Any) -> Sighting:
    """Make a gate that GitHub shows as pending, in a run that waits for it."""
    values: dict[str, Any] = {
        "run": make_deploy_run(),
        "newest_attempt": 1,
        "deployment_states": ("waiting",),
        "pending": True,
    }
    return Sighting(**values | changes)


def make_reporter(**changes: Any) -> Reporter:
    """Make the first attempt of the default validation's run."""
    values: dict[str, Any] = {
        "repository_id": REPOSITORY,
        "owner_id": AccountId(66),
        "run_id": RunId(501),
        "run_attempt": 1,
        "workflow": VALIDATION,
        "ref": f"refs/heads/{BRANCH}",
        "event": "push",
        "sha": SHA,
        "token_id": "b3ad6f7c-0001",
        "expires_at": NOW + timedelta(minutes=5),
    }
    return Reporter(**values | changes)


def make_flow(
    name: str = "open-the-app.yml", status: FlowStatus = FlowStatus.PASSED, **changes: Any
) -> Flow:
    """Make a flow that passed in its first attempt."""
    values: dict[str, Any] = {
        "exit_code": 0 if status in {FlowStatus.PASSED, FlowStatus.FLAKY} else 1,
        "error": None,
        "duration": timedelta(seconds=4.2),
        "attempts": 1,
    }
    return Flow(name, status, **values | changes)


def make_validation_report(*flows: Flow, **changes: Any) -> ValidationReport:
    """Make the report of the default validation; without flows, of one that passed."""
    values: dict[str, Any] = {
        "repository_id": REPOSITORY,
        "run_id": RunId(501),
        "run_attempt": 1,
        "job_url": "https://github.com/acme/shop/actions/runs/501",
        "terraform_deployment_id": "deploy-12345",
        "artifact_urls": (),
        "flows": flows or (make_flow(),),
        "reported_at": NOW,
    }
    return ValidationReport(**values | changes)


def make_alert_report(*flows: Flow, **changes: Any) -> AlertReport:
    """Make the alert of the default validation; without flows it came without a report."""
    values: dict[str, Any] = {
        "repository_id": REPOSITORY,
        "run_id": RunId(501),
        "run_attempt": 1,
        "workflow": VALIDATION,
        "ref": f"refs/heads/{BRANCH}",
        "head_sha": SHA,
        "event": "production-validation-failed",
        "job_url": "https://github.com/acme/shop/actions/runs/501",
        "terraform_deployment_id": "deploy-12345",
        "artifact_urls": (),
        "flows": flows,
        "received_at": NOW,
    }
    return AlertReport(**values | changes)
