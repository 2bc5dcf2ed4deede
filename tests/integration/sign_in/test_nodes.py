"""Sign-in on PostgreSQL, with two nodes: what one of them does counts at the other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial

import pytest
from werkzeug.serving import make_server

from gate.store.access.sessions import all_sessions, end_sessions_of_login
from gate.store.retention import delete_expired
from tests.integration.sign_in.conftest import KEY, OTHER, add_people
from tests.support.browser import Browser
from tests.support.harness import REPOSITORY, Gate, running_gate, wait_for
from tests.support.postgres import PostgresServer
from tests.support.threads import at_once


@pytest.fixture
def gate(server: PostgresServer) -> Iterator[Gate]:
    """Provide a gate on a PostgreSQL database; alice may read one of two repositories."""
    with (
        server.migrated_database() as url,
        running_gate(url, session_keys=(KEY,)) as running,
    ):
        add_people(running)
        yield running


@pytest.fixture
def node(second: Gate) -> Iterator[Gate]:
    """Provide one more node that browsers can reach."""
    with make_server("127.0.0.1", 0, second.serve, threaded=True) as http:
        second.url = f"http://127.0.0.1:{http.server_port}"
        thread = threading.Thread(target=http.serve_forever, args=[0.01])
        thread.start()
        yield second
        http.shutdown()
        thread.join()


def at(node: Gate, browser: Browser) -> Browser:
    """Return the same browser at another node; a proxy may send each request to either."""
    moved = Browser(node)
    moved.http.cookies.update(browser.http.cookies)
    return moved


def is_signed_in(browser: Browser) -> bool:
    """Check whether the account's page opens."""
    return browser.get("/account").status_code == 200


def count_sessions(gate: Gate) -> int:
    """Count the sessions on record."""
    return len(gate.service.database.read(lambda it: all_sessions(it, gate.github.world.now())))


def test_a_sign_in_begun_at_one_node_ends_at_the_other(
    gate: Gate, node: Gate, browser: Browser
) -> None:
    """And its session is known to both; each person sees their own repositories."""
    gate.github.sign_in_as("alice")
    back = browser.consent(browser.begin()).replace(gate.url, node.url)
    moved = at(node, browser)
    assert moved.finish(back).status_code == 303
    for it in (moved, at(gate, moved)):
        page = it.get("/account").text
        assert REPOSITORY in page
        assert OTHER not in page


def test_a_state_is_used_once(gate: Gate, node: Gate, browser: Browser) -> None:
    """However many nodes it is sent to at the same moment."""
    gate.github.sign_in_as("alice")
    back = browser.consent(browser.begin())
    addresses = [back, back.replace(gate.url, node.url)] * 2
    found = at_once([partial(at(gate, browser).finish, it) for it in addresses])
    assert sorted(it.status_code for it in found) == [303, 400, 400, 400]
    # By the gate itself, before it asks GitHub, which takes a code only once, too.
    assert [it.status_code for it in found if "it was used already" in it.text] == [400] * 3
    assert count_sessions(gate) == 1


def test_signing_out_at_one_node_counts_at_the_other(
    gate: Gate, node: Gate, browser: Browser
) -> None:
    """At once, and the token is revoked once."""
    browser.sign_in("alice")
    moved = at(node, browser)
    assert is_signed_in(moved)
    assert moved.post("/sign-out", csrf_token=browser.form_token()).status_code == 303
    assert not is_signed_in(browser)
    wait_for(lambda: not gate.github.authorization._tokens, "the end of the token")


def test_a_revoked_session_is_over_at_both(gate: Gate, node: Gate, browser: Browser) -> None:
    """By login in any case; other people stay."""
    bob = Browser(gate)
    browser.sign_in("alice")
    bob.sign_in("bob")
    ended = gate.service.database.transact(lambda tx: end_sessions_of_login(tx, "ALICE"))
    assert len(ended) == 1
    assert not is_signed_in(browser)
    assert not is_signed_in(at(node, browser))
    assert is_signed_in(at(node, bob))


def test_rights_count_for_five_minutes_at_both(gate: Gate, node: Gate, browser: Browser) -> None:
    """One node asks, and both go by the answer."""
    browser.sign_in("alice")
    moved = at(node, browser)
    gate.github.set_role(REPOSITORY, "alice", "")
    gate.github.advance(180)
    assert REPOSITORY in moved.get("/account").text
    gate.github.advance(121)
    gate.github.reset_totals()
    pages = at_once([partial(it.get, "/account") for it in (browser, moved)])
    assert [it.status_code for it in pages] == [200, 200]
    assert not any(REPOSITORY in it.text for it in pages)
    assert gate.github.totals().requests["GET /user"] == 1


def test_a_refresh_token_is_used_once(gate: Gate, node: Gate, browser: Browser) -> None:
    """GitHub would end the session at its second use."""
    browser.sign_in("alice")
    moved = at(node, browser)
    for _ in range(9):
        gate.github.advance(3600)
        at_once([partial(it.get, "/account") for it in (browser, moved)])
    assert is_signed_in(browser)
    assert is_signed_in(moved)


def test_a_session_ends_in_time(gate: Gate, browser: Browser) -> None:
    """Its row is deleted afterwards."""
    browser.sign_in("alice")
    gate.github.advance(2 * 3600 + 1)
    assert not is_signed_in(browser)
    deleted = delete_expired(gate.service.database, gate.github.world.now())
    assert deleted["sessions"] == 1
