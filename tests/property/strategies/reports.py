"""Reports of the runs of a case: of those that count, of their earlier attempts, of strangers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from hypothesis import strategies as st

from gate.domain.evidence.comparison import compare
from gate.domain.evidence.evidence import Evidence
from gate.domain.model.facts import Facts
from gate.domain.model.ids import AccountId
from gate.domain.model.policy.policy import Reaction, ValidationState
from gate.domain.model.reports import Flow, FlowStatus, ValidationReport
from gate.domain.model.runs import WorkflowRun
from gate.domain.requests.decision import Decision
from tests.property.strategies.cases import Case
from tests.property.strategies.decisions import HOSTILE
from tests.property.strategies.overrides import OVERRIDES, PEOPLE, hostile_decisions, spoken_cases
from tests.support.builders.defaults import NOW, TICK, before
from tests.support.builders.overrides import make_claim, make_standing
from tests.support.builders.policies import make_policy
from tests.support.builders.reports import make_flow, make_validation_report
from tests.support.builders.requests import make_facts
from tests.support.builders.runs import make_run

_FLOWS: Final = st.lists(
    st.builds(
        make_flow,
        st.sampled_from(["a", "b"]),
        st.sampled_from([FlowStatus.PASSED, FlowStatus.PASSED, *FlowStatus]),
    ),
    max_size=3,
).map(tuple)
_TICKS: Final = st.sampled_from([-TICK, 0 * TICK, TICK, timedelta(days=8)])


@st.composite
def _reports_of(draw: st.DrawFn, run: WorkflowRun) -> ValidationReport:
    """Draw a report of a run attempt; some are of another repository, run or attempt."""
    stranger: dict[str, Any] = draw(
        st.sampled_from([{}, {}, {}, {"repository_id": 2002}, {"run_id": 999}, {"run_attempt": 9}])
    )
    at = draw(st.sampled_from([run.started_at, run.updated_at, NOW])) + draw(_TICKS)
    own = {"run_id": run.run_id, "run_attempt": run.run_attempt}
    return make_validation_report(flows=draw(_FLOWS), **own | stranger, reported_at=at)


@dataclass(frozen=True, slots=True)
class Reported:
    """A case, and the same with reports."""

    without: Case
    case: Case


@st.composite
def _any_cases(draw: st.DrawFn) -> Reported:
    """Draw a case in which anybody may have spoken and any job reported."""
    case = draw(spoken_cases())
    runs = [run for run in case.facts.validations if draw(st.booleans())]
    reports = {
        (it.repository_id, it.run_id, it.run_attempt): it
        for it in [draw(_reports_of(run)) for run in runs or case.facts.validations]
    }
    facts: Facts = replace(case.facts, reports=tuple(reports.values()))
    return Reported(case, Case(case.reading, facts, case.now))


@st.composite
def _green_cases(draw: st.DrawFn) -> Reported:
    """Draw a green run, a report of it, and overrides that lack nothing but, perhaps, their time.

    The clock likes the instant at which the run is too old.
    """
    run = make_run(started_at=draw(st.sampled_from([before(hours=1), before(hours=23)])))
    report = replace(draw(_reports_of(run)), run_id=run.run_id, run_attempt=1)
    times = st.sampled_from([run.updated_at, report.reported_at, before(minutes=1)])
    claims = [
        make_claim(key=str(at), person=draw(st.sampled_from(PEOPLE)), given_at=draw(times) + tick)
        for at, tick in enumerate(draw(st.lists(_TICKS, max_size=2)))
    ]
    reading = make_policy(
        max_age=timedelta(hours=24),
        override=draw(OVERRIDES),
        failed=draw(st.sampled_from([Reaction.HOLD, Reaction.HOLD, Reaction.REJECT])),
    )
    without = make_facts(
        validations=(run,),
        claims=tuple(claims),
        standings=tuple(make_standing(person) for person in PEOPLE),
        triggered_by=(AccountId(7),),
    )
    too_old = run.started_at + timedelta(hours=24) + TICK
    now = draw(st.sampled_from([NOW, too_old, too_old - timedelta(minutes=1), too_old - TICK]))
    facts = replace(without, reports=(report,))
    return Reported(Case(reading, without, now), Case(reading, facts, now))


def reported_cases() -> st.SearchStrategy[Reported]:
    """Draw cases in which people have spoken and jobs have reported."""
    return st.one_of(_any_cases(), _green_cases(), _green_cases())


_HOSTILE_FLOWS: Final[st.SearchStrategy[tuple[Flow, ...]]] = st.lists(
    st.builds(
        make_flow,
        HOSTILE,
        st.sampled_from(FlowStatus),
        error=st.none() | HOSTILE,
        attempts=st.integers(1, 3),
    ),
    max_size=30,
).map(tuple)
_URLS: Final = st.sampled_from(
    [
        "https://github.com/acme/shop/actions/runs/501/artifacts/7",
        "https://github.com/x](https://evil.example)",
        "https://mona@evil.example/",
        "https://evil.example/" + "a" * 500,
        "http://evil.example/",
        "javascript:alert(1)",
        "https://evil.example/\u202e\n\n**Approved**",
        "",
    ]
)


@st.composite
def _hostile_reports(draw: st.DrawFn) -> ValidationReport:
    return make_validation_report(
        flows=draw(_HOSTILE_FLOWS),
        terraform_deployment_id=draw(st.none() | HOSTILE),
        artifact_urls=tuple(draw(st.lists(_URLS, max_size=5))),
    )


@st.composite
def reported_decisions(draw: st.DrawFn) -> Decision:
    """Draw any decision beside which everybody, jobs included, said anything at all."""
    report, previous = draw(_hostile_reports()), draw(st.none() | _hostile_reports())
    decision = draw(hostile_decisions())
    evidence = decision.evidence or Evidence(ValidationState.FAILED, make_run(), "")
    told = replace(
        evidence,
        state=draw(st.sampled_from(ValidationState)),
        report=report,
        comparison=compare(report, previous),
    )
    return replace(decision, evidence=told)
