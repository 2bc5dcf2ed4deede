"""Read repositories and the files on their default branches, never those that are being deployed.

GitHub says 404 for a file that is not there and for a repository that is not shown, and a name may
have passed to another repository. So news is believed only of a repository that was looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

import msgspec

from gate.domain.model.deliveries import Repository
from gate.domain.model.github import (
    FileAbsent,
    FileCommit,
    FileFound,
    FileHidden,
    FileQuestion,
    FileReading,
    FileUnchanged,
    RepositoryAddress,
)
from gate.domain.model.ids import InstallationId, Sha
from gate.domain.model.runs import Account
from gate.githubapp.app.repository import GATE, RepositoryCalls
from gate.githubapp.app.session import Session
from gate.githubapp.app.tokens import Scope
from gate.githubapp.shapes.commits import CommitShape, file_commit_of
from gate.githubapp.shapes.fields import Name
from gate.githubapp.shapes.repositories import RepositoryShape, repository_of
from gate.githubapp.transport.connection import Answer
from gate.githubapp.transport.decoding import decoded
from gate.githubapp.transport.paths import file_path, segment

_LONGEST_FILE: Final = 256 * 1024
_RAW: Final = "application/vnd.github.raw+json"
_CONTENTS: Final = (("contents", "read"),)
_ORGANIZATION_REPOSITORY: Final = ".github"
_FILE: Final = "file"


class EntryShape(msgspec.Struct):
    """What is right in a folder; `type` is `file`, `dir`, `symlink` or `submodule`."""

    name: Name
    type: str
    sha: str


class ComparisonShape(msgspec.Struct):
    """Where two branches parted."""

    merge_base_commit: CommitShape


_comparison: Final = msgspec.json.Decoder(ComparisonShape)
_entries: Final = msgspec.json.Decoder(list[EntryShape])
_repository: Final = msgspec.json.Decoder(RepositoryShape)
_commits: Final = msgspec.json.Decoder(list[CommitShape])

IsMeant = Callable[[RepositoryShape], bool]


class ContentsClient:
    """What repositories hold."""

    def __init__(self, session: Session) -> None:
        """Prepare; nothing is called before it is needed."""
        self._session = session

    def read_repository(self, address: RepositoryAddress) -> Repository | None:
        """Read a repository's present name and default branch; None when it cannot be seen."""
        answer = RepositoryCalls.to(address, GATE, self._session).find("")
        if answer is None:
            return None
        found = repository_of(decoded(answer, _repository), address.installation_id)
        return found if found.id == address.repository_id else None

    def read_file(self, address: RepositoryAddress, question: FileQuestion) -> FileReading:
        """Read a file of a repository, which is known by its id."""
        calls = RepositoryCalls.to(address, _CONTENTS, self._session)
        return _FileReader(calls, lambda it: it.id == address.repository_id).read(question)

    def read_organization_file(
        self, installation_id: InstallationId, owner: Account, question: FileQuestion
    ) -> FileReading:
        """Read a file of the owner's `.github` repository; the owner is known by its id.

        Hidden, too, when the App is not installed on that repository: GitHub then mints no token.
        """
        calls = self._organization_calls(installation_id, owner)
        return _FileReader(calls, lambda it: it.owner.id == owner.id).read(question)

    def read_file_commit(self, address: RepositoryAddress, path: str) -> FileCommit | None:
        """Read the commit that touched a file last; None where none did, or nothing can be seen."""
        return _file_commit(RepositoryCalls.to(address, _CONTENTS, self._session), path)

    def read_organization_file_commit(
        self, installation_id: InstallationId, owner: Account, path: str
    ) -> FileCommit | None:
        """Do as `read_file_commit` for the owner's `.github` repository."""
        return _file_commit(self._organization_calls(installation_id, owner), path)

    def read_folder(
        self, address: RepositoryAddress, folder: str, at: Sha | None = None
    ) -> Mapping[str, str]:
        """Read the files right in a folder, by path, each with the SHA of its blob.

        They are those of the default branch, or of a commit. Nothing where there is no such folder;
        nothing, too, where the repository cannot be seen: then nothing may be concluded from it.
        """
        calls = RepositoryCalls.to(address, _CONTENTS, self._session)
        answer = calls.find(f"/contents/{file_path(folder)}{_at(at)}")
        if answer is None or not answer.body.lstrip().startswith(b"["):
            return {}
        entries = decoded(answer, _entries)
        return {f"{folder}/{it.name}": it.sha for it in entries if it.type == _FILE}

    def read_proposed_file(self, address: RepositoryAddress, path: str, at: Sha) -> bytes | None:
        """Read a file of a commit, which may be a fork's; None where it has none.

        What is read is a proposal: nothing may be decided by it. Raises Refused("too_large") for
        more than 256 KiB.
        """
        calls = RepositoryCalls.to(address, _CONTENTS, self._session)
        whole = calls.path(f"/contents/{file_path(path)}{_at(at)}")
        answer = self._session.find(
            calls.scope, whole, headers={"Accept": _RAW}, longest=_LONGEST_FILE
        )
        return answer.body if answer is not None else None

    def read_merge_base(self, address: RepositoryAddress, base: Sha, head: Sha) -> Sha | None:
        """Read the newest commit that two have in common; None where they have none."""
        calls = RepositoryCalls.to(address, _CONTENTS, self._session)
        answer = calls.find(f"/compare/{segment(base)}...{segment(head)}?per_page=1")
        if answer is None:
            return None
        return Sha(decoded(answer, _comparison).merge_base_commit.sha)

    def _organization_calls(
        self, installation_id: InstallationId, owner: Account
    ) -> RepositoryCalls:
        name = _ORGANIZATION_REPOSITORY
        scope = Scope(installation_id, repository_name=name, permissions=_CONTENTS)
        return RepositoryCalls(self._session, scope, f"{owner.login}/{name}")


def _at(commit: Sha | None) -> str:
    return "" if commit is None else f"?ref={segment(commit)}"


def _file_commit(calls: RepositoryCalls, path: str) -> FileCommit | None:
    """Ask for the newest commit of the default branch that touched a file."""
    answer = calls.find(f"/commits?path={quote(path, safe='')}&per_page=1")
    found = decoded(answer, _commits) if answer is not None else []
    return file_commit_of(found[0]) if found else None


@dataclass(frozen=True, slots=True)
class _FileReader:
    """Read files of one repository, if it is the one that is meant."""

    calls: RepositoryCalls
    is_meant: IsMeant

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
        return self._find(path, headers)

    def _look(self) -> FileHidden | None:
        """Return why the file is hidden: the repository cannot be seen, or is another one now."""
        answer = self._find("", {})
        if answer is None:
            return FileHidden(f"GitHub shows the App no repository {self.calls.full_name}")
        if not self.is_meant(decoded(answer, _repository)):
            return FileHidden(f"{self.calls.full_name} is another repository now")
        return None

    def _find(self, path: str, headers: Mapping[str, str]) -> Answer | None:
        """Read; a name that cannot be one is refused, and no absence."""
        scope, whole = self.calls.scope, self.calls.path(path)
        return self.calls.session.find(scope, whole, headers=headers, longest=_LONGEST_FILE)
