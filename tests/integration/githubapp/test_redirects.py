"""Calls follow GitHub wherever it leads, on the configured GitHub and in the right repository."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gate.domain.model.github import FileQuestion, RepositoryAddress
from gate.domain.model.ids import RunId
from gate.domain.requests.missing_facts import ListingNeeded
from gate.errors import Refused, RetryLater
from gate.simulator.faults import Fault
from tests.support.deliveries import encode, make_repository, make_run
from tests.support.github_stage import (
    ENVIRONMENT,
    MINT,
    REVIEW,
    VALIDATION,
    Stage,
    failure,
    read,
    write,
)


def moved(stage: Stage, location: str, status: int, method: str, times: int | None = 1) -> None:
    """Redirect the next call."""
    fault = Fault(
        "^/repos/.*/actions/", method, times, status=status, headers={"Location": location}
    )
    stage.github.add_fault(fault)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("relative", [True, False])
def test_redirects_are_followed_with_the_same_verb(
    stage: Stage, status: int, *, relative: bool
) -> None:
    """A write that was sent elsewhere was not applied: it is made again where GitHub says."""
    run_id = stage.deploy()
    root = "" if relative else stage.url
    below = f"/repositories/{stage.address.repository_id}/actions/runs/{run_id}"
    moved(stage, f"{root}{below}", status, "GET")
    found = stage.client.actions.read_run(stage.address, run_id)
    assert found is not None
    assert found.run_id == run_id
    moved(stage, f"{root}{below}/deployment_protection_rule", status, "POST")
    write(stage, run_id)
    assert [it.state for it in stage.github.reviews(run_id)] == ["approved"]


def test_a_redirect_that_forgets_the_query_is_given_it_back(stage: Stage) -> None:
    """Otherwise a listing would come back without its filters."""
    stage.github.start_run("octo-org/frontend", "production-validation.yml")
    below = f"/repositories/{stage.address.repository_id}/actions/runs"
    waiting = stage.deploy()
    fault = Fault("^/repos/.*/actions/runs$", status=301, headers={"Location": below})
    stage.github.add_fault(fault)
    assert [run.run_id for run in stage.client.actions.read_waiting_runs(stage.address)] == [
        waiting
    ]


@pytest.mark.parametrize("call", [read, write])
@pytest.mark.parametrize(
    "location",
    ["http://127.0.0.1:9/repos/x", "https://evil.example/", "//evil.example/x", "", "http://["],
)
def test_redirects_elsewhere_are_not_followed(
    stage: Stage, call: Callable[[Stage, RunId], object], location: str
) -> None:
    """A token goes to the configured GitHub only; nothing was applied there, so: try again."""
    run_id = stage.deploy()
    moved(stage, location, 307, "*", times=None)
    with pytest.raises(RetryLater) as caught:
        call(stage, run_id)
    assert caught.value.reason == "github_unavailable"


@pytest.mark.parametrize("call", [read, write])
def test_redirects_in_a_circle_end(stage: Stage, call: Callable[[Stage, RunId], object]) -> None:
    """Three in a row are followed, and no more."""
    run_id = stage.deploy()
    stage.client.contents.read_repository(stage.address)
    moved(stage, "/repos/octo-org/frontend/actions/round", 301, "*", times=None)
    asked = stage.calls()
    with pytest.raises(RetryLater):
        call(stage, run_id)
    assert stage.calls() == asked + 4


def stranger(stage: Stage, run_id: RunId, **changes: object) -> Fault:
    """Let GitHub answer with a run of the same name in another repository."""
    head = make_repository(id=stage.address.repository_id)
    run = make_run(id=run_id, repository=make_repository(id=1), head_repository=head)
    listed = encode({"workflow_runs": [run | changes], "total_count": 1}).decode()
    return Fault("/runs", status=200, body=listed)


def test_runs_of_another_repository_prove_nothing(stage: Stage) -> None:
    """Any token reads what is public; under a name that changed hands, a stranger's green run."""
    stage.github.add_fault(stranger(stage, RunId(77), status="waiting"))
    listing = ListingNeeded(VALIDATION, "main")
    assert stage.client.actions.read_runs(stage.address, listing) is None
    assert stage.client.actions.read_waiting_runs(stage.address) == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"head_branch": "feature"},
        {"head_branch": None},
        {"path": ".github/workflows/other.yml"},
        {"path": "other/repo/.github/workflows/production-validation.yml@main"},
        {"path": None},
    ],
    ids=str,
)
def test_filters_are_checked_again(stage: Stage, changes: dict[str, object]) -> None:
    """A listing that lost its filters on the way proves nothing either."""
    own = make_repository(id=stage.address.repository_id)
    stage.github.add_fault(stranger(stage, RunId(77), repository=own, **changes))
    listed = stage.client.actions.read_runs(stage.address, ListingNeeded(VALIDATION, "main"))
    assert listed is None or listed.runs == ()


def test_a_next_page_elsewhere_is_not_asked_for(stage: Stage) -> None:
    """Links are followed below the configured root only."""
    link = '<https://evil.example/jobs?page=2>; rel="next"'
    fault = Fault("/jobs$", status=200, headers={"Link": link}, body='{"jobs": []}')
    error, _ = failure(stage, fault, lambda it, run: it.client.actions.read_jobs(it.address, run))
    assert isinstance(error, RetryLater)


def test_pages_without_end_end(stage: Stage) -> None:
    """A listing that links to itself is read a hundred times, and not for ever."""
    link = "</repos/octo-org/frontend/actions/runs/1/jobs>; rel=next"
    fault = Fault("/jobs$", status=200, headers={"Link": link}, body='{"jobs": []}')
    stage.github.add_fault(fault)
    assert stage.client.actions.read_jobs(stage.address, RunId(1)) == ()
    assert stage.calls() - stage.calls(MINT) == 100


def test_a_name_that_is_none_is_not_called(stage: Stage) -> None:
    """Nothing is sent for a place that could lead elsewhere."""
    odd = RepositoryAddress(stage.address.installation_id, stage.address.repository_id, "../../app")
    secrets = FileQuestion("../../secrets", None, expects_absence=True)
    assert stage.client.actions.read_run(odd, RunId(1)) is None
    with pytest.raises(Refused, match="not_found"):
        stage.client.contents.read_file(stage.address, secrets)
    with pytest.raises(Refused) as caught:
        stage.client.deployments.send_report(
            odd, RunId(1), ENVIRONMENT, "x", is_timely=lambda: True
        )
    assert caught.value.reason == "not_found"
    assert stage.calls() == stage.calls(MINT) == stage.calls(REVIEW) == 0
