import re
from importlib import metadata
from pathlib import Path

import gate

CHANGELOG = Path(__file__).parents[2] / "CHANGELOG.md"
RELEASE = re.compile(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d{2}-\d{2}$", re.MULTILINE)


def test_the_package_says_its_own_version() -> None:
    """The installed metadata and the code agree."""
    assert metadata.version("deployment-gate") == gate.__version__


def test_the_newest_release_in_the_changelog_is_the_code_s_version() -> None:
    """Its section is dated, and an empty or filled Unreleased stands above it."""
    text = CHANGELOG.read_text(encoding="utf-8")

    assert RELEASE.findall(text)[:1] == [gate.__version__]
    assert "## [Unreleased]" in text.partition(f"## [{gate.__version__}]")[0]
