"""The issuer of run tokens: discovery, keys, and what a runner asks it for."""

from typing import Any

import jwt
import pytest
import urllib3

from gate.simulator.actions.oidc import LIFETIME, PREFIX, VALID_BEFORE
from gate.simulator.client import SimulatorClient
from gate.simulator.faults import Fault
from gate.simulator.github import SimulatedGitHub
from gate.simulator.server import serve
from tests.simulator.conftest import REPOSITORY, Answer, Story

AUDIENCE = "https://gate.example.com"


def read(story: Story, token: str, audience: str = AUDIENCE) -> dict[str, Any]:
    """Read a token by the keys that the issuer shows."""
    found = story.call("GET", f"{PREFIX}/.well-known/openid-configuration").json
    shown = story.call("GET", found["jwks_uri"].removeprefix(story.url)).json
    keys = jwt.PyJWKSet.from_dict(shown)
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims: dict[str, Any] = jwt.decode(
        token, key, algorithms=["RS256"], audience=audience, issuer=found["issuer"]
    )
    return claims


def ask(story: Story, url: str, bearer: str) -> Answer:
    """Ask for a token as the actions toolkit does."""
    return story.call("GET", url.removeprefix(story.url), token=bearer)


def test_a_runner_gets_tokens_for_its_run(story: Story) -> None:
    """With GitHub's claims; ids are text, and each token has an id of its own."""
    run_id = story.github.start_run(REPOSITORY, "production-validation.yml")
    asked = story.github.token_request(run_id)
    answers = [ask(story, f"{asked.url}&audience={AUDIENCE}", asked.bearer) for _ in range(2)]
    first, second = (read(story, it.json["value"]) for it in answers)
    assert first["jti"] != second["jti"]
    run = story.github.world.run(run_id)
    workflow = f"{REPOSITORY}/.github/workflows/production-validation.yml@refs/heads/main"
    assert (
        first
        | {
            "repository": REPOSITORY,
            "repository_id": str(story.repository_id),
            "run_id": str(run_id),
            "run_attempt": "1",
            "workflow_ref": workflow,
            "job_workflow_ref": workflow,
            "event_name": "push",
            "head_ref": "",
            "base_ref": "",
            "sha": run.head_sha,
            "sub": f"repo:{REPOSITORY}:ref:refs/heads/main",
        }
        == first
    )
    assert first["exp"] - first["iat"] == LIFETIME.total_seconds()
    assert first["iat"] - first["nbf"] == VALID_BEFORE.total_seconds()


def test_without_an_audience_it_is_the_owner(story: Story) -> None:
    """As the documentation has it."""
    asked = story.github.token_request(story.github.start_run(REPOSITORY, "v.yml"))
    token = ask(story, asked.url, asked.bearer).json["value"]
    assert read(story, token, "https://github.com/octo-org")


def test_a_bearer_is_for_one_run(story: Story) -> None:
    """And without one there is no token."""
    first, second = (
        story.github.token_request(story.github.start_run(REPOSITORY, "v.yml")) for _ in range(2)
    )
    assert ask(story, first.url, second.bearer).status == 401
    assert ask(story, first.url, "made-up").status == 401
    assert story.call("GET", first.url.removeprefix(story.url)).status == 401


def test_a_rerun_and_a_pull_request_are_told(story: Story) -> None:
    """The attempt is the latest; a pull request has a ref of its own and two branches."""
    run_id = story.github.validate(REPOSITORY)
    story.github.rerun(run_id)
    claims = read(story, story.github.mint_token(run_id, AUDIENCE))
    assert claims["run_attempt"] == "2"
    pull = story.github.start_run(REPOSITORY, "v.yml", branch="topic", event="pull_request")
    claims = read(story, story.github.mint_token(pull, AUDIENCE))
    assert (claims["head_ref"], claims["base_ref"]) == ("topic", "main")
    assert claims["workflow_ref"].endswith("@refs/pull/1/merge")


def test_claims_may_be_changed_and_left_out(story: Story) -> None:
    """For tokens that GitHub would not sign."""
    run_id = story.github.start_run(REPOSITORY, "v.yml")
    token = story.github.mint_token(run_id, AUDIENCE, {"run_id": "7", "jti": None})
    claims = read(story, token)
    assert claims["run_id"] == "7"
    assert "jti" not in claims


def test_keys_rotate(story: Story) -> None:
    """The new key signs; the one before is shown as long as it is kept."""
    run_id = story.github.start_run(REPOSITORY, "v.yml")
    old = story.github.mint_token(run_id, AUDIENCE)
    story.github.rotate_oidc_key(keep=True)
    new = story.github.mint_token(run_id, AUDIENCE)
    assert read(story, old)["run_id"] == read(story, new)["run_id"]
    story.github.rotate_oidc_key()
    with pytest.raises(KeyError):
        read(story, new)


def test_faults_befall_the_issuer_too(story: Story) -> None:
    """What is not there is 404, and GitHub's own calls are not counted among them."""
    before = story.github.totals().requests
    assert story.call("GET", f"{PREFIX}/else").status == 404
    story.github.add_fault(Fault("jwks$", status=503, times=1))
    assert story.call("GET", f"{PREFIX}/.well-known/jwks").status == 503
    assert story.call("GET", f"{PREFIX}/.well-known/jwks").status == 200
    counted = story.github.totals().requests
    assert sum(counted.values()) - sum(before.values()) <= 1


def test_another_process_mints_as_well() -> None:
    """By the same commands; on an Enterprise Server the issuer is beside the API's root."""
    github = SimulatedGitHub()
    github.create_repository(REPOSITORY)
    with serve(github, root="/api/v3") as url:
        client = SimulatorClient(url)
        run_id = client.start_run(REPOSITORY, "v.yml")
        asked = client.token_request(run_id)
        assert asked.url.startswith(url.removesuffix("/api/v3") + PREFIX)
        claims = jwt.decode(
            client.mint_token(run_id, AUDIENCE), options={"verify_signature": False}
        )
        answer = urllib3.request("GET", f"{claims['iss']}/.well-known/jwks")
        keys = answer.json()["keys"]
        assert [it["kid"] for it in keys] == list(github.issuer._keys)
        client.close()
