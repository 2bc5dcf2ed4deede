"""What comes back from GitHub must belong to a sign-in that this browser began, once."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from gate.simulator.faults import Fault
from tests.support.browser import Browser
from tests.support.harness import SECRET, Gate


def refused(response: requests.Response) -> bool:
    """Check that nobody was signed in, with a page that tells what to do."""
    assert "gate" not in response.cookies
    return response.status_code == 400 and "Sign in again" in response.text


def test_the_address_at_github_is_exact(gate: Gate, browser: Browser) -> None:
    """With PKCE, a state, and nothing that is secret."""
    address = urlsplit(browser.begin())
    query = {name: value for name, (value,) in parse_qs(address.query).items()}
    assert f"{address.scheme}://{address.netloc}" == gate.settings.github_api_url
    assert address.path == "/login/oauth/authorize"
    assert query["client_id"] == gate.settings.github_client_id
    assert query["redirect_uri"] == f"{gate.url}/sign-in/callback"
    assert query["code_challenge_method"] == "S256"
    assert len(query["code_challenge"]) == len(query["state"]) == 43
    assert SECRET not in address.query


def test_a_forged_state_is_refused(gate: Gate, browser: Browser) -> None:
    """Whatever code comes with it."""
    gate.github.sign_in_as("alice")
    back = urlsplit(browser.consent(browser.begin()))
    code = parse_qs(back.query)["code"][0]
    for state in ("", "forged", "é" * 40, "x" * 10_000):
        assert refused(browser.get(f"/sign-in/callback?code={code}&state={state}"))
    assert refused(browser.get(f"/sign-in/callback?code={code}"))


def test_a_replayed_state_is_refused(gate: Gate, browser: Browser) -> None:
    """The first use is the only one."""
    gate.github.sign_in_as("alice")
    back = browser.consent(browser.begin())
    assert browser.finish(back).status_code == 303
    again = browser.finish(back)
    assert refused(again)
    # By the gate itself, before it asks GitHub, which takes a code only once, too.
    assert "it was used already" in again.text


def test_a_stolen_answer_is_refused_and_its_owner_may_go_on(gate: Gate, browser: Browser) -> None:
    """So nobody can sign another browser in as themselves, or as its owner."""
    gate.github.sign_in_as("alice")
    back = browser.consent(browser.begin())
    thief = Browser(gate)
    assert refused(thief.finish(back))
    thief.begin()
    assert refused(thief.finish(back))
    assert browser.finish(back).status_code == 303


def test_a_sign_in_takes_ten_minutes_at_most(gate: Gate, browser: Browser) -> None:
    """Afterwards it has to begin again."""
    gate.github.sign_in_as("alice")
    address = browser.begin()
    gate.github.advance(601)
    assert refused(browser.finish(browser.consent(address)))


def test_two_tabs_may_sign_in_at_once(gate: Gate, browser: Browser) -> None:
    """Each gets back to its own page."""
    gate.github.sign_in_as("alice")
    first, second = browser.begin("/account"), browser.begin("/")
    assert browser.finish(browser.consent(second)).headers["Location"] == "/"
    assert browser.finish(browser.consent(first)).headers["Location"] == "/account"


def test_whoever_does_not_consent_is_not_signed_in(gate: Gate, browser: Browser) -> None:
    """The page says so, and the state is used up."""
    back = browser.consent(f"{browser.begin()}&deny=1")
    assert "access_denied" in back
    answer = browser.finish(back)
    assert refused(answer)
    assert "did not authorize" in answer.text


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault("access_token", status=502), "did not answer"),
        (Fault("access_token", damage="close"), "did not answer"),
        (Fault("access_token", damage="html"), "did not answer"),
        (Fault("access_token", damage="truncate"), "did not answer"),
        (Fault("access_token", status=302, headers={"Location": "/x"}), "did not answer"),
        (Fault("/user$", status=502), "did not answer"),
        (Fault("/user/installations", status=502), "did not answer"),
        (
            Fault("access_token", status=200, body='{"error": "incorrect_client_credentials"}'),
            "client secret",
        ),
    ],
)
def test_a_fault_signs_nobody_in(gate: Gate, browser: Browser, fault: Fault, words: str) -> None:
    """The page says whose fault it is, and the next attempt may be fine."""
    gate.github.add_fault(fault)
    gate.github.sign_in_as("alice")
    answer = browser.finish(browser.consent(browser.begin()))
    assert answer.status_code == 503
    assert words in answer.text
    assert "gate" not in answer.cookies
    gate.github.clear_faults()
    assert browser.sign_in("alice").status_code == 200


def test_a_code_of_another_is_refused(gate: Gate, browser: Browser) -> None:
    """GitHub compares the PKCE verifier, so a code that was injected is worth nothing."""
    gate.github.sign_in_as("mallory")
    stolen = parse_qs(urlsplit(Browser(gate).consent(Browser(gate).begin())).query)["code"][0]
    state = parse_qs(urlsplit(browser.begin()).query)["state"][0]
    assert refused(browser.get(f"/sign-in/callback?code={stolen}&state={state}"))


@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "/%5Cevil.example", "https://evil.example/", "%5C%5Cevil", "/%0d%0aX: y"],
)
def test_nobody_is_sent_elsewhere(gate: Gate, browser: Browser, wanted: str) -> None:
    """What is no path on the gate leads to the board."""
    gate.github.sign_in_as("alice")
    assert browser.finish(browser.consent(browser.begin(wanted))).headers["Location"] == "/"
