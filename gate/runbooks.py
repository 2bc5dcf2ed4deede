"""Read the runbooks, the pages that tell a person what to do about an alert.

They are a part of the documentation. A wheel carries them inside the package; a checkout, which an
editable install is too, has them at docs/runbooks.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

_PACKAGE = Path(__file__).parent


def load_runbooks() -> Mapping[str, str]:
    """Read all pages, Markdown by name, once; nothing that is asked for later becomes a path."""
    pages = {page.stem: page.read_text(encoding="utf-8") for page in _find_folder().glob("*.md")}
    return MappingProxyType(dict(sorted(pages.items())))


def _find_folder() -> Path:
    """Name the wheel's copy, or in a checkout, where there is none, the original."""
    packaged = _PACKAGE / "runbook_pages"
    return packaged if packaged.exists() else _PACKAGE.parent / "docs" / "runbooks"
