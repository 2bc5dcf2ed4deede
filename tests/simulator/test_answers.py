"""Every route's answer is read by a client generated from GitHub's own description of its API."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from githubkit import AppAuthStrategy, GitHub, OAuthAppAuthStrategy, TokenAuthStrategy

from gate.simulator.rest.routing import REPOSITORY_ROOTS, ROUTES, Route
from tests.simulator.conftest import ENVIRONMENT, REPOSITORY, KeyPair, Story, telling
from tests.simulator.registering import register
from tests.simulator.test_users import SECRET, sign_in

OWNER, REPO = REPOSITORY.split("/")


@dataclass
class Scene:
    """Clients of both kinds, and the ids of what has happened."""

    app: Any
    repo: Any
    person: Any
    client: Any
    story: Story
    run_id: int
    job_id: int
    deployment_id: int
    delivery_id: int
    issue_number: int
    comment_id: int

    @property
    def head_sha(self) -> str:
        """Return the newest commit of the default branch."""
        return self.story.github.world.repository(REPOSITORY).branches["main"]


@dataclass
class Clients:
    story: Story
    app: Any
    repo: Any
    person: Any
    client: Any


@pytest.fixture(scope="module")
def clients(keys: KeyPair) -> Iterator[Clients]:
    """One simulation for all tests here, and the generated clients of it: they are slow to make."""
    with telling(keys) as story:
        github = story.github
        github.set_team_member("octo-org", "deployers", "erin", "member")
        github.set_role(REPOSITORY, "erin", "maintain")
        github.protect_environment(
            REPOSITORY, ENVIRONMENT, reviewers=["carol", "team:octo-org/deployers"], wait_minutes=1
        )
        base = story.url + "/"
        with (
            GitHub(TokenAuthStrategy(story.token()), base_url=base, auto_retry=False) as repo,
            GitHub(
                AppAuthStrategy(story.app_id, story.keys.private), base_url=base, auto_retry=False
            ) as app,
            GitHub(
                TokenAuthStrategy(sign_in(story, "erin")), base_url=base, auto_retry=False
            ) as person,
            GitHub(
                OAuthAppAuthStrategy(story.github.world.app().client_id, SECRET),
                base_url=base,
                auto_retry=False,
            ) as client,
        ):
            yield Clients(story, app.rest, repo.rest, person.rest, client.rest)


@pytest.fixture
def scene(clients: Clients) -> Scene:
    """A run of its own that waits, with an artifact, a report and an attempt behind it."""
    story = clients.story
    github = story.github
    run_id = github.start_run(REPOSITORY, "deploy-frontend.yml")
    github.complete_run(run_id, "failure", {"build": "failure"})
    github.rerun(run_id, "erin")
    github.add_artifact(run_id, "report")
    reached = github.reach_environment(run_id, ENVIRONMENT)
    assert story.review(run_id, comment="held").status == 204
    assert github.wait_until_delivered()
    delivery_id = github.deliveries()[0].id
    issue_number = github.open_issue(REPOSITORY, "It is red")
    comment_id = github.comment_on_issue(REPOSITORY, issue_number, "erin", "Looking at it")
    return Scene(
        clients.app,
        clients.repo,
        clients.person,
        clients.client,
        story,
        run_id,
        reached.job_id,
        reached.deployment_id,
        delivery_id,
        issue_number,
        comment_id,
    )


def convert_manifest(scene: Scene) -> Any:
    """Register another App and exchange its code; the tests here know of one App."""
    github = scene.story.github
    code = register(scene.story, name="Another Gate")
    response = scene.person.apps.create_from_manifest(code)
    del github.world.apps[response.parsed_data.id]
    return response


REQUESTS: dict[str, Callable[[Scene], Any]] = {
    "GET /app": lambda s: s.app.apps.get_authenticated(),
    "GET /app/installations": lambda s: s.app.apps.list_installations(),
    "GET /app/installations/{installation_id}": lambda s: s.app.apps.get_installation(
        s.story.installation_id
    ),
    "POST /app/installations/{installation_id}/access_tokens": lambda s: (
        s.app.apps.create_installation_access_token(
            s.story.installation_id,
            repository_ids=[s.story.repository_id],
            permissions={"deployments": "write"},
        )
    ),
    "GET /repos/{owner}/{repo}/installation": lambda s: s.app.apps.get_repo_installation(
        OWNER, REPO
    ),
    "POST /app-manifests/{code}/conversions": convert_manifest,
    "GET /app/hook/config": lambda s: s.app.apps.get_webhook_config_for_app(),
    "PATCH /app/hook/config": lambda s: s.app.apps.update_webhook_config_for_app(
        url=s.story.hook.url
    ),
    "GET /app/hook/deliveries": lambda s: s.app.apps.list_webhook_deliveries(),
    "GET /app/hook/deliveries/{delivery_id}": lambda s: s.app.apps.get_webhook_delivery(
        s.delivery_id
    ),
    "POST /app/hook/deliveries/{delivery_id}/attempts": lambda s: (
        s.app.apps.redeliver_webhook_delivery(s.delivery_id)
    ),
    "GET /installation/repositories": lambda s: s.repo.apps.list_repos_accessible_to_installation(),
    "GET /rate_limit": lambda s: s.repo.rate_limit.get(),
    "GET /meta": lambda s: s.repo.meta.get(),
    "GET {repository}": lambda s: s.repo.repos.get(OWNER, REPO),
    "GET {repository}/contents/{path*}": lambda s: s.repo.repos.get_content(
        OWNER, REPO, "README.md"
    ),
    "GET {repository}/commits": lambda s: s.repo.repos.list_commits(OWNER, REPO, path="README.md"),
    "GET {repository}/actions/runs": lambda s: s.repo.actions.list_workflow_runs_for_repo(
        OWNER, REPO
    ),
    "GET {repository}/actions/workflows": lambda s: s.repo.actions.list_repo_workflows(OWNER, REPO),
    "GET {repository}/actions/workflows/{workflow_id}": lambda s: s.repo.actions.get_workflow(
        OWNER, REPO, "deploy-frontend.yml"
    ),
    "GET {repository}/actions/workflows/{workflow_id}/runs": lambda s: (
        s.repo.actions.list_workflow_runs(OWNER, REPO, "deploy-frontend.yml")
    ),
    "GET {repository}/actions/runs/{run_id}": lambda s: s.repo.actions.get_workflow_run(
        OWNER, REPO, s.run_id
    ),
    "GET {repository}/actions/runs/{run_id}/attempts/{attempt_number}": lambda s: (
        s.repo.actions.get_workflow_run_attempt(OWNER, REPO, s.run_id, 1)
    ),
    "GET {repository}/actions/runs/{run_id}/jobs": lambda s: (
        s.repo.actions.list_jobs_for_workflow_run(OWNER, REPO, s.run_id, filter_="all")
    ),
    "GET {repository}/actions/runs/{run_id}/attempts/{attempt_number}/jobs": lambda s: (
        s.repo.actions.list_jobs_for_workflow_run_attempt(OWNER, REPO, s.run_id, 1)
    ),
    "GET {repository}/actions/jobs/{job_id}": lambda s: s.repo.actions.get_job_for_workflow_run(
        OWNER, REPO, s.job_id
    ),
    "GET {repository}/actions/runs/{run_id}/artifacts": lambda s: (
        s.repo.actions.list_workflow_run_artifacts(OWNER, REPO, s.run_id)
    ),
    "GET {repository}/actions/runs/{run_id}/pending_deployments": lambda s: (
        s.repo.actions.get_pending_deployments_for_run(OWNER, REPO, s.run_id)
    ),
    "GET {repository}/actions/runs/{run_id}/approvals": lambda s: (
        s.repo.actions.get_reviews_for_run(OWNER, REPO, s.run_id)
    ),
    "POST {repository}/actions/runs/{run_id}/deployment_protection_rule": lambda s: (
        s.repo.actions.review_custom_gates_for_run(
            OWNER, REPO, s.run_id, data={"environment_name": ENVIRONMENT, "state": "approved"}
        )
    ),
    "POST {repository}/actions/runs/{run_id}/cancel": lambda s: s.repo.actions.cancel_workflow_run(
        OWNER, REPO, s.run_id
    ),
    "POST {repository}/actions/runs/{run_id}/rerun": lambda s: (
        s.story.github.cancel_run(s.run_id),
        s.repo.actions.re_run_workflow(OWNER, REPO, s.run_id),
    )[1],
    "POST {repository}/actions/runs/{run_id}/rerun-failed-jobs": lambda s: (
        s.story.github.cancel_run(s.run_id),
        s.repo.actions.re_run_workflow_failed_jobs(OWNER, REPO, s.run_id),
    )[1],
    "GET {repository}/environments": lambda s: s.repo.repos.get_all_environments(OWNER, REPO),
    "GET {repository}/environments/{environment_name}": lambda s: s.repo.repos.get_environment(
        OWNER, REPO, ENVIRONMENT
    ),
    "GET {repository}/environments/{environment_name}/deployment_protection_rules": lambda s: (
        s.repo.repos.get_all_deployment_protection_rules(
            owner=OWNER, repo=REPO, environment_name=ENVIRONMENT
        )
    ),
    "GET {repository}/deployments": lambda s: s.repo.repos.list_deployments(
        OWNER, REPO, environment=ENVIRONMENT
    ),
    "GET {repository}/deployments/{deployment_id}": lambda s: s.repo.repos.get_deployment(
        OWNER, REPO, s.deployment_id
    ),
    "GET {repository}/deployments/{deployment_id}/statuses": lambda s: (
        # The schema does not know `waiting`, which the earlier statuses have: the newest alone.
        s.story.github.cancel_run(s.run_id),
        s.repo.repos.list_deployment_statuses(OWNER, REPO, s.deployment_id, per_page=1),
    )[1],
    "POST {repository}/deployments/{deployment_id}/statuses": lambda s: (
        s.repo.repos.create_deployment_status(OWNER, REPO, s.deployment_id, state="success")
    ),
    "POST {repository}/issues": lambda s: s.repo.issues.create(
        OWNER, REPO, title="It is red", body="again", labels=["production-validation"]
    ),
    "GET {repository}/issues": lambda s: s.repo.issues.list_for_repo(
        OWNER, REPO, state="all", labels="production-validation", creator="erin"
    ),
    "GET {repository}/issues/{issue_number}": lambda s: s.repo.issues.get(
        OWNER, REPO, s.issue_number
    ),
    "PATCH {repository}/issues/{issue_number}": lambda s: s.repo.issues.update(
        OWNER, REPO, s.issue_number, body="over", state="closed", state_reason="completed"
    ),
    "GET {repository}/issues/{issue_number}/comments": lambda s: s.repo.issues.list_comments(
        OWNER, REPO, s.issue_number
    ),
    "POST {repository}/issues/{issue_number}/comments": lambda s: s.repo.issues.create_comment(
        OWNER, REPO, s.issue_number, body="Refused"
    ),
    "GET {repository}/issues/comments/{comment_id}": lambda s: s.repo.issues.get_comment(
        OWNER, REPO, s.comment_id
    ),
    "POST {repository}/issues/comments/{comment_id}/reactions": lambda s: (
        s.repo.reactions.create_for_issue_comment(OWNER, REPO, s.comment_id, content="eyes")
    ),
    "GET {repository}/pulls/{pull_number}": lambda s: s.repo.pulls.get(
        OWNER, REPO, s.story.github.open_pull_request(REPOSITORY, {"a.txt": "a"})
    ),
    "GET {repository}/compare/{basehead}": lambda s: s.repo.repos.compare_commits(
        OWNER, REPO, f"main...{s.head_sha}"
    ),
    "POST {repository}/check-runs": lambda s: s.repo.checks.create(
        OWNER,
        REPO,
        name="policy",
        head_sha=s.head_sha,
        status="completed",
        conclusion="neutral",
        output={"title": "Nothing to say", "summary": "There is no history yet"},
    ),
    "GET {repository}/commits/{ref}/check-runs": lambda s: s.repo.checks.list_for_ref(
        OWNER, REPO, "main"
    ),
    "GET {repository}/collaborators/{username}/permission": lambda s: (
        s.repo.repos.get_collaborator_permission_level(OWNER, REPO, "erin")
    ),
    "DELETE /applications/{client_id}/token": lambda s: s.client.apps.delete_token(
        s.story.github.world.app().client_id, access_token=sign_in(s.story, "erin")
    ),
    "GET /user": lambda s: s.person.users.get_authenticated(),
    "GET /user/installations": lambda s: s.person.apps.list_installations_for_authenticated_user(),
    "GET /user/installations/{installation_id}/repositories": lambda s: (
        s.person.apps.list_installation_repos_for_authenticated_user(s.story.installation_id)
    ),
    "GET /orgs/{org}/teams/{team_slug}/memberships/{username}": lambda s: (
        s.repo.teams.get_membership_for_user_in_org("octo-org", "deployers", "erin")
    ),
}

# An App cannot use it: it is there to be refused, see test_reviews.
REFUSED = {"POST {repository}/actions/runs/{run_id}/pending_deployments"}


def all_routes(node: Any) -> Iterator[Route]:
    """List the routes of the table below a node."""
    yield from node.routes.values()
    for child in [*node.children.values(), node.parameter, node.rest]:
        if child is not None:
            yield from all_routes(child)


def named(route: Route) -> str:
    """Name a route, the two ways to a repository alike."""
    path = route.path
    if route.auth == "installation":
        for root in REPOSITORY_ROOTS:
            path = path.replace(root, "{repository}")
    return f"{route.method} {path}"


def test_no_route_is_left_out() -> None:
    """There is a request below for every route the simulation has."""
    assert {named(route) for route in all_routes(ROUTES._root)} == {*REQUESTS, *REFUSED}


@pytest.mark.parametrize("name", REQUESTS)
def test_the_generated_client_reads_the_answer(scene: Scene, name: str) -> None:
    """The answer is a success and has the shape that GitHub's description promises."""
    response = REQUESTS[name](scene)
    assert response.status_code < 300
    if response.raw_response.content and response.status_code != 202:
        assert response.parsed_data is not None
    last = scene.story.github.requests()[-1]
    assert name.partition(" ")[0] == last.method
    assert response.raw_response.headers["x-simulated-github"] == "1"


PLACES = ("", "/actions/runs", "/actions/runs/{run_id}/pending_deployments", "/deployments")


@pytest.mark.parametrize("rest", [*PLACES, f"/environments/{ENVIRONMENT}"])
def test_a_repository_is_found_by_name_and_by_id(scene: Scene, rest: str) -> None:
    """`/repositories/{id}/…` gives what `/repos/{owner}/{repo}/…` gives."""
    rest = rest.replace("{run_id}", str(scene.run_id))
    token = scene.story.token()
    by_name = scene.story.call("GET", f"/repos/{REPOSITORY}{rest}", token=token)
    by_id = scene.story.call("GET", f"/repositories/{scene.story.repository_id}{rest}", token=token)
    assert (by_id.status, by_id.json) == (by_name.status, by_name.json)
    assert by_id.status == 200
