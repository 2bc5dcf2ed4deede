"""GitHub's token of a session that ended is worth nothing any more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from click.testing import CliRunner, Result
from structlog.testing import capture_logs

from gate.cli import gate as command
from gate.simulator.faults import Fault
from tests.integration.sign_in.conftest import KEY
from tests.support.browser import Browser
from tests.support.harness import SECRET, Gate, wait_for
from tests.support.keys import make_key_pair

DOWN = Fault("/applications/", status=502)


@pytest.fixture
def log() -> Iterator[list[Any]]:
    """Provide the list of everything that is logged during the test."""
    with capture_logs() as entries:
        yield entries


def tokens(gate: Gate) -> list[str]:
    """List the tokens that GitHub accepts."""
    return [*gate.github.authorization._tokens]


def wait_until_revoked(gate: Gate, left: int) -> None:
    """Wait until GitHub accepts no more than some tokens."""
    wait_for(lambda: len(tokens(gate)) == left, f"{left} tokens")


def test_signing_out_revokes_the_token(gate: Gate, browser: Browser) -> None:
    """That of the session, and no other of the person's."""
    browser.sign_in("alice")
    other = Browser(gate)
    other.sign_in("alice")
    kept = tokens(gate)[1]
    browser.post("/sign-out", csrf_token=browser.form_token())
    wait_until_revoked(gate, 1)
    assert tokens(gate) == [kept]
    assert other.get("/account").status_code == 200


def test_signing_out_everywhere_revokes_all_of_a_person(gate: Gate, browser: Browser) -> None:
    """Other people's stay."""
    for login in ("alice", "bob"):
        Browser(gate).sign_in(login)
    browser.sign_in("alice")
    browser.post("/sign-out/everywhere", csrf_token=browser.form_token())
    wait_until_revoked(gate, 1)


def test_a_new_sign_in_revokes_the_token_of_the_former(gate: Gate, browser: Browser) -> None:
    """The browser has one session."""
    browser.sign_in("alice")
    first = tokens(gate)
    browser.sign_in("bob")
    wait_until_revoked(gate, 1)
    assert tokens(gate) != first


@pytest.mark.parametrize("fault", [DOWN, Fault("/applications/", damage="close")])
def test_signing_out_does_not_depend_on_it(
    gate: Gate, browser: Browser, log: list[Any], fault: Fault
) -> None:
    """The session ends at once; the log has what became of the token."""
    browser.sign_in("alice")
    gate.github.add_fault(fault)
    answer = browser.post("/sign-out", csrf_token=browser.form_token())
    assert answer.status_code == 303
    assert browser.get("/account").status_code == 303
    wait_for(lambda: "user_token.kept" in {it["event"] for it in log}, "the log")
    (kept,) = [it for it in log if it["event"] == "user_token.kept"]
    assert kept["reason"] == "github_unavailable"
    assert tokens(gate)[0] not in str(log)


def test_signing_out_does_not_wait_for_it(gate: Gate, browser: Browser) -> None:
    """A GitHub that hangs keeps no thread of the pages."""
    browser.sign_in("alice")
    form_token = browser.form_token()
    gate.github.add_fault(Fault("/applications/", delay_before=2))
    assert browser.post("/sign-out", csrf_token=form_token).status_code == 303
    assert len(tokens(gate)) == 1
    wait_until_revoked(gate, 0)


def test_a_sign_in_that_fails_leaves_no_token(gate: Gate, browser: Browser) -> None:
    """GitHub issues one before the gate has asked whose it is."""
    gate.github.sign_in_as("alice")
    gate.github.add_fault(Fault("/user$", status=502))
    assert browser.finish(browser.consent(browser.begin())).status_code == 503
    wait_until_revoked(gate, 0)


def test_a_session_that_ends_during_a_renewal_leaves_no_token(gate: Gate, browser: Browser) -> None:
    """The new token is stored nowhere, so it must not be left at GitHub either."""
    browser.sign_in("alice")
    for _ in range(7):
        gate.github.advance(3600)
        assert browser.get("/account").status_code == 200
    form_token, before = browser.form_token(), tokens(gate)
    gate.github.advance(3600)
    gate.github.add_fault(Fault("/login/oauth/access_token", delay_after=1))
    with ThreadPoolExecutor(1) as pool:
        page = pool.submit(browser.get, "/account")
        wait_for(lambda: tokens(gate) != before, "the new token")
        leaving = Browser(gate)
        leaving.http.cookies.update(browser.http.cookies)
        assert leaving.post("/sign-out", csrf_token=form_token).status_code == 303
        assert page.result().status_code == 303
    wait_for(lambda: set(tokens(gate)) <= set(before), "the end of the new token")


def run(gate: Gate, **environment: str) -> Result:
    """Run `gate sessions revoke --all` on the gate's database."""
    url = gate.settings.database_url.get_secret_value()
    runner = CliRunner(env={"GATE_DATABASE_URL": url, **environment})
    return runner.invoke(command, ["sessions", "revoke", "--all", "--json"])


def settings_of(gate: Gate) -> dict[str, str]:
    """Write down the settings of the service."""
    return {
        "GATE_GITHUB_APP_ID": gate.settings.github_app_id,
        "GATE_GITHUB_PRIVATE_KEY": make_key_pair()[0],
        "GATE_GITHUB_WEBHOOK_SECRET": SECRET,
        "GATE_GITHUB_API_URL": gate.settings.github_api_url,
        "GATE_GITHUB_CLIENT_ID": str(gate.settings.github_client_id),
        "GATE_GITHUB_CLIENT_SECRET": SECRET,
        "GATE_SESSION_KEY": KEY,
        "GATE_PUBLIC_URL": gate.url,
    }


def test_a_token_that_was_revoked_before_is_no_warning(
    gate: Gate, browser: Browser, log: list[Any]
) -> None:
    """The person did it at GitHub, so their session ends."""
    browser.sign_in("alice")
    gate.github.revoke_authorization("alice")
    gate.github.advance(301)
    assert browser.get("/account").status_code == 303
    wait_for(lambda: "user_token.kept" in {it["event"] for it in log}, "the log")
    (kept,) = [it for it in log if it["event"] == "user_token.kept"]
    assert (kept["log_level"], kept["reason"]) == ("info", "sign_in_refused")


def test_an_operator_revokes_the_tokens_too(gate: Gate, browser: Browser) -> None:
    """With the settings of the service."""
    browser.sign_in("alice")
    Browser(gate).sign_in("bob")
    ended = run(gate, **settings_of(gate))
    assert json.loads(ended.stdout) == {"ended": 2, "tokens_revoked": 2}
    assert tokens(gate) == []


def test_an_operator_is_told_of_tokens_that_are_left(gate: Gate, browser: Browser) -> None:
    """The sessions ended all the same."""
    browser.sign_in("alice")
    ended = run(gate)
    assert json.loads(ended.stdout) == {"ended": 1, "tokens_revoked": 0}
    assert "1 of 1 GitHub tokens were not revoked" in ended.stderr
    browser.sign_in("alice")
    gate.github.add_fault(DOWN)
    ended = run(gate, **settings_of(gate))
    assert json.loads(ended.stdout) == {"ended": 1, "tokens_revoked": 0}
    assert "github_unavailable" in ended.stderr
    browser.sign_in("alice")
    ended = run(gate, **settings_of(gate) | {"GATE_SESSION_KEY": KEY[::-1]})
    assert "no key of GATE_SESSION_KEY opens them" in ended.stderr
    browser.sign_in("alice")
    gate.github.clear_faults()
    gate.github.revoke_authorization("alice")
    ended = run(gate, **settings_of(gate))
    assert "worth nothing before" in ended.stderr
    assert browser.get("/account").status_code == 303
