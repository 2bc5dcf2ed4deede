"""Ask GitHub who made a change of a policy, after the change is on record.

A loop of its own does it, so that no verdict waits for it: nothing but the policy's page rests on
the answer.
"""

from __future__ import annotations

from typing import Final

from gate.domain.model.deliveries import Repository
from gate.domain.model.github import FileCommit
from gate.errors import Refused, RetryLater
from gate.log import get_logger
from gate.reconciler.backoff import backoff
from gate.reconciler.deps import Deps
from gate.store.engine.database import Snapshot
from gate.store.engine.due import Taken
from gate.store.github import policies, policy_authors, repositories
from gate.store.github.policy_authors import WantedAuthor, wanted_of
from gate.store.github.stored_policies import path_of, repository_source

_MOST_TRIES: Final = 10
"""Tries of one change: some ten minutes, then it stays unknown."""

log = get_logger(__name__)


def find_author(taken: Taken, deps: Deps) -> None:
    """Record who made one change, that nobody can say, or when it is tried again."""
    wanted = wanted_of(taken.row)
    commit: FileCommit | None = None
    try:
        # A try that ended without a word, such as by a crash, is one as well.
        if taken.attempts <= _MOST_TRIES:
            commit = _find(wanted, deps)
    except RetryLater as error:
        _warn(wanted, taken, error.reason)
        due_at = deps.clock() + backoff(taken.attempts, error, spread=wanted.repository_id)
        deps.database.transact(lambda tx: policy_authors.rows.postpone(tx, taken, due_at))
        return
    except Refused as error:
        _warn(wanted, taken, error.reason)
    deps.database.transact(lambda tx: policy_authors.record_author(tx, taken, commit))


def _find(wanted: WantedAuthor, deps: Deps) -> FileCommit | None:
    """Ask for the newest commit, and take it only while it must be that of the change.

    Raises RetryLater while that is in doubt: another change may not be read yet, or GitHub's
    listing may lag behind its files.
    """

    def known(snapshot: Snapshot) -> Repository | None:
        return repositories.read_served_repository(snapshot, wanted.repository_id)

    repository = deps.database.read(known)
    commit = _ask(wanted, repository, deps) if repository is not None else None
    if commit is None:
        return None
    sha = commit.sha

    def doubts(snapshot: Snapshot) -> tuple[bool, bool]:
        document = policies.read_document(snapshot, wanted.source)
        is_suspect = document is None or document.is_suspect
        is_old = policy_authors.is_of_another_change(snapshot, wanted, sha)
        return policy_authors.is_changed_since(snapshot, wanted), is_suspect or is_old

    is_passed, is_doubtful = deps.database.read(doubts)
    if is_passed:
        return None
    if is_doubtful:
        raise RetryLater("commit_in_doubt", "the newest commit may be that of another change")
    return commit


def _ask(wanted: WantedAuthor, repository: Repository, deps: Deps) -> FileCommit | None:
    path, contents = path_of(wanted.source), deps.github.contents
    if wanted.source == repository_source(repository.id):
        return contents.read_file_commit(repository.address, path)
    return contents.read_organization_file_commit(
        repository.installation_id, repository.owner, path
    )


def _warn(wanted: WantedAuthor, taken: Taken, reason: str) -> None:
    log.warning(
        "policy.author_unavailable",
        source=wanted.source,
        repository_id=wanted.repository_id,
        attempts=taken.attempts,
        reason=reason,
    )
