"""What people read in GitHub: the verdict, its evidence, and what they can do now."""

from datetime import timedelta

import pytest

from gate.domain.evidence.evidence import Evidence
from gate.domain.model.overrides import OverrideAsk
from gate.domain.model.policy.policy import ValidationState
from gate.domain.model.runs import WorkflowRun
from gate.domain.requests.decision import Decision, Reason, ReasonCode, Verdict
from gate.domain.requests.explanation.explain import COMMENT_LIMIT, explain
from gate.domain.requests.explanation.remedies import Guide
from tests.support.builders.defaults import NOW
from tests.support.builders.requests import make_decision, make_request
from tests.support.builders.runs import make_infrastructure, make_run

WAITING_FOR = [
    code
    for code in ReasonCode
    if code
    not in {
        ReasonCode.VALIDATION_PASSED,
        ReasonCode.OVERRIDE,
        ReasonCode.OBSERVE_MODE,
        ReasonCode.GAVE_UP,
    }
]


_ASK = OverrideAsk("production-frontend-override", 1, 20, "I accept the risk " * 4)


def told(decision: Decision) -> str:
    """Explain a decision on the default request at `NOW`."""
    return explain(decision, make_request(), NOW)


def evidence_of(run: WorkflowRun | None, infrastructure: WorkflowRun | None = None) -> Evidence:
    """Make evidence that rests on these runs."""
    return Evidence(ValidationState.FAILED, run, "", infrastructure=infrastructure)


def test_approved() -> None:
    """An approval says so, links its evidence with its age, and asks for nothing."""
    decision = make_decision(Verdict.APPROVE, evidence=evidence_of(make_run()))
    assert told(decision) == (
        "**Approved: production validation passed**\n\n"
        "[Validation run 501](https://github.com/acme/shop/actions/runs/501), started 1 h ago"
    )


def test_approved_in_observe_mode() -> None:
    """Observe mode never passes for a passed validation, and names what was found."""
    decision = make_decision(Verdict.APPROVE, ReasonCode.OBSERVE_MODE, ReasonCode.VALIDATION_FAILED)
    assert told(decision) == (
        "**Approved: the policy only observes and holds nothing.**"
        " Finding: production validation failed."
    )


def test_rejected() -> None:
    """A rejection gives every reason, and says that only a re-run can deploy now."""
    decision = make_decision(Verdict.REJECT, ReasonCode.GAVE_UP, ReasonCode.VALIDATION_FAILED)
    assert told(decision) == (
        "**Rejected: the hold reached its time limit; production validation failed**\n\n"
        "This attempt is over. Fix the cause, then re-run the deployment's jobs."
    )


@pytest.mark.parametrize(
    ("verdict", "detail"),
    [(Verdict.WAIT, "the run failed"), (Verdict.APPROVE, "the run succeeded")],
)
def test_a_detail_that_repeats_the_reason_is_left_out(verdict: Verdict, detail: str) -> None:
    """The first line says it already."""
    decision = make_decision(verdict, detail=detail, evidence=evidence_of(make_run()))
    assert detail not in told(decision)


def test_held() -> None:
    """A hold says why, what to do, that the deployment then continues, and when the hold ends."""
    decision = make_decision(detail="the run timed out", evidence=evidence_of(make_run()))
    assert told(decision) == (
        "**On hold: production validation failed**\n\n"
        "[Validation run 501](https://github.com/acme/shop/actions/runs/501), started 1 h ago\n\n"
        "> the run timed out\n\n"
        "**What you can do**\n"
        "- **Fix it:** fix production or roll back, then"
        " [re-run the validation](https://github.com/acme/shop/actions/runs/501)."
        " When it passes, the deployment continues automatically.\n\n"
        "If nothing changes, the gate rejects this attempt at 2026-03-03 11:00 UTC (in 23 h)."
    )


OVERRIDING = {ReasonCode.OVERRIDE_INCOMPLETE, ReasonCode.OVERRIDE_INELIGIBLE}


@pytest.mark.parametrize("code", WAITING_FOR)
def test_every_hold_says_what_happens_next(code: ReasonCode) -> None:
    """Whatever a request waits for, people learn why, what helps, and when the hold ends.

    Of an override that does not count they learn what helps by the list of ways to override.
    """
    headline, *actions, ending = told(make_decision(Verdict.WAIT, code)).split("\n\n")
    assert headline.startswith("**On hold: ")
    assert ending.endswith("at 2026-03-03 11:00 UTC (in 23 h).")
    bullets = [] if code in OVERRIDING else ["- **"]
    assert [line[:4] for it in actions for line in it.splitlines()[1:]] == bullets


@pytest.mark.parametrize("code", ReasonCode)
def test_every_reason_has_words(code: ReasonCode) -> None:
    """No reason is shown as a bare slug."""
    headline = told(make_decision(Verdict.REJECT, code)).split("\n\n")[0]
    assert len(headline) > len("**Rejected: **")
    assert code not in headline


@pytest.mark.parametrize(
    ("conclusion", "shown"),
    [
        ("cancelled", "was inconclusive (cancelled)**"),
        ("action_required", "was inconclusive (action required)**"),
        ("@octocat", "was inconclusive (`@octocat`)**"),
        ("success", "was inconclusive**"),
    ],
)
def test_an_inconclusive_run_names_its_conclusion(conclusion: str, shown: str) -> None:
    """People see at once that the run was cancelled; that it succeeded explains nothing."""
    decision = make_decision(
        Verdict.WAIT,
        ReasonCode.VALIDATION_INCONCLUSIVE,
        evidence=evidence_of(make_run(conclusion=conclusion)),
    )
    assert told(decision).split("\n\n")[0] == f"**On hold: production validation {shown}"


def test_many_reasons_are_counted() -> None:
    """A headline stays one: four reasons at most, the main one first."""
    headline = told(make_decision(Verdict.WAIT, *WAITING_FOR)).split("\n\n")[0]
    assert headline.startswith("**On hold: production validation failed; ")
    assert headline.endswith(f"; {len(WAITING_FOR) - 3} more reasons**")


@pytest.mark.parametrize(
    "code",
    [
        ReasonCode.POLICY_INVALID,
        ReasonCode.POLICY_UNAVAILABLE,
        ReasonCode.ENVIRONMENT_NOT_IN_POLICY,
        ReasonCode.FACTS_UNAVAILABLE,
    ],
)
def test_no_false_promise(code: ReasonCode) -> None:
    """A hold with more behind it does not promise that the deployment continues afterwards."""
    comment = told(make_decision(Verdict.WAIT, code, ReasonCode.VALIDATION_FAILED))
    assert "continues automatically" not in comment
    assert "**Fix it:** fix production" in comment


def test_last_call() -> None:
    """The last call stands before when the hold ends."""
    comment = told(make_decision(last_call=True, give_up_at=NOW + timedelta(minutes=59)))
    assert comment.endswith(
        "\n\n**Ends soon:** if nothing changes, the gate rejects this attempt"
        " at 2026-03-02 12:59 UTC (in 59 min)."
    )
    assert "Ends soon" not in told(make_decision())


def test_attempt_and_infrastructure() -> None:
    """A re-run's attempt is named, and the infrastructure run it must follow is linked."""
    evidence = evidence_of(make_run(run_attempt=2), make_infrastructure())
    line = told(make_decision(evidence=evidence)).split("\n\n")[1]
    assert line == (
        "[Validation run 501, attempt 2](https://github.com/acme/shop/actions/runs/501),"
        " started 1 h ago · "
        "[infrastructure run 401](https://github.com/acme/shop/actions/runs/401),"
        " finished 2 h ago"
    )


def test_evidence_without_a_run() -> None:
    """Where no run is known nothing is linked: of the gate's own there is nothing to open."""
    assert "](" not in told(make_decision(evidence=evidence_of(None)))


def test_links_come_first() -> None:
    """The link to the evidence stands before all text that others wrote: mail cuts the end."""
    decision = make_decision(detail="foreign text", evidence=evidence_of(make_run()))
    comment = told(decision)
    assert comment.index("[Validation run 501](https://") < comment.index("foreign text")


def test_all_details_are_quoted() -> None:
    """Each line of each reason's detail is quoted on its own."""
    reasons = (
        Reason(ReasonCode.FACTS_UNAVAILABLE, "the runs"),
        Reason(ReasonCode.VALIDATION_FAILED, "one\n\n  two\r\nthree"),
    )
    quoted = told(make_decision(reasons=reasons)).split("\n\n")[1]
    assert quoted == "> the runs\n> one\n> two\n> three"


def test_many_details() -> None:
    """Of many details the first are shown and the others counted, once."""
    detail = "\n".join(f"line {n}, column 5: unknown key number {n}" for n in range(1, 41))
    comment = told(make_decision(Verdict.WAIT, ReasonCode.POLICY_INVALID, detail=detail))
    quoted = comment.split("\n\n")[1].splitlines()
    assert quoted[-1] == f"> … and {40 - len(quoted) + 1} more"
    assert len(quoted) > 5


LONG_EVIDENCE = evidence_of(
    make_run(run_attempt=12, html_url="https://github.com/" + "o" * 60 + "/runs/12345678901"),
    make_infrastructure(html_url="https://github.com/" + "o" * 60 + "/runs/12345678902"),
)


@pytest.mark.parametrize(
    "detail",
    ["x" * 5000, "@" * 5000, "word " * 1000, "\n".join(f"line {n}" * 5 for n in range(200))],
    ids=["one word", "mentions", "words", "lines"],
)
@pytest.mark.parametrize("codes", [(ReasonCode.VALIDATION_FAILED,), tuple(WAITING_FOR)])
def test_details_give_way(detail: str, codes: tuple[ReasonCode, ...]) -> None:
    """However long the details are, the end of the hold is said, and some detail is shown."""
    decision = make_decision(
        Verdict.WAIT, codes[0], detail=detail, evidence=LONG_EVIDENCE, last_call=True
    )
    comment = told(decision)
    assert len(comment) <= COMMENT_LIMIT
    assert comment.endswith("(in 23 h).")
    assert "\n\n> " in comment
    assert "\n\n> … and" not in comment


def test_the_full_record_is_kept_longest() -> None:
    """It ends the comment, and everything else that may go makes room for it."""
    record = "https://gate.example.com/requests/7"
    decision = make_decision(evidence=evidence_of(make_run()))
    for address in (record, f"https://gate.example.com/{'x' * 200}"):
        comment = explain(decision, make_request(), NOW, Guide(record=address))
        assert comment.endswith(f"\n\n[Full record]({address})")
    phrases = tuple(Reason(it) for it in WAITING_FOR)
    crowded = make_decision(reasons=phrases, evidence=LONG_EVIDENCE, ask=_ASK)
    comment = explain(crowded, make_request(), NOW, Guide(record=record))
    assert len(comment) <= COMMENT_LIMIT
    assert "Override in the review" not in comment
    assert "Add the environment" not in comment
    assert comment.endswith(f"\n\n[Full record]({record})")


def test_an_address_too_long_to_link() -> None:
    """It is left out whole; what it would have linked keeps its words."""
    run = make_run(html_url="https://github.com/" + "o" * 2000)
    comment = told(make_decision(detail="x" * 90, evidence=evidence_of(run)))
    assert "\n\nValidation run 501, started 1 h ago\n\n> xxx" in comment
    assert "then re-run the validation. When" in comment
    assert comment.endswith("(in 23 h).")
