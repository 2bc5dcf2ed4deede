"""The page of a deployment tells its story, from the first hold to its answer."""

from __future__ import annotations

import html
import re
from typing import Final
from xml.etree import ElementTree as ET

import pytest

from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate

OVERRIDING: Final = f"{ENVIRONMENT}-override"
NO_ISSUE: Final = f"""version: 1
environments:
  {ENVIRONMENT}: {{}}
incidents: {{issue: false}}
"""
REASON: Final = "I accept the risk: checkout is down, and this build fixes it."


def held(gate: Gate) -> int:
    """Bring a deployment to the gate after a validation that failed; return its run."""
    gate.github.protect_environment(REPOSITORY, OVERRIDING, reviewers=["carol"], custom_rule=False)
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    return run_id


def override(gate: Gate, run_id: int, words: str) -> None:
    """Let carol approve the override workflow for a run, with a comment."""
    gate.github.advance(2)
    own = gate.github.start_run(
        REPOSITORY,
        "override-production-frontend.yml",
        event="workflow_dispatch",
        title=f"Override of run {run_id}",
    )
    gate.github.reach_environment(own, OVERRIDING, "override")
    gate.github.review_as("carol", own, OVERRIDING, "approved", words)
    gate.settle()


def page_of(gate: Gate, run_id: int) -> str:
    """Read the page of a run's request, as text without markup."""
    answer = gate.client().get(f"/requests/{gate.record(run_id).id}")
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def test_a_held_deployment_says_what_to_do_and_why(gate: Gate) -> None:
    """The words to paste stand on it whole, and each rule with what was seen."""
    run_id = held(gate)
    page = page_of(gate, run_id)
    assert "On hold: production validation failed." in page
    assert f"start the override workflow for run {run_id}" in page
    assert "Copy, then add your reason: I accept the risk:" in page
    assert "It succeeded" in page
    assert "A successful run of production-validation.yml" in page
    assert "gate replay" in page


def test_no_override_is_promised_where_nobody_can_give_one(gate: Gate) -> None:
    """What would change the hold does not contradict what one can do."""
    gate.github.put_file(REPOSITORY, ".github/deployment-gate.yml", NO_ISSUE)
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    page = page_of(gate, run_id)
    assert "No override:" in page
    assert "complete override" not in page


def test_an_override_is_quoted_whether_it_counts_or_not(gate: Gate) -> None:
    """The story has both, with the name and the words of who gave them."""
    run_id = held(gate)
    override(gate, run_id, "ship it")
    refused = page_of(gate, run_id)
    assert "ship it" in refused
    assert "Override: 0 of 1, 1 refused" in refused
    assert "On hold: production validation failed; the override is incomplete. carol (" in refused
    override(gate, run_id, REASON)
    released = page_of(gate, run_id)
    assert f"although production validation failed. carol: {REASON}" in released
    assert released.count("Override by carol accepted") == 1


def test_a_story_of_several_days_has_dates(gate: Gate) -> None:
    """Times of day alone would tell nothing of a hold that lasts for days."""
    run_id = held(gate)
    now = gate.record(run_id).opened_at
    assert f"{now:%H:%M:%S} Deployment asked" in page_of(gate, run_id)
    gate.advance(hours=26)
    gate.settle()
    assert f"{now:%Y-%m-%d %H:%M} UTC Deployment asked" in page_of(gate, run_id)


def test_the_story_ends_with_the_answer(gate: Gate) -> None:
    """What happened to the incident before and after is the incident's own story."""
    run_id = held(gate)
    override(gate, run_id, REASON)
    before = page_of(gate, run_id)
    assert "Incident opened" not in before
    assert "For what happened before and after, see incident 1 ." in before
    gate.validate(REPOSITORY, "success")
    gate.settle()
    assert "Incident resolved" not in page_of(gate, run_id)


def test_the_words_of_others_are_harmless(gate: Gate) -> None:
    """A rationale of 64 KiB with a script and a turned reading direction is shown, and cut."""
    run_id = held(gate)
    override(gate, run_id, f"I accept the risk: <script>alert(1)</script>\u202e{'x' * 65_000}")
    page = page_of(gate, run_id)
    assert "<script>alert(1)" in page
    assert "\u202e" not in page
    assert len(page) < 20_000


def test_a_policy_that_cannot_be_used_is_called_so(gate: Gate) -> None:
    """With what is wanted instead, and why its hold lasts longer than others."""
    gate.github.put_file(REPOSITORY, ".github/deployment-gate.yml", "version: 1\nenvironment: {}\n")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    page = page_of(gate, run_id)
    assert "wanted: a valid policy" in page
    assert "did you mean environments ?" in page
    assert "Policy, not usable" in page
    assert "Policy in force" not in page
    assert "no usable policy sets an earlier end, and GitHub ends every hold after 30 days" in page


def test_a_picture_tells_the_same(gate: Gate) -> None:
    """It is well-formed, names the repository, and needs nothing else."""
    run_id = held(gate)
    answer = gate.client().get(f"/requests/{gate.record(run_id).id}.svg")
    assert answer.content_type == "image/svg+xml; charset=utf-8"
    drawing = ET.fromstring(answer.text)  # noqa: S314 - of our own making
    texts = " ".join(it.strip() for it in drawing.itertext())
    assert REPOSITORY in texts
    assert "production validation failed" in texts
    assert "http" not in answer.text.replace("http://www.w3.org/2000/svg", "")


@pytest.mark.parametrize("name", ["0", "99", "-1", "x", "1e3", "9" * 30, "1.svg.svg", "%31%00"])
def test_there_is_no_such_deployment(gate: Gate, name: str) -> None:
    """Whatever is no number of a request is answered alike."""
    answer = gate.client().get(f"/requests/{name}", headers={"Accept": "text/html"})
    assert answer.status_code == 404


def test_the_comment_links_the_page(gate: Gate) -> None:
    """Its last line leads to the full record."""
    run_id = held(gate)
    (report,) = gate.reports(run_id)
    link = f"[Full record]({gate.url}/requests/{gate.record(run_id).id})"
    assert (report.comment or "").splitlines()[-1] == link
