"""A person sees what GitHub lets them read, and no longer than that."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Final

import pytest

from gate.bootstrap import WEB_THREADS
from gate.githubapp.users.users import MOST_AT_ONCE
from gate.simulator.faults import Fault
from gate.store.access.sessions import all_sessions
from gate.web.sign_in.waits import MOST, MOST_OF_SESSION, MOST_SIGN_INS
from tests.integration.sign_in.conftest import OTHER
from tests.support.browser import Browser
from tests.support.harness import REPOSITORY, Gate

HANGING: Final = Fault("/user$", delay_before=2.5)
TOO_MANY: Final = "too many requests wait"


def signed_in(gate: Gate, count: int) -> list[Browser]:
    """Sign alice in with some browsers."""
    browsers = [Browser(gate) for _ in range(count)]
    for it in browsers:
        it.sign_in("alice")
    return browsers


def test_a_person_sees_their_repositories_alone(gate: Gate, browser: Browser) -> None:
    """One that GitHub does not let them read is not even named."""
    page = browser.sign_in("alice")
    assert page.status_code == 200
    assert REPOSITORY in page.text
    assert OTHER not in page.text
    other = Browser(gate).sign_in("bob")
    assert OTHER in other.text
    assert REPOSITORY not in other.text


def test_a_stranger_is_sent_to_the_sign_in_and_back(gate: Gate, browser: Browser) -> None:
    """Whoever follows a link ends on the page that it names."""
    turned = browser.get("/?sort=trouble")
    assert turned.status_code == 303
    offered = browser.get(turned.headers["Location"])
    assert 'href="/sign-in/start?to=/%3Fsort%3Dtrouble"' in offered.text
    gate.github.sign_in_as("alice")
    back = browser.finish(browser.consent(browser.begin("/%3Fsort%3Dtrouble")))
    assert back.headers["Location"] == "/?sort=trouble"
    assert browser.get("/?sort=trouble").status_code == 200


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


def test_requests_at_once_ask_github_once(gate: Gate, browser: Browser) -> None:
    """All of them get the new answer, also when the one before no longer counts."""
    browser.sign_in("alice")
    gate.github.advance(400)
    gate.github.reset_totals()
    gate.github.set_latency(0.1)
    with ThreadPoolExecutor(MOST_OF_SESSION) as pool:
        found = [it.status_code for it in pool.map(browser.get, ["/account"] * MOST_OF_SESSION)]
    assert found == [200] * MOST_OF_SESSION
    assert gate.github.totals().requests["GET /user"] == 1


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


@pytest.mark.parametrize(
    ("sessions", "each", "admitted"), [(1, 8, MOST_OF_SESSION), (3, 4, MOST), (12, 1, MOST)]
)
def test_few_requests_wait_for_a_github_that_hangs(
    gate: Gate, sessions: int, each: int, admitted: int
) -> None:
    """Of one session, and of all together; the others get a page that says so."""
    browsers = signed_in(gate, sessions)
    gate.github.advance(301)
    gate.github.add_fault(HANGING)
    with ThreadPoolExecutor(sessions * each) as pool:
        pages = list(pool.map(lambda it: it.get("/account"), browsers * each))
    refused = [it for it in pages if TOO_MANY in it.text]
    assert len(refused) == len(pages) - admitted
    assert {(it.status_code, it.headers["Retry-After"]) for it in refused} == {(503, "10")}


def test_a_right_that_is_known_needs_no_room(gate: Gate, browser: Browser) -> None:
    """In the fifth minute the answer before still counts, however many wait for a new one."""
    others = signed_in(gate, MOST + 1)
    gate.github.advance(60)
    browser.sign_in("alice")
    gate.github.advance(241)
    gate.github.add_fault(HANGING)
    with ThreadPoolExecutor(len(others)) as pool:
        futures = [pool.submit(it.get, "/account") for it in others]
        first = next(as_completed(futures)).result()
        assert TOO_MANY in first.text
        assert browser.get("/account").status_code == 200
        assert not all(it.done() for it in futures)


def test_few_sign_ins_wait_for_a_github_that_hangs(gate: Gate) -> None:
    """Strangers begin them. Who finds no room may send the same answer again."""
    browsers = [Browser(gate) for _ in range(MOST_SIGN_INS + 2)]
    gate.github.sign_in_as("alice")
    backs = [it.consent(it.begin()) for it in browsers]
    gate.github.add_fault(Fault("access_token", delay_before=2.5))
    with ThreadPoolExecutor(len(browsers)) as pool:
        pages = list(pool.map(Browser.finish, browsers, backs))
    gate.github.clear_faults()
    refused = [number for number, page in enumerate(pages) if "too many sign-ins wait" in page.text]
    assert len(refused) == 2
    for number in refused:
        assert (pages[number].status_code, pages[number].headers["Retry-After"]) == (503, "10")
        assert browsers[number].finish(backs[number]).status_code == 303


def test_half_of_the_threads_never_wait_for_github() -> None:
    """Webhooks, health and other pages have them, whatever GitHub does."""
    assert 2 * MOST <= WEB_THREADS
    assert max(MOST_OF_SESSION, MOST_SIGN_INS) < MOST


def test_a_github_that_hangs_does_not_take_every_thread(gate: Gate) -> None:
    """Four ask at once; the others are told at once that the gate does not know."""
    browsers = signed_in(gate, 6)
    gate.github.advance(301)
    gate.github.add_fault(Fault("/user$", delay_before=2.5))
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda it: it.get("/account").status_code, browsers))
    assert sorted(found) == [200] * MOST_AT_ONCE + [503] * (6 - MOST_AT_ONCE)
