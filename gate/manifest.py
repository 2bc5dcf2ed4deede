"""What the App asks of GitHub, as `app.yaml` states it.

The file is the one statement of permissions and events: GitHub registers the App from it, and
the doctor compares an installation with it. A wheel carries it inside the package; a checkout,
which an editable install is too, has it at the top of the repository.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import msgspec

_PACKAGE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Manifest:
    """The App's name and home, the permissions it needs and the events it subscribes to."""

    name: str
    url: str
    permissions: Mapping[str, str]
    events: tuple[str, ...]


class _Document(msgspec.Struct):
    """The keys of `app.yaml` that we read, under GitHub's names."""

    name: str
    url: str
    default_permissions: dict[str, str]
    default_events: tuple[str, ...]


def load_manifest() -> Manifest:
    """Read the manifest this code was shipped with.

    Permissions are read-only and keep GitHub's keys and levels (`deployments: write`); events
    keep the file's order.
    """
    document = msgspec.yaml.decode(_find_manifest().read_bytes(), type=_Document)
    return Manifest(
        name=document.name,
        url=document.url,
        permissions=MappingProxyType(document.default_permissions),
        events=document.default_events,
    )


def _find_manifest() -> Path:
    """Name the wheel's copy, or in a checkout, where there is none, the original."""
    packaged = _PACKAGE / "app.yaml"
    return packaged if packaged.exists() else _PACKAGE.parent / "app.yaml"
