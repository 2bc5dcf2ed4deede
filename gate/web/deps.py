"""Name what the web edge is given by the composition root."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest

from gate.clock import Clock
from gate.domain.model.access import EVERYTHING
from gate.domain.model.alert import Channel
from gate.domain.model.ids import NodeId, RepositoryId
from gate.domain.model.policy.policy import Policy, PolicyReading
from gate.domain.model.reporters import Reporter, Submission
from gate.settings import ApiToken
from gate.store.engine.database import Database, Snapshot
from gate.traces.port import NO_TRACES, Traces
from gate.web.metrics import Metrics, QuotaLeft
from gate.web.viewers import Viewer, Viewers

Check = Callable[[], None]
"""Do nothing when all is well; raise GateError, whose detail says what is not."""


@dataclass(frozen=True, slots=True)
class Readers:
    """Who may read by a token: those who hold one of `tokens` see everything."""

    tokens: tuple[ApiToken, ...]

    def find(self, token: str) -> Viewer | None:
        """Return the reader that a token belongs to, in a time that reveals nothing about ours."""
        digest = sha256(token.encode()).hexdigest()
        # A list, not a generator: every digest is compared, whichever fits.
        fitting = [it for it in self.tokens if compare_digest(digest, it.digest)]
        return Viewer(fitting[0].name, EVERYTHING) if fitting else None


def _no_policy(_snapshot: Snapshot, _repository_id: RepositoryId) -> Policy | None:
    """Know of no policy."""
    return None


@dataclass(frozen=True, slots=True)
class WebDeps:
    """Everything the routes work with.

    `check_signature` gets the raw body and the signature header, and raises DeliveryRejected.
    `events` are the names of the deliveries that are stored. `record_gap` notes that one could not
    be. `verify_token` returns who sends a token of a workflow run, `receive` takes the report; both
    raise ReportRejected. `readers` may read `/api/v1`, `viewers` the pages.
    `server_policy` is that of repositories without one, and `requires_floor` says whether each
    organization must have one. `checks` are what readiness asks, by name, and `status_checks` what
    the status page asks, which write nothing. `channels` are the configured ones.
    `policy_read_last` returns a repository's policy, None where no sound one was read. Pages that
    many watch are kept for `pages_kept`; zero keeps none.
    """

    database: Database
    check_signature: Callable[[bytes, str | None], None]
    events: frozenset[str]
    record_gap: Callable[[], None]
    verify_token: Callable[[str], Reporter]
    receive: Callable[[Submission], None]
    public_url: str
    readers: Readers
    viewers: Viewers
    server_policy: PolicyReading
    requires_floor: bool
    checks: Mapping[str, Check]
    status_checks: Mapping[str, Check]
    channels: frozenset[Channel]
    metrics: Metrics
    quota_left: QuotaLeft
    node_id: NodeId
    started_at: datetime
    clock: Clock
    policy_read_last: Callable[[Snapshot, RepositoryId], Policy | None] = _no_policy
    pages_kept: timedelta = timedelta()
    traces: Traces = NO_TRACES
