"""A real browser before the real service, with the demo's story in it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from gate.demo.stage import Stage
from tests.browser.chromium import NAMES, find_chromium, running_chromium
from tests.browser.story import played_story


# Playwright keeps an event loop running in this thread, which tests of other modules cannot have.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Provide a Chromium. On CI one must be there."""
    if find_chromium() is None:
        assert os.environ.get("CI") != "true", f"install one of {', '.join(NAMES)}"
        pytest.skip(f"none of {', '.join(NAMES)} is installed")
    with running_chromium() as running:
        yield running


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """Provide the stage after the demo's story."""
    with played_story() as played:
        yield played
