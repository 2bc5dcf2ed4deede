"""What holds whoever speaks: only a complete override releases what evidence does not."""

import unicodedata
from dataclasses import replace
from datetime import datetime
from typing import Final

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.domain.evidence.judge import judge_facts
from gate.domain.model.facts import Facts
from gate.domain.model.overrides import OverrideClaim, OverrideRecord
from gate.domain.model.policy.policy import Covers, EnvironmentPolicy, Mode, Reaction
from gate.domain.model.runs import WorkflowRun
from gate.domain.overrides.rule import judge_claims
from gate.domain.requests.decide import decide
from gate.domain.requests.decision import Decision, Verdict
from gate.domain.requests.deployment_status import DESCRIPTION_LIMIT, render_status_description
from tests.property.requests.second_reading import (
    began,
    changes,
    covers,
    last_jobs,
    may_go_on,
    newest,
)
from tests.property.strategies.cases import Case
from tests.property.strategies.overrides import RECORDS, SAID, spoken_cases
from tests.support.builders.defaults import TICK

often = settings(max_examples=1000)
_RUNNING: Final = {"requested", "queued", "pending", "waiting", "in_progress"}
_RED: Final = {"failure", "timed_out", "startup_failure"}
_TEXTS: Final = {said.text: said for said in SAID}
_TOO_LONG: Final = SAID[-1].text


def state_of(
    run: WorkflowRun | None, policy: EnvironmentPolicy, facts: Facts, now: datetime
) -> tuple[str, datetime]:
    """Return how the validation stands and since when: the rule, told once more."""
    waiting = facts.request.waiting_since
    if run is None:
        return "missing", waiting
    for verdict in (_ended(run, now), *_jobs_ended(run, policy)):
        if verdict is not None:
            return verdict, run.updated_at
    start = began(run, policy)
    if start is None or (start - now).total_seconds() > 300:
        return "inconclusive", run.updated_at
    too_old = start + policy.validation.max_age + TICK
    if now >= too_old:
        return "stale", too_old
    if covers(run, policy, facts):
        return "passed", run.updated_at
    since = [waiting, run.updated_at]
    if policy.validation.covers is Covers.INFRASTRUCTURE:
        since += _changes(policy, facts)
    return "uncovered", max(since)


def _ended(run: WorkflowRun, now: datetime) -> str | None:
    if (run.started_at - now).total_seconds() > 300:
        return "inconclusive"
    if run.status in _RUNNING:
        return "running"
    if run.status != "completed":
        return "inconclusive"
    return _concluded(run.conclusion)


def _concluded(conclusion: str | None) -> str | None:
    if conclusion in _RED:
        return "failed"
    return None if conclusion == "success" else "inconclusive"


def _jobs_ended(run: WorkflowRun, policy: EnvironmentPolicy) -> list[str | None]:
    """Judge each required job in the order of the policy."""
    ended: list[str | None] = []
    for name in policy.validation.required_jobs:
        jobs = [job for job in last_jobs(run) if job.name == name]
        ended += [_concluded(job.conclusion) for job in jobs] or ["inconclusive"]
    return ended


def _changes(policy: EnvironmentPolicy, facts: Facts) -> list[datetime]:
    """Return since when the change that ends last is known; a running one since it began."""
    ours = changes(policy, facts)
    if not ours:
        return []
    running = [it for it in ours if it.status != "completed"]
    if running:
        return [max(it.started_at for it in running)]
    return [max(it.updated_at for it in ours)]


def counts(claim: OverrideClaim, case: Case) -> bool:
    """Return whether one claim may release the request: the whole rule, told once more."""
    policy, facts = case.policy, case.facts
    if policy is None or facts.unavailable is not None:
        return False
    state, since = state_of(newest(policy, facts), policy, facts, case.now)
    rule, request = policy.override, facts.request
    may_be_held = state == "uncovered" or getattr(policy.when, state, None) is Reaction.HOLD
    gated = request.environment.lower()
    place = {"environment": (rule.environment or f"{gated}-override").lower()}
    own = [it.may for it in facts.standings if it.person_id == claim.person.id]
    starters = facts.triggered_by or ()
    said = _TEXTS[claim.rationale]
    return (
        rule.allow
        and may_be_held
        and state != "running"
        and state in {hold.value for hold in rule.holds}
        and claim.given_at > since
        and claim.run_id == request.key.run_id
        and claim.run_attempt == request.key.run_attempt
        and claim.head_sha == request.head_sha
        and claim.environment.lower() == place.get(claim.channel.value, gated)
        and claim.is_person
        and (not rule.prevent_self_review or (starters != () and claim.person.id not in starters))
        and own != []
        and all(own)
        and said.text != _TOO_LONG
        and said.accepts
        and said.length >= rule.min_length
    )


def is_released(case: Case) -> bool:
    """Return whether enough different people released the request."""
    if case.policy is None or case.policy.mode is Mode.OBSERVE:
        return False
    people = {claim.person.id for claim in case.facts.claims if counts(claim, case)}
    return 0 < len(people) >= case.policy.override.approvals


@often
@given(case=spoken_cases())
def test_approves_on_evidence_or_a_complete_override(case: Case) -> None:
    """A deployment goes on exactly when the policy or enough people let it, and says which."""
    decision = decide(case.reading, case.facts, case.now)
    assert (decision.verdict is Verdict.APPROVE) is (may_go_on(case) or is_released(case))
    assert (decision.override is not None) is (is_released(case) and not may_go_on(case))
    if decision.override is not None:
        claims = decision.override.claims
        assert all(counts(claim, case) for claim in claims)
        assert len({claim.person.id for claim in claims}) == len(claims)


@given(case=spoken_cases(), data=st.data())
def test_the_order_of_claims_does_not_matter(case: Case, data: st.DataObject) -> None:
    """Claims and standings decide the same in whatever order they are given."""
    facts = replace(
        case.facts,
        claims=tuple(data.draw(st.permutations(case.facts.claims))),
        standings=tuple(data.draw(st.permutations(case.facts.standings))),
    )
    assert decide(case.reading, facts, case.now) == decide(case.reading, case.facts, case.now)


@given(case=spoken_cases(), data=st.data())
def test_silence_never_releases(case: Case, data: st.DataObject) -> None:
    """Taking away claims never approves what was not approved with them."""
    kept = tuple(claim for claim in case.facts.claims if data.draw(st.booleans()))
    facts = replace(case.facts, claims=kept)
    if decide(case.reading, facts, case.now).verdict is Verdict.APPROVE:
        assert decide(case.reading, case.facts, case.now).verdict is Verdict.APPROVE


@settings(max_examples=300)
@given(case=spoken_cases())
def test_every_claim_is_answered(case: Case) -> None:
    """Each claim is accepted, replaced by one that was, or refused for a reason."""
    if case.policy is None:
        return
    evidence = judge_facts(case.policy.validation, case.facts, case.now)
    judgment = judge_claims(case.policy.override, case.facts, evidence)
    accepted = {claim.person.id for claim in judgment.accepted}
    speakers = {claim.person.id for claim in case.facts.claims}
    assert speakers == accepted | {it.person.id for it in judgment.outstanding}
    assert not accepted & {it.person.id for it in judgment.outstanding}
    for refused in judgment.refused:
        assert refused.codes
        assert len(set(refused.codes)) == len(refused.codes)
    lookups = {person.id for person in judgment.unknown}
    assert not lookups & accepted
    assert not lookups & {it.person_id for it in case.facts.standings}
    assert not (judgment.is_complete and (lookups or judgment.asks_trigger))


@settings(max_examples=500)
@given(case=spoken_cases(), place=st.integers(0, 99))
def test_nothing_changes_before_the_next_look(case: Case, place: int) -> None:
    """Until its next look a hold beside which people spoke stays as it is."""
    held = decide(case.reading, case.facts, case.now)
    if held.recheck_at is None:
        return
    assert case.now < held.recheck_at <= held.give_up_at
    given_at = [it.given_at + tick for it in case.facts.claims for tick in (-TICK, 0 * TICK, TICK)]
    probes = [held.recheck_at - TICK, *(it for it in given_at if case.now < it < held.recheck_at)]
    later = decide(case.reading, case.facts, probes[place % len(probes)])
    assert replace(later, recheck_at=held.recheck_at) == held


@given(case=spoken_cases())
def test_claims_survive_the_record(case: Case) -> None:
    """What people said is read back from the record as it was, and decides the same."""
    facts = msgspec.json.decode(msgspec.json.encode(case.facts), type=Facts)
    decision = decide(case.reading, case.facts, case.now)
    assert facts == case.facts
    assert decide(case.reading, facts, case.now) == decision
    assert msgspec.json.decode(msgspec.json.encode(decision), type=Decision) == decision


@given(record=RECORDS)
def test_a_description_fits_on_one_visible_line(record: OverrideRecord) -> None:
    """Whatever people say, the deployment status takes it."""
    said = render_status_description(record)
    assert len(said) <= DESCRIPTION_LIMIT
    assert said.startswith("Override by @")
    assert said.splitlines() == [said]
    assert not [it for it in said if unicodedata.category(it) in {"Cc", "Cf", "Cs", "Co", "Cn"}]
