"""What is true of every decision, whatever is drawn."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from gate.domain.model.policy.policy import LONGEST_HOLD, Covers, Reaction
from gate.domain.model.runs import WorkflowRun
from gate.domain.requests.decide import decide
from gate.domain.requests.decision import Verdict
from tests.property.requests.second_reading import may_go_on, newest, satisfies
from tests.property.strategies.cases import Case, cases, probes_before
from tests.property.strategies.run_lists import UNKNOWN
from tests.support.builders.defaults import TICK
from tests.support.builders.policies import make_policy

often = settings(max_examples=1000)


@often
@given(case=cases())
def test_approves_what_the_policy_allows_and_nothing_else(case: Case) -> None:
    """A deployment goes on exactly when a second reading of the policy says so too."""
    decision = decide(case.reading, case.facts, case.now)
    assert (decision.verdict is Verdict.APPROVE) is may_go_on(case)


@given(case=cases())
def test_total_and_deterministic(case: Case) -> None:
    """Every case has one decision, with a reason, and the same each time."""
    decision = decide(case.reading, case.facts, case.now)
    assert decision == decide(case.reading, case.facts, case.now)
    assert decision.reasons
    assert decision.give_up_at > case.facts.request.waiting_since
    assert not (decision.last_call and decision.verdict is not Verdict.WAIT)


@settings(max_examples=1000)
@given(case=cases())
def test_wait_has_a_next_look(case: Case) -> None:
    """A request waits exactly when it has a next look, which lies ahead but before its end."""
    decision = decide(case.reading, case.facts, case.now)
    assert (decision.verdict is Verdict.WAIT) is (decision.recheck_at is not None)
    if decision.recheck_at is not None:
        assert case.now < decision.recheck_at <= decision.give_up_at


@often
@given(case=cases(), place=st.integers(0, 59))
def test_nothing_changes_before_the_next_look(case: Case, place: int) -> None:
    """Until its next look a held request is held for the same reasons on the same evidence."""
    held = decide(case.reading, case.facts, case.now)
    if held.recheck_at is None:
        return
    probes = probes_before(held.recheck_at, case)
    probe = probes[place % len(probes)]
    later = decide(case.reading, case.facts, probe)
    assert replace(later, recheck_at=held.recheck_at) == held


@settings(max_examples=1000)
@given(case=cases(enforced=True))
def test_approval_ends_with_its_evidence(case: Case) -> None:
    """A pass opens the gate to the last instant of its age, and not an instant longer."""
    decision = decide(case.reading, case.facts, case.now)
    if decision.verdict is not Verdict.APPROVE:
        return
    assert decision.evidence is not None
    assert decision.evidence.stale_at is not None
    last = decide(case.reading, case.facts, decision.evidence.stale_at - TICK)
    assert last.verdict is Verdict.APPROVE
    after = decide(case.reading, case.facts, decision.evidence.stale_at)
    assert after.verdict is not Verdict.APPROVE


@given(case=cases(enforced=True))
def test_without_a_satisfying_run_nothing_goes_on(case: Case) -> None:
    """Taking away every run that could satisfy the policy never approves."""
    assert case.policy is not None
    lost = tuple(
        run
        for run in case.facts.validations
        if not satisfies(run, case.policy, case.facts, case.now)
    )
    facts = replace(case.facts, validations=lost)
    assert decide(case.reading, facts, case.now).verdict is not Verdict.APPROVE


@given(case=cases(), data=st.data())
def test_only_the_newest_run_decides(case: Case, data: st.DataObject) -> None:
    """Taking away any other run than the newest changes nothing.

    A run goes with all its attempts, since the last is what makes the others not count.
    """
    decisive = newest(case.policy, case.facts) if case.policy is not None else None
    ids = sorted({run.run_id for run in case.facts.validations})
    lost = {run_id for run_id in ids if data.draw(st.booleans())}
    if decisive is not None:
        lost.discard(decisive.run_id)
    kept = tuple(run for run in case.facts.validations if run.run_id not in lost)
    facts = replace(case.facts, validations=kept)
    assert decide(case.reading, facts, case.now) == decide(case.reading, case.facts, case.now)


@given(case=cases(), data=st.data())
def test_the_order_of_facts_does_not_matter(case: Case, data: st.DataObject) -> None:
    """Facts decide the same in whatever order they were read."""
    facts = replace(
        case.facts,
        validations=tuple(data.draw(st.permutations(case.facts.validations))),
        infrastructure=tuple(data.draw(st.permutations(case.facts.infrastructure))),
    )
    assert decide(case.reading, facts, case.now) == decide(case.reading, case.facts, case.now)


@given(case=cases(enforced=True))
def test_without_infrastructure_nothing_is_covered(case: Case) -> None:
    """A policy that asks for the last infrastructure change never approves when none is known."""
    assert case.policy is not None
    rule = replace(case.policy.validation, covers=Covers.INFRASTRUCTURE)
    reading = make_policy(replace(case.policy, validation=rule))
    facts = replace(case.facts, infrastructure=())
    assert decide(reading, facts, case.now).verdict is not Verdict.APPROVE


def garble(run: WorkflowRun, field: str) -> WorkflowRun:
    """Replace one thing that a run says of itself by a value nobody knows."""
    match field:
        case "status":
            return replace(run, status=UNKNOWN)
        case "conclusion":
            return replace(run, conclusion=UNKNOWN)
        case "jobs":
            jobs = tuple(replace(job, conclusion=UNKNOWN) for job in run.jobs or ())
            return replace(run, jobs=jobs)
        case "path":
            return replace(run, path=UNKNOWN)
        case "event":
            return replace(run, event=UNKNOWN)
        case _:
            return replace(run, head_branch=UNKNOWN)


@settings(max_examples=1000)
@given(
    case=cases(enforced=True),
    field=st.sampled_from(["status", "conclusion", "jobs"]),
    which=st.integers(0, 2),
)
def test_unknown_outcome_never_approves(case: Case, field: str, which: int) -> None:
    """How a run ended, said in an unknown word, never turns a hold into an approval."""
    garbled = tuple(
        garble(run, field) if at == which else run for at, run in enumerate(case.facts.validations)
    )
    facts = replace(case.facts, validations=garbled)
    if decide(case.reading, facts, case.now).verdict is Verdict.APPROVE:
        assert decide(case.reading, case.facts, case.now).verdict is Verdict.APPROVE


@given(case=cases(enforced=True), field=st.sampled_from(["path", "event", "branch"]))
def test_unknown_origin_never_approves(case: Case, field: str) -> None:
    """Where no run's origin is known nothing goes on."""
    garbled = tuple(garble(run, field) for run in case.facts.validations)
    facts = replace(case.facts, validations=garbled)
    assert decide(case.reading, facts, case.now).verdict is not Verdict.APPROVE


@given(case=cases(enforced=True))
def test_rejects_only_on_request(case: Case) -> None:
    """The gate rejects only what the policy rejects, or when the hold is over."""
    assert case.policy is not None
    decision = decide(case.reading, case.facts, case.now)
    if decision.verdict is Verdict.REJECT and case.now < decision.give_up_at:
        assert decision.evidence is not None
        assert case.policy.when.to(decision.evidence.state) is Reaction.REJECT
        assert case.facts.unavailable is None


@given(case=cases(enforced=True))
def test_a_hold_ends(case: Case) -> None:
    """At the end of the hold nothing waits any more, but for facts that cannot be read."""
    end = decide(case.reading, case.facts, case.now).give_up_at
    if case.facts.unavailable is not None:
        end = case.facts.request.waiting_since + LONGEST_HOLD
    ended = decide(case.reading, case.facts, end)
    assert ended.verdict is not Verdict.WAIT
