"""What people read of the flows of a validation, in a comment's little room."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gate.domain.evidence.comparison import compare
from gate.domain.evidence.evidence import Evidence
from gate.domain.model.overrides import OverrideAsk
from gate.domain.model.policy.policy import ValidationState
from gate.domain.model.reports import Flow, FlowStatus, ValidationReport
from gate.domain.requests.decision import Decision, ReasonCode, Verdict
from gate.domain.requests.explanation.explain import COMMENT_LIMIT, explain
from tests.support.builders.defaults import NOW
from tests.support.builders.reports import make_flow, make_validation_report
from tests.support.builders.requests import make_decision, make_request
from tests.support.builders.runs import make_infrastructure, make_run
from tests.support.markdown import acting, invisible, shown

ARTIFACT = "https://github.com/acme/shop/actions/runs/501/artifacts/7"
ASK = OverrideAsk("production-frontend-override", 1, 20, "I accept the risk")


def failed(name: str, error: str | None = None, **changes: Any) -> Flow:
    """Make a flow that failed."""
    return make_flow(name, FlowStatus.FAILED, error=error, **changes)


def held(
    report: ValidationReport, previous: ValidationReport | None = None, **changes: Any
) -> Decision:
    """Make a hold on a failed run with this report."""
    evidence = Evidence(
        ValidationState.FAILED,
        make_run(conclusion="failure"),
        "the run failed",
        report=report,
        comparison=compare(report, previous),
    )
    detail = "the run failed"
    return make_decision(detail=detail, **{"evidence": evidence, **changes})


def told(decision: Decision) -> str:
    """Explain a decision on the default request at `NOW`."""
    return explain(decision, make_request(), NOW)


def quoted(decision: Decision) -> list[str]:
    """Return the lines of the details, as they are shown."""
    lines = told(decision).splitlines()
    return [shown(line) for line in lines if line.startswith(">")]


def test_failed_flows_are_listed_worst_first() -> None:
    """New failures, then old ones, then what did not run; what passed is not listed."""
    report = make_validation_report(
        make_flow("open.yml"),
        make_flow("late.yml", FlowStatus.NOT_RUN),
        failed("old.yml", "Element not found"),
        failed("new.yml", "Assertion failed:\n  “Save” is not visible", attempts=2),
        make_flow("shaky.yml", FlowStatus.FLAKY),
    )
    previous = make_validation_report(failed("old.yml"), failed("open.yml"), run_id=499)
    assert quoted(held(report, previous)) == [
        "newly failing: new.yml (2 attempts): Assertion failed: “Save” is not visible",
        "still failing (also in run 499, attempt 1): old.yml: Element not found",
        "did not run: late.yml",
    ]


def test_without_a_report_before_nothing_is_called_new() -> None:
    """Nobody knows whether it failed before."""
    assert quoted(held(make_validation_report(failed("a.yml")))) == ["failed: a.yml"]


@pytest.mark.parametrize("ask", [None, ASK], ids=["no override", "override"])
@pytest.mark.parametrize("count", [9, 30, 10_000])
def test_many_flows_are_counted(count: int, ask: OverrideAsk | None) -> None:
    """The worst three are listed, and the others counted."""
    names = [f"flow-{number}.yml" for number in range(count)]
    report = make_validation_report(*(failed(name, "Assertion failed: x" * 9) for name in names))
    decision = held(report, ask=ask, last_call=True)
    lines = quoted(decision)
    listed = len(lines) - 1
    assert [line.split(":")[1].strip() for line in lines[:-1]] == names[:listed]
    assert lines[-1] == f"… and {count - listed} more flows"
    assert listed == 3
    comment = told(decision)
    assert comment.startswith(f"**On hold: production validation failed ({count} flows)**")
    assert len(comment) <= COMMENT_LIMIT
    assert comment.endswith("(in 23 h).")


def test_the_change_and_its_artifacts_are_named_beside_the_links() -> None:
    """Terraform's deployment, the infrastructure run, and the first few artifacts."""
    report = make_validation_report(
        failed("a.yml"), artifact_urls=tuple(f"https://x.example/{number}" for number in range(5))
    )
    decision = held(report)
    assert decision.evidence is not None
    evidence = replace(decision.evidence, infrastructure=make_infrastructure())
    line = told(replace(decision, evidence=evidence)).split("\n\n")[1]
    assert "[infrastructure run 401](" in line
    assert line.endswith(
        " · Terraform deployment deploy-12345 · [artifact 1 at x.example](https://x.example/0) · "
        "[artifact 2 at x.example](https://x.example/1) · "
        "[artifact 3 at x.example](https://x.example/2)"
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://github.com/x",
        "javascript:alert(1)",
        "https://x.example/)[click](https://evil.example",
        "https://mona@evil.example/",
        "https://x.example/\u202e",
        "https://x.example/ <!channel>",
        "https://x.example/\n",
        "https://x.example/" + "a" * 200,
        "https://",
    ],
)
def test_an_address_that_could_mislead_is_not_linked(url: str) -> None:
    """The ones after it are."""
    report = make_validation_report(failed("a.yml"), artifact_urls=(url, ARTIFACT))
    comment = told(held(report))
    assert f" · [artifact 1]({ARTIFACT})\n\n" in comment
    assert "artifact 2" not in comment


def test_links_give_way_to_flows() -> None:
    """Where all cannot be shown, people need the flows more than the artifacts."""
    long = tuple(f"https://x.example/{'a' * 170}{number}" for number in range(3))
    report = make_validation_report(failed("a.yml", "Assertion failed"), artifact_urls=long)
    decision = held(report, ask=ASK, last_call=True)
    assert "failed: a.yml: Assertion failed" in quoted(decision)
    assert "artifact" not in told(decision)


HOSTILE = ["@octocat", "![x](//evil.example)", "<!channel>", "\u202e`x`", "a\n\n**Approved**"]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_flows_act_nowhere(text: str) -> None:
    """Name, error and Terraform's id are shown, and neither notify nor format."""
    report = make_validation_report(failed(text, text), terraform_deployment_id=text)
    comment = told(held(report))
    assert len(comment.split("\n\n")) == 5
    assert acting(comment) == invisible(comment) == []
    assert "\n\n**Approved" not in comment


def test_a_pass_tells_its_notes() -> None:
    """Flaky flows before warned ones; the others are just passed."""
    report = make_validation_report(
        make_flow("open.yml"),
        make_flow("slow.yml", FlowStatus.WARNED, error="took 50 s"),
        make_flow("shaky.yml", FlowStatus.FLAKY, attempts=3),
    )
    evidence = Evidence(
        ValidationState.PASSED, make_run(), "", report=report, comparison=compare(report, None)
    )
    approved = make_decision(Verdict.APPROVE, evidence=evidence)
    assert quoted(approved) == ["flaky: shaky.yml (3 attempts)", "warned: slow.yml: took 50 s"]


def test_an_override_shows_what_it_released() -> None:
    """The flows that fail stand in the approval, too."""
    codes = (ReasonCode.OVERRIDE, ReasonCode.VALIDATION_FAILED)
    evidence = held(make_validation_report(failed("a.yml"))).evidence
    decision = make_decision(Verdict.APPROVE, *codes, evidence=evidence)
    assert quoted(decision) == ["failed: a.yml"]
