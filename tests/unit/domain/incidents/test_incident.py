from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from gate.domain.incidents.events import (
    Acknowledged,
    Decided,
    FailedAgain,
    Happening,
    IncidentEvent,
    Opened,
    Reopened,
    Resolution,
    Resolved,
    Silenced,
)
from gate.domain.incidents.incident import GATE, REOPEN_WITHIN, Incident, apply
from gate.domain.incidents.rule import decide_course, failure_of, observe_validation
from gate.domain.model.course import Course
from gate.domain.model.policy.policy import ValidationState
from gate.domain.model.reports import FlowStatus
from tests.support.builders.defaults import NOW
from tests.support.builders.runs import make_run
from tests.support.incidents import (
    flows,
    make_evidence,
    make_failure,
    make_flow,
    make_flow_report,
    make_incident,
    reported,
)

LATER = NOW + timedelta(minutes=10)
GREEN = [ValidationState.PASSED, ValidationState.STALE, ValidationState.UNCOVERED]
SILENT = [ValidationState.RUNNING, ValidationState.INCONCLUSIVE]


def happened(incident: Incident, *what: Happening, at: datetime = LATER) -> Incident:
    """Fold some happenings in, all by mona."""
    for it in what:
        incident = apply(incident, IncidentEvent(at, "mona", it))
    return incident


def over(how: Resolution = Resolution.VALIDATION_PASSED, *names: str) -> Incident:
    """An incident that has come to its end."""
    return happened(make_incident(*names), Resolved(how, ""))


def test_a_failure_opens() -> None:
    """Where none was open."""
    event = observe_validation(None, make_evidence(), NOW)
    assert event == IncidentEvent(NOW, GATE, Opened(make_failure()))


@pytest.mark.parametrize("state", [*GREEN, *SILENT])
def test_nothing_else_opens(state: ValidationState) -> None:
    """Neither a green validation nor one that runs or proved nothing."""
    assert observe_validation(None, make_evidence(state), NOW) is None


@pytest.mark.parametrize("state", GREEN)
def test_a_green_run_ends_it(state: ValidationState) -> None:
    """Whether it covers a deployment, or is too old for one, is another question."""
    event = observe_validation(make_incident(), make_evidence(state, run_id=900), LATER)
    assert event is not None
    assert (event.at, event.actor) == (LATER, GATE)
    assert isinstance(event.what, Resolved)
    assert event.what.how is Resolution.VALIDATION_PASSED
    assert event.what.recovery is not None
    assert event.what.recovery.run_id == 900


@pytest.mark.parametrize("state", SILENT)
def test_a_validation_that_runs_changes_nothing(state: ValidationState) -> None:
    """Nor does one that proved nothing, and a missing one has no run at all."""
    assert observe_validation(make_incident(), make_evidence(state), LATER) is None
    missing = replace(make_evidence(ValidationState.MISSING), run=None)
    assert observe_validation(make_incident(), missing, LATER) is None


def test_the_same_failure_again_is_no_news() -> None:
    """However often it is looked at."""
    assert observe_validation(make_incident(), make_evidence(), LATER) is None


def test_another_attempt_that_fails_is_news() -> None:
    """The incident goes on and knows the newest failure."""
    event = observe_validation(make_incident(), make_evidence(run_attempt=2), LATER)
    assert event is not None
    assert event.what == FailedAgain(make_failure(run_attempt=2))
    assert apply(make_incident(), event).failures == 2


def test_a_report_that_comes_later_is_news_of_the_same_failure() -> None:
    """It tells which flows failed; the number of failures stays."""
    evidence = make_evidence(ValidationState.FAILED, "login.yml")
    event = observe_validation(make_incident(), evidence, LATER)
    assert event is not None
    known = apply(make_incident(), event)
    assert (known.failure.flows, known.failures) == (flows("login.yml"), 1)
    assert observe_validation(known, evidence, LATER) is None


@pytest.mark.parametrize("state", [*SILENT, *GREEN])
def test_a_report_opens_however_the_run_stands(state: ValidationState) -> None:
    """People need not wait for the job's clean-up, and a green that let a failure pass is none."""
    event = observe_validation(None, make_evidence(state, "login.yml"), NOW)
    assert event is not None
    assert isinstance(event.what, Opened)


@pytest.mark.parametrize("state", GREEN)
@pytest.mark.parametrize(
    ("status", "is_over"),
    [(FlowStatus.PASSED, True), (FlowStatus.FLAKY, True), (FlowStatus.NOT_RUN, False)],
)
def test_a_green_run_ends_nothing_when_flows_did_not_run(
    state: ValidationState, status: FlowStatus, *, is_over: bool
) -> None:
    """Nobody knows whether what failed before is mended."""
    evidence = make_evidence(state, run_id=900)
    report = make_flow_report(make_run(run_id=900), flows=(make_flow("login.yml", status),))
    event = observe_validation(make_incident("login.yml"), reported(evidence, report), LATER)
    assert (event is not None) is is_over


def test_a_report_without_failures_opens_nothing_while_the_run_goes_on() -> None:
    """All its flows may have passed."""
    passed = make_flow_report(make_run(), flows=(make_flow("login.yml", FlowStatus.PASSED),))
    assert failure_of(reported(make_evidence(ValidationState.RUNNING), passed)) is None


def test_what_fails_newly_is_told_where_the_validation_before_was_reported() -> None:
    """Without its report nobody knows."""
    failed = make_evidence(ValidationState.FAILED, "a.yml", "b.yml")
    before = make_flow_report(make_run(run_id=1), "a.yml")
    assert failed.report is not None
    assert make_failure("a.yml").newly_failing is None
    failure = failure_of(reported(failed, failed.report, before))
    assert failure is not None
    assert failure.newly_failing == ("b.yml",)


@pytest.mark.parametrize(
    ("after", "expected"),
    [(REOPEN_WITHIN, Reopened), (REOPEN_WITHIN + timedelta(seconds=1), Opened)],
)
def test_a_failure_soon_after_the_end_reopens(after: timedelta, expected: type[Happening]) -> None:
    """Later it is another incident."""
    evidence = make_evidence(run_id=900)
    event = observe_validation(over(), evidence, LATER + after)
    assert event is not None
    assert isinstance(event.what, expected)


def test_the_failure_that_was_closed_does_not_open_again() -> None:
    """Whoever closes a red incident by hand is not told of the same run once more.

    Where another run passed, or nothing was gated, it counts again if the policy changes back.
    """
    for how in Resolution:
        event = observe_validation(over(how), make_evidence(), LATER)
        was_closed = how in {Resolution.BY_HAND, Resolution.RISK_ACCEPTED}
        assert (event is None) is was_closed


@pytest.mark.parametrize(
    ("names", "is_accepted"),
    [
        (("a.yml",), True),
        (("a.yml", "b.yml"), True),
        (("a.yml", "c.yml"), False),
        ((), False),
    ],
)
def test_an_accepted_risk_covers_the_flows_that_failed_then(
    names: tuple[str, ...], *, is_accepted: bool
) -> None:
    """Fewer are fine; others, and a failure that nobody reported on, are not known to be it."""
    evidence = make_evidence(ValidationState.FAILED, *names, run_id=900)
    incident = over(Resolution.RISK_ACCEPTED, "a.yml", "b.yml")
    event = observe_validation(incident, evidence, LATER)
    assert (event is None) is is_accepted


def test_closing_by_hand_accepts_nothing() -> None:
    """The same flow that fails in another run opens it again."""
    evidence = make_evidence(ValidationState.FAILED, "a.yml", run_id=900)
    event = observe_validation(over(Resolution.BY_HAND, "a.yml"), evidence, LATER)
    assert event is not None
    assert isinstance(event.what, Reopened)


def test_reopening_keeps_who_looks_after_it() -> None:
    """Nobody has to acknowledge twice, but the end is taken back."""
    ended = happened(make_incident(), Acknowledged(), Resolved(Resolution.BY_HAND, "why"))
    reopened = happened(ended, Reopened(make_failure(run_id=900)))
    assert reopened.is_open
    assert reopened.acknowledged == ended.acknowledged
    assert (reopened.reopenings, reopened.how, reopened.failures) == (1, None, 2)


@pytest.mark.parametrize(
    ("how", "stays"), [(Resolution.RISK_ACCEPTED, False), (Resolution.BY_HAND, True)]
)
def test_what_was_accepted_is_decided_anew(how: Resolution, *, stays: bool) -> None:
    """It is another failure that reopens; any other decision holds on."""
    decided = happened(make_incident(), Decided(Course.FIX_FORWARD, "why"), Resolved(how, "why"))
    reopened = happened(decided, Reopened(make_failure(run_id=900)))
    assert (reopened.decided is not None, reopened.course is not None) == (stays, stays)


def test_the_first_acknowledgement_stands_and_the_last_decision_does() -> None:
    """Deciding acknowledges."""
    decided = happened(make_incident(), Decided(Course.ROLLBACK, "a"))
    again = happened(decided, Acknowledged(), Decided(Course.FIX_FORWARD, "b"), at=NOW)
    assert again.acknowledged == decided.acknowledged
    assert again.course is Course.FIX_FORWARD
    assert again.decided is not None
    assert again.decided.why == "b"


def test_a_silence_has_an_end() -> None:
    """At its end it is over."""
    silent = happened(make_incident(), Silenced(LATER, "maintenance"))
    assert silent.is_silenced(NOW)
    assert not silent.is_silenced(LATER)


def test_accepting_the_risk_ends_it() -> None:
    """The other courses do not."""
    events = decide_course(make_incident(), Course.ACCEPT_RISK, "why", actor="mona", now=LATER)
    assert [it.what for it in events] == [
        Decided(Course.ACCEPT_RISK, "why"),
        Resolved(Resolution.RISK_ACCEPTED, "why"),
    ]
    for course in (Course.ROLLBACK, Course.FIX_FORWARD):
        (only,) = decide_course(make_incident(), course, "why", actor="mona", now=LATER)
        assert only.what == Decided(course, "why")


def test_the_fingerprint_is_of_the_flows() -> None:
    """In any order; without a report it is of the words."""
    assert make_failure("a", "b").fingerprint == make_failure("b", "a").fingerprint
    assert make_failure("a").fingerprint != make_failure("b").fingerprint
    assert make_failure().fingerprint == make_failure(run_id=900).fingerprint


def test_a_fingerprint_is_of_one_length() -> None:
    """It is kept with each reminder, so thousands of flows must not be kept with it."""
    many = make_failure(*(f"flow-{number}.yml" for number in range(5_000)))
    names = [["a.yml", "b.yml"], ["a.yml\nb.yml"], ["a.yml"]]
    fingerprints = {make_failure(*it).fingerprint for it in names}
    assert len(fingerprints) == len(names)
    assert {len(it) for it in (many.fingerprint, *fingerprints)} == {64}
