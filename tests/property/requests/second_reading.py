"""The rules of evidence, written a second time in the plainest way."""

from datetime import datetime, timedelta

from gate.domain.model.facts import Facts
from gate.domain.model.policy.policy import Covers, EnvironmentPolicy, Mode
from gate.domain.model.runs import Job, WorkflowRun
from tests.property.strategies.cases import Case


def counts(run: WorkflowRun, policy: EnvironmentPolicy, facts: Facts) -> bool:
    """Return whether a run is a validation at all: the rule, told once more."""
    rule, repository = policy.validation, facts.request.key.repository_id
    return (
        (run.path, run.repository_id, run.head_repository_id)
        == (rule.workflow, repository, repository)
        and run.head_branch == (rule.branch or facts.default_branch)
        and run.event in rule.events
    )


def newest(policy: EnvironmentPolicy, facts: Facts) -> WorkflowRun | None:
    """Find the validation that started last, the plain way; of equals the one that is no success.

    Only the last attempt of a run in which a job ran is a validation of its own.
    """
    found: WorkflowRun | None = None
    counting = [run for run in facts.validations if counts(run, policy, facts)]
    for run_id in {run.run_id for run in counting}:
        attempts = {run.run_attempt: run for run in counting if run.run_id == run_id}
        last = attempts[max(attempts)]
        while (last.status, last.conclusion) == ("completed", "skipped"):
            if last.run_attempt - 1 not in attempts:
                break
            last = attempts[last.run_attempt - 1]
        ran = (last.status, last.conclusion, last.run_attempt) != ("completed", "skipped", 1)
        if ran and (found is None or _later(last, found)):
            found = last
    return found


def _later(run: WorkflowRun, other: WorkflowRun) -> bool:
    if run.started_at != other.started_at:
        return run.started_at > other.started_at
    if (run.conclusion == "success") != (other.conclusion == "success"):
        return run.conclusion != "success"
    return run.run_id > other.run_id


def last_jobs(run: WorkflowRun) -> list[Job]:
    """List what ran last of each name: the rule, told once more."""
    found: list[Job] = []
    for name in {job.name for job in run.jobs or ()}:
        most = 0
        for attempt in range(run.run_attempt, 0, -1):
            same = [it for it in run.jobs or () if (it.name, it.run_attempt) == (name, attempt)]
            if len(same) > most:
                found += same
                most = len(same)
    return found


def began(run: WorkflowRun, policy: EnvironmentPolicy) -> datetime | None:
    """Return when the oldest job that counts began: the rule, told once more."""
    first = run.started_at if run.run_attempt == 1 else None
    wanted = policy.validation.required_jobs
    jobs = [
        it for it in last_jobs(run) if (it.name in wanted if wanted else it.conclusion != "skipped")
    ]
    starts = [it.started_at for it in jobs if it.started_at is not None]
    return min(starts) if starts and len(starts) == len(jobs) else first


def changes(policy: EnvironmentPolicy, facts: Facts) -> list[WorkflowRun]:
    """List the infrastructure runs that a validation must come after: the rule, told once more."""
    rule, repository = policy.validation, facts.request.key.repository_id
    ours = [
        it
        for it in facts.infrastructure
        if it.path == rule.infrastructure_workflow
        and it.repository_id == it.head_repository_id == repository
        and it.head_branch == (rule.branch or facts.default_branch)
        and it.event not in {"pull_request", "pull_request_target"}
        and (it.status, it.conclusion, it.run_attempt) != ("completed", "skipped", 1)
    ]
    return [
        it
        for it in ours
        if it.status == "completed"
        or not any(o.run_id == it.run_id and o.run_attempt > it.run_attempt for o in ours)
    ]


def covers(run: WorkflowRun, policy: EnvironmentPolicy, facts: Facts) -> bool:
    """Return whether a validation covers the deployment: the rule, told once more."""
    rule = policy.validation
    if rule.covers is Covers.LATEST:
        return True
    if rule.covers is Covers.SAME_COMMIT:
        return run.head_sha == facts.request.head_sha
    start, ours = began(run, policy), changes(policy, facts)
    return (
        bool(ours)
        and start is not None
        and all(it.status == "completed" and start > it.updated_at for it in ours)
        and (facts.infrastructure_since is None or start >= facts.infrastructure_since)
    )


def satisfies(run: WorkflowRun, policy: EnvironmentPolicy, facts: Facts, now: datetime) -> bool:
    """Return whether this run, were it the newest, lets the deployment go on."""
    rule = policy.validation
    ended = {
        name: [job.conclusion for job in last_jobs(run) if job.name == name]
        for name in rule.required_jobs
    }
    start = began(run, policy)
    return (
        counts(run, policy, facts)
        and (run.status, run.conclusion) == ("completed", "success")
        and all(found and set(found) == {"success"} for found in ended.values())
        and start is not None
        and max(start, run.started_at) - timedelta(minutes=5) <= now <= start + rule.max_age
        and covers(run, policy, facts)
    )


def may_go_on(case: Case) -> bool:
    """Return whether the policy lets the deployment go on: the whole rule, told once more."""
    policy = case.policy
    if policy is None:
        return False
    if policy.mode is Mode.OBSERVE:
        return True
    run = newest(policy, case.facts)
    return (
        run is not None
        and case.facts.unavailable is None
        and satisfies(run, policy, case.facts, case.now)
    )
