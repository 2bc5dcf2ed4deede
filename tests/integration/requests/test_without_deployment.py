"""Jobs that use a gated environment with `deployment: false`; GitHub's words go both ways."""

from __future__ import annotations

import pytest

from gate.doctor import Finding, Level, examine
from gate.domain.model.request import RequestState
from gate.simulator.switches import Switches
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate


def started(gate: Gate) -> int:
    """Start a run whose jobs have not reached an environment yet."""
    run_id = gate.github.start_run(REPOSITORY, "deploy-frontend.yml")
    gate.github.progress_run(run_id)
    return run_id


@pytest.fixture
def asked(gate: Gate) -> Gate:
    """Provide a gate that is asked for such jobs as for others."""
    gate.github.set_switches(Switches(job_without_deployment="asks"))
    return gate


def test_a_job_without_a_deployment_is_answered(asked: Gate) -> None:
    """Its delivery is no damaged one: the job is held like another, and goes on by the green."""
    asked.validate(REPOSITORY, "failure")
    run_id = started(asked)
    asked.github.use_environment(run_id, ENVIRONMENT)
    asked.settle()
    held = asked.record(run_id)
    assert (held.state, held.reasons) == (RequestState.WAITING, ("validation_failed",))
    assert held.head_sha == asked.github.run_view(run_id).head_sha
    assert held.deployment_ids == ()
    asked.validate(REPOSITORY, "success")
    asked.settle()
    assert asked.record(run_id).state == RequestState.APPROVED
    assert asked.github.run_view(run_id).status == "in_progress"


def test_its_run_is_read_where_its_news_was_lost(asked: Gate) -> None:
    """Without the run's webhook neither attempt nor commit is known, so GitHub is asked."""
    asked.validate(REPOSITORY, "success")
    run_id = asked.github.start_run(REPOSITORY, "deploy-frontend.yml", silent=True)
    asked.github.use_environment(run_id, ENVIRONMENT)
    asked.settle()
    assert asked.record(run_id).state == RequestState.APPROVED


def test_a_late_job_without_a_deployment_is_answered_too(asked: Gate) -> None:
    """Each such job asks by itself, although no id tells it from the one before."""
    asked.validate(REPOSITORY, "success")
    run_id = started(asked)
    for job in ("a", "b"):
        asked.github.use_environment(run_id, ENVIRONMENT, job)
        asked.settle()
    assert [it.state for it in asked.answers(run_id)] == ["approved", "approved"]
    assert asked.github.run_view(run_id).status == "in_progress"


def test_a_job_that_github_fails_asks_nobody(gate: Gate) -> None:
    """GitHub's own words: a custom rule lets no job without a deployment through."""
    gate.validate(REPOSITORY, "success")
    run_id = started(gate)
    gate.github.use_environment(run_id, ENVIRONMENT)
    gate.settle()
    assert gate.records() == []
    assert gate.github.run_view(run_id).conclusion == "failure"


def warnings(gate: Gate, *files: tuple[str, str]) -> list[Finding]:
    """Put workflow files on the default branch, and give what the doctor warns of in them."""
    for name, jobs in files:
        text = f"name: Some\non: push\njobs:\n{jobs}"
        gate.github.put_file(REPOSITORY, f".github/workflows/{name}", text)
    gate.github.protect_environment(REPOSITORY, ENVIRONMENT, can_admins_bypass=False)
    found = examine(gate.settings, gate.service.deps.clock)
    return [it for it in found if it.what == REPOSITORY and it.level is not Level.OK]


def test_the_doctor_finds_jobs_without_a_deployment(gate: Gate) -> None:
    """It names file and job, whatever the spelling, and where an expression may come to it."""
    (one, two) = warnings(
        gate,
        (
            "deploy.yml",
            f"  go: {{environment: {{name: {ENVIRONMENT.upper()}, deployment: false}}}}",
        ),
        ("any.yaml", "  any: {environment: {name: '${{ inputs.to }}', deployment: false}}"),
    )
    assert "workflows/any.yaml: job any uses ${{ inputs.to }}" in one.found
    assert f"workflows/deploy.yml: job go uses {ENVIRONMENT.upper()}" in two.found
    assert "remove `deployment: false`" in one.remedy


def test_the_doctor_passes_over_jobs_that_are_no_concern(gate: Gate) -> None:
    """Jobs that deploy, other environments, files that are no workflows."""
    named = f"{{name: {ENVIRONMENT}, deployment: true}}"
    off = f"  a: {{environment: {{name: {ENVIRONMENT}, deployment: false}}}}"
    jobs = f"  a: {{environment: {ENVIRONMENT}}}\n  b: {{environment: {named}}}\n  c: {{uses: ./x}}"
    other = "  a: {environment: {name: staging, deployment: false}}"
    files = (("deploy.yml", jobs), ("other.yml", other), ("notes.txt", off), ("old/a.yml", off))
    assert warnings(gate, *files) == []


@pytest.mark.parametrize("text", [" - [", f"  a: {'x' * 300_000}", "  a: b\n---\na: b"])
def test_the_doctor_says_what_it_could_not_read(gate: Gate, text: str) -> None:
    """A file that is too long or no YAML is named, and the others are looked at all the same."""
    off = f"  go: {{environment: {{name: {ENVIRONMENT}, deployment: 'false'}}}}"
    (found, unread) = warnings(gate, ("deploy.yml", off), ("broken.yml", text))
    assert "deploy.yml" in found.found
    assert unread.found.endswith("gated environment: .github/workflows/broken.yml")


@pytest.mark.parametrize("own_policy", [False, True])
def test_the_doctor_finds_a_validation_that_waits_for_itself(
    gate: Gate, *, own_policy: bool
) -> None:
    """Its own job uses the environment that it validates for; the deploying workflow may."""
    name = "flows.yml" if own_policy else "production-validation.yml"
    if own_policy:
        text = f"version: 1\nenvironments:\n  {ENVIRONMENT}: {{validation: {{workflow: {name}}}}}\n"
        gate.github.put_file(REPOSITORY, ".github/deployment-gate.yml", text)
    job = f"  go: {{environment: {ENVIRONMENT.upper()}}}"
    (found,) = warnings(gate, (name, job), ("deploy.yml", job))
    assert found.level is Level.FAIL
    assert f"{name} validates for" in found.found
    assert "its own workflow" in found.remedy
