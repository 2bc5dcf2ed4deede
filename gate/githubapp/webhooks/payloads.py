"""Read verified webhook deliveries.

A payload is untrusted beyond its signature: whoever writes workflows and branches of the
repository writes parts of it. Nothing that is in it is ever called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

import msgspec

from gate.domain.model.deliveries import (
    CheckRequested,
    CommentSeen,
    DeploymentSeen,
    IssueChange,
    IssueChanged,
    NothingSeen,
    Observation,
    PullRequestChanged,
    Pushed,
    ReviewSubmitted,
    RuleRequested,
    RunSeen,
)
from gate.domain.model.ids import CommentId, DeploymentId, RunId, Sha
from gate.errors import DeliveryRejected
from gate.githubapp.shapes.accounts import account_of
from gate.githubapp.shapes.fields import without_nul
from gate.githubapp.shapes.repositories import RepositoryRefShape
from gate.githubapp.shapes.runs import run_of
from gate.githubapp.webhooks.callback import parse_callback
from gate.githubapp.webhooks.installations import read_installation
from gate.githubapp.webhooks.repositories import repository_in
from gate.githubapp.webhooks.shapes import (
    CheckRunDelivery,
    CheckSuiteDelivery,
    CommentDelivery,
    DeploymentStatusDelivery,
    InstallationDelivery,
    IssueDelivery,
    PullRequestDelivery,
    PushDelivery,
    ReviewDelivery,
    RuleDelivery,
    RunDelivery,
)

T = TypeVar("T")

PARSED_EVENTS: Final = frozenset(
    {
        "check_run",
        "check_suite",
        "deployment_protection_rule",
        "deployment_review",
        "deployment_status",
        "issue_comment",
        "issues",
        "pull_request",
        "push",
        "workflow_run",
    }
)
"""The events an App must subscribe to for the gate to work."""

ALWAYS_SENT: Final = frozenset({"installation", "installation_repositories"})
"""The events of use that every App is sent without subscribing."""

_BRANCH: Final = "refs/heads/"
_RULE_ACTIONS: Final = frozenset({"requested"})
_RUN_ACTIONS: Final = frozenset({"requested", "in_progress", "completed"})
_STATUS_ACTIONS: Final = frozenset({"created"})
_APPROVED: Final = "approved"
_COMMENT_ACTIONS: Final = frozenset({"created", "edited", "deleted"})
_CREATED: Final = "created"
_RELATED: Final = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})
_ISSUE_CHANGES: Final = {change.value: change for change in IssueChange}
_PULL_REQUEST_ACTIONS: Final = frozenset({"opened", "reopened", "synchronize", "edited"})
_REREQUESTED: Final = "rerequested"
_OTHER_ACTION: Final = NothingSeen("action_not_ours")


class PayloadParser:
    """Read deliveries of the GitHub at one API root; safe to share between threads."""

    def __init__(self, api_url: str) -> None:
        """Prepare a decoder for each event that is read."""
        self._api_url: Final = api_url
        self._readers: Final[Mapping[str, Callable[[bytes], Observation]]] = {
            "deployment_protection_rule": _reader(RuleDelivery, self._rule),
            "workflow_run": _reader(RunDelivery, _run),
            "deployment_status": _reader(DeploymentStatusDelivery, _deployment_status),
            "deployment_review": _reader(ReviewDelivery, _review),
            "issue_comment": _reader(CommentDelivery, _comment),
            "issues": _reader(IssueDelivery, _issue),
            "push": _reader(PushDelivery, _push),
            "pull_request": _reader(PullRequestDelivery, _pull_request),
            "check_run": _reader(CheckRunDelivery, _check_run),
            "check_suite": _reader(CheckSuiteDelivery, _check_suite),
            "installation": _reader(InstallationDelivery, read_installation),
            "installation_repositories": _reader(InstallationDelivery, read_installation),
        }

    def parse(self, event: str, body: bytes) -> Observation:
        """Return what a delivery shows.

        Raises DeliveryRejected and nothing else, whatever the bytes: "malformed" names the field
        that is missing or wrong, "foreign_callback" is a callback URL of somebody else.
        """
        reader = self._readers.get(event)
        if reader is None:
            return NothingSeen("event_not_ours")
        return reader(body)

    def _rule(self, seen: RuleDelivery) -> Observation:
        if seen.action not in _RULE_ACTIONS:
            return _OTHER_ACTION
        repository = repository_in(seen)
        run_id = parse_callback(
            seen.deployment_callback_url,
            api_url=self._api_url,
            full_name=repository.full_name,
            repository_id=repository.id,
        )
        deployment = seen.deployment
        return RuleRequested(
            repository=repository,
            environment=seen.environment,
            run_id=run_id,
            deployment_id=DeploymentId(deployment.id) if deployment is not None else None,
            head_sha=Sha(deployment.sha) if deployment is not None else None,
        )


def _reader(shape: type[T], read: Callable[[T], Observation]) -> Callable[[bytes], Observation]:
    decoder = msgspec.json.Decoder(shape)

    def parse(body: bytes) -> Observation:
        try:
            return read(decoder.decode(body))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise DeliveryRejected("malformed", str(error)) from None

    return parse


def _run(seen: RunDelivery) -> Observation:
    if seen.action not in _RUN_ACTIONS:
        return _OTHER_ACTION
    repository = repository_in(seen)
    return RunSeen(repository, run_of(seen.workflow_run, repository.id, repository.full_name))


def _deployment_status(seen: DeploymentStatusDelivery) -> Observation:
    """Read a deployment's state; its run only where the payload has the whole of it.

    A run without its head repository would pass for one from a fork, and would stay on record as
    such. Which attempt the deployment belongs to is told by less, but not guessed.
    """
    if seen.action not in _STATUS_ACTIONS:
        return _OTHER_ACTION
    repository = repository_in(seen)
    shape = seen.workflow_run
    run = run_id = attempt = None
    if shape is not None and shape.is_whole:
        run = run_of(shape, repository.id, repository.full_name)
    if shape is not None and (shape.is_whole or shape.run_attempt is not msgspec.UNSET):
        run_id, attempt = RunId(shape.id), shape.attempt
    return DeploymentSeen(
        repository=repository,
        deployment_id=DeploymentId(seen.deployment.id),
        environment=seen.deployment.environment,
        state=seen.deployment_status.state,
        at=seen.deployment_status.created_at,
        run_id=run_id,
        run_attempt=attempt,
        run=run,
    )


def _review(seen: ReviewDelivery) -> Observation:
    """Read an approval; a rejection ends the run, which other events tell.

    A submitted review has no environment of its own: its jobs name it.
    """
    if seen.action != _APPROVED:
        return _OTHER_ACTION
    run, reviewer = seen.workflow_run, seen.approver
    if run is None or reviewer is None:
        return NothingSeen("review_of_nothing")
    head = run.head_repository
    return ReviewSubmitted(
        repository=repository_in(seen),
        run_id=RunId(run.id),
        run_attempt=run.attempt,
        head_sha=Sha(run.head_sha),
        environments=tuple(dict.fromkeys(job.environment for job in seen.workflow_job_runs)),
        reviewer=account_of(reviewer),
        is_person=reviewer.is_person,
        comment=without_nul(seen.comment or ""),
        at=seen.since or run.run_started_at,
        title=without_nul(run.display_title or ""),
        event=run.event,
        branch=run.head_branch,
        is_local=isinstance(head, RepositoryRefShape) and head.id == seen.repository.id,
        url=without_nul(run.html_url),
    )


def _comment(seen: CommentDelivery) -> Observation:
    """Read a comment; one of somebody who is gone, or of a pull request, is read all the same."""
    author = seen.comment.user
    if seen.action not in _COMMENT_ACTIONS:
        return _OTHER_ACTION
    if author is None:
        return NothingSeen("comment_of_nobody")
    return CommentSeen(
        repository=repository_in(seen),
        comment_id=CommentId(seen.comment.id),
        issue_number=seen.issue.number,
        author=account_of(author),
        is_person=author.is_person and seen.comment.performed_via_github_app is None,
        is_related=seen.comment.author_association in _RELATED,
        body=without_nul(seen.comment.body),
        at=seen.comment.created_at,
        url=without_nul(seen.comment.html_url),
        is_standing=seen.action == _CREATED,
    )


def _issue(seen: IssueDelivery) -> Observation:
    """Read what somebody did to an issue; who it is, GitHub says by `sender` alone."""
    change = _ISSUE_CHANGES.get(seen.action)
    if change is None:
        return _OTHER_ACTION
    if seen.sender is None:
        return NothingSeen("issue_changed_by_nobody")
    return IssueChanged(
        repository=repository_in(seen),
        issue_number=seen.issue.number,
        change=change,
        by=account_of(seen.sender),
        is_person=seen.sender.is_person,
        assignee=account_of(seen.assignee) if seen.assignee is not None else None,
        at=seen.issue.updated_at,
        url=without_nul(seen.issue.html_url),
    )


def _push(seen: PushDelivery) -> Observation:
    if not seen.ref.startswith(_BRANCH):
        return NothingSeen("not_a_branch")
    return Pushed(repository_in(seen), seen.ref.removeprefix(_BRANCH))


def _pull_request(seen: PullRequestDelivery) -> Observation:
    if seen.action not in _PULL_REQUEST_ACTIONS:
        return _OTHER_ACTION
    return PullRequestChanged(repository_in(seen), seen.pull_request.number)


def _check_run(seen: CheckRunDelivery) -> Observation:
    """Read what only the App is told whose check it is; the others' checks are nothing to us."""
    if seen.action != _REREQUESTED:
        return _OTHER_ACTION
    check = seen.check_run
    return CheckRequested(repository_in(seen), Sha(check.head_sha), check.external_id or "")


def _check_suite(seen: CheckSuiteDelivery) -> Observation:
    if seen.action != _REREQUESTED:
        return _OTHER_ACTION
    return CheckRequested(repository_in(seen), Sha(seen.check_suite.head_sha), external_id=None)
