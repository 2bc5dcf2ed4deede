"""Who may call what: App JWTs, installation tokens, permissions, repositories."""

import time

import jwt
import pytest

from gate.simulator.github import SimulatedGitHub
from tests.simulator.conftest import PERMISSIONS, REPOSITORY, KeyPair, Story


def test_an_app_is_known_by_its_id_and_by_its_client_id(story: Story) -> None:
    """The issuer of the JWT may be the App ID or, as GitHub recommends, the client ID."""
    client_id = story.call("GET", "/app", token=story.jwt()).json["client_id"]
    assert story.call("GET", "/app", token=story.jwt(iss=client_id)).json["id"] == story.app_id


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"exp": 661}, "too far in the future"),
        ({"exp": -1}, "future time at which the assertion expires"),
        ({"iat": 300}, "'iat'"),
    ],
)
def test_a_jwt_has_to_be_of_its_time(story: Story, changes: dict[str, int], message: str) -> None:
    """At most ten minutes long, not expired, not from the future."""
    now = int(time.time())
    claims = {name: now + seconds for name, seconds in changes.items()}
    answer = story.call("GET", "/app", token=story.jwt(**claims))
    assert answer.status == 401
    assert message in answer.json["message"]


def test_a_jwt_of_an_unknown_app_is_refused(story: Story) -> None:
    """The issuer has to be an App that is registered here."""
    answer = story.call("GET", "/app", token=story.jwt(iss="12"))
    assert answer.status == 401
    assert "Integration not found" in answer.json["message"]


def test_a_jwt_ends_by_the_simulated_clock(story: Story) -> None:
    """A JWT that was verified and remembered is refused once it has expired."""
    token = story.jwt()
    assert story.call("GET", "/app", token=token).status == 200
    story.github.advance(301)
    assert story.call("GET", "/app", token=token).status == 401


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "ghs_unknown"])
def test_nonsense_is_no_credential(story: Story, token: str) -> None:
    """What is neither a JWT nor a token gets 401."""
    assert story.call("GET", "/app", token=token).status == 401


def test_another_key_does_not_sign_for_the_app(story: Story, other_keys: KeyPair) -> None:
    """A JWT has to be signed with RS256 and the App's key."""
    claims = {"iss": str(story.app_id), "iat": int(time.time()) - 60, "exp": int(time.time()) + 60}
    stranger = jwt.encode(claims, other_keys.key, algorithm="RS256")
    confused = jwt.encode(claims, "s" * 32, algorithm="HS256")
    assert story.call("GET", "/app", token=stranger).status == 401
    assert story.call("GET", "/app", token=confused).status == 401


def test_nobody_is_authenticated_without_credentials(story: Story) -> None:
    """Without a credential everything but /meta and /rate_limit is refused."""
    assert story.call("GET", "/app").status == 401
    assert story.call("GET", f"/repos/{REPOSITORY}").status == 401
    assert story.call("GET", "/meta").status == 200
    assert story.call("GET", "/rate_limit").status == 200


def test_the_two_kinds_of_credential_are_not_interchangeable(story: Story) -> None:
    """A JWT opens no repository, an installation token does not speak for the App."""
    assert story.call("GET", f"/repos/{REPOSITORY}", token=story.jwt()).status == 403
    assert story.call("GET", "/app", token=story.token()).status == 401
    assert story.call("GET", "/app/hook/deliveries", token=story.token()).status == 401


def test_a_token_lasts_an_hour(story: Story) -> None:
    """After an hour by the simulation's clock the token is refused with 401."""
    token = story.token()
    story.github.advance(3599)
    assert story.call("GET", f"/repos/{REPOSITORY}", token=token).status == 200
    story.github.advance(1)
    assert story.call("GET", f"/repos/{REPOSITORY}", token=token).status == 401


def test_a_token_is_of_the_new_long_form(story: Story) -> None:
    """Tokens are `ghs_<App ID>_<three parts>`, some 520 characters with dots."""
    token = story.token()
    assert token.startswith(f"ghs_{story.app_id}_")
    assert token.count(".") == 2
    assert len(token) > 500


def test_a_token_may_be_of_the_old_form() -> None:
    """Enterprise Server still issues short tokens."""
    github = SimulatedGitHub(token_format="opaque")
    assert len(github.tokens._new_token(1)) == 40


def test_a_token_keeps_to_its_repositories(story: Story) -> None:
    """A repository outside the token, or outside the installation, does not exist for it."""
    other = story.github.create_repository("octo-org/other", story.installation_id)
    story.github.create_repository("octo-org/secret")
    token = story.token(repository_ids=[other])
    assert story.call("GET", "/repos/octo-org/other", token=token).status == 200
    assert story.call("GET", f"/repos/{REPOSITORY}", token=token).status == 404
    assert story.call("GET", f"/repositories/{story.repository_id}", token=token).status == 404
    assert story.call("GET", "/repos/octo-org/secret", token=story.token()).status == 404
    listed = story.call("GET", "/installation/repositories", token=token).json
    assert [each["full_name"] for each in listed["repositories"]] == ["octo-org/other"]


def test_a_token_may_be_asked_for_by_repository_name(story: Story) -> None:
    """`repositories` names them without the owner."""
    token = story.token(repositories=["frontend"])
    assert story.call("GET", f"/repos/{REPOSITORY}", token=token).status == 200


@pytest.mark.parametrize(
    "asked",
    [
        {"repository_ids": [1]},
        {"repositories": ["no-such"]},
        {"permissions": {"administration": "write"}},
        {"permissions": {"contents": "write"}},
    ],
)
def test_a_token_is_no_more_than_the_installation(story: Story, asked: dict[str, object]) -> None:
    """Repositories and permissions beyond the installation's get 422."""
    path = f"/app/installations/{story.installation_id}/access_tokens"
    assert story.call("POST", path, asked, story.jwt()).status == 422


def test_a_permission_that_is_missing_is_named(story: Story) -> None:
    """Lack of a permission is 403, with the permission that would do in a header."""
    token = story.token(permissions={"deployments": "write"})
    answer = story.call("GET", f"/repos/{REPOSITORY}/actions/runs", token=token)
    assert answer.status == 403
    assert answer.json["message"] == "Resource not accessible by integration"
    assert answer.headers["x-accepted-github-permissions"] == "actions=read"


def test_an_installation_may_grant_less_than_the_app_asks(story: Story) -> None:
    """New permissions hold only once they are accepted, which the App is told."""
    story.github.grant(story.installation_id, {"metadata": "read"})
    path = f"/repos/{REPOSITORY}/actions/runs"
    assert story.call("GET", path, token=story.token()).status == 403
    story.github.grant(story.installation_id, PERMISSIONS)
    assert story.call("GET", path, token=story.token()).status == 200
    assert len(story.delivered("installation", "new_permissions_accepted")) == 2


def test_a_suspended_installation_is_shut(story: Story) -> None:
    """No new tokens, and the old ones answer 403, until the suspension is lifted."""
    token = story.token()
    story.github.suspend_installation(story.installation_id)
    path = f"/app/installations/{story.installation_id}/access_tokens"
    assert story.call("POST", path, {}, story.jwt()).status == 403
    assert story.call("GET", f"/repos/{REPOSITORY}", token=token).status == 403
    story.github.unsuspend_installation(story.installation_id)
    assert story.call("GET", f"/repos/{REPOSITORY}", token=token).status == 200


def test_a_deleted_installation_is_gone(story: Story) -> None:
    """Its tokens get 401, its id and the way from the repository 404."""
    token = story.token()
    story.github.delete_installation(story.installation_id)
    assert story.call("GET", f"/repos/{REPOSITORY}", token=token).status == 401
    jwt_ = story.jwt()
    path = f"/app/installations/{story.installation_id}"
    assert story.call("GET", path, token=jwt_).status == 404
    assert story.call("POST", f"{path}/access_tokens", {}, jwt_).status == 404
    assert story.call("GET", f"/repos/{REPOSITORY}/installation", token=jwt_).status == 404


def test_an_app_sees_its_own_installations_alone(story: Story, other_keys: KeyPair) -> None:
    """Another App's installation is 404."""
    other = story.github.register_app(
        other_keys.public, "s", None, {"actions": "read"}, [], "Other"
    )
    theirs = story.github.create_installation("octo-org", app_id=other)
    path = f"/app/installations/{theirs}"
    assert story.call("GET", path, token=story.jwt()).status == 404


def test_a_selection_of_all_includes_later_repositories(story: Story) -> None:
    """An installation on the whole account sees what the account creates afterwards."""
    installation_id = story.github.create_installation("acme", repository_selection="all")
    story.github.create_repository("acme/shop")
    token = story.token(installation_id)
    assert story.call("GET", "/repos/acme/shop", token=token).status == 200


def test_a_repository_can_be_taken_away(story: Story) -> None:
    """A repository removed from the installation answers 404, and the App is told."""
    token = story.token()
    story.github.remove_repository(story.installation_id, REPOSITORY)
    assert story.call("GET", f"/repos/{REPOSITORY}", token=token).status == 404
    (payload,) = story.delivered("installation_repositories", "removed")
    assert payload["repositories_removed"][0]["full_name"] == REPOSITORY
    story.github.add_repository(story.installation_id, REPOSITORY)
    assert story.call("GET", f"/repos/{REPOSITORY}", token=token).status == 200
