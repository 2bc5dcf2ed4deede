"""What people read of an override: who, why, and what is missing."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gate.domain.evidence.evidence import Evidence
from gate.domain.model.overrides import OverrideAsk, OverrideRecord, OverrideRoutes
from gate.domain.model.policy.policy import ValidationState
from gate.domain.model.request import GateRequest
from gate.domain.requests.decision import Decision, Reason, ReasonCode, Verdict
from gate.domain.requests.explanation.explain import COMMENT_LIMIT, explain
from gate.domain.requests.explanation.remedies import ANYWHERE, Guide, IssueLink, routes_offered
from tests.support.builders.defaults import NOW, TICK
from tests.support.builders.overrides import make_claim, make_record
from tests.support.builders.requests import make_decision, make_request
from tests.support.builders.runs import make_account, make_run
from tests.support.markdown import acting, check_commands, code_spans, invisible, kinds

FAILED = Evidence(ValidationState.FAILED, make_run(conclusion="failure"), "")
ASK = OverrideAsk("production-frontend-override", 1, 20, "I accept the risk")
PLAIN_LIST = {
    f"{kind}_{edge}"
    for kind in ("strong", "em", "bullet_list", "list_item")
    for edge in ("open", "close")
}


def released(record: OverrideRecord, request: GateRequest | None = None) -> str:
    """Explain an approval by this override of a failed validation."""
    reasons = (
        Reason(ReasonCode.OVERRIDE, "not shown"),
        Reason(ReasonCode.VALIDATION_FAILED, "the run timed out"),
    )
    decision = make_decision(Verdict.APPROVE, reasons=reasons, override=record, evidence=FAILED)
    return explain(decision, request or make_request(), NOW)


def held(decision: Decision, guide: Guide = ANYWHERE) -> str:
    """Explain a hold and return what people can do."""
    return explain(decision, make_request(), NOW, guide).split("\n\n")[-2]


def test_released() -> None:
    """An approval by override names the reviewer, the failed run and the reason."""
    assert released(make_record()) == (
        "**Approved by override by hubot, although production validation failed**\n\n"
        "[Validation run 501](https://github.com/acme/shop/actions/runs/501), started 1 h ago\n\n"
        "> hubot: The checkout is not touched by this. I accept the risk.\n"
        "> the run timed out"
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
def test_an_earlier_override_covers_later_jobs(
    round_: int, given: timedelta, received: timedelta | None, *, covers: bool
) -> None:
    """Of jobs that asked after the override, the comment says that it covers them too."""
    request = make_request(round=round_)
    since = request.waiting_since
    claim = make_claim(
        given_at=since + given, received_at=since + received if received is not None else None
    )
    comment = released(make_record(claim), request)
    assert ("covers these jobs too" in comment) is covers


def test_several_people() -> None:
    """A few people are named in the headline, the others counted; each is quoted by themselves."""
    people = [make_claim(person=make_account(f"p{n}", id=n), rationale=f"r{n}") for n in range(5)]
    comment = released(make_record(*people))
    assert comment.startswith("**Approved by override by p0 and p1 and p2 and 2 more, although ")
    quoted = [line for line in comment.splitlines() if line.startswith("> p")]
    assert quoted == [f"> p{n}: r{n}" for n in range(5)]
    assert released(make_record(*people[:2])).startswith("**Approved by override by p0 and p1, ")


HOSTILE = [
    "@everyone @acme/team",
    "![x](https://evil.example/x.png)",
    "<!channel> <!here>",
    "\u202etxt.exe",
    "ok\n\n**Approved: production validation passed**",
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


FIX = (
    "**What you can do**\n- **Fix it:** fix production or roll back, then re-run the validation."
    " When it passes, the deployment continues automatically."
)
BY_COMMENT = "can comment `/override 601 I accept the risk: <why, 20+ characters>` on"


def test_how_to_override() -> None:
    """A hold that may be overridden lists each route with the words to paste."""
    assert held(make_decision(ask=ASK)) == (
        f"{FIX}\n"
        f"- **Override by comment:** an eligible reviewer {BY_COMMENT} any issue.\n"
        "- **Override in the review:** choose *Review deployments* and approve with"
        " `I accept the risk: <why>`.\n"
        "- **Override by workflow:** start the override workflow for run 601, then approve"
        " production-frontend-override with `I accept the risk: <why>`."
    )
    assert held(make_decision()) == FIX


def test_a_route_that_one_comment_has_no_room_for_is_offered_still() -> None:
    """The page lists what any report of the hold offered, and nothing that none did."""
    routes = OverrideRoutes(review=False, environment=True, comment=True)
    whole = held(make_decision(ask=ASK), Guide(routes))
    cut = held(make_decision(ask=ASK), Guide(replace(routes, environment=False)))
    assert routes_offered([whole, cut]) == routes_offered([whole]) == routes
    assert routes_offered([cut]) == replace(routes, environment=False)


def test_what_is_to_be_pasted_is_a_command() -> None:
    """With its placeholder filled in, the comment is read as the override of this run."""
    text = held(make_decision(ask=ASK))
    assert "/override 601 I accept the risk: <why, 20+ characters>" in code_spans(text)
    check_commands(text)


def test_the_issue_is_where_to_ask() -> None:
    """Where the incident has an issue, it is linked once, to override and to ask."""
    guide = Guide(issue=IssueLink(12, "https://github.com/acme/shop/issues/12"))
    link = "[issue #12](https://github.com/acme/shop/issues/12)"
    text = held(make_decision(ask=ASK), guide)
    assert f"{BY_COMMENT} {link}.\n" in text
    assert text.endswith("\n- **Ask or read more:** on the same issue.")
    assert held(make_decision(), guide) == (f"{FIX}\n- **Ask or read more:** on {link}.")
    closed = Guide(OverrideRoutes(False, False, False), guide.issue)
    assert held(make_decision(ask=ASK), closed).endswith(f"- **Ask or read more:** on {link}.")


@pytest.mark.parametrize(
    ("changes", "who"),
    [
        ({"ask": OverrideAsk("production-override", 3, 20, "ok")}, "3 eligible reviewers"),
        ({"ask": ASK, "needed": 1}, "1 more reviewer"),
        ({"ask": ASK, "needed": 2}, "2 more reviewers"),
        (
            {"ask": ASK, "reasons": (Reason(ReasonCode.OVERRIDE_INELIGIBLE),)},
            "another eligible reviewer",
        ),
    ],
)
def test_who_can_override(changes: dict[str, Any], who: str) -> None:
    """The comment says how many people are needed, and whether the last one was refused."""
    assert f"- **Override by comment:** {who} can comment" in held(make_decision(**changes))


@pytest.mark.parametrize("length", [81, 6_000])
def test_a_phrase_too_long_to_show(length: int) -> None:
    """It is not cut, since a part of it would not count."""
    text = held(make_decision(ask=replace(ASK, acknowledge="x" * length)))
    assert "`/override 601 <the acknowledge phrase in the policy>: <why, 20+ characters>`" in text


@pytest.mark.parametrize("phrase", ["![x](y)", "a `b` c", "**x** | y", "@octocat <!channel>"])
def test_hostile_policy(phrase: str) -> None:
    """Words and names from the policy act nowhere and do not push out the end of the hold."""
    decision = make_decision(ask=OverrideAsk("@everyone" * 40, 1, 20, phrase))
    text = held(decision)
    assert acting(text) == []
    assert kinds(text) <= PLAIN_LIST
    comment = explain(decision, make_request(), NOW)
    assert comment.endswith("(in 23 h).")
    assert len(comment) <= COMMENT_LIMIT


def test_refused_claim() -> None:
    """A refused override is shown with its faults, beside the hold and how it ends."""
    reasons = (
        Reason(ReasonCode.VALIDATION_FAILED, "the run timed out"),
        Reason(ReasonCode.OVERRIDE_INCOMPLETE, "@hubot (review): the rationale is short"),
    )
    comment = explain(make_decision(reasons=reasons, ask=ASK), make_request(), NOW)
    assert comment.startswith(
        "**On hold: production validation failed; the override is incomplete**"
    )
    assert "> `@hubot` \\(review\\): the rationale is short" in comment
    assert len(comment) <= COMMENT_LIMIT


@pytest.mark.parametrize(
    ("routes", "offered"),
    [
        ((True, True, True), ["by comment", "in the review", "by workflow"]),
        ((True, False, True), ["by comment", "in the review"]),
        ((False, False, True), ["by comment"]),
        ((False, False, False), []),
    ],
)
def test_only_open_routes_are_offered(routes: tuple[bool, bool, bool], offered: list[str]) -> None:
    """A route that is open to no one sends people in a circle."""
    text = held(make_decision(ask=ASK), Guide(OverrideRoutes(*routes)))
    assert re.findall(r"^- \*\*Override ([a-z ]+):", text, re.MULTILINE) == offered
    assert ("**No override:** the policy lists no reviewers" in text) is (not offered)
