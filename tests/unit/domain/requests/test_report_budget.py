"""GitHub accepts ten status reports for each deployment; the plan spends them with care."""

from dataclasses import replace

import pytest

from gate.domain.model.ledger import EffectStatus
from gate.domain.requests.decision import ReasonCode, Verdict
from gate.domain.requests.plan import KEPT_FOR_THE_END, plan
from tests.support.builders.defaults import NOW
from tests.support.builders.ledger import make_ledger, make_report
from tests.support.builders.requests import make_decision, make_request
from tests.unit.domain.requests.planned_topics import BEGUN, LAST_CALL, WAIT, reports, topics


@pytest.mark.parametrize(("sent", "planned"), [(8, 1), (9, 0), (10, 0), (11, 0)])
def test_budget(sent: int, planned: int) -> None:
    """Changes of reason may use nine of GitHub's ten reports."""
    assert len(topics(WAIT, *reports(sent))) == planned
    assert KEPT_FOR_THE_END == 1


@pytest.mark.parametrize(("sent", "planned"), [(9, 1), (10, 0), (11, 0)])
def test_budget_of_the_last_call(sent: int, planned: int) -> None:
    """The tenth report is kept for the last call, and there is no eleventh."""
    assert len(topics(LAST_CALL, *reports(sent))) == planned


@pytest.mark.parametrize(("sent", "planned"), [(8, 1), (9, 0)])
def test_budget_of_a_later_wave(sent: int, planned: int) -> None:
    """GitHub counts by deployment, and those of a later wave have had none of the reports before.

    Their numbers go on, since a key names one report of the whole request.
    """
    later = [
        make_report(number, topic=f"topic-{number}", round=2) for number in range(11, 11 + sent)
    ]
    ledger = make_ledger(*reports(10), *later)
    effects = plan(WAIT, make_request(round=2), ledger, NOW)
    assert len(effects) == planned
    assert all(it.key.endswith(f"/{11 + sent}") for it in effects)


@pytest.mark.parametrize("status", BEGUN)
def test_budget_counts_what_may_have_arrived(status: EffectStatus) -> None:
    """A report that was begun uses up the budget, however it ended."""
    told = [replace(entry, status=status) for entry in reports(9)]
    assert topics(WAIT, *told) == []


@pytest.mark.parametrize("status", [EffectStatus.INTENDED, EffectStatus.WITHDRAWN])
def test_budget_ignores_what_was_never_begun(status: EffectStatus) -> None:
    """Reports that GitHub never saw use up nothing."""
    told = [replace(entry, status=status) for entry in reports(9)]
    assert topics(WAIT, *told) == ["validation_failed"]


def test_last_call_is_told_once() -> None:
    """The last call comes after the reason was told, and is the last word of its round."""
    assert topics(LAST_CALL, make_report()) == ["last_call/1"]
    called = [make_report(1), make_report(2, topic="last_call/1")]
    assert topics(LAST_CALL, *called) == []
    other_reason = make_decision(Verdict.WAIT, ReasonCode.VALIDATION_RUNNING, last_call=True)
    assert topics(other_reason, *called) == []
    assert topics(LAST_CALL, *called, make_report(3, topic="validation_running")) == []
