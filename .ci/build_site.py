"""Build the documentation's site, strictly: `python .ci/build_site.py [FOLDER]`.

The pages are copied first, so that README and changelog stand beside docs/ as they do in the
repository and every relative link works in both. The navigation is that of docs/index.md. The
build fails on a page that index.md does not list, on a link or anchor that leads nowhere, and on a
page that would fetch something from another host.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import yaml

_ROOT: Final = Path(__file__).parents[1]
_BESIDE_DOCS: Final = ("*.md", "*.yaml", "Dockerfile", "LICENSE", "Procfile")
_NO_PAGES: Final = {"docs/adr/0000-template.md"}
_COG: Final = re.compile(
    r"^<!-- \[\[\[(?:cog\n.*?\]\]\]|end\]\]\]) -->\n", re.MULTILINE | re.DOTALL
)
_HEADING: Final = re.compile(r"^## (.+)$", re.MULTILINE)
_LINK: Final = re.compile(r"\[([^\]]+)\]\(([^)#\s]+\.md)\)")
_FETCHING: Final = {
    "audio": "src",
    "iframe": "src",
    "img": "src",
    "link": "href",
    "script": "src",
    "source": "srcset",
}
_NEVER_FETCHED: Final = {"canonical", "next", "prev"}
# The theme loads this from another host as soon as a page has an element of this class.
_DIAGRAM: Final = "mermaid"


class SiteError(Exception):
    """The site is not as it should be; the message lists each problem."""


def build(folder: Path) -> Path:
    """Build the site below a folder, check it, and return where it is."""
    shutil.rmtree(folder, ignore_errors=True)
    pages = folder / "pages"
    _copy_pages(pages)
    config = yaml.safe_load((pages / "docs" / "mkdocs.yml").read_text(encoding="utf-8"))
    (pages / "docs" / "mkdocs.yml").unlink()
    config["nav"] = read_navigation(pages)
    (folder / "mkdocs.yml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    unlisted = _pages_of(pages) - _NO_PAGES - set(_listed(config["nav"]))
    if unlisted:
        msg = f"docs/index.md does not list {', '.join(sorted(unlisted))}"
        raise SiteError(msg)
    _run_zensical(folder)
    site = folder / "site"
    problems = [it for page in sorted(site.rglob("*.html")) for it in _check(page, site)]
    if problems:
        raise SiteError("\n".join(problems))
    return site


def _copy_pages(pages: Path) -> None:
    """Copy docs/ and what it links to beside it, without the code between cog's markers."""
    shutil.copytree(_ROOT / "docs", pages / "docs")
    for path in (path for pattern in _BESIDE_DOCS for path in _ROOT.glob(pattern)):
        shutil.copy(path, pages)
    for page in pages.rglob("*.md"):
        page.write_text(_COG.sub("", page.read_text(encoding="utf-8")), encoding="utf-8")


def read_navigation(pages: Path) -> list[dict[str, object]]:
    """Build the navigation from the headings of docs/index.md and the pages linked below each."""
    _, *sections = _HEADING.split((pages / "docs" / "index.md").read_text(encoding="utf-8"))
    navigation: list[dict[str, object]] = [
        {"Overview": "README.md"},
        {"All pages": "docs/index.md"},
    ]
    for heading, text in zip(sections[::2], sections[1::2], strict=True):
        links = [{label: _from_docs(target)} for label, target in _LINK.findall(text)]
        navigation.append({heading: links})
    return navigation


def _from_docs(target: str) -> str:
    """Return a link of docs/index.md as seen from the top of the repository."""
    return os.path.normpath(Path("docs") / target)


def _listed(navigation: list[dict[str, object]]) -> Iterator[str]:
    for entry in navigation:
        for target in entry.values():
            if isinstance(target, list):
                yield from _listed(target)
            else:
                yield str(target)


def _pages_of(pages: Path) -> set[str]:
    return {str(page.relative_to(pages)) for page in (pages / "docs").rglob("*.md")}


def _run_zensical(folder: Path) -> None:
    command = [sys.executable, "-m", "zensical", "build", "--strict"]
    done = subprocess.run(
        [*command, "--config-file", folder / "mkdocs.yml"],
        env={**os.environ, "NO_COLOR": "1"},
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SiteError((done.stdout + done.stderr).partition("Traceback")[0])


class _Page(HTMLParser):
    """Collects what a page links to, and what it fetches by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.diagrams = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the addresses of one element."""
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif _FETCHING.get(tag, "") in given and given.get("rel") not in _NEVER_FETCHED:
            self.fetched.append(given[_FETCHING[tag]])
        self.diagrams += _DIAGRAM in given.get("class", "").split()


def _check(path: Path, site: Path) -> Iterator[str]:
    """List what is wrong with a page that was built."""
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    shown = path.relative_to(site)
    for address in page.fetched:
        if urlsplit(address).netloc:
            yield f"{shown} fetches {address}"
    if page.diagrams:
        yield f"{shown} has a Mermaid diagram, whose script another host would serve"
    if path.name == "404.html":  # Served for any address, so its links are absolute.
        return
    for address in page.links + page.fetched:
        target = urlsplit(address)
        if target.scheme or target.netloc or not target.path:
            continue
        found = path.parent / unquote(target.path)
        if not (found.is_file() or (found / "index.html").is_file()):
            yield f"{shown} links to {address}, which the site does not have"


if __name__ == "__main__":
    try:
        print(build(Path(sys.argv[1] if sys.argv[1:] else "build/docs")))
    except SiteError as error:
        sys.exit(str(error))
