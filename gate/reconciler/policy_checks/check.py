"""Look at one pull request: read the policy that it proposes, and say what it is worth.

The pull request is read from GitHub as it is now, so that lost, doubled or late webhooks change
nothing. Whoever may open one may propose anything; what is proposed is parsed, and never kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from gate.domain.model.deliveries import Repository
from gate.domain.model.github import RepositoryAddress
from gate.domain.model.ids import Sha
from gate.domain.model.policy.policy import (
    MISNAMED_PATH,
    POLICY_PATH,
    InvalidPolicy,
    LoadedPolicy,
    Problem,
)
from gate.domain.model.policy_checks import CheckRun, PullRequest
from gate.domain.policy_checks.verdict import PolicyVerdict, judge_policy
from gate.errors import OutcomeUnknown, Refused, RetryLater
from gate.log import get_logger
from gate.reconciler.backoff import backoff
from gate.reconciler.deadlines import SEEN_AFTER, while_leased
from gate.reconciler.deps import Deps
from gate.store.engine.due import Taken
from gate.store.github import repositories
from gate.store.policy_checks import checks
from gate.store.policy_checks.checks import WantedCheck, wanted_of

_FOLDER: Final = ".github"
_PATHS: Final = (POLICY_PATH, MISNAMED_PATH)
_MOST_TRIES: Final = 15
"""Tries of one look: some hours. A check run is no alert; the next push brings another."""

_TOO_LARGE: Final = "too_large"

Blobs = Mapping[str, str]
"""The files of a folder by path, each with the SHA of its content."""

log = get_logger(__name__)


def check_policy(taken: Taken, deps: Deps) -> None:
    """Look at a pull request, and record what came of it or when to look again."""
    wanted = wanted_of(taken.row)
    head: Sha | None = wanted.checked_sha
    try:
        if taken.attempts > _MOST_TRIES:
            outcome = "given_up"
        else:
            head, outcome = _look(wanted, taken, deps)
    except (OutcomeUnknown, RetryLater) as later:
        pause = backoff(taken.attempts, later, spread=wanted.repository_id)
        if isinstance(later, OutcomeUnknown):
            # Only then is a check run that is not to be seen one that was not written.
            pause = max(pause, SEEN_AFTER)
        _postpone(wanted, taken, pause, later.reason, deps)
        return
    except Refused as refused:
        outcome = refused.reason
    now = deps.clock()
    is_ours = deps.database.transact(
        lambda tx: checks.rows.settle(tx, taken, checked_sha=head, outcome=outcome, looked_at=now)
    )
    if is_ours:
        _log(wanted, outcome)


def _postpone(wanted: WantedCheck, taken: Taken, pause: timedelta, reason: str, deps: Deps) -> None:
    due_at = deps.clock() + pause
    deps.database.transact(lambda tx: checks.rows.postpone(tx, taken, due_at, outcome=reason))
    _log(wanted, reason)


def _look(wanted: WantedCheck, taken: Taken, deps: Deps) -> tuple[Sha | None, str]:
    """Return the commit that was looked at, and what came of it as a slug."""
    repository = deps.database.read(
        lambda snapshot: repositories.read_served_repository(snapshot, wanted.repository_id)
    )
    if repository is None:
        return None, "not_served"
    pull = deps.github.pull_requests.read_pull_request(repository.address, wanted.pull_number)
    if pull is None or not pull.is_open:
        return None, "not_open"
    if pull.head_sha == wanted.checked_sha:
        return pull.head_sha, "unchanged"
    if pull.base_branch != _default_branch(repository, deps):
        return None, "other_branch"
    verdict = _judge(pull, repository.address, deps)
    if verdict is None:
        return pull.head_sha, "no_policy_changed"
    run = CheckRun(
        head_sha=pull.head_sha,
        external_id=f"{wanted.pull_number}/{wanted.generation}",
        conclusion=verdict.conclusion,
        title=verdict.title,
        summary=verdict.summary,
        annotations=verdict.annotations,
    )
    github = deps.github.checks
    is_written = taken.attempts > 1 and github.read_is_written(
        repository.address, run.head_sha, run.external_id
    )
    if not is_written:
        github.send_check_run(repository.address, run, is_timely=while_leased(taken, deps))
    return pull.head_sha, run.conclusion.value


def _default_branch(repository: Repository, deps: Deps) -> str:
    """Return the branch whose policy is in force; GitHub is asked while it is in doubt."""
    if repository.default_branch is not None:
        return repository.default_branch
    found = deps.github.contents.read_repository(repository.address)
    if found is None or found.default_branch is None:
        raise RetryLater("default_branch_unknown", repository.full_name)
    return found.default_branch


def _judge(pull: PullRequest, address: RepositoryAddress, deps: Deps) -> PolicyVerdict | None:
    """Judge what a pull request makes of the policy; None when it leaves it alone.

    What others have changed on its base since it parted from there is not its doing.
    """
    contents = deps.github.contents
    proposed = contents.read_folder(address, _FOLDER, pull.head_sha)
    in_force = contents.read_folder(address, _FOLDER, pull.base_sha)
    if not _changed(in_force, proposed):
        return None
    parted = contents.read_merge_base(address, pull.base_sha, pull.head_sha)
    before = contents.read_folder(address, _FOLDER, parted) if parted is not None else {}
    changed = _changed(before, proposed)
    if not changed:
        return None
    return judge_policy({path: _read(path, proposed, pull, address, deps) for path in changed})


def _changed(before: Blobs, after: Blobs) -> tuple[str, ...]:
    return tuple(path for path in _PATHS if before.get(path) != after.get(path))


def _read(
    path: str, proposed: Blobs, pull: PullRequest, address: RepositoryAddress, deps: Deps
) -> LoadedPolicy | InvalidPolicy | None:
    """Read one proposed file; None where it is removed."""
    if path not in proposed:
        return None
    try:
        text = deps.github.contents.read_proposed_file(address, path, pull.head_sha)
    except Refused as refused:
        if refused.reason != _TOO_LARGE:
            raise
        problem = Problem(1, 1, "", "the file is larger than 256 KiB")
        return InvalidPolicy((problem,), digest="", source=path)
    if text is None:
        raise RetryLater("commit_in_doubt", f"{path} is listed at {pull.head_sha} and not found")
    return deps.parse_policy(text, path)


def _log(wanted: WantedCheck, outcome: str) -> None:
    log.info(
        "policy_check.finished",
        repository_id=wanted.repository_id,
        pull_number=wanted.pull_number,
        outcome=outcome,
    )
