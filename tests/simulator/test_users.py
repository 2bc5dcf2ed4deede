"""People sign in to an App, and see what they have explicit permission for."""

import base64
import hashlib
import json
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import urllib3

from gate.simulator.github import SimulatedGitHub
from gate.simulator.server import serve
from tests.simulator.conftest import REPOSITORY, Answer, Story

SECRET = "the client secret"
CALLBACK = "http://127.0.0.1:8080/sign-in/callback"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest())[:43].decode()


def authorize(story: Story, **changes: str) -> Answer:
    """Open the page where a person consents."""
    story.github.set_client(SECRET, [CALLBACK])
    query = {
        "client_id": story.github.world.app().client_id,
        "redirect_uri": CALLBACK,
        "state": "s1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return story.call("GET", f"/login/oauth/authorize?{urlencode(query | changes)}")


def code_of(story: Story, login: str = "alice", **changes: str) -> str:
    """Consent as a person and return the code."""
    story.github.sign_in_as(login)
    location = authorize(story, **changes).headers["location"]
    query = parse_qs(urlsplit(location).query)
    assert query["state"] == ["s1"]
    return query["code"][0]


def ask(story: Story, **fields: str) -> dict[str, Any]:
    """Ask for tokens."""
    own = {"client_id": story.github.world.app().client_id, "client_secret": SECRET}
    response = story.http.request(
        "POST",
        f"{story.url}/login/oauth/access_token",
        fields=own | fields,
        encode_multipart=False,
        headers={"Accept": "application/json"},
    )
    assert response.status == 200
    answer: dict[str, Any] = response.json()
    return answer


def exchange(story: Story, code: str, verifier: str = VERIFIER) -> dict[str, Any]:
    """Exchange a code."""
    return ask(story, code=code, code_verifier=verifier, redirect_uri=CALLBACK)


def sign_in(story: Story, login: str) -> str:
    """Sign in as a person and return their token."""
    token: str = exchange(story, code_of(story, login))["access_token"]
    return token


def test_a_code_becomes_tokens_that_expire(story: Story) -> None:
    """With GitHub's fields and lifetimes; the token is the person's."""
    answer = exchange(story, code_of(story))
    assert answer["access_token"].startswith("ghu_")
    assert answer["refresh_token"].startswith("ghr_")
    assert (answer["expires_in"], answer["token_type"]) == (28_800, "bearer")
    shown = story.call("GET", "/user", token=answer["access_token"])
    assert (shown.status, shown.json["login"]) == (200, "alice")
    story.github.advance(28_801)
    assert story.call("GET", "/user", token=answer["access_token"]).status == 401


def test_a_code_is_used_once_and_within_ten_minutes(story: Story) -> None:
    """GitHub answers 200 with an error."""
    code = code_of(story)
    assert "access_token" in exchange(story, code)
    assert exchange(story, code)["error"] == "bad_verification_code"
    late = code_of(story)
    story.github.advance(601)
    assert exchange(story, late)["error"] == "bad_verification_code"


def test_who_asks_for_tokens_is_checked(story: Story) -> None:
    """By client secret, redirect URI and PKCE."""
    assert exchange(story, code_of(story), "w" * 43)["error"] == "bad_verification_code"
    code = code_of(story)
    assert ask(story, code=code, client_secret="x")["error"] == "incorrect_client_credentials"
    assert ask(story, code=code, client_id="x")["error"] == "incorrect_client_credentials"
    other = ask(story, code=code, redirect_uri="http://127.0.0.1/", code_verifier=VERIFIER)
    assert other["error"] == "redirect_uri_mismatch"


def test_a_refresh_token_works_once(story: Story) -> None:
    """It gives new tokens; those of a person who revokes are worth nothing."""
    first = exchange(story, code_of(story))
    renewed = ask(story, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert renewed["access_token"] != first["access_token"]
    again = ask(story, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert again["error"] == "bad_refresh_token"
    story.github.revoke_authorization("alice")
    assert story.call("GET", "/user", token=renewed["access_token"]).status == 401
    gone = ask(story, grant_type="refresh_token", refresh_token=renewed["refresh_token"])
    assert gone["error"] == "bad_refresh_token"


def delete(story: Story, token: object, *, client_id: str = "", secret: str = SECRET) -> int:
    """Delete a token as the App, and return the status."""
    own = story.github.world.app().client_id
    basic = urllib3.util.make_headers(basic_auth=f"{own}:{secret}")
    path = f"{story.url}/applications/{client_id or own}/token"
    body = json.dumps({"access_token": token})
    return story.http.request("DELETE", path, body=body, headers=basic).status


def test_an_app_deletes_a_token(story: Story) -> None:
    """By its client ID and secret; the other tokens of the person stay."""
    token, other = sign_in(story, "alice"), sign_in(story, "alice")
    assert delete(story, token, secret="x") == 401
    assert delete(story, token, client_id="Iv1.other") == 404
    assert delete(story, None) == delete(story, "ghu_other") == 422
    assert delete(story, token) == 204
    assert delete(story, token) == 422
    assert story.call("GET", "/user", token=token).status == 401
    assert story.call("GET", "/user", token=other).status == 200
    path = f"/applications/{story.github.world.app().client_id}/token"
    assert story.call("DELETE", path).status == 401
    assert story.call("DELETE", path, token=other).status == 401


def test_the_callback_must_be_registered(story: Story) -> None:
    """Nobody is sent elsewhere; an App that does not exist has no page."""
    assert authorize(story, redirect_uri="http://127.0.0.1:1/evil").status == 400
    assert authorize(story, client_id="x").status == 404


def test_without_anybody_a_page_asks_who_comes(story: Story) -> None:
    """With a link for each person, and one to decline."""
    story.github.set_role(REPOSITORY, "alice", "read")
    page = authorize(story)
    assert page.status == 200
    assert b"Continue as alice" in page.body
    assert authorize(story, **{"as": "alice"}).status == 302
    assert "error=access_denied" in authorize(story, deny="1").headers["location"]


def test_a_person_sees_what_they_have_explicit_permission_for(story: Story) -> None:
    """Not what is merely public, nor what was taken away; installations likewise."""
    token = exchange(story, code_of(story))["access_token"]
    path = f"/user/installations/{story.installation_id}/repositories"

    def seen() -> tuple[int, Any]:
        installations = story.call("GET", "/user/installations", token=token).json
        return installations["total_count"], story.call("GET", path, token=token)

    count, answer = seen()
    assert (count, answer.status) == (0, 404)
    story.github.set_role(REPOSITORY, "alice", "read")
    count, answer = seen()
    assert (count, answer.json["total_count"]) == (1, 1)
    assert answer.json["repositories"][0]["id"] == story.repository_id
    story.github.set_role(REPOSITORY, "alice", "")
    assert seen()[0] == 0


def test_the_owner_of_an_account_sees_its_installation(story: Story) -> None:
    """And every repository in it."""
    installation = story.github.create_installation("alice", "User")
    story.github.create_repository("alice/web", installation, owner_type="User")
    token = exchange(story, code_of(story))["access_token"]
    path = f"/user/installations/{installation}/repositories"
    assert story.call("GET", path, token=token).json["total_count"] == 1


@pytest.mark.parametrize("path", ["/user", "/user/installations"])
def test_only_a_person_asks_for_themselves(story: Story, path: str) -> None:
    """The App and its installations are refused; and a person is no installation."""
    assert story.call("GET", path).status == 401
    assert story.call("GET", path, token=story.jwt()).status == 403
    assert story.call("GET", path, token=story.token()).status == 403
    token = exchange(story, code_of(story))["access_token"]
    assert story.call("GET", f"/repos/{REPOSITORY}", token=token).status == 403
    assert story.call("GET", "/app", token=token).status == 403


def test_an_enterprise_server_has_its_sign_in_beside_the_api() -> None:
    """Below the host, not below /api/v3."""
    github = SimulatedGitHub()
    with serve(github, root="/api/v3") as url:
        http = urllib3.PoolManager(retries=False)
        address = f"{url.removesuffix('/api/v3')}/login/oauth/authorize?client_id=x"
        assert http.request("GET", address).status == 404
        assert http.request("POST", address.replace("authorize", "access_token")).status == 200
        http.clear()
