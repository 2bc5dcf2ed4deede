"""What a missing, invalid or observing policy decides."""

from dataclasses import replace

import pytest

from gate.domain.model.policy.policy import (
    LONGEST_HOLD,
    Mode,
    Policy,
    PolicyReading,
    Reaction,
)
from gate.domain.model.runs import WorkflowRun
from gate.domain.requests.decide import decide
from gate.domain.requests.decision import ReasonCode, Verdict
from tests.support.builders.defaults import DIGEST, NOW, before
from tests.support.builders.policies import make_policy
from tests.support.builders.requests import make_facts, make_request
from tests.unit.domain.requests.decided_requests import (
    GREEN,
    INVALID,
    NOT_GREEN,
    UNAVAILABLE,
    decided,
)


@pytest.mark.parametrize("run", [*NOT_GREEN.values(), GREEN])
def test_observe_mode(run: WorkflowRun) -> None:
    """Observe mode approves whatever it saw, says so first, and still records what it saw."""
    decision = decided(make_policy(mode=Mode.OBSERVE), run)
    enforced = decided(None, run)
    assert decision.verdict is Verdict.APPROVE
    assert decision.reason is ReasonCode.OBSERVE_MODE
    assert decision.reasons[1:] == enforced.reasons
    assert decision.recheck_at is None


def test_observe_mode_never_rejects() -> None:
    """Observe mode approves even what the policy rejects, and however long it has lasted."""
    reading = make_policy(mode=Mode.OBSERVE, failed=Reaction.REJECT)
    decision = decided(reading, NOT_GREEN["failed"], waiting_since=before(days=2))
    assert decision.verdict is Verdict.APPROVE


def test_observe_mode_without_facts() -> None:
    """Observe mode holds nothing, not even while GitHub cannot be asked."""
    reading = make_policy(mode=Mode.OBSERVE)
    decision = decided(reading, GREEN, unavailable="the jobs")
    assert decision.verdict is Verdict.APPROVE
    assert [reason.code for reason in decision.reasons] == ["observe_mode", "facts_unavailable"]


@pytest.mark.parametrize(
    ("reading", "code", "digest", "detail"),
    [
        (
            INVALID,
            "policy_invalid",
            "sha256:bad",
            "the file:\nline 3, column 5: environments.x: unknown key",
        ),
        (UNAVAILABLE, "policy_unavailable", "", "GitHub answered 502"),
        (
            make_policy(name="staging"),
            "environment_not_in_policy",
            DIGEST,
            "acme/shop:.github/deployment-gate.yml",
        ),
    ],
    ids=["invalid", "unavailable", "environment unknown"],
)
def test_no_policy_speaks(reading: PolicyReading, code: str, digest: str, detail: str) -> None:
    """Without a valid policy for the environment even a green is held."""
    decision = decided(reading, GREEN)
    assert decision.verdict is Verdict.WAIT
    assert [reason.code for reason in decision.reasons] == [code]
    assert decision.reasons[0].detail == detail
    assert decision.policy_digest == digest
    assert decision.evidence is None
    assert decision.give_up_at == before(minutes=1) + LONGEST_HOLD


def test_observing_another_environment() -> None:
    """Observe mode of one environment says nothing for another."""
    reading = make_policy(name="staging", mode=Mode.OBSERVE)
    assert decided(reading, GREEN).verdict is Verdict.WAIT


def test_empty_policy() -> None:
    """A policy without environments approves nothing."""
    reading = replace(make_policy(), policy=Policy({}))
    assert decided(reading, GREEN).reason is ReasonCode.ENVIRONMENT_NOT_IN_POLICY


def test_environment_names_ignore_case() -> None:
    """GitHub's spelling of the environment finds the policy's entry."""
    facts = make_facts(request=make_request(environment="Production-FRONTEND"))
    assert decide(make_policy(), facts, NOW).verdict is Verdict.APPROVE
