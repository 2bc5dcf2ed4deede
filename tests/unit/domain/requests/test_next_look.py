"""When a held request is decided again."""

from datetime import datetime, timedelta

import pytest

from gate.domain.model.policy.policy import (
    Covers,
    Reaction,
)
from gate.domain.requests.decide import LAST_CALL, LOOK_AGAIN
from gate.domain.requests.decision import Verdict
from tests.support.builders.defaults import NOW, OTHER_SHA, TICK, before
from tests.support.builders.policies import make_policy
from tests.support.builders.runs import make_run
from tests.unit.domain.requests.decided_requests import GIVE_UP, decided


def test_next_look() -> None:
    """A held request is looked at again within five minutes."""
    assert decided(None).recheck_at == NOW + LOOK_AGAIN


@pytest.mark.parametrize(
    ("now", "recheck_at"),
    [
        (GIVE_UP - timedelta(minutes=62), GIVE_UP - LAST_CALL),
        (GIVE_UP - LAST_CALL, GIVE_UP - LAST_CALL + LOOK_AGAIN),
        (GIVE_UP - timedelta(minutes=2), GIVE_UP),
        (GIVE_UP - LOOK_AGAIN, GIVE_UP),
    ],
)
def test_next_look_at_an_edge(now: datetime, recheck_at: datetime) -> None:
    """The last call and the end of the hold are looked at on time."""
    assert decided(None, now=now).recheck_at == recheck_at


def test_next_look_when_the_green_ends() -> None:
    """A green that may not be used yet is looked at when it becomes stale."""
    run = make_run(started_at=before(hours=24) + timedelta(minutes=2))
    decision = decided(None, run, unavailable="the jobs")
    assert decision.recheck_at == NOW + timedelta(minutes=2) + TICK


def test_next_look_when_an_uncovered_run_becomes_stale() -> None:
    """A run that does not cover the deployment is looked at when it becomes too old as well."""
    run = make_run(head_sha=OTHER_SHA, started_at=before(hours=24) + timedelta(minutes=2))
    reading = make_policy(covers=Covers.SAME_COMMIT, stale=Reaction.REJECT)
    decision = decided(reading, run)
    assert decision.recheck_at == NOW + timedelta(minutes=2) + TICK
    assert decided(reading, run, now=decision.recheck_at).verdict is Verdict.REJECT
