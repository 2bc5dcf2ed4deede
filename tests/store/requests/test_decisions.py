"""A decision is kept with its facts, and only when it says something new."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from gate.domain.model.facts import Facts
from gate.domain.model.reports import FlowStatus
from gate.domain.model.request import GateRequest
from gate.domain.requests.decide import ENGINE_VERSION, decide
from gate.domain.requests.decision import Decision, Reason, ReasonCode, Verdict
from gate.store.engine.codec import encode
from gate.store.engine.database import Database
from gate.store.engine.tables.requests import decisions, kept_reports
from gate.store.requests.decisions import (
    RecordedDecision,
    decisions_of,
    record_decision,
    record_digest,
    stream_decisions,
)
from tests.support.builders.defaults import NOW, TICK
from tests.support.builders.policies import make_policy
from tests.support.builders.reports import make_flow, make_validation_report
from tests.support.builders.requests import make_decision, make_facts, make_key
from tests.support.builders.runs import make_infrastructure, make_job, make_run
from tests.support.rows import asked, wait

LATER = NOW + timedelta(minutes=5)


def decided(
    database: Database, decision: Decision, request: GateRequest, at: Any = NOW
) -> tuple[int, bool]:
    """Record a decision on a request."""
    facts = make_facts(request=request)
    return database.transact(lambda tx: record_decision(tx, decision, facts, at))


def recorded(database: Database, request: GateRequest) -> list[RecordedDecision]:
    """Read all decisions on a request."""
    return database.read(lambda snapshot: decisions_of(snapshot, request.id))


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"validations": ()},
        {"unavailable": "GitHub answers with 502"},
        {
            "validations": (
                make_run(
                    jobs=(make_job("ünïcode \U0001f680"), make_job("b", None, status="queued")),
                    updated_at=NOW - TICK,
                    actor=None,
                    head_branch=None,
                ),
                make_run(conclusion=None, status="in_progress"),
            ),
            "infrastructure": (make_infrastructure(),),
        },
    ],
    ids=["green", "nothing", "unavailable", "much"],
)
def test_decision_and_facts_are_read_as_they_were(
    database: Database, facts: dict[str, Any]
) -> None:
    """What is on record equals what was decided on, so that it can be decided again."""
    known: Facts = make_facts(request=asked(database), **facts)
    decision = decide(make_policy(), known, NOW)
    number, is_new = database.transact(lambda tx: record_decision(tx, decision, known, NOW))
    assert is_new
    (found,) = recorded(database, known.request)
    assert found == RecordedDecision(
        id=number,
        request_id=known.request.id,
        at=NOW,
        decision=decision,
        facts=known,
        engine_version=ENGINE_VERSION,
        digest=record_digest(decision, known, None, NOW),
    )
    assert decide(make_policy(), found.facts, found.at) == found.decision


def test_another_look_leaves_no_trace(database: Database) -> None:
    """A decision that differs from the last one in its times only is not recorded again."""
    request = asked(database)
    first, _ = decided(database, make_decision(), request)
    held = wait(database, request)
    again = make_decision(recheck_at=LATER + timedelta(minutes=5))
    assert decided(database, again, held, LATER) == (first, False)
    assert len(recorded(database, request)) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"verdict": Verdict.APPROVE},
        {"reasons": (Reason(ReasonCode.VALIDATION_RUNNING),)},
        {"reasons": (Reason(ReasonCode.VALIDATION_FAILED, "another job"),)},
        {"policy_digest": "sha256:new"},
        {"last_call": True},
    ],
    ids=["verdict", "reason", "detail", "policy", "last-call"],
)
def test_whatever_people_can_see_is_news(database: Database, changes: dict[str, Any]) -> None:
    """Another verdict, reason, detail, policy or last call is one more row, oldest first."""
    request = asked(database)
    first, _ = decided(database, make_decision(), request)
    second, is_new = decided(database, make_decision(**changes), wait(database, request), LATER)
    assert is_new
    assert [it.id for it in recorded(database, request)] == [first, second]


def test_evidence_is_news(database: Database) -> None:
    """The same verdict on another run is one more row."""
    request = wait(database, asked(database))
    policy = make_policy()
    for run in (make_run(conclusion="failure"), make_run(conclusion="failure", run_id=9)):
        facts = make_facts(request=request, validations=(run,))
        decision = decide(policy, facts, NOW)
        _, is_new = database.transact(
            lambda tx, one=decision, on=facts: record_decision(tx, one, on, NOW)  # type: ignore[misc]
        )
        assert is_new
    assert len(recorded(database, request)) == 2


def test_going_back_is_news(database: Database) -> None:
    """A decision is compared with the last one, not with any before."""
    request = wait(database, asked(database))
    red, running = make_decision(), make_decision(Verdict.WAIT, ReasonCode.VALIDATION_RUNNING)
    told = [decided(database, it, request)[1] for it in (red, running, red, red)]
    assert told == [True, True, True, False]


def test_requests_do_not_hide_each_other(database: Database) -> None:
    """The same decision on another request is its own row."""
    for run_id in (1, 2):
        request = wait(database, asked(database, key=make_key(run_id=run_id)))
        assert decided(database, make_decision(), request)[1]
        assert len(recorded(database, request)) == 1


def test_a_record_without_reports_is_read_as_it_was(database: Database) -> None:
    """Facts recorded before reports counted have none, and the record's hash is what it was.

    So a replay of older records still agrees.
    """
    request = asked(database)
    known = make_facts(request=request)
    decision = decide(make_policy(), known, NOW)
    old_facts, old_decision = msgspec.to_builtins(known), msgspec.to_builtins(decision)
    del old_facts["reports"]
    for name in ("report", "comparison", "worsened_at"):
        del old_decision["evidence"][name]
    said = (old_decision, old_facts, None, NOW, "2")
    database.transact(lambda tx: record_decision(tx, decision, known, NOW))
    database.transact(
        lambda tx: tx.execute(
            decisions.update().values(
                facts=encode(old_facts), decision=encode(old_decision), engine_version="2"
            )
        )
    )
    (found,) = recorded(database, request)
    assert (found.facts, found.decision) == (known, decision)
    assert found.facts.reports == ()
    assert found.digest == sha256(encode(said)).hexdigest()


def test_reports_are_kept_once_and_found_by_their_hash(database: Database) -> None:
    """The record has no flow in it; a replay has the facts as they were, an edit shows."""
    request = asked(database)
    told = make_validation_report(make_flow("red.yml", FlowStatus.FAILED))
    known = make_facts(request=request, reports=(told, told))
    decision = decide(make_policy(), known, NOW)
    digest = record_digest(decision, known, None, NOW)
    database.transact(lambda tx: record_decision(tx, decision, known, NOW))
    (row,) = database.read(lambda it: it.execute(select(decisions)).all())
    assert b"red.yml" not in row.decision + row.facts
    (shown,) = recorded(database, request)
    assert shown.facts == replace(known, reports=())
    assert shown.reports == (sha256(encode(told)).hexdigest(),) * 2
    (found,) = database.read(lambda it: list(stream_decisions(it)))
    assert (found.facts, found.digest) == (known, digest)
    assert decide(make_policy(), found.facts, NOW) == decision

    other = encode(make_validation_report(make_flow("green.yml")))
    database.transact(lambda tx: tx.execute(kept_reports.update().values(value=other)).close())
    (edited,) = database.read(lambda it: list(stream_decisions(it)))
    assert edited.digest != digest
