"""The oracle finds each kind of broken promise that is planted in a record, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.chaos.oracle import find_late, find_violations
from tests.chaos.records import (
    Check,
    Deployment,
    Entry,
    HumanReview,
    Received,
    Record,
    RefusedReview,
    Review,
    Told,
    Validation,
    Written,
)

START = datetime(2031, 3, 1, 9, 0, tzinfo=UTC)
GREEN, RED, RELEASED, HELD, GONE, OVERRIDDEN = 1, 2, 11, 12, 13, 14


def at(seconds: float) -> datetime:
    """Return a moment of the story."""
    return START + timedelta(seconds=seconds)


def alert(key: str, *, lost: bool = False) -> Received:
    """Make an alert about the backend."""
    return Received(key, at(40), "octo-org/backend", "critical", lost)


def entry(sequence: int, run_id: int, kind: str, reason: str | None = None, **more: Any) -> Entry:
    """Make a line of the trail."""
    return Entry(sequence, 1, run_id, 1, kind, reason, more)


# The frontend is green and one deployment was answered; the backend turned red and holds one,
# one was cancelled, and one was overridden.
KEPT = Record(
    repositories={1: "frontend", 2: "backend"},
    validations=(
        Validation(GREEN, "frontend", at(0), at(5), "success"),
        Validation(RED, "backend", at(20), at(30), "failure"),
    ),
    told=(
        Told(GREEN, "requested", at(1)),
        Told(GREEN, "completed", at(6)),
        Told(RED, "completed", at(31)),
    ),
    deployments=(
        Deployment(RELEASED, 1, "frontend", at(10), waits=False),
        Deployment(HELD, 1, "backend", at(40), waits=True),
        Deployment(GONE, 1, "backend", at(41), waits=False, ended_by="cancelled"),
        Deployment(OVERRIDDEN, 1, "backend", at(42), waits=False),
    ),
    reviews=(
        Review(RELEASED, 1, "approved", at(12), at(12)),
        Review(HELD, 1, None, at(43), at(43), "**On hold: production validation failed**"),
        Review(OVERRIDDEN, 1, "approved", at(60), at(60)),
    ),
    refused=(),
    human_reviews=(HumanReview(OVERRIDDEN, at(50), complete=True),),
    alerts=(alert("incident/1/page"),),
    entries=(
        entry(1, RELEASED, "request.opened"),
        entry(2, RELEASED, "decision.made", "validation_passed", verdict="approve"),
        entry(3, RELEASED, "review.sent", "validation_passed", outcome="sent"),
        entry(4, HELD, "request.opened"),
        entry(5, HELD, "decision.made", "validation_failed", verdict="wait"),
        entry(6, GONE, "request.opened"),
        entry(7, GONE, "request.closed", "run_cancelled"),
        entry(8, OVERRIDDEN, "override.recorded"),
        entry(9, OVERRIDDEN, "decision.made", "override", verdict="approve"),
        entry(10, OVERRIDDEN, "review.sent", "override", outcome="sent"),
        Entry(11, 2, None, None, "incident.opened", None, {"incident_id": 1}),
        Entry(12, 2, None, None, "incident.alerted", None, {"incident_id": 1}),
    ),
    checks=(Check("gate audit verify", 0, "ok"),),
    issues=(Written("backend", "incident/1", at(40)),),
    comments=(Written("backend", "incident/1/event/2", at(60)),),
    disturbances=(),
)


def without(*sequences: int) -> Record:
    """Take lines out of the trail."""
    return replace(KEPT, entries=tuple(it for it in KEPT.entries if it.sequence not in sequences))


def with_line(line: Entry) -> Record:
    """Put another line in its place."""
    return replace(
        KEPT, entries=tuple(line if it.sequence == line.sequence else it for it in KEPT.entries)
    )


def with_deployment(run_id: int, **changes: Any) -> Record:
    """Change a deployment."""
    changed = (replace(it, **changes) if it.run_id == run_id else it for it in KEPT.deployments)
    return replace(KEPT, deployments=tuple(changed))


def with_answer(run_id: int, sent: float, state: str = "approved") -> Record:
    """Let the gate send one more answer."""
    return replace(KEPT, reviews=(*KEPT.reviews, Review(run_id, 1, state, at(sent), at(sent))))


def with_alerts(*alerts: Received, disturbed: bool = False) -> Record:
    """Let the channel have received these."""
    return replace(KEPT, alerts=alerts, disturbances=(at(39),) if disturbed else ())


def refused(*sent: float, disturbed: tuple[float, ...] = (), lost: bool = False) -> Record:
    """Let the gate answer the frontend's run again, and GitHub refuse it."""
    first = replace(KEPT.reviews[0], answer_lost=lost)
    why = "No pending deployment requests to approve or reject"
    return replace(
        KEPT,
        reviews=(first, *KEPT.reviews[1:]),
        refused=tuple(RefusedReview(RELEASED, 1, at(it), at(it), why) for it in sent),
        disturbances=tuple(map(at, disturbed)),
    )


def told_again(*sent: float, disturbed: tuple[float, ...] = (), lost: bool = False) -> Record:
    """Let the gate report to the backend's run what it has reported already."""
    first = replace(KEPT.reviews[1], answer_lost=lost)
    more = (replace(first, sent_at=at(it), at=at(it), answer_lost=False) for it in sent)
    return replace(
        KEPT,
        reviews=(KEPT.reviews[0], first, *KEPT.reviews[2:], *more),
        disturbances=tuple(map(at, disturbed)),
    )


def with_comments(*marks: str, at_seconds: float = 70, disturbed: float | None = None) -> Record:
    """Let the gate have written these below the backend's issue."""
    return replace(
        KEPT,
        comments=tuple(Written("backend", mark, at(at_seconds)) for mark in marks),
        disturbances=() if disturbed is None else (at(disturbed),),
    )


def with_issues(*marks: str) -> Record:
    """Let the gate have opened these issues for the backend, whatever befell its nodes."""
    return replace(
        KEPT,
        issues=tuple(Written("backend", mark, at(40)) for mark in marks),
        disturbances=(at(39),),
    )


REPLY, REMARK = "reply/2/77/1", "incident/1/event/3"


def turned_green(ended: float = 80) -> Record:
    """Let the backend be green again."""
    again = Validation(3, "backend", at(70), at(ended), "success")
    return replace(KEPT, validations=(*KEPT.validations, again))


def test_nothing_is_wrong_with_a_record_that_kept_every_promise() -> None:
    """Released on evidence, held with a reason, cancelled, overridden, alerted."""
    assert find_violations(KEPT) == []


def went_over() -> Record:
    """Let the run of the frontend be started again right when it was approved."""
    first = replace(KEPT.deployments[0], ended_by="cancelled")
    again = replace(KEPT.deployments[0], attempt=2)
    return replace(
        KEPT,
        deployments=(first, again, *KEPT.deployments[1:]),
        reviews=(replace(KEPT.reviews[0], attempt=2), *KEPT.reviews[1:]),
        entries=(
            *KEPT.entries,
            replace(entry(13, RELEASED, "request.opened"), attempt=2),
            replace(
                entry(14, RELEASED, "request.closed", "answered_by_earlier_attempt"), attempt=2
            ),
        ),
    )


PAGE = "incident/1/page"

BROKEN = {
    "two answers": (with_answer(RELEASED, 13), "answer once"),
    "a rejection": (with_answer(HELD, 44, "rejected"), "answer once"),
    "an answer to a cancelled run": (with_answer(GONE, 44), "answer once"),
    "a deployment that nobody let go": (with_deployment(HELD, waits=False), "answer once"),
    "an answer that GitHub ignores": (with_deployment(RELEASED, waits=True), "answer once"),
    "an approval on red": (with_answer(HELD, 44), "answer with evidence"),
    "an approval before the green": (
        replace(KEPT, reviews=(Review(RELEASED, 1, "approved", at(4), at(4)), *KEPT.reviews[1:])),
        "answer with evidence",
    ),
    "an override that says too little": (
        replace(KEPT, human_reviews=(HumanReview(OVERRIDDEN, at(50), complete=False),)),
        "answer with evidence",
    ),
    "an override after the release": (
        replace(KEPT, human_reviews=(HumanReview(OVERRIDDEN, at(61), complete=True),)),
        "answer with evidence",
    ),
    "an override of another run": (
        replace(KEPT, human_reviews=(HumanReview(HELD, at(50), complete=True),)),
        "answer with evidence",
    ),
    "a wait although it is green": (turned_green(), "unsettled"),
    "a wait that was never decided": (without(5), "wait with a true reason"),
    "a wait for another reason": (
        with_line(entry(5, HELD, "decision.made", "policy_unavailable", verdict="wait")),
        "wait with a true reason",
    ),
    "a wait that was approved": (
        with_line(entry(5, HELD, "decision.made", "validation_failed", verdict="approve")),
        "wait with a true reason",
    ),
    "an answer that is not on record": (without(3), "answer on record"),
    "an answer on record that GitHub never took": (
        replace(KEPT, reviews=KEPT.reviews[1:]),
        "answer on record",
    ),
    "an answer on record twice": (
        replace(
            KEPT,
            entries=(
                *KEPT.entries,
                entry(13, RELEASED, "review.landed", "validation_passed", effect_key="another"),
            ),
        ),
        "answer on record",
    ),
    "an answer to a bypassed run, of which none was lost": (
        replace(
            with_deployment(RELEASED, ended_by="bypassed"),
            reviews=KEPT.reviews[1:],
        ),
        "answer on record",
    ),
    "an approval that nobody says went over to the next attempt": (
        replace(went_over(), entries=went_over().entries[:-1]),
        "answer on record",
    ),
    "an answer before its decision": (without(2), "answer on record"),
    "an override that is not on record": (without(8), "override before release"),
    "an override that is recorded too late": (
        replace(KEPT, entries=(*without(8).entries, entry(13, OVERRIDDEN, "override.recorded"))),
        "override before release",
    ),
    "an end that is not on record": (without(7), "end on record"),
    "a bypass that is taken for a cancellation": (
        with_deployment(GONE, ended_by="bypassed"),
        "end on record",
    ),
    "no alert": (with_alerts(), "unsettled"),
    "an alert twice": (with_alerts(alert(PAGE), alert(PAGE)), "alert once"),
    "an alert three times in a storm": (
        with_alerts(alert(PAGE), alert(PAGE), alert(PAGE), disturbed=True),
        "alert once",
    ),
    "an alert on record that no channel received": (
        replace(
            KEPT,
            entries=(
                *KEPT.entries,
                Entry(13, 2, None, None, "incident.alerted", None, {"incident_id": 7}),
            ),
        ),
        "alert on record",
    ),
    "no word that it is over": (
        replace(turned_green(), deployments=KEPT.deployments[:1], reviews=KEPT.reviews[:1]),
        "unsettled",
    ),
    "two issues for one incident": (with_issues("incident/1", "incident/1"), "issue once"),
    "an issue for no incident": (with_issues("incident/1", "incident/9"), "issue once"),
    "an issue for an incident of another repository": (
        replace(KEPT, issues=(replace(KEPT.issues[0], repository="frontend"),)),
        "issue once",
    ),
    "two issues for one of two incidents": (
        replace(
            with_issues("incident/1", "incident/1"),
            entries=(
                *KEPT.entries,
                Entry(13, 2, None, None, "incident.opened", None, {"incident_id": 2}),
            ),
        ),
        "issue once",
    ),
    "an answer again": (refused(13), "no second answer"),
    "an answer again, before the node was disturbed": (
        refused(13, disturbed=(14,)),
        "no second answer",
    ),
    "an answer again, long after the node was disturbed": (
        refused(13, disturbed=(2,)),
        "no second answer",
    ),
    "an answer twice again after one disturbance": (
        refused(14, 15, disturbed=(11,)),
        "no second answer",
    ),
    "an answer twice again after one that was lost": (
        refused(14, 15, lost=True),
        "no second answer",
    ),
    "a report twice": (told_again(44), "report once"),
    "a report twice, and a disturbance after it": (
        told_again(44, disturbed=(45,)),
        "report once",
    ),
    "a report three times in a storm": (
        told_again(44, 46, disturbed=(43, 45), lost=True),
        "report once",
    ),
    "a reply twice": (with_comments(REPLY, REPLY), "comment once"),
    "a remark twice": (with_comments(REMARK, REMARK), "comment once"),
    "a remark twice, long after a disturbance": (
        with_comments(REMARK, REMARK, disturbed=20),
        "comment once",
    ),
    "a remark three times in a storm": (
        with_comments(REMARK, REMARK, REMARK, disturbed=69),
        "comment once",
    ),
    "a comment without a mark": (with_comments(""), "comment once"),
    "a broken chain": (
        replace(KEPT, checks=(Check("gate audit verify", 1, "broken: edited"),)),
        "record intact",
    ),
}


@pytest.mark.parametrize("planted", BROKEN)
def test_a_planted_violation_is_found(planted: str) -> None:
    """Under the name of the promise that it breaks."""
    record, rule = BROKEN[planted]
    assert rule in {it.rule for it in find_violations(record)}


FINE = {
    "an alert again, since its answer was lost": with_alerts(alert(PAGE, lost=True), alert(PAGE)),
    "an alert again, since a node died": with_alerts(alert(PAGE), alert(PAGE), disturbed=True),
    "an answer again, since the first was lost": refused(13, lost=True),
    "an answer again, since a node died": refused(13, disturbed=(12,)),
    "an answer twice again, since two nodes died": refused(13, 15, disturbed=(11, 14)),
    "an answer again for a job that came with another": replace(
        refused(13), deployments=(replace(KEPT.deployments[0], jobs=2), *KEPT.deployments[1:])
    ),
    "an answer for which nothing waited, to a run that was cancelled": replace(
        KEPT, refused=(RefusedReview(GONE, 1, at(44), at(44), "nothing"),)
    ),
    "a report again, since its answer was lost": told_again(44, lost=True),
    "a report again, since a node died": told_again(50, disturbed=(45,)),
    "a report again, after another": replace(
        told_again(50),
        reviews=(*told_again(50).reviews, replace(KEPT.reviews[1], at=at(45), comment="another")),
    ),
    "a reply again, since a node died": with_comments(REPLY, REPLY, disturbed=69),
    "a reply and a remark": with_comments(REPLY, REMARK),
    "GitHub said that it had the answer": replace(
        KEPT,
        entries=(
            *KEPT.entries,
            entry(13, RELEASED, "review.sent", "validation_passed", outcome="already_reviewed"),
        ),
    ),
    "an answer that was sent, and is known to have landed once more": replace(
        KEPT,
        entries=(*KEPT.entries, entry(13, RELEASED, "review.landed", "validation_passed")),
    ),
    "a bypass right before an approval that was lost": replace(
        with_deployment(RELEASED, ended_by="bypassed"),
        reviews=KEPT.reviews[1:],
        entries=(
            *without(3).entries,
            entry(13, RELEASED, "review.postponed", outcome="outcome_unknown"),
            entry(14, RELEASED, "review.landed", "validation_passed"),
        ),
    ),
    "an approval that went over to the next attempt": went_over(),
    "a second answer for a late job": replace(
        with_answer(RELEASED, 13),
        deployments=(replace(KEPT.deployments[0], asks=2), *KEPT.deployments[1:]),
    ),
    "an end of a run that the gate never heard of": without(6, 7),
    "a hold whose reviewer said too little": replace(
        with_line(entry(5, HELD, "decision.made", "override_incomplete", verdict="wait")),
        human_reviews=(*KEPT.human_reviews, HumanReview(HELD, at(50), complete=False)),
    ),
}


@pytest.mark.parametrize("case", FINE)
def test_what_the_promises_allow_is_no_violation(case: str) -> None:
    """Each of these has an explanation in the record."""
    assert find_violations(FINE[case]) == []


def red_again(*, told: float | None, released: float) -> Record:
    """Let the frontend turn red at 100 s, and a deployment be approved at `released`."""
    red = Validation(4, "frontend", at(90), at(100), "failure")
    seen = () if told is None else (Told(4, "completed", at(told)),)
    late = Deployment(20, 1, "frontend", at(99), waits=False)
    lines = (
        entry(13, 20, "request.opened"),
        entry(14, 20, "decision.made", "validation_passed", verdict="approve"),
        entry(15, 20, "review.sent", "validation_passed", outcome="sent"),
    )
    return replace(
        KEPT,
        validations=(*KEPT.validations, red),
        told=(*KEPT.told, *seen),
        deployments=(*KEPT.deployments, late),
        reviews=(*KEPT.reviews, Review(20, 1, "approved", at(released), at(released))),
        alerts=(
            *KEPT.alerts,
            Received("incident/2/page", at(130), "o/frontend", "critical", False),
        ),
        entries=(*KEPT.entries, *lines),
    )


@pytest.mark.parametrize(
    ("told", "released", "is_fine"),
    [
        (101, 102, True),  # it was decided before
        (101, 108, True),
        (101, 110, False),  # it has been told for longer than a decision may be under way
        (None, 110, True),  # GitHub lost the webhook: an older green decides
        (120, 110, True),  # it came late
    ],
)
def test_evidence_is_judged_by_what_the_gate_was_told(
    told: float | None, released: float, is_fine: bool
) -> None:
    """What GitHub never delivered, the gate cannot know."""
    broken = find_violations(red_again(told=told, released=released))
    assert [it.rule for it in broken] == ([] if is_fine else ["answer with evidence"])


def test_of_two_validations_in_one_second_the_worse_counts() -> None:
    """GitHub tells times in whole seconds."""
    both = replace(
        KEPT,
        validations=(
            *KEPT.validations,
            Validation(5, "frontend", at(0), at(5), "failure"),
        ),
    )
    assert "nobody was alerted that frontend fails" in [it.what for it in find_late(both)]
