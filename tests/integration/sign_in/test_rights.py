"""A person sees what GitHub lets them read, and no longer than that."""

from __future__ import annotations

import pytest

from gate.simulator.faults import Fault
from gate.store.access.sessions import all_sessions
from tests.integration.evidence.missed_reads import LAX, POLICY
from tests.integration.sign_in.conftest import OTHER
from tests.support.browser import Browser
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate


def test_a_person_sees_their_repositories_alone(gate: Gate, browser: Browser) -> None:
    """One that GitHub does not let them read is not even named."""
    page = browser.sign_in("alice")
    assert page.status_code == 200
    assert REPOSITORY in page.text
    assert OTHER not in page.text
    other = Browser(gate).sign_in("bob")
    assert OTHER in other.text
    assert REPOSITORY not in other.text


def test_who_changed_a_policy_is_told_to_who_may_see_it(gate: Gate, browser: Browser) -> None:
    """To nobody else: whose commit it is tells that there is one."""
    sha = gate.github.put_file(REPOSITORY, POLICY, LAX, author="carol")
    gate.settle()
    path = f"/repositories/{REPOSITORY}"
    browser.sign_in("alice")
    for told in ("carol", sha[:7]):
        assert told in browser.get(path).text
    other = Browser(gate)
    other.sign_in("bob")
    hidden = other.get(path)
    assert hidden.status_code == 404
    assert "carol" not in hidden.text


def test_a_stranger_is_sent_to_the_sign_in_and_back(gate: Gate, browser: Browser) -> None:
    """Whoever follows a link ends on the page that it names."""
    turned = browser.get("/?state=open")
    assert turned.status_code == 303
    offered = browser.get(turned.headers["Location"])
    assert 'href="/sign-in/start?to=/%3Fstate%3Dopen"' in offered.text
    gate.github.sign_in_as("alice")
    back = browser.finish(browser.consent(browser.begin("/%3Fstate%3Dopen")))
    assert back.headers["Location"] == "/?state=open"
    assert browser.get("/?state=open").status_code == 200


def test_a_lost_right_is_lost_within_five_minutes(gate: Gate, browser: Browser) -> None:
    """Until then GitHub's last answer counts."""
    browser.sign_in("alice")
    gate.github.set_role(REPOSITORY, "alice", "")
    gate.github.advance(180)
    assert REPOSITORY in browser.get("/account").text
    gate.github.advance(121)
    assert REPOSITORY not in browser.get("/account").text


def test_a_new_right_is_seen_too(gate: Gate, browser: Browser) -> None:
    """By the id of the repository, under whatever name it has by then."""
    browser.sign_in("alice")
    gate.github.set_role(OTHER, "alice", "write")
    gate.github.advance(301)
    assert OTHER in browser.get("/account").text


def test_without_an_answer_of_github_nothing_is_shown(gate: Gate, browser: Browser) -> None:
    """The last answer counts for its five minutes, and the session outlives the outage."""
    browser.sign_in("alice")
    gate.github.add_fault(Fault("/user", status=502))
    gate.github.advance(250)
    assert browser.get("/account").status_code == 200
    gate.github.advance(51)
    refused = browser.get("/account")
    assert refused.status_code == 503
    assert "GitHub does not answer" in refused.text
    assert REPOSITORY not in refused.text
    gate.github.clear_faults()
    gate.github.advance(11)
    assert REPOSITORY in browser.get("/account").text


def test_github_is_not_asked_again_at_once_when_it_is_down(gate: Gate, browser: Browser) -> None:
    """A page that refreshes itself does not make an outage worse."""
    browser.sign_in("alice")
    gate.github.add_fault(Fault("/user", status=502))
    gate.github.advance(301)
    gate.github.reset_totals()
    assert [browser.get("/").status_code for _ in range(3)] == [503] * 3
    assert gate.github.totals().requests["GET /user"] == 1


def test_a_revoked_authorization_ends_the_session(gate: Gate, browser: Browser) -> None:
    """For good: the person has to sign in again."""
    browser.sign_in("alice")
    gate.github.revoke_authorization("alice")
    gate.github.advance(301)
    assert browser.get("/account").headers["Location"] == "/sign-in?to=%2Faccount"
    assert gate.service.database.read(lambda it: all_sessions(it, gate.github.world.now())) == []
    assert browser.sign_in("alice").status_code == 200


def test_an_expiring_token_is_renewed(gate: Gate, browser: Browser) -> None:
    """A session may outlive the eight hours of its first token."""
    browser.sign_in("alice")
    for _ in range(9):
        gate.github.advance(3600)
        assert REPOSITORY in browser.get("/account").text


def test_a_token_that_is_not_renewed_ends_the_session(gate: Gate, browser: Browser) -> None:
    """A refresh token that somebody used before is worth nothing."""
    browser.sign_in("alice")
    for _ in range(7):
        gate.github.advance(3600)
        assert browser.get("/account").status_code == 200
    refused = '{"error": "bad_refresh_token"}'
    gate.github.add_fault(Fault("/login/oauth/access_token", status=200, body=refused))
    gate.github.advance(3600)
    assert browser.get("/account").status_code == 303


def test_a_name_that_another_repository_took_shows_nothing_of_it(
    gate: Gate, browser: Browser
) -> None:
    """The gate goes by the id, also while it has not heard of the new name."""
    browser.sign_in("alice")
    old = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    gate.github.rename_repository(REPOSITORY, "storefront")
    (installation,) = gate.github.world.installations
    gate.github.create_repository(REPOSITORY, installation)
    gate.github.protect_environment(REPOSITORY, ENVIRONMENT)
    new = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    gate.github.advance(301)
    hidden = browser.get(f"/requests/{gate.record(new).id}")
    assert (hidden.status_code, str(new) in hidden.text) == (404, False)
    assert browser.get(f"/requests/{gate.record(old).id}").status_code == 200
    shown = browser.get("/history").text
    assert str(old) in shown
    assert str(new) not in shown


def test_a_public_repository_is_shown_by_permission_too(gate: Gate, browser: Browser) -> None:
    """So nothing has to be forgotten when it turns private."""
    (installation,) = gate.github.world.installations
    gate.github.create_repository("octo-org/website", installation, private=False)
    gate.settle()
    page = browser.sign_in("alice")
    assert REPOSITORY in page.text
    assert "octo-org/website" not in page.text


@pytest.mark.parametrize("shut", ["suspended", "ip"])
def test_an_installation_that_shuts_a_person_out_adds_nothing(
    gate: Gate, browser: Browser, shut: str
) -> None:
    """The session stays: GitHub may show the person other installations."""
    browser.sign_in("alice")
    (installation,) = gate.github.world.installations
    if shut == "suspended":
        gate.github.suspend_installation(installation)
    else:
        gate.github.set_ip_allow_list("octo-org", allows=False)
    gate.github.advance(301)
    page = browser.get("/account")
    assert page.status_code == 200
    assert REPOSITORY not in page.text


def test_a_person_who_used_up_their_quota_stops_nobody_else(gate: Gate, browser: Browser) -> None:
    """GitHub counts calls person by person, and so does the gate."""
    browser.sign_in("alice")
    gate.github.advance(301)
    limited = Fault("/user$", status=403, headers={"Retry-After": "3600"}, times=1)
    gate.github.add_fault(limited)
    assert browser.get("/account").status_code == 503
    assert Browser(gate).sign_in("bob").status_code == 200
