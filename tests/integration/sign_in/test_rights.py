"""A person sees what GitHub lets them read, and no longer than that."""

from __future__ import annotations

from tests.integration.sign_in.conftest import OTHER
from tests.support.browser import Browser
from tests.support.harness import REPOSITORY, Gate


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
