"""Only a claim made after the failure, about this attempt, counts."""

from datetime import datetime

import pytest

from gate.domain.evidence.evidence import Evidence
from gate.domain.model.overrides import (
    OverrideChannel,
)
from gate.domain.model.policy.policy import OverridePolicy, ValidationState
from gate.domain.overrides.rule import RECEIPT_LAG, held_since, judge_override
from tests.support.builders.defaults import ENVIRONMENT, TICK, before
from tests.support.builders.overrides import make_claim
from tests.support.builders.requests import make_key, make_request
from tests.support.builders.runs import make_infrastructure, make_run
from tests.unit.domain.overrides.judged_claims import ALL, FAILED, MONA, REASON, WORDS, faults


@pytest.mark.parametrize(
    ("channel", "attempt", "given_at", "expected"),
    [
        (OverrideChannel.COMMENT, 2, before(minutes=2), ["other_attempt"]),
        (OverrideChannel.ENVIRONMENT, 2, before(minutes=2), ["other_attempt"]),
        (OverrideChannel.COMMENT, 2, before(seconds=30), []),
        (OverrideChannel.REVIEW, 2, before(minutes=2), []),
        (OverrideChannel.COMMENT, 1, before(minutes=2), []),
    ],
)
def test_said_before_the_rerun(
    channel: OverrideChannel, attempt: int, given_at: datetime, expected: list[str]
) -> None:
    """What names a run only was said about the attempt before, if this one did not wait yet."""
    environment = f"{ENVIRONMENT}-override" if channel is OverrideChannel.ENVIRONMENT else None
    claim = make_claim(
        channel=channel,
        run_attempt=attempt,
        given_at=given_at,
        environment=environment or ENVIRONMENT,
    )
    result = judge_override(
        OverridePolicy(),
        (claim,),
        ALL,
        request=make_request(key=make_key(run_attempt=attempt)),
        triggered_by=(MONA.id,),
        evidence=FAILED,
    )
    assert [code.value for it in result.refused for code in it.codes] == expected


RED = before(minutes=50)
SINCE = before(minutes=1)
GREEN = make_run()


@pytest.mark.parametrize(
    ("evidence", "since"),
    [
        (FAILED, RED),
        (Evidence(ValidationState.INCONCLUSIVE, make_run(conclusion="cancelled"), ""), RED),
        (Evidence(ValidationState.STALE, GREEN, "", before(hours=2)), before(hours=2)),
        (Evidence(ValidationState.MISSING, None, ""), SINCE),
        (Evidence(ValidationState.UNCOVERED, GREEN, ""), SINCE),
        (
            Evidence(ValidationState.UNCOVERED, make_run(updated_at=before(seconds=40)), ""),
            before(seconds=40),
        ),
        (
            Evidence(
                ValidationState.UNCOVERED,
                GREEN,
                "",
                infrastructure=make_infrastructure(updated_at=before(seconds=45)),
            ),
            before(seconds=45),
        ),
        (Evidence(ValidationState.FAILED, None, ""), None),
        (Evidence(ValidationState.STALE, GREEN, ""), None),
        (Evidence(ValidationState.PASSED, GREEN, ""), None),
        (Evidence(ValidationState.RUNNING, GREEN, ""), None),
    ],
)
def test_before_red(evidence: Evidence, since: datetime | None) -> None:
    """Only what was said after the validation came to stand as it does is about that."""
    assert held_since(evidence, make_request()) == since
    if since is None:
        return
    holds = tuple(ValidationState)
    for given_at, expected in (
        (since - TICK, ["before_red"]),
        (since, ["before_red"]),
        (since + TICK, []),
    ):
        claim = make_claim(given_at=given_at)
        assert faults(claim, evidence=evidence, holds=holds) == expected


def test_unknown_since_counts_nothing() -> None:
    """Where nobody knows since when the hold stands, nothing releases it."""
    unknown = Evidence(ValidationState.FAILED, None, "")
    assert faults(make_claim(), evidence=unknown) == ["before_red"]


RED_AT = before(minutes=50)
"""When the default failed run ended."""


@pytest.mark.parametrize(
    ("given_at", "received_at", "rationale", "counts"),
    [
        (RED_AT + TICK, None, None, True),
        (RED_AT, None, None, False),
        (RED_AT, RED_AT + RECEIPT_LAG, None, False),
        (RED_AT, RED_AT + RECEIPT_LAG + TICK, None, True),
        (before(hours=9), RED_AT + RECEIPT_LAG + TICK, None, True),
        (before(hours=9), RED_AT - TICK, None, False),
        (RED_AT, before(minutes=1), "go", False),
        (RED_AT, before(minutes=1), WORDS, False),
        (RED_AT, before(minutes=1), REASON, False),
    ],
)
def test_when_a_review_was_given(
    given_at: datetime, received_at: datetime | None, rationale: str | None, *, counts: bool
) -> None:
    """Between `since` and its first receipt: after the failure by either, or it is said again."""
    said = {} if rationale is None else {"rationale": rationale}
    claim = make_claim(given_at=given_at, received_at=received_at, **said)
    found = faults(claim)
    assert ("before_red" not in found) is counts
    assert bool(found) is not counts


def test_said_at_the_moment_of_the_rerun() -> None:
    """What was said in the very moment this attempt was held is about it; before, it is not."""
    request = make_request(key=make_key(run_attempt=2))
    for given_at, expected in (
        (request.opened_at - TICK, ["other_attempt"]),
        (request.opened_at, []),
    ):
        claim = make_claim(channel=OverrideChannel.COMMENT, run_attempt=2, given_at=given_at)
        result = judge_override(
            OverridePolicy(),
            (claim,),
            ALL,
            request=request,
            triggered_by=(MONA.id,),
            evidence=FAILED,
        )
        assert [code.value for it in result.refused for code in it.codes] == expected
        details = [fault.detail for it in result.refused for fault in it.refusals]
        assert details == ["it was given before attempt 2 reached the gate"] * len(expected)


def test_an_infrastructure_run_that_goes_on_holds_since_it_began() -> None:
    """Its last sighting says nothing: what was said after its start is about it."""
    change = make_infrastructure(
        status="in_progress",
        conclusion=None,
        started_at=before(seconds=50),
        updated_at=before(seconds=10),
    )
    evidence = Evidence(ValidationState.UNCOVERED, GREEN, "", infrastructure=change)
    assert held_since(evidence, make_request()) == before(seconds=50)
