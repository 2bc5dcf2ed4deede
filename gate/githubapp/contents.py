"""Read files from default branches; a policy is never read from what is being deployed.

GitHub says 404 for a file that is not there and for a repository that is not shown, and a name may
have passed to another repository. So news is believed only of a repository that was looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import msgspec

from gate.domain.model.github import (
    FileAbsent,
    FileFound,
    FileHidden,
    FileQuestion,
    FileReading,
    FileUnchanged,
    RepositoryAddress,
)
from gate.domain.model.ids import InstallationId
from gate.domain.model.runs import Account
from gate.errors import Refused
from gate.githubapp.app.tokens import Scope
from gate.githubapp.shapes import EntryShape, RepositoryShape
from gate.githubapp.transport.connection import Answer
from gate.githubapp.transport.paths import file_path, repository_path
from gate.githubapp.transport.transport import Transport, decoded

_LONGEST_FILE: Final = 256 * 1024
_RAW: Final = "application/vnd.github.raw+json"
_CONTENTS: Final = (("contents", "read"),)
_ORGANIZATION_REPOSITORY: Final = ".github"

_FILE: Final = "file"

_entries: Final = msgspec.json.Decoder(list[EntryShape])
_repository: Final = msgspec.json.Decoder(RepositoryShape)

IsMeant = Callable[[RepositoryShape], bool]


def read_file(
    transport: Transport, address: RepositoryAddress, question: FileQuestion
) -> FileReading:
    """Read a file of a repository, which is known by its id."""
    scope = Scope(address.installation_id, address.repository_id, permissions=_CONTENTS)
    asked = _Asked(transport, scope, address.full_name, lambda it: it.id == address.repository_id)
    return asked.read(question)


def read_organization_file(
    transport: Transport, installation_id: InstallationId, owner: Account, question: FileQuestion
) -> FileReading:
    """Read a file of the owner's `.github` repository; the owner is known by its id.

    Hidden, too, when the App is not installed on that repository: GitHub then mints no token.
    """
    scope = Scope(installation_id, repository_name=_ORGANIZATION_REPOSITORY, permissions=_CONTENTS)
    full_name = f"{owner.login}/{_ORGANIZATION_REPOSITORY}"
    return _Asked(transport, scope, full_name, lambda it: it.owner.id == owner.id).read(question)


def read_folder(transport: Transport, address: RepositoryAddress, folder: str) -> tuple[str, ...]:
    """List the paths of the files right in a folder; none where there is no such folder.

    None, too, where the repository cannot be seen: nothing may be concluded from it.
    """
    scope = Scope(address.installation_id, address.repository_id, permissions=_CONTENTS)
    below = repository_path(address.full_name, f"/contents/{file_path(folder)}")
    try:
        answer = transport.call(scope, "GET", below)
    except Refused as error:
        if error.reason == "not_found":
            return ()
        raise
    return tuple(f"{folder}/{it.name}" for it in decoded(answer, _entries) if it.type == _FILE)


class _Asked:
    """A repository that is asked for a file."""

    def __init__(
        self, transport: Transport, scope: Scope, full_name: str, is_meant: IsMeant
    ) -> None:
        self._transport = transport
        self._scope = scope
        self._full_name = full_name
        self._is_meant = is_meant

    def read(self, question: FileQuestion) -> FileReading:
        """Read a file's bytes as they are; raises Refused("too_large") for more than 256 KiB."""
        answer = self._ask(question)
        if answer is not None and answer.status == HTTPStatus.NOT_MODIFIED:
            return FileUnchanged()
        if answer is None and question.expects_absence:
            return FileAbsent()
        hidden = self._look()
        if hidden is not None:
            return hidden
        if answer is None:
            return FileAbsent()
        return FileFound(answer.body, answer.headers.get("etag"))

    def _ask(self, question: FileQuestion) -> Answer | None:
        headers = {"Accept": _RAW}
        if question.etag is not None:
            headers["If-None-Match"] = question.etag
        path = f"/contents/{file_path(question.path)}"
        return self._found(path, headers)

    def _look(self) -> FileHidden | None:
        """Look at the repository itself: is it to be seen, and the one that is meant?"""
        answer = self._found("", {})
        if answer is None:
            return FileHidden(f"GitHub shows the App no repository {self._full_name}")
        if not self._is_meant(decoded(answer, _repository)):
            return FileHidden(f"{self._full_name} is another repository now")
        return None

    def _found(self, path: str, headers: dict[str, str]) -> Answer | None:
        below = repository_path(self._full_name, path)
        try:
            return self._transport.call(
                self._scope, "GET", below, headers=headers, longest=_LONGEST_FILE
            )
        except Refused as error:
            if error.reason == "not_found":
                return None
            raise
