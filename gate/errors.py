"""Group errors by what the caller does next.

    GateError
    ├─ ConfigError        start-up stops, exit 78, every problem listed
    ├─ DeliveryRejected   the sender is told why (4xx), nothing is stored
    ├─ ReportRejected     the job is told why (401, 403, 409), nothing is stored
    ├─ RetryLater         nothing happened; try again after `after`
    ├─ Refused            the other side said no; observe, then close or set aside
    ├─ OutcomeUnknown     the call may have arrived; observe before anything is sent again
    └─ Superseded         somebody else owns this by now; drop it quietly, count it

Every error has a `reason`, a slug that logs, metrics and documents share. Nothing below `gate.web`
knows HTTP answers, nothing above `gate.githubapp` sees an error of PyGithub. An invalid policy is
not an error but a value, `gate.domain.policy.InvalidPolicy`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

_DETAIL_LIMIT: Final = 256


class GateError(Exception):
    """Any failure the gate knows how to name. `detail` is cut; it may end up in a log."""

    def __init__(self, reason: str, detail: str = "") -> None:
        """Keep the slug and at most 256 characters of detail."""
        self.reason: Final = reason
        self.detail: Final = detail[:_DETAIL_LIMIT]
        super().__init__(f"{reason}: {self.detail}" if self.detail else reason)


class ConfigError(GateError):
    """The service cannot start as it is configured; `problems` lists everything at once."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        """Keep every problem, uncut: they are for the person who starts the service."""
        self.problems: Final = problems
        super().__init__("config_invalid", "; ".join(problems))


class DeliveryRejected(GateError):
    """A webhook that is not taken.

    `reason` is one of bad_signature, missing_signature, missing_header, malformed,
    wrong_content_type, too_large.
    """


class ReportRejected(GateError):
    """A report or alert that is not taken.

    `reason` says what is wrong with the token (bad_signature, wrong_audience, token_replayed …),
    with whom it speaks for (repository_not_installed, workflow_not_in_policy, fork_context) or with
    what was said before (report_conflict, alert_conflict): `gate.web.reports_api` lists them.
    """


class RetryLater(GateError):
    """Nothing happened at the other side, and it is worth another try.

    `reason` is one of rate_limited, github_unavailable, channel_unavailable, database_busy,
    keys_unavailable. `after` is how long to wait at least; None leaves it to the caller's backoff.
    """

    def __init__(self, reason: str, detail: str = "", *, after: timedelta | None = None) -> None:
        """Keep how long we were asked to wait."""
        self.after: Final = after
        super().__init__(reason, detail)


class Refused(GateError):
    """The other side understood and said no.

    `reason` of GitHub's is one of permission_missing, not_found, nothing_pending, already_reviewed,
    review_conflict, unprocessable; of an alert's receiver channel_refused (its address, or what we
    signed in with) or alert_refused (the message).
    """


class OutcomeUnknown(GateError):
    """A write was begun and its answer was lost: it may have been applied."""


class Superseded(GateError):
    """The lease was lost or the request has moved on since it was read."""
