"""Routes of calls hold words of GitHub's API, and nothing that people named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.githubapp.transport.paths import file_path, segment
from gate.githubapp.transport.routes import route_of

NAMES = st.text(min_size=1, max_size=30).filter(lambda it: it not in {".", ".."})


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/app", "/app"),
        ("/app/installations/7/access_tokens", "/app/installations/{id}/access_tokens"),
        (
            "/repos/octo-org/frontend/actions/runs/12/deployment_protection_rule",
            "/repos/{owner}/{repo}/actions/runs/{id}/deployment_protection_rule",
        ),
        (
            "/repos/octo-org/runs/actions/workflows/validate.yml/runs?branch=main&per_page=100",
            "/repos/{owner}/{repo}/actions/workflows/{workflow}/runs",
        ),
        (
            "/repos/octo-org/.github/contents/.github/deployment-gate.yml?ref=main",
            "/repos/{owner}/{repo}/contents/{path}",
        ),
        (
            "/orgs/octo-org/teams/reviewers/memberships/carol",
            "/orgs/{org}/teams/{team}/memberships/{user}",
        ),
        ("/repositories/5/actions/runs", "/repositories/{id}/actions/runs"),
        ("/something/new", "/{name}/{name}"),
    ],
)
def test_ids_and_names_become_placeholders(path: str, route: str) -> None:
    """What follows the question mark is left out."""
    assert route_of(path) == route


@given(NAMES, NAMES, NAMES)
def test_names_never_show(owner: str, environment: str, file: str) -> None:
    """Whatever they are, those of GitHub's own words too."""
    before = f"/repos/{segment(owner)}/{segment(environment)}"
    assert route_of(f"{before}/environments/{segment(environment)}") == (
        "/repos/{owner}/{repo}/environments/{environment}"
    )
    if file.strip("/"):
        whole = f"{before}/contents/{file_path(segment(file))}"
        assert route_of(whole) == "/repos/{owner}/{repo}/contents/{path}"
