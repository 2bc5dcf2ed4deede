"""A session is one browser's, ends in time, and can be ended."""

from __future__ import annotations

import json
import sqlite3

import pytest
from click.testing import CliRunner, Result
from pydantic import SecretStr

from gate.cli import gate as command
from gate.domain.access.session import MOST_SESSIONS
from gate.simulator.faults import Fault
from gate.store.retention import delete_expired
from tests.integration.sign_in.conftest import KEY
from tests.support.browser import Browser, token_of
from tests.support.harness import Gate

NEW_KEY = "another session key of the tests, long enough"


def is_signed_in(browser: Browser) -> bool:
    """Check whether the account's page opens."""
    return browser.get("/account").status_code == 200


def run(gate: Gate, *arguments: str) -> Result:
    """Run `gate sessions` on the gate's database."""
    url = gate.settings.database_url.get_secret_value()
    runner = CliRunner(env={"GATE_DATABASE_URL": url})
    return runner.invoke(command, ["sessions", *arguments])


def use_keys(gate: Gate, *keys: str) -> None:
    """Restart the gate with other keys."""
    settings = {"session_key": tuple(SecretStr(it) for it in keys)}
    gate.settings = gate.settings.model_copy(update=settings)
    gate.restart()


def test_a_sign_in_gets_a_session_of_its_own(gate: Gate, browser: Browser) -> None:
    """A secret that was planted or used before is not taken over, and the former one ends."""
    planted = "x" * 43
    browser.http.cookies.set("gate", planted, domain="127.0.0.1", path="/")
    browser.sign_in("alice")
    first = browser.http.cookies.get("gate", domain="127.0.0.1", path="/")
    assert first not in {None, planted}
    old = Browser(gate)
    old.http.cookies.set("gate", str(first), domain="127.0.0.1", path="/")
    assert is_signed_in(old)
    browser.sign_in("alice")
    assert browser.http.cookies.get("gate") != first
    assert is_signed_in(browser)
    assert not is_signed_in(old)


def test_no_secret_is_in_the_database(gate: Gate, browser: Browser) -> None:
    """Neither the cookies' nor GitHub's."""
    browser.begin()
    browser.sign_in("alice")
    path = gate.settings.database_url.get_secret_value().removeprefix("sqlite:///")
    with sqlite3.connect(path) as connection:
        text = "\n".join(connection.iterdump())
    connection.close()
    secrets = [str(it.value) for it in browser.http.cookies]
    secrets += [*gate.github.authorization._tokens, *gate.github.authorization._refreshes]
    assert len(secrets) == 4
    assert [it for it in secrets if it in text or it.encode().hex().upper() in text.upper()] == []


def test_signing_out_ends_one_session(gate: Gate, browser: Browser) -> None:
    """The cookie is worth nothing afterwards, whoever kept a copy."""
    other = Browser(gate)
    other.sign_in("alice")
    browser.sign_in("alice")
    kept = str(browser.http.cookies.get("gate"))
    answer = browser.post("/sign-out", csrf_token=browser.form_token())
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    browser.http.cookies.set("gate", kept, domain="127.0.0.1", path="/")
    assert not is_signed_in(browser)
    assert is_signed_in(other)


def test_signing_out_everywhere_ends_all_of_a_person(gate: Gate, browser: Browser) -> None:
    """Other people stay."""
    other, bob = Browser(gate), Browser(gate)
    other.sign_in("alice")
    bob.sign_in("bob")
    browser.sign_in("alice")
    assert browser.post("/sign-out/everywhere", csrf_token=browser.form_token()).status_code == 303
    assert [is_signed_in(it) for it in (browser, other, bob)] == [False, False, True]


@pytest.mark.parametrize("page", ["/account", "/", "/incidents", "/runbooks"])
@pytest.mark.parametrize("path", ["/sign-out", "/sign-out/everywhere"])
def test_signing_out_needs_no_answer_of_github(
    gate: Gate, browser: Browser, page: str, path: str
) -> None:
    """Whoever lost a device must not wait for the end of an outage; each page has the form."""
    other = Browser(gate)
    other.sign_in("alice")
    browser.sign_in("alice")
    gate.github.add_fault(Fault("/user", status=502))
    gate.github.advance(301)
    shown = browser.get(page)
    assert shown.status_code == (200 if page == "/runbooks" else 503)
    assert 'action="/sign-out"' in shown.text
    assert ('action="/sign-out/everywhere"' in shown.text) is (page != "/runbooks")
    assert browser.post(path, csrf_token=token_of(shown)).status_code == 303
    gate.github.clear_faults()
    gate.github.advance(11)
    assert not is_signed_in(browser)
    assert is_signed_in(other) is (path == "/sign-out")


def test_a_session_that_is_over_ends_no_other_and_says_so(gate: Gate, browser: Browser) -> None:
    """It does not say any more whose sessions are meant."""
    other = Browser(gate)
    browser.sign_in("alice")
    token = browser.form_token()
    gate.github.advance(3600)
    other.sign_in("alice")
    gate.github.advance(3601)
    answer = browser.post("/sign-out/everywhere", csrf_token=token)
    assert answer.status_code == 403
    assert "Nothing was ended" in answer.text
    assert is_signed_in(other)


@pytest.mark.parametrize("path", ["/sign-out", "/sign-out/everywhere"])
def test_a_form_that_is_not_of_the_session_is_refused(
    gate: Gate, browser: Browser, path: str
) -> None:
    """Without its token, with a wrong one, or with that of another session."""
    other = Browser(gate)
    other.sign_in("bob")
    browser.sign_in("alice")
    for token in ({}, {"csrf_token": ""}, {"csrf_token": "é"}, {"csrf_token": other.form_token()}):
        assert browser.post(path, **token).status_code == 403
    assert browser.get(path).status_code == 405
    assert is_signed_in(browser)


@pytest.mark.parametrize(
    ("hours", "times", "stays"), [(1.9, 6, True), (2.1, 1, False), (1.9, 7, False)]
)
def test_a_session_ends_in_time(
    gate: Gate, browser: Browser, hours: float, times: int, stays: bool
) -> None:
    """After two hours without use, and after twelve however much it is used."""
    browser.sign_in("alice")
    for _ in range(times):
        assert is_signed_in(browser) or not stays
        gate.github.advance(hours * 3600)
    assert is_signed_in(browser) is stays
    deleted = delete_expired(gate.service.database, gate.github.world.now())
    assert deleted["sessions"] == (0 if stays else 1)


def test_a_person_has_a_bounded_number_of_sessions(gate: Gate) -> None:
    """Whoever signs in over and over fills no table; the oldest sessions end."""
    browsers = [Browser(gate) for _ in range(MOST_SESSIONS + 1)]
    bob = Browser(gate)
    bob.sign_in("bob")
    for it in browsers:
        it.sign_in("alice")
    assert [is_signed_in(it) for it in (browsers[0], browsers[1], bob)] == [False, True, True]


def test_an_operator_lists_and_revokes(gate: Gate, browser: Browser) -> None:
    """By id, by login in any case, or all; nothing else than one of these is taken."""
    bob = Browser(gate)
    browser.sign_in("alice")
    bob.sign_in("bob")
    second, first = json.loads(run(gate, "list", "--json").output)
    assert (first["login"], first["repositories"], second["login"]) == ("alice", 1, "bob")
    assert "alice" in run(gate, "list").output
    assert run(gate, "revoke").exit_code == 2
    assert run(gate, "revoke", "1", "--all").exit_code == 2
    assert run(gate, "revoke", "--login", "ALICE").stdout == "ended 1 session\n"
    assert [is_signed_in(browser), is_signed_in(bob)] == [False, True]
    assert json.loads(run(gate, "revoke", str(second["id"]), "--json").stdout) == {
        "ended": 1,
        "tokens_revoked": 0,
    }
    assert not is_signed_in(bob)
    assert run(gate, "revoke", "--all").output == "ended 0 sessions\n"
    assert run(gate, "list").output == "nobody is signed in\n"


@pytest.mark.parametrize(
    ("keys", "stays"), [((NEW_KEY, KEY), True), ((KEY, NEW_KEY), True), ((NEW_KEY,), False)]
)
def test_keys_rotate(gate: Gate, browser: Browser, keys: tuple[str, ...], stays: bool) -> None:
    """A session outlives the rotation as long as its key is among those that are set."""
    browser.sign_in("alice")
    use_keys(gate, *keys)
    gate.github.advance(301)
    assert is_signed_in(browser) is stays


def test_a_node_without_the_key_ends_no_session(gate: Gate, browser: Browser) -> None:
    """While a key is rolled out, a node that lacks it shows nothing, and the session stays."""
    browser.sign_in("alice")
    use_keys(gate, NEW_KEY)
    gate.github.advance(301)
    assert browser.get("/account").status_code == 503
    use_keys(gate, NEW_KEY, KEY)
    gate.github.advance(11)
    assert is_signed_in(browser)


def test_the_pages_of_the_sign_in_are_not_stored_or_framed(gate: Gate, browser: Browser) -> None:
    """By no browser and no proxy."""
    browser.sign_in("alice")
    for path in ("/sign-in", "/account", "/sign-in/callback"):
        headers = browser.get(path).headers
        assert headers["Cache-Control"] == "no-store"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Frame-Options"] == "DENY"


def test_without_a_session_nothing_is_signed_out(browser: Browser) -> None:
    """A stranger's form is refused, whatever it says."""
    assert browser.post("/sign-out", csrf_token="x").status_code == 403
