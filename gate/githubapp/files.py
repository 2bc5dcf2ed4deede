"""Read files from default branches; a policy is never read from what is being deployed."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from gate.domain.github import FileAbsent, FileFound, FileReading, FileUnchanged, Place
from gate.domain.ids import InstallationId
from gate.errors import Refused
from gate.githubapp.paths import file_path, repository_path
from gate.githubapp.tokens import Scope
from gate.githubapp.transport import Transport

_LONGEST_FILE: Final = 256 * 1024
_RAW: Final = "application/vnd.github.raw+json"
_CONTENTS: Final = (("contents", "read"),)
_ORGANIZATION_REPOSITORY: Final = ".github"


def read_file(transport: Transport, place: Place, path: str, etag: str | None) -> FileReading:
    """Read a file of a repository; absent, too, when the App sees no such repository."""
    scope = Scope(place.installation_id, place.repository_id, permissions=_CONTENTS)
    return _read(transport, scope, place.full_name, path, etag)


def read_organization_file(
    transport: Transport, installation_id: InstallationId, owner: str, path: str, etag: str | None
) -> FileReading:
    """Read a file of the owner's `.github` repository.

    Absent, too, when the App is not installed on that repository: GitHub then mints no token.
    """
    scope = Scope(installation_id, repository_name=_ORGANIZATION_REPOSITORY, permissions=_CONTENTS)
    return _read(transport, scope, f"{owner}/{_ORGANIZATION_REPOSITORY}", path, etag)


def _read(
    transport: Transport, scope: Scope, full_name: str, path: str, etag: str | None
) -> FileReading:
    """Read a file's bytes as they are; raises Refused("too_large") for more than 256 KiB."""
    headers = {"Accept": _RAW} | ({"If-None-Match": etag} if etag is not None else {})
    try:
        below = repository_path(full_name, f"/contents/{file_path(path)}")
        answer = transport.call(scope, "GET", below, headers=headers, longest=_LONGEST_FILE)
    except Refused as error:
        if error.reason == "not_found":
            return FileAbsent()
        raise
    if answer.status == HTTPStatus.NOT_MODIFIED:
        return FileUnchanged()
    return FileFound(answer.body, answer.headers.get("etag"))
