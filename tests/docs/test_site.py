"""The documentation's site is built strictly, and shows what GitHub shows."""

from __future__ import annotations

import runpy
import subprocess
import sys
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

import pytest
from markdown_it import MarkdownIt

ROOT: Final = Path(__file__).parents[2]
SCRIPT: Final = ROOT / ".ci" / "build_site.py"
SECONDS: Final = 60
BLOCKS: Final = {"h1", "h2", "h3", "h4", "ul", "ol", "li", "pre", "table", "tr", "td", "blockquote"}


class Blocks(HTMLParser):
    """Counts the blocks of a page, below its `article` where there is one."""

    def __init__(self, *, whole: bool) -> None:
        super().__init__()
        self.counted: Counter[str] = Counter()
        self._inside = whole

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = self._inside or tag == "article"
        if self._inside and tag in BLOCKS:
            self.counted[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "article"


def blocks_of(html: str, *, whole: bool) -> Counter[str]:
    """Count the blocks of some HTML."""
    blocks = Blocks(whole=whole)
    blocks.feed(html)
    return blocks.counted


def html_of(page: Path, built: Path) -> Path:
    """Return the file that the site has for a page."""
    name = page.relative_to(built / "pages")
    folder = name.parent if name.stem in {"index", "README"} else name.with_suffix("")
    return built / "site" / folder / "index.html"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site as `make site` does."""
    pytest.importorskip("zensical", reason="the lock has it: run `make setup`")
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, SCRIPT, folder],
        check=False,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def script() -> dict[str, Any]:
    """Read the names of the script that builds the site."""
    return runpy.run_path(str(SCRIPT))


def test_site_and_github_show_the_same_blocks(built: Path) -> None:
    """Each page has as many lists, tables and code blocks on the site as on GitHub.

    Where it has not, a blank line is missing before an item of a list, or an indent is not of four.
    """
    github = MarkdownIt("commonmark", {"html": True}).enable("table")
    different = {
        str(page.relative_to(built))
        for page in (built / "pages").rglob("*.md")
        if blocks_of(github.render(page.read_text(encoding="utf-8")), whole=True)
        != blocks_of(html_of(page, built).read_text(encoding="utf-8"), whole=False)
    }
    assert different == set()


def test_markers_of_generated_parts_are_not_shown(built: Path) -> None:
    """No page of the site has the code that wrote its generated parts."""
    shown = {it.name for it in (built / "site").rglob("*.html") if "[[[" in it.read_text("utf-8")}
    assert shown == set()


def test_navigation_is_the_index(script: dict[str, Any]) -> None:
    """The navigation has a section for each heading of docs/index.md."""
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    headings = [line[3:] for line in index.splitlines() if line.startswith("## ")]
    sections = [name for entry in script["read_navigation"](ROOT) for name in entry]
    assert ["Overview", "All pages", *headings] == sections


@pytest.mark.parametrize(
    ("html", "problem"),
    [
        ('<script src="https://cdn.example/x.js">', "fetches https://cdn.example/x.js"),
        ('<link rel="stylesheet" href="//fonts.example/a">', "fetches //fonts.example/a"),
        ('<pre class="mermaid">', "has a Mermaid diagram, whose script another host would serve"),
        ('<a href="../gone/">', "links to ../gone/, which the site does not have"),
    ],
)
def test_a_page_with_a_fault_is_named(
    script: dict[str, Any], tmp_path: Path, html: str, problem: str
) -> None:
    """A page that fetches from another host, or links to nothing, fails the build."""
    page = tmp_path / "page.html"
    page.write_text(html, encoding="utf-8")
    assert [f"page.html {problem}"] == list(script["_check"](page, tmp_path))
