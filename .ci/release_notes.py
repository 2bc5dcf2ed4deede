"""Print what the changelog says of a release: `python .ci/release_notes.py v0.1.0 [BASE_URL]`.

The tag must name the version of the code, and the changelog must have a dated section for it, so
that a forgotten step ends the release before anything is published. GitHub shows the notes on
another page and keeps line ends, so each paragraph becomes one line, and links to files of the
repository begin with BASE_URL.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parents[1]
_VERSION: Final = re.compile(r'^__version__ = "([^"]+)"$', re.MULTILINE)
_HEADING: Final = re.compile(r"^## \[([^]]+)\](?: - (\d{4}-\d{2}-\d{2}))?$", re.MULTILINE)
_FILE_LINK: Final = re.compile(r"\]\((?!https?://|#)")
_WRAPPED: Final = re.compile(r"\n +(?=\S)")


def main(arguments: list[str]) -> None:
    """Print the notes of the tag that the first argument names."""
    tag, base_url = (*arguments, "")[:2]
    code = _VERSION.findall((_ROOT / "gate" / "__init__.py").read_text(encoding="utf-8"))
    if [tag] != [f"v{version}" for version in code]:
        sys.exit(f"the tag {tag} is not v and the version of gate/__init__.py, {code[0]}")
    changelog = (_ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    print(render_notes(changelog, tag.removeprefix("v"), base_url))


def render_notes(changelog: str, version: str, base_url: str) -> str:
    """Return the section of a version, for a page that is not in the repository.

    Exits if there is none, if it has no date, or if nothing is in it.
    """
    parts = _HEADING.split(changelog)[1:]
    sections = {
        name: (date, text.strip())
        for name, date, text in zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    }
    date, text = sections.get(version, (None, ""))
    if not date or not text:
        sys.exit(f"CHANGELOG.md has no section `## [{version}] - YYYY-MM-DD` with text in it")
    text = _WRAPPED.sub(" ", text)
    return _FILE_LINK.sub(f"]({base_url}/", text) if base_url else text


if __name__ == "__main__":
    main(sys.argv[1:])
