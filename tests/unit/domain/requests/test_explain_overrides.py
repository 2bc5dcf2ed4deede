"""What people read of an override: who, why, and what is missing."""

from datetime import timedelta

import pytest

from gate.domain.evidence.judge import Evidence
from gate.domain.model.overrides import OverrideAsk, OverrideRecord, OverrideRoutes
from gate.domain.model.policy import ValidationState
from gate.domain.model.request import GateRequest
from gate.domain.requests.decide import Decision, Reason, ReasonCode, Verdict
from gate.domain.requests.explain import COMMENT_LIMIT, explain
from tests.support.builders import (
    NOW,
    TICK,
    make_account,
    make_claim,
    make_decision,
    make_record,
    make_request,
    make_run,
)
from tests.support.markdown import acting, invisible, kinds

FAILED = Evidence(ValidationState.FAILED, make_run(conclusion="failure"), "")
ASK = OverrideAsk("production-frontend-override", 1, 20, "I accept the risk")


def released(record: OverrideRecord, request: GateRequest | None = None) -> str:
    """Explain an approval by this override of a failed validation."""
    reasons = (
        Reason(ReasonCode.OVERRIDE, "not shown"),
        Reason(ReasonCode.VALIDATION_FAILED, "the run ended with failure"),
    )
    decision = make_decision(Verdict.APPROVE, reasons=reasons, override=record, evidence=FAILED)
    return explain(decision, request or make_request(), NOW)


def held(decision: Decision, routes: OverrideRoutes | None = None) -> str:
    """Explain a hold and give what people can do."""
    return explain(decision, make_request(), NOW, routes or OverrideRoutes()).split("\n\n")[-1]


def test_released() -> None:
    """An approval by override names the reviewer, the failed run and the reason."""
    assert released(make_record()) == (
        "**Approved by override** — hubot released it although production validation failed.\n\n"
        "[validation run 501](https://github.com/acme/shop/actions/runs/501), started 1 h ago\n\n"
        "> hubot: The checkout is not touched by this. I accept the risk.\n"
        "> the run ended with failure"
    )


@pytest.mark.parametrize(
    ("round_", "given", "received", "covers"),
    [
        (2, -TICK, None, True),
        (1, -TICK, None, False),
        (2, timedelta(), None, False),
        (2, -TICK, timedelta(), False),
        (2, -TICK, -TICK, True),
    ],
)
def test_an_earlier_override_covers_a_wave(
    round_: int, given: timedelta, received: timedelta | None, *, covers: bool
) -> None:
    """Of jobs that asked after the override it is said that it covers them too."""
    request = make_request(round=round_)
    since = request.waiting_since
    claim = make_claim(
        given_at=since + given, received_at=since + received if received is not None else None
    )
    comment = released(make_record(claim), request)
    assert ("that override covers them too" in comment) is covers


def test_several_people() -> None:
    """A few people are named in the headline, the others counted; each is quoted by themselves."""
    people = [make_claim(person=make_account(f"p{n}", id=n), rationale=f"r{n}") for n in range(5)]
    comment = released(make_record(*people))
    assert comment.startswith("**Approved by override** — p0 and p1 and p2 and 2 more released it")
    quoted = [line for line in comment.splitlines() if line.startswith("> p")]
    assert quoted == [f"> p{n}: r{n}" for n in range(5)]
    assert released(make_record(*people[:2])).startswith("**Approved by override** — p0 and p1 rel")


HOSTILE = [
    "@everyone @acme/team",
    "![x](https://evil.example/x.png)",
    "<!channel> <!here>",
    "\u202etxt.exe",
    "ok\n\n**Approved** — production validation passed.",
    "ok\nboss: I released it",
    "ok\u2028> boss: I released it",
    "x" * 70_000,
    "@" * 5000,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_rationale(text: str) -> None:
    """A rationale is one quoted line, cut, in which nothing acts."""
    comment = released(make_record(make_claim(rationale=text)))
    headline, _, quoted = comment.split("\n\n")
    assert len(comment) <= COMMENT_LIMIT
    assert "Approved by override" in headline
    lines = quoted.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("> hubot:")
    assert len(lines[0]) <= 300
    assert acting(lines[0]) == invisible(lines[0]) == []
    assert kinds(lines[0]) == {"blockquote_open", "blockquote_close"}


@pytest.mark.parametrize("login", ["@everyone", "**x**", "a\n\n**b**", "x" * 500, "\u202e"])
def test_hostile_login(login: str) -> None:
    """A login mentions and formats nothing, wherever it stands."""
    comment = released(make_record(make_claim(person=make_account(login))))
    headline = comment.split("\n\n")[0]
    assert len(comment.split("\n\n")) == 3
    assert len(headline) < 200
    assert acting(headline) == []
    assert headline.count("**") == 2


def test_how_to_override() -> None:
    """A hold that may be overridden says where, with which words, and how long the reason is."""
    text = held(make_decision(ask=ASK))
    assert text == (
        "Fix production, or roll the change back, and re-run the validation. "
        "Nothing else is needed: the deployment goes on by itself then. "
        "Or a reviewer overrides it: in the review of this deployment, by the environment "
        "production-frontend-override, or by `/override 601` on an issue; with `I accept the risk` "
        "and the reason, in 20 characters or more. "
        "Otherwise the gate rejects this attempt at 2026-03-03 11:00 UTC (in 23 h)."
    )
    assert "override" not in held(make_decision())


def test_how_many_override() -> None:
    """Where several people must override their number is said."""
    assert "Or 3 people override it:" in held(
        make_decision(ask=OverrideAsk("production-override", 3, 20, "ok"))
    )


def test_hostile_policy() -> None:
    """Words and names from the policy act nowhere and do not push out the end of the hold."""
    text = held(make_decision(ask=OverrideAsk("@everyone" * 40, 1, 20, "![x](y)" * 400)))
    assert acting(text) == []
    assert kinds(text) == set()
    assert text.endswith("(in 23 h).")
    assert len(text) < 700


def test_refused_claim() -> None:
    """A refused override is told with its faults, beside the hold and how it ends."""
    reasons = (
        Reason(ReasonCode.VALIDATION_FAILED, "the run ended with failure"),
        Reason(ReasonCode.OVERRIDE_INCOMPLETE, "@hubot, by review: the rationale is short"),
    )
    comment = explain(make_decision(reasons=reasons, ask=ASK), make_request(), NOW)
    assert comment.startswith(
        "**On hold** — production validation failed; the override is not complete."
    )
    assert "> `@hubot`, by review: the rationale is short" in comment
    assert "say what is missing" in comment
    assert len(comment) <= COMMENT_LIMIT


@pytest.mark.parametrize(
    ("routes", "offered"),
    [
        (
            (True, True, True),
            "review of this deployment, by the environment production-frontend-override, or by",
        ),
        (
            (True, False, True),
            "it: in the review of this deployment, or by `/override 601` on an issue; with",
        ),
        ((False, False, True), "Or a reviewer overrides it: by `/override 601` on an issue; with"),
        ((False, False, False), "Nobody can override it: the policy lists no reviewers"),
    ],
)
def test_only_open_ways_are_offered(routes: tuple[bool, bool, bool], offered: str) -> None:
    """A way that nobody can go sends people in a circle."""
    assert offered in held(make_decision(ask=ASK), OverrideRoutes(*routes))
