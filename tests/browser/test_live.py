"""What a script adds to the pages: they follow what happens, and copy what people paste."""

from __future__ import annotations

import json
import re
from typing import Final

import requests
from playwright.sync_api import Browser, expect

from gate.demo.ready import REPOSITORY
from gate.demo.stage import Stage
from tests.browser.story import SECONDS, list_pages
from tests.browser.test_pages import WIDE, opened

_OURS: Final = re.compile(r"http://127\.0\.0\.1:\d+/[^\s)\"'<>\\]+")


def test_the_board_follows_what_happens(browser: Browser, stage: Stage) -> None:
    """Nobody reloads it: the next deployment that is held appears within seconds."""
    with opened(browser, stage) as page:
        page.goto("/")
        headline = page.locator("h1")
        before = headline.inner_text()
        # The first look only learns what the page is; what changes after it is shown.
        with page.expect_response(lambda it: it.url == page.url):
            pass
        stage.github.deploy(REPOSITORY)
        expect(headline).not_to_have_text(before, timeout=20_000)


def test_the_exact_words_of_an_override_are_copied(browser: Browser, stage: Stage) -> None:
    """A button copies what a reviewer must write, says that it did, and pauses nothing."""
    context = browser.new_context(
        base_url=stage.url,
        viewport={"width": WIDE[0], "height": WIDE[1]},
        permissions=["clipboard-read", "clipboard-write"],
    )
    page = context.new_page()
    page.goto(list_pages(stage)["held deployment"])
    button = page.locator("button[data-copy*='I accept the risk']").first
    button.click()
    expect(button).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == button.get_attribute("data-copy")
    stage.validate("failure")
    expect(button).to_have_text("Copy", timeout=20_000)
    context.close()


def test_a_reader_is_not_disturbed_and_told_so(browser: Browser, stage: Stage) -> None:
    """What is open stays open while there is something newer; it is shown once that is closed."""
    with opened(browser, stage) as page:
        page.goto(list_pages(stage)["held deployment"])
        summary = page.locator("details > summary").first
        with page.expect_response(lambda it: it.url == page.url):
            pass
        summary.click()
        stage.validate("failure")
        expect(page.locator("#paused")).to_be_visible(timeout=20_000)
        expect(page.locator("details[open]")).not_to_have_count(0)
        summary.click()
        expect(page.locator("#paused")).to_be_hidden(timeout=20_000)


def test_links_of_comments_and_alerts_open_the_right_page(stage: Stage) -> None:
    """Whatever the gate has written in the demo leads to a page about the same repository."""
    asked = f"{stage.url}/api/v1/requests?repository={REPOSITORY}"
    runs = requests.get(asked, timeout=SECONDS).json()["items"]
    comments = [it.comment or "" for run in runs for it in stage.github.reviews(run["run_id"])]
    alerts = [it for it in stage.mailbox.alerts if it["repository"] == REPOSITORY]
    written = [*comments, json.dumps(alerts)]
    addresses = {it for text in written for it in _OURS.findall(text) if it.startswith(stage.url)}
    assert any("/requests/" in it for it in addresses)
    for address in addresses:
        answer = requests.get(address, headers={"Accept": "text/html"}, timeout=SECONDS)
        assert answer.ok, address
        assert "text/html" in answer.headers["Content-Type"], address
        assert "/runbooks/" in address or REPOSITORY in answer.text, address
