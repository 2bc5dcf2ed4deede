"""PyGithub, the client the gate is built on, works against the simulation."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from github import Auth, Github, GithubException, GithubIntegration

from tests.simulator.conftest import ENVIRONMENT, REPOSITORY, Story


@pytest.fixture
def client(story: Story) -> Iterator[Github]:
    """PyGithub with an installation token, without retries and pauses."""
    with Github(
        auth=Auth.Token(story.token()),
        base_url=story.url,
        retry=None,
        seconds_between_requests=0,
        seconds_between_writes=0,
    ) as made:
        yield made


def test_an_app_finds_its_installation_and_gets_a_token(story: Story) -> None:
    """The whole way from the private key to a repository."""
    auth = Auth.AppAuth(story.app_id, story.keys.private)
    with GithubIntegration(auth=auth, base_url=story.url) as integration:
        assert integration.get_app().id == story.app_id
        installation = integration.get_repo_installation(*REPOSITORY.split("/"))
        assert installation.id == story.installation_id
        token = integration.get_access_token(installation.id)
        assert token.token.startswith("ghs_")
        assert token.expires_at > datetime.now(UTC)


def test_runs_and_their_parts(story: Story, client: Github) -> None:
    """Runs, attempts, jobs and artifacts read as objects."""
    run_id = story.github.validate(REPOSITORY, "failure", jobs={"checkout": "failure"})
    story.github.add_artifact(run_id, "report")
    repo = client.get_repo(REPOSITORY)
    run = repo.get_workflow_run(run_id)
    assert (run.status, run.conclusion, run.run_attempt) == ("completed", "failure", 1)
    assert run.path == ".github/workflows/production-validation.yml"
    assert run.head_repository.id == repo.id == story.repository_id
    assert [job.name for job in run.jobs()] == ["checkout"]
    assert [each.name for each in run.get_artifacts()] == ["report"]
    assert run.get_attempt(1).id == run_id
    listed = repo.get_workflow("production-validation.yml").get_runs(branch="main")
    assert [each.id for each in listed] == [run_id]


def test_pages_are_followed(story: Story, client: Github) -> None:
    """A paginated list goes on to the last page."""
    made = [story.github.start_run(REPOSITORY, "a.yml", silent=True) for _ in range(65)]
    listed = client.get_repo(REPOSITORY).get_workflow_runs()
    assert [each.id for each in listed] == made[::-1]


def test_a_deployment_and_its_environment(story: Story, client: Github) -> None:
    """Deployments and environments read as objects, statuses can be written."""
    reached = story.github.deploy(REPOSITORY)
    repo = client.get_repo(REPOSITORY)
    assert repo.get_environment(ENVIRONMENT).name == ENVIRONMENT
    deployment = repo.get_deployment(reached.deployment_id)
    assert [each.state for each in deployment.get_statuses()] == ["waiting"]
    assert deployment.create_status("error", description="no").state == "error"
    assert repo.get_collaborator_permission("octo-org") == "admin"


def test_a_gate_is_reviewed_by_a_raw_request(story: Story, client: Github) -> None:
    """What PyGithub has no method for goes through its requester."""
    run_id = story.github.deploy(REPOSITORY).run_id
    path = f"/repos/{REPOSITORY}/actions/runs/{run_id}"
    review = f"{path}/deployment_protection_rule"
    body = {"environment_name": ENVIRONMENT, "state": "approved", "comment": "green"}
    _, pending = client.requester.requestJsonAndCheck("GET", f"{path}/pending_deployments")
    assert len(pending) == 1
    _, nothing = client.requester.requestJsonAndCheck("POST", review, input=body)
    assert nothing is None
    with pytest.raises(GithubException) as refused:
        client.requester.requestJsonAndCheck("POST", review, input=body)
    assert refused.value.status == 422
    assert refused.value.message == "No pending deployment requests to approve or reject"


def test_a_conditional_request(story: Story, client: Github) -> None:
    """An ETag gets 304 through the requester."""
    path = f"/repos/{REPOSITORY}"
    _, headers, _ = client.requester.requestJson("GET", path)
    status, _, body = client.requester.requestJson(
        "GET", path, headers={"If-None-Match": headers["etag"]}
    )
    assert (status, body) == (304, "")


def test_a_renamed_repository_is_followed(story: Story, client: Github) -> None:
    """PyGithub follows the 301, which leads to the address by id."""
    story.github.rename_repository(REPOSITORY, "web")
    assert client.get_repo(REPOSITORY).full_name == "octo-org/web"
