"""Decide the default request, with the validations and policies that hold it."""

from datetime import datetime, timedelta

from gate.domain.model.policy.policy import (
    InvalidPolicy,
    PolicyReading,
    Problem,
    UnavailablePolicy,
)
from gate.domain.model.runs import WorkflowRun
from gate.domain.requests.decide import decide
from gate.domain.requests.decision import Decision
from tests.support.builders.defaults import NOW, before
from tests.support.builders.policies import make_policy
from tests.support.builders.requests import make_facts, make_request
from tests.support.builders.runs import make_run

INVALID = InvalidPolicy((Problem(3, 5, "environments.x", "unknown key"),), "sha256:bad", "the file")
UNAVAILABLE = UnavailablePolicy("GitHub answered 502")
GREEN = make_run()
NOT_GREEN = {
    "failed": make_run(conclusion="failure"),
    "running": make_run(status="in_progress", conclusion=None),
    "inconclusive": make_run(conclusion="cancelled"),
    "missing": make_run(head_branch="feature"),
    "stale": make_run(started_at=before(hours=25)),
}


def decided(
    reading: PolicyReading | None = None,
    *validations: WorkflowRun,
    now: datetime = NOW,
    waiting_since: datetime | None = None,
    unavailable: str | None = None,
) -> Decision:
    """Decide a request that has waited for a minute, or since `waiting_since`."""
    request = make_request(waiting_since=waiting_since or before(minutes=1))
    facts = make_facts(request=request, validations=validations, unavailable=unavailable)
    return decide(reading or make_policy(), facts, now)


GIVE_UP = before(minutes=1) + timedelta(hours=24)
