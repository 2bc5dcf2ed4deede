"""Whatever jobs report and whoever has spoken: a report opens no gate."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.domain.evidence import report_limits
from gate.domain.evidence.judge import with_reports, without_reports
from gate.domain.evidence.relevance import ValidationScope, relevant_reports
from gate.domain.model.facts import Facts
from gate.domain.model.policy.policy import LoadedPolicy, Mode
from gate.domain.model.reports import ValidationReport, key_flows
from gate.domain.requests.decide import decide
from gate.domain.requests.decision import Decision, ReasonCode, Verdict
from tests.property.requests.second_reading import newest
from tests.property.strategies.cases import Case, probes_before
from tests.property.strategies.reports import Reported, reported_cases

often = settings(max_examples=400)


def decided(case: Case) -> Decision:
    """Decide a case."""
    return decide(case.reading, case.facts, case.now)


def own_report(case: Case) -> ValidationReport | None:
    """Put together what the run that counts has reported, the plain way, attempt by attempt."""
    run = newest(case.policy, case.facts) if case.policy is not None else None
    if run is None:
        return None
    attempts = {
        it.run_attempt: it
        for it in case.facts.reports
        if (it.repository_id, it.run_id) == (run.repository_id, run.run_id)
    }
    told: ValidationReport | None = None
    for attempt in range(1, run.run_attempt + 1):
        seen = attempts.get(attempt)
        if seen is None:
            continue
        flows = key_flows(told.flows) if told is not None else {}
        for key, flow in key_flows(seen.flows).items():
            stands = key in flows and flows[key].status == "failed" and flow.status == "not_run"
            flows[key] = flows[key] if stands else flow
        since = told.reported_at if told is not None and seen.is_pass else seen.reported_at
        told = replace(seen, flows=tuple(flows.values()), reported_at=since)
    return told


@often
@given(told=reported_cases())
def test_a_report_never_approves(told: Reported) -> None:
    """What was held or rejected without reports is not approved with them."""
    if decided(told.without).verdict is not Verdict.APPROVE:
        assert decided(told.case).verdict is not Verdict.APPROVE


@often
@given(told=reported_cases())
def test_a_report_takes_a_pass_away_and_nothing_else(told: Reported) -> None:
    """Where the validation did not pass, verdict and reasons are the same with any reports.

    Where it did, they are too, unless its attempts report no flow, or one that is no pass.
    """
    without, case = decided(told.without), decided(told.case)
    passed = any(it.code is ReasonCode.VALIDATION_PASSED for it in without.reasons)
    if without.evidence is not None and told.without.facts.unavailable is not None:
        passed = without.evidence.state == "passed"
    report = own_report(told.case)
    is_bad = report is not None and not (
        report.flows and all(it.status in {"passed", "warned", "flaky"} for it in report.flows)
    )
    if not passed or not is_bad:
        assert (case.verdict, case.reasons) == (without.verdict, without.reasons)
        return
    assert case.evidence is not None
    assert report is not None
    assert case.evidence.state == ("failed" if report.failed else "inconclusive")


@often
@given(told=reported_cases())
def test_an_override_given_before_a_report_does_not_count(told: Reported) -> None:
    """A green run that a report made worse is released only by what was said after the report."""
    decision, report = decided(told.case), own_report(told.case)
    policy = told.case.policy
    if decision.verdict is not Verdict.APPROVE or policy is None or policy.mode is Mode.OBSERVE:
        return
    if decided(told.without).reason is ReasonCode.VALIDATION_PASSED and decision.override:
        assert report is not None
        assert all(it.given_at > report.reported_at for it in decision.override.claims)


@often
@given(told=reported_cases(), place=st.integers(0, 59))
def test_nothing_changes_before_the_next_look(told: Reported, place: int) -> None:
    """Until its next look a request that a report holds is held for the same reasons."""
    case = told.case
    held = decided(case)
    if held.recheck_at is None:
        return
    probes = probes_before(held.recheck_at, case)
    later = decide(case.reading, case.facts, probes[place % len(probes)])
    assert replace(later, recheck_at=held.recheck_at) == held


@given(told=reported_cases(), data=st.data())
def test_the_order_of_reports_does_not_matter(told: Reported, data: st.DataObject) -> None:
    """Reports decide the same in whatever order they were read."""
    reports = tuple(data.draw(st.permutations(told.case.facts.reports)))
    facts = replace(told.case.facts, reports=reports)
    assert decide(told.case.reading, facts, told.case.now) == decided(told.case)


@given(told=reported_cases())
def test_reports_survive_the_record(told: Reported) -> None:
    """Facts and decision with their flows are read back as they were recorded."""
    decision = decided(told.case)
    facts = told.case.facts
    assert msgspec.json.decode(msgspec.json.encode(facts), type=Facts) == facts
    assert msgspec.json.decode(msgspec.json.encode(decision), type=Decision) == decision


@often
@given(told=reported_cases(), most=st.integers(1, 4))
def test_what_is_not_kept_never_approves(told: Reported, most: int) -> None:
    """Deciding on what is kept of the reports is never better than deciding on all of them."""
    whole = decided(told.case)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(report_limits, "MOST_FLOWS", most)
        kept = tuple(map(report_limits.bounded, told.case.facts.reports))
        facts = replace(told.case.facts, reports=kept)
        decision = decide(told.case.reading, facts, told.case.now)
    if whole.verdict is not Verdict.APPROVE:
        assert decision.verdict is not Verdict.APPROVE


@often
@given(told=reported_cases())
def test_a_record_gives_its_evidence_back(told: Reported) -> None:
    """Evidence recorded without reports has them again, once those of its facts are put beside."""
    evidence, reports = decided(told.case).evidence, told.case.facts.reports
    if evidence is None or not isinstance(told.case.reading, LoadedPolicy):
        return
    environment = told.case.reading.policy.environment(told.case.facts.request.environment)
    assert environment is not None
    key = told.case.facts.request.key
    picked = relevant_reports(
        reports,
        told.case.facts.validations,
        ValidationScope(environment.validation, key.repository_id, told.case.facts.default_branch),
    )
    beside = picked.own if picked.previous is None else (*picked.own, picked.previous)
    assert with_reports(without_reports(evidence), beside) == evidence
