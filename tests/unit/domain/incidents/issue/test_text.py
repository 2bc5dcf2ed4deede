"""What an incident's issue says, and what it leaves out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from gate.domain.incidents.events import (
    Acknowledged,
    Bypassed,
    Decided,
    FailedAgain,
    Happening,
    IncidentEvent,
    Opened,
    Overridden,
    Resolution,
    Resolved,
    Silenced,
)
from gate.domain.incidents.issue.text import (
    BODY_LIMIT,
    IssueSubject,
    IssueText,
    keep_ticks,
    render_issue,
)
from gate.domain.model.alert import FailedFlow, HeldDeployment
from gate.domain.model.course import Course
from gate.domain.model.ids import RequestId, RunId
from gate.domain.model.policy.policy import AlertPolicy
from tests.support.builders.defaults import NOW
from tests.support.incidents import after, lived, make_failure

SUBJECT = IssueSubject(AlertPolicy(), ())
HELD = HeldDeployment(
    RunId(601),
    1,
    "production-frontend",
    "https://github.com/acme/shop/actions/runs/601",
)


def rendered(*happenings: Happening, minutes: int = 0, **subject: object) -> IssueText:
    """Render the issue of an incident to which things have happened."""
    incident, timeline = lived(*happenings)
    changed = replace(SUBJECT, **subject)  # type: ignore[arg-type]
    return render_issue(incident, timeline, changed, after(minutes=minutes))


def test_the_contract_is_kept() -> None:
    """Everything that an alert must carry stands in the issue."""
    text = rendered(held=(HELD,))
    assert text.title == "Production Validation Failed: production-frontend"
    assert text.is_open
    for part in (
        "<!-- gate:incident/17 -->",
        "since 2026-",
        "| Failed job | [run 501, attempt 1](<https://github.com/acme/shop/actions/runs/501>) |",
        "| Terraform deployment | deploy-12345 |",
        "- **`a.yml`**, exit code 1: not visible",
        "- <https://github.example/artifacts/1>",
        "- [ ] Review production validation logs",
        "- [ ] Check if infrastructure rollback is needed",
        "- [ ] Investigate failed assertions",
        "`/override 601 <rationale>`",
        "- `/decide rollback <why>`",
        "| Gate record | incident 17 |",
    ):
        assert part in text.body


def test_the_checklist_follows_the_timeline() -> None:
    """What was done is ticked, with who and when; the logs were read when it was decided."""
    acknowledged = rendered(Acknowledged())
    assert "- [x] Acknowledged by carol, 2026-" in acknowledged.body
    assert "- [ ] Review production validation logs" in acknowledged.body
    decided = rendered(Acknowledged(), Decided(Course.ROLLBACK, "it leaks"))
    assert "- [ ] Review production validation logs" in decided.body
    assert "- [x] Decided by carol" in decided.body
    assert "rollback (it leaks)" in decided.body
    assert "- [ ] Carry out the decision: rollback" in decided.body
    over = rendered(
        Decided(Course.ROLLBACK, "it leaks"), Resolved(Resolution.VALIDATION_PASSED, "")
    )
    assert "- [ ] Carry out the decision: rollback" in over.body
    assert "- [x] The validation passed, 2026-" in over.body
    assert not over.is_open


def test_the_end_lists_nothing_that_changes() -> None:
    """Nobody looks at it any more: no clock runs, nothing waits, and nothing is ticked unseen."""
    over = [
        rendered(Resolved(Resolution.VALIDATION_PASSED, ""), minutes=minutes, held=(HELD,))
        for minutes in (1, 600)
    ]
    assert over[0] == over[1]
    assert "### Held deployments" not in over[0].body
    assert "- [ ] Review production validation logs" in over[0].body
    assert "### Steps taken" in over[0].body


@pytest.mark.parametrize(
    ("minutes", "late"), [(0, 0), (14, 0), (15, 1), (59, 1), (60, 2), (600, 2)]
)
def test_the_clock(minutes: int, late: int) -> None:
    """A deadline that has passed is marked, from the very moment."""
    assert rendered(minutes=minutes).body.count("**overdue**") == late


@pytest.mark.parametrize(
    ("happenings", "edges"),
    [
        ((), [15, 60]),
        ((Acknowledged(),), [60]),
        ((Decided(Course.ROLLBACK, "x"),), []),
    ],
)
def test_the_text_changes_at_deadlines_only(
    happenings: tuple[Happening, ...], edges: list[int]
) -> None:
    """Between them it stays as it is, so that nothing is sent."""
    texts = [rendered(*happenings, minutes=minutes) for minutes in range(2, 100)]
    changes = [n for n, (one, next_) in enumerate(pairwise(texts), 3) if one != next_]
    assert changes == edges


def test_the_history_is_newest_first() -> None:
    """Every kind of event is told."""
    body = rendered(
        FailedAgain(make_failure("a.yml", "b.yml", run_attempt=2)),
        Silenced(after(hours=4), "we know"),
        Overridden(
            RequestId(9), "https://github.com/acme/shop/actions/runs/601", "the device is retired"
        ),
        Bypassed(RequestId(10), "https://github.com/acme/shop/actions/runs/602"),
        Resolved(Resolution.BY_HAND, "a false alarm"),
    ).body
    told = body.partition("### Timeline")[2]
    expected = [
        "carol closed the",
        "bypass the gate",
        "overrode",
        "silenced",
        "2 flows",
        "1 flow f",
    ]
    at = [told.index(words) for words in expected]
    assert at == sorted(at)


def test_many_flows_are_counted() -> None:
    """A long list does not push out the commands."""
    incident, timeline = lived()
    flows = tuple(FailedFlow(f"flow-{n}.yml", 1, "x" * 2000) for n in range(1000))
    failure = replace(incident.failure, flows=flows, artifact_urls=("https://a.example/1",) * 900)
    incident = replace(incident, failure=failure)
    timeline += [(n, IncidentEvent(NOW, "gate", Opened(failure))) for n in range(2, 100)]
    subject = replace(SUBJECT, held=(HELD,) * 20)
    body = render_issue(incident, timeline, subject, NOW + timedelta(days=1)).body
    assert "### Failed flows (1000)" in body
    assert "- … and 960 more" in body
    assert "- `/resolve <why>`" in body
    assert len(body) <= BODY_LIMIT


@pytest.mark.parametrize("tick", ["x", "X"])
def test_ticks_of_people_are_kept(tick: str) -> None:
    """Those beside the steps of which the gate knows nothing, and no others."""
    text = (
        "### Next steps\n\n- [ ] Acknowledge: `/ack`\n"
        "- [ ] Review production validation logs\n- [ ] Investigate failed assertions\n"
        "- [ ] Carry out the decision: rollback\n- [ ] Decide: it\n"
    )
    ticked = text.replace("- [ ]", f"- [{tick}]").replace("\n", "\r\n")
    kept = keep_ticks(text, ticked)
    assert kept == (
        "### Next steps\n\n- [ ] Acknowledge: `/ack`\n"
        "- [x] Review production validation logs\n- [x] Investigate failed assertions\n"
        "- [x] Carry out the decision: rollback\n- [ ] Decide: it\n"
    )
    assert keep_ticks(text, text) == keep_ticks(text, "") == text
    assert (
        keep_ticks(
            text,
            "- [x] Carry out the decision: rollback now\n> - [x] Carry out the decision: rollback",
        )
        == text
    )
