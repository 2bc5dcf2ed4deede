"""Group errors by what the caller does next.

    GateError
    ├─ ConfigError        start-up stops, exit 78, every problem listed
    ├─ DeliveryRejected   the sender gets the reason (4xx), nothing is stored
    ├─ ReportRejected     the job gets the reason (401, 403, 409), nothing is stored
    ├─ RetryLater         nothing happened; try again after `after`
    ├─ Refused            the other side said no; observe, then close or set aside
    ├─ OutcomeUnknown     the call may have arrived; observe before anything is sent again
    └─ Superseded         another pass owns this by now; drop it quietly, count it

Every error has a `reason`, a slug that logs, metrics and documents share. Nothing below `gate.web`
knows HTTP answers, nothing above `gate.githubapp` sees an error of PyGithub. An invalid policy is
not an error but a value, `gate.domain.model.policy.policy.InvalidPolicy`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

_DETAIL_LIMIT: Final = 256

NOT_ALLOWED: Final = frozenset(
    {
        "clock_skewed",
        "installation_suspended",
        "ip_not_allowed",
        "key_rejected",
        "permission_missing",
        "repository_archived",
    }
)
"""Why GitHub lets the App do nothing until a person changes a setting; the call itself was fine."""


class GateError(Exception):
    """Any failure the gate knows how to name. `detail` is cut; it may end up in a log.

    `reason` of one that is none of the kinds below is one of backup_failed, copy_stopped, draining,
    record_unreadable, rights_changed, worker_stopped.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        """Store the slug and at most 256 characters of detail."""
        self.reason: Final = reason
        self.detail: Final = detail[:_DETAIL_LIMIT]
        super().__init__(f"{reason}: {self.detail}" if self.detail else reason)


class ConfigError(GateError):
    """The service cannot start as it is configured; `problems` lists everything at once.

    `reason` is one of config_invalid.
    """

    def __init__(self, problems: tuple[str, ...]) -> None:
        """Store every problem, uncut: they are for the person who starts the service."""
        self.problems: Final = problems
        super().__init__("config_invalid", "; ".join(problems))


class DeliveryRejected(GateError):
    """A webhook that is not taken.

    `reason` is one of bad_signature, foreign_callback, malformed, missing_header,
    missing_signature, too_large, wrong_content_type.
    """


class ReportRejected(GateError):
    """A report or alert that is not taken.

    `reason` is one of alert_conflict, bad_signature, fork_context, malformed_claim,
    malformed_token, missing_claim, missing_token, report_conflict, repository_not_installed,
    token_expired, token_not_yet_valid, token_replayed, too_many_alerts, unknown_key,
    workflow_not_in_policy, wrong_algorithm, wrong_audience, wrong_issuer.
    """


class RetryLater(GateError):
    """Nothing happened at the other side, and it is worth another try.

    `reason` is one of channel_unavailable, clock_skewed, commit_in_doubt, database_busy,
    default_branch_unknown, facts_restless, github_unavailable, key_rejected, keys_unavailable,
    lease_lost, listing_missed, not_stored, policy_missed, policy_unavailable, rate_limited,
    sign_in_misconfigured, too_late.
    `after` is how long to wait at least; None leaves it to the caller's backoff.
    """

    def __init__(self, reason: str, detail: str = "", *, after: timedelta | None = None) -> None:
        """Store how long we were asked to wait."""
        self.after: Final = after
        super().__init__(reason, detail)


class Refused(GateError):
    """The other side understood and said no.

    `reason` is one of alert_refused, already_reviewed, channel_refused, clock_skewed,
    installation_suspended, ip_not_allowed, issues_disabled, key_rejected, not_found,
    nothing_pending, permission_missing, policy_hidden, repository_archived, review_conflict,
    sign_in_refused, too_large, unprocessable.
    A channel is refused for its address, or for what we signed in with, an alert for what it says.
    """


class OutcomeUnknown(GateError):
    """A write was begun and its answer was lost: it may have been applied.

    `reason` is one of channel_failed, outcome_unknown.
    """


class Superseded(GateError):
    """The lease was lost or the request has moved on since it was read.

    `reason` is one of generation_moved, lease_lost.
    """


def reason_of(error: Exception) -> str:
    """Return the slug of an error, for logs and records; `bug` for one that is none of ours."""
    return error.reason if isinstance(error, GateError) else "bug"
