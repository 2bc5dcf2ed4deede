"""The probe tells what a repository's runs show of GitHub, and writes nothing."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gate.errors import Refused
from gate.githubapp.app.auth import AppCredentials
from gate.githubapp.probe import Prober
from gate.probe import Observation, Result, probe
from gate.probe.experiments import EXPERIMENTS
from gate.probe.observations import Subject
from gate.simulator.faults import Fault
from gate.simulator.switches import Switches
from tests.support.forked import run_gate
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate, running_gate

SPELLING = "spelling of names"
STATE = "run state beside a parallel job"
CANCELLED = "cancelled waiting jobs"
WITHOUT = "deployment: false"
PARTIAL = "job lists after a partial re-run"
FILTERED = "filtered against unfiltered listings"


@contextmanager
def switched(tmp_path: Path, **positions: Any) -> Iterator[Gate]:
    """Return a gate beside a GitHub of some mind."""
    switches = Switches(**positions)
    with running_gate(f"sqlite:///{tmp_path}/gate.db", switches=switches) as running:
        yield running


def observed(gate: Gate, experiment: str) -> Observation:
    """Make all experiments, and give one; nothing but tokens may have been asked for."""
    gate.github.reset_totals()
    before = len(gate.github.requests())
    found = {it.experiment: it for it in probe(gate.settings, REPOSITORY, gate.service.deps.clock)}
    calls = gate.github.requests()[before:]
    assert {it.method for it in calls if not it.route.endswith("/access_tokens")} == {"GET"}
    assert list(found) == [SPELLING, STATE, CANCELLED, WITHOUT, PARTIAL, FILTERED]
    return found[experiment]


@pytest.mark.parametrize(
    ("position", "result"), [("any_case", Result.ASSUMED), ("exact", Result.DIFFERS)]
)
def test_spelling(tmp_path: Path, position: str, result: Result) -> None:
    """Another case of a name is the same environment, or it is not."""
    with switched(tmp_path, environment_spelling=position) as gate:
        found = observed(gate, SPELLING)
        assert found.result is result
        assert ENVIRONMENT.upper() in found.seen


def test_run_state(gate: Gate) -> None:
    """A run that waits is seen beside a running job, alone it proves nothing."""
    assert observed(gate, STATE).result is Result.UNSEEN
    run_id = gate.github.deploy(REPOSITORY, ENVIRONMENT).run_id
    assert "no job runs beside" in observed(gate, STATE).seen
    gate.github.start_job(run_id, "lint")
    found = observed(gate, STATE)
    assert found.result is Result.ASSUMED
    assert str(run_id) in found.seen
    gate.github.world.run(run_id).attempt.status = "queued"
    assert observed(gate, STATE).result is Result.DIFFERS


def test_cancelled_jobs(gate: Gate) -> None:
    """A run that is cancelled is over with all its jobs."""
    assert observed(gate, CANCELLED).result is Result.UNSEEN
    run_id = gate.github.deploy(REPOSITORY, ENVIRONMENT).run_id
    gate.github.cancel_run(run_id)
    assert observed(gate, CANCELLED).result is Result.ASSUMED
    body = json.dumps(
        {
            "jobs": [
                {"name": "a", "status": "completed", "conclusion": "cancelled"},
                {"name": "b", "status": "waiting", "conclusion": None},
            ]
        }
    )
    gate.github.add_fault(Fault("/jobs", status=200, body=body))
    assert observed(gate, CANCELLED).result is Result.DIFFERS


@pytest.mark.parametrize(
    ("position", "result"), [("fails", Result.ASSUMED), ("asks", Result.DIFFERS)]
)
def test_jobs_without_a_deployment(tmp_path: Path, position: str, result: Result) -> None:
    """GitHub fails them where the rule is enabled, or it asks the App."""
    with switched(tmp_path, job_without_deployment=position) as gate:
        assert observed(gate, WITHOUT).result is Result.UNSEEN
        environment = f"{{name: {ENVIRONMENT}, deployment: false}}"
        gate.github.put_file(
            REPOSITORY,
            ".github/workflows/secrets.yml",
            f"on: push\njobs:\n  use: {{environment: {environment}}}\n",
        )
        assert "no execution" in observed(gate, WITHOUT).seen
        gate.validate(REPOSITORY, "success")
        run_id = gate.github.start_run(REPOSITORY, "secrets.yml")
        gate.github.progress_run(run_id)
        gate.github.use_environment(run_id, ENVIRONMENT, job="use")
        gate.settle()
        if position == "asks":
            gate.github.finish_job(run_id, "use")
        found = observed(gate, WITHOUT)
        assert found.result is result
        assert str(run_id) in found.seen


@pytest.mark.parametrize(("position", "told"), [("all", "also lists"), ("rerun", "does not list")])
def test_partial_reruns(tmp_path: Path, position: str, told: str) -> None:
    """The gate needs the list of all jobs alone; what an attempt lists by itself is told."""
    with switched(tmp_path, partial_rerun_lists=position) as gate:
        assert observed(gate, PARTIAL).result is Result.UNSEEN
        jobs = {"ios": "success", "android": "failure"}
        run_id = gate.validate(REPOSITORY, "failure", jobs=jobs)
        gate.github.rerun_failed_jobs(run_id)
        gate.github.complete_run(run_id, "success")
        found = observed(gate, PARTIAL)
        assert found.result is Result.ASSUMED
        assert told in found.seen
        gate.github.add_fault(Fault(f"/runs/{run_id}/jobs", status=200, body='{"jobs": []}'))
        assert observed(gate, PARTIAL).result is Result.DIFFERS


@pytest.mark.parametrize(("position", "told"), [("current", "agree"), ("stale", "lacks 1 newer")])
def test_listings(tmp_path: Path, position: str, told: str) -> None:
    """A stale filtered listing is what the gate reckons with; a stale whole one is not."""
    with switched(tmp_path, filtered_listings=position) as gate:
        assert observed(gate, FILTERED).result is Result.UNSEEN
        gate.validate(REPOSITORY, "success")
        found = observed(gate, FILTERED)
        assert found.result is Result.ASSUMED
        assert told in found.seen


def test_an_unfiltered_listing_that_lacks_a_run_differs(gate: Gate) -> None:
    """The gate relies on it, and could take an older green for the newest run."""
    gate.validate(REPOSITORY, "success")
    empty = '{"workflow_runs": []}'
    # The plain listings are empty, the one between them that is filtered is not.
    gate.github.add_fault(Fault("/actions/runs$", status=200, body=empty, times=1))
    gate.github.add_fault(Fault("/actions/runs$", status=200, body=empty, times=1, after=1))
    found = filtered_listing(gate)
    assert found[0] is Result.DIFFERS


def filtered_listing(gate: Gate) -> tuple[Result, str]:
    """Make one experiment alone."""
    settings = gate.settings
    key = settings.github_private_key.get_secret_value()
    clock = gate.service.deps.clock
    credentials = AppCredentials(settings.github_app_id, key, clock)
    prober = Prober(settings.github_api_url, credentials, clock)
    address, branch = prober.find(REPOSITORY)
    found = EXPERIMENTS[FILTERED](Subject(gate.service.github, prober, address, branch))
    prober.close()
    return found


def run_command(gate: Gate, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command with the settings of a gate; its clock is years behind GitHub's."""
    settings = gate.settings
    env = {
        "GATE_GITHUB_APP_ID": settings.github_app_id,
        "GATE_GITHUB_PRIVATE_KEY": settings.github_private_key.get_secret_value(),
        "GATE_GITHUB_WEBHOOK_SECRET": settings.github_webhook_secret[0].get_secret_value(),
        "GATE_GITHUB_API_URL": settings.github_api_url,
        "GATE_DATABASE_URL": settings.database_url.get_secret_value(),
    }
    return run_gate("probe", *arguments, environ={**os.environ, **env}, folder=folder)


def test_the_command_prints_a_line_for_each(tmp_path: Path) -> None:
    """It ends with 1 only when something differs, and prints JSON on demand."""
    with switched(tmp_path, environment_spelling="any_case") as gate:
        done = run_command(gate, tmp_path, "--repo", REPOSITORY)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[0].startswith("as assumed: spelling of names: ")
        assert len(done.stdout.splitlines()) == 6
        gate.github.set_switches(Switches(environment_spelling="exact"))
        done = run_command(gate, tmp_path, "--repo", REPOSITORY, "--json")
        assert done.returncode == 1
        told = json.loads(done.stdout)
        assert told["repository"] == REPOSITORY
        assert told["experiments"][0]["result"] == "differs"


@pytest.mark.parametrize(("repository", "status"), [("octo-org/nowhere", 1), ("nowhere", 2)])
def test_the_command_names_a_wrong_repository(
    gate: Gate, tmp_path: Path, repository: str, status: int
) -> None:
    """In one line, without a traceback."""
    done = run_command(gate, tmp_path, "--repo", repository)
    assert done.returncode == status
    assert done.stdout == ""
    assert "not installed on" in done.stderr or "owner/name" in done.stderr


def test_a_repository_that_the_app_does_not_see(gate: Gate) -> None:
    """It is an error, not six experiments that saw nothing."""
    with pytest.raises(Refused) as caught:
        list(probe(gate.settings, "octo-org/nowhere", gate.service.deps.clock))
    assert caught.value.reason == "not_found"


def test_what_github_does_not_show_could_not_be_seen(gate: Gate) -> None:
    """One experiment that fails ends no other."""
    gate.github.add_fault(Fault("/environments", status=500))
    found = observed(gate, SPELLING)
    assert (found.result, found.seen[:18]) == (Result.UNSEEN, "github_unavailable")
