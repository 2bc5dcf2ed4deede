"""List what an entry of the trail can be about, see docs/reference/audit.md.

Pure. A kind is never renamed or removed: entries are kept longer than the code that wrote them.
"""

from __future__ import annotations

from typing import Final

KINDS: Final = (
    "alert.received",
    "bypass.detected",
    "command.accepted",
    "command.refused",
    "decision.made",
    "incident.acknowledged",
    "incident.alert_lost",
    "incident.alerted",
    "incident.bypassed",
    "incident.decided",
    "incident.detailed",
    "incident.failed_again",
    "incident.opened",
    "incident.overridden",
    "incident.reopened",
    "incident.resolved",
    "incident.silenced",
    "issue.opened",
    "issue.refused",
    "override.recorded",
    "override.refused",
    "override.requested",
    "override.withdrawn",
    "policy.changed",
    "policy.removed",
    "report.lost",
    "report.postponed",
    "report.received",
    "report.refused",
    "report.sent",
    "request.adopted",
    "request.closed",
    "request.joined",
    "request.opened",
    "request.reopened",
    "review.landed",
    "review.lost",
    "review.postponed",
    "review.refused",
    "review.sent",
    "segment.begun",
    "status.lost",
    "status.postponed",
    "status.refused",
    "status.sent",
)
"""Every kind of entry, in the order of the alphabet."""
