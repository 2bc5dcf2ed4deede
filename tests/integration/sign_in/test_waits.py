"""Few requests wait for GitHub at once, and it is asked once for all of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from threading import Semaphore
from typing import TYPE_CHECKING, Final

import pytest
import requests

from gate.bootstrap.web import WEB_THREADS
from gate.githubapp.users.users import MOST_AT_ONCE
from gate.simulator.faults import Fault
from gate.web.sign_in.waits import MOST, MOST_OF_PERSON, MOST_SIGN_INS
from tests.support.browser import Browser
from tests.support.harness import REPOSITORY, Gate

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

HANGING: Final = Fault("/user$", delay_before=2.5)
TOO_MANY: Final = "too many requests wait"


def signed_in(gate: Gate, people: int, sessions: int = 1) -> list[Browser]:
    """Sign some people in, each with so many browsers."""
    browsers = []
    for number in range(people * sessions):
        browsers.append(Browser(gate))
        browsers[-1].sign_in(f"reader-{number % people}")
    return browsers


def test_requests_at_once_ask_github_once(gate: Gate, browser: Browser) -> None:
    """All of them get the new answer, also when the one before no longer counts."""
    browser.sign_in("alice")
    gate.github.advance(400)
    gate.github.reset_totals()
    gate.github.set_latency(0.1)
    with ThreadPoolExecutor(MOST_OF_PERSON) as pool:
        found = [it.status_code for it in pool.map(browser.get, ["/account"] * MOST_OF_PERSON)]
    assert found == [200] * MOST_OF_PERSON
    assert gate.github.totals().requests["GET /user"] == 1


@pytest.mark.parametrize(
    ("people", "sessions", "each", "admitted"),
    [(1, 1, 8, MOST_OF_PERSON), (1, 8, 1, MOST_OF_PERSON), (3, 1, 4, MOST), (12, 1, 1, MOST)],
)
def test_few_requests_wait_for_a_github_that_hangs(
    gate: Gate, people: int, sessions: int, each: int, admitted: int
) -> None:
    """Of one person, and of all together; the others get a page that says so."""
    browsers = signed_in(gate, people, sessions)
    gate.github.advance(301)
    gate.github.add_fault(HANGING)
    with ThreadPoolExecutor(len(browsers) * each) as pool:
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


def test_webhooks_and_health_have_threads_while_github_hangs(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before GitHub has answered anybody, however many pages were asked for."""
    serve, threads = gate.serve, Semaphore(WEB_THREADS)

    def bounded(environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        with threads:
            return list(serve(environ, start))

    browsers = signed_in(gate, 3)
    gate.github.advance(301)
    gate.github.add_fault(HANGING)
    monkeypatch.setattr(gate, "serve", bounded)
    with ThreadPoolExecutor(3 * WEB_THREADS) as pool:
        futures = [pool.submit(it.get, "/account") for it in browsers * WEB_THREADS]
        first = list(islice(as_completed(futures), len(futures) - MOST))
        assert all(TOO_MANY in it.result().text for it in first)
        gate.github.deploy(REPOSITORY)
        gate.github.wait_until_delivered()
        assert requests.get(f"{gate.url}/healthz", timeout=30).status_code == 200
        assert gate.due_deliveries()
        assert [it.done() for it in futures].count(False) == MOST


def test_half_of_the_threads_never_wait_for_github() -> None:
    """Webhooks, health and other pages have them, whatever GitHub does."""
    assert 2 * MOST <= WEB_THREADS
    assert max(MOST_OF_PERSON, MOST_SIGN_INS) < MOST


def test_a_github_that_hangs_does_not_take_every_thread(gate: Gate) -> None:
    """Four ask at once; the others are told at once that the gate does not know."""
    browsers = signed_in(gate, 6)
    gate.github.advance(301)
    gate.github.add_fault(Fault("/user$", delay_before=2.5))
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda it: it.get("/account").status_code, browsers))
    assert sorted(found) == [200] * MOST_AT_ONCE + [503] * (6 - MOST_AT_ONCE)
