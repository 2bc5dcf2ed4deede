"""Every page as a person meets it: by eye, by keyboard, by screen reader, without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from itertools import pairwise
from typing import Final, Literal
from urllib.parse import urljoin, urlsplit

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from gate.demo.ready import REPOSITORY
from gate.demo.stage import Stage
from tests.browser.story import SECONDS, list_pages

Check = Callable[[Page], list[str]]
Scheme = Literal["light", "dark"]
WIDE: Final = (1280, 800)
NARROW: Final = (320, 640)
_SHIFTS: Final = """() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => { for (const it of list.getEntries()) sum += it.value; })
    .observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => requestAnimationFrame(() => done(sum)));
})"""
_TOO_WIDE: Final = (
    "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
)
_OUTLINE: Final = (
    "() => [...document.querySelectorAll('h1,h2,h3,h4')].map(it => Number(it.tagName[1]))"
)
_FOCUSED: Final = """() => {
  const it = document.activeElement;
  const style = getComputedStyle(it);
  // The focus is within a part of a date that only the browser sees.
  const isOutlined = style.outlineStyle !== "none" && style.outlineWidth !== "0px";
  const isSeen = it.type === "date" || isOutlined;
  return [it.tagName, it.textContent.trim(), isSeen];
}"""

_STOPS: Final = "a[href]:visible, button:visible, input:visible, select:visible, summary:visible"
_MOST_STOPS: Final = 30
_AGE: Final = re.compile(r"just now|less than 1 min|[\d.:]+( (ms|s|min))?( ago)?")
_BUTTON: Final = re.compile("Copy")


@contextmanager
def opened(
    browser: Browser,
    stage: Stage,
    *,
    size: tuple[int, int] = WIDE,
    scheme: Scheme = "light",
    script: bool = True,
) -> Iterator[Page]:
    """Open a tab on the gate; what its console complains about is a failure."""
    complaints: list[str] = []
    context = browser.new_context(
        base_url=stage.url,
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        java_script_enabled=script,
    )
    page = context.new_page()
    page.on("console", lambda it: complaints.append(it.text) if it.type == "error" else None)
    page.on("pageerror", lambda it: complaints.append(str(it)))
    try:
        yield page
    finally:
        context.close()
    # The page for an address that does not exist is one of the pages.
    assert [it for it in complaints if "404" not in it] == []


def on_every_page(page: Page, stage: Stage, *checks: Check) -> dict[str, list[str]]:
    """Return what the checks find on each page, of those where they find anything."""
    found = {}
    for name, path in list_pages(stage).items():
        page.goto(path, wait_until="load")
        if flaws := [flaw for check in checks for flaw in check(page)]:
            found[name] = flaws
    return found


def find_barriers(page: Page) -> list[str]:
    """List what keeps people out of the page, as axe sees it."""
    response = Axe().run(page).response
    return [
        f"{it['id']}: {node['html'][:160]}" for it in response["violations"] for node in it["nodes"]
    ]


def find_overflow(page: Page) -> list[str]:
    """Find what stands out of the page on a narrow screen."""
    pixels = page.evaluate(_TOO_WIDE)
    return [f"{pixels} pixels too wide"] if pixels else []


def find_gaps(page: Page) -> list[str]:
    """Find headings that leave out a level, or a page without exactly one headline."""
    levels = page.evaluate(_OUTLINE)
    is_right = levels[:1] == [1] and levels.count(1) == 1
    is_right = is_right and all(lower <= upper + 1 for upper, lower in pairwise(levels))
    return [] if is_right else [f"headings {levels}"]


def find_shifts(page: Page) -> list[str]:
    """Find parts that were pushed away by others that came later."""
    shifted = page.evaluate(_SHIFTS)
    return [f"layout shift of {shifted}"] if shifted else []


def find_lost_focus(page: Page) -> list[str]:
    """Find stops of the Tab key that show no focus; the first leads to the content."""
    stops = page.locator(_STOPS).count()
    found = []
    for number in range(min(stops, _MOST_STOPS)):
        page.keyboard.press("Tab")
        tag, text, is_seen = page.evaluate(_FOCUSED)
        # A wall shows no navigation to skip.
        if number == 0 and "wall=" not in page.url and text != "Skip to content":
            found.append(f"the first stop is {tag} {text[:40]}")
        if tag == "BODY" or not is_seen:
            found.append(f"stop {number}, {tag} {text[:40]}, shows no focus")
    return found


def test_a_wide_screen_in_light_colors(browser: Browser, stage: Stage) -> None:
    """By eye, by keyboard and by screen reader."""
    with opened(browser, stage) as page:
        checks = find_shifts, find_barriers, find_gaps, find_lost_focus
        assert on_every_page(page, stage, *checks) == {}


def test_a_small_screen_in_dark_colors(browser: Browser, stage: Stage) -> None:
    """At 320 pixels, which is 1280 at a zoom of 400 %."""
    with opened(browser, stage, size=NARROW, scheme="dark") as page:
        assert on_every_page(page, stage, find_overflow, find_barriers) == {}


def test_without_javascript_a_page_says_the_same(browser: Browser, stage: Stage) -> None:
    """What a script adds is convenience: buttons that copy, and the next look."""
    with opened(browser, stage, script=False) as page:
        plain = _read_all(page, stage)
    with opened(browser, stage) as page:
        assert _read_all(page, stage) == plain
    assert all(plain.values())


def _read_all(page: Page, stage: Stage) -> dict[str, str]:
    """Return the text of each page, without ages, which grow, and buttons."""
    texts = {}
    for name, path in list_pages(stage).items():
        page.goto(path)
        words = _AGE.sub("", _BUTTON.sub("", page.inner_text("main"))).split()
        texts[name] = "".join(words)
    return texts


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_of_the_simulated_github_is_read_like_the_others(
    browser: Browser, stage: Stage, scheme: Scheme
) -> None:
    """Links of the gate lead there; on a small screen, too."""
    below = f"{stage.api_url}/{REPOSITORY}"
    with opened(browser, stage, size=NARROW, scheme=scheme) as page:
        for path in ("issues/1", "actions", "blob/HEAD/.github/deployment-gate.yml", "nothing"):
            page.goto(f"{below}/{path}")
            found = [
                it for check in (find_overflow, find_barriers, find_gaps) for it in check(page)
            ]
            assert found == [], path


def test_every_link_of_a_page_leads_somewhere(stage: Stage) -> None:
    """Follow all links from page to page; those to GitHub lead to the simulation's pages."""
    with requests.Session() as session:
        session.headers["Accept"] = "text/html"
        broken, links = _follow(session, stage)
        assert broken == []
        strays = {it for it in links if not it.startswith(f"{stage.api_url}/")}
        assert strays == set()
        kinds = {it.removeprefix(stage.api_url).split("/")[3] for it in links}
        assert kinds >= {"actions", "blob", "issues"}
        assert [it for it in sorted(links) if not _is_simulated(session, it)] == []


def _follow(session: requests.Session, stage: Stage) -> tuple[list[str], set[str]]:
    """Return the links between the gate's pages that are broken, and those to other hosts."""
    seen: set[str] = set()
    elsewhere: set[str] = set()
    waiting = [path for name, path in list_pages(stage).items() if name != "error"]
    broken = []
    while waiting and len(seen) < 200:
        path = waiting.pop(0)
        if path in seen:
            continue
        seen.add(path)
        answer = session.get(urljoin(stage.url, path), timeout=SECONDS)
        if not answer.ok:
            broken.append(f"{path}: {answer.status_code}")
        if "text/html" in answer.headers["Content-Type"]:
            # Comments link to the gate by its whole address.
            links = [it.removeprefix(stage.url) for it in links_of(answer.text)]
            waiting += [it for it in links if not urlsplit(it).netloc]
            elsewhere |= {it for it in links if urlsplit(it).netloc}
    return broken, elsewhere


def _is_simulated(session: requests.Session, address: str) -> bool:
    """Return whether an address leads to a page that says it is simulated."""
    answer = session.get(address, timeout=SECONDS)
    return answer.ok and "Simulated GitHub." in answer.text


def links_of(text: str) -> list[str]:
    """List the addresses that a page links to, without their fragments."""
    found: list[str] = []

    class Links(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            href = dict(attrs).get("href") or ""
            if tag != "a" or not href or href.startswith("#"):
                return
            assert urlsplit(href).scheme in {"", "http", "https"}, href
            found.append(href.partition("#")[0])

    Links().feed(text)
    return found
