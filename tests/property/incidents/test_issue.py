"""Whatever others wrote, an incident's issue keeps its size and shape, and nothing in it acts."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from gate.domain.incidents.events import (
    Bypassed,
    Decided,
    Happening,
    IncidentEvent,
    Opened,
    Overridden,
    Resolution,
    Resolved,
)
from gate.domain.incidents.incident import apply
from gate.domain.incidents.issue.remarks import next_remark
from gate.domain.incidents.issue.text import BODY_LIMIT, IssueSubject, render_issue
from gate.domain.model.alert import FailedFlow
from gate.domain.model.course import Course
from gate.domain.model.ids import RequestId
from gate.domain.model.policy.policy import AlertPolicy
from tests.property.strategies.decisions import HOSTILE
from tests.support.builders.defaults import NOW
from tests.support.incidents import make_incident
from tests.support.markdown import acting, check_commands, invisible

HEADINGS = {"Failed flows (2)", "Artifacts (2)", "Commands", "Timeline"}
_MARK = re.compile(r"<!-- gate:[a-z0-9/]+ -->\n?$", re.MULTILINE)


def check_harmless(text: str) -> None:
    """Check that no tag, mention or image stands in a text, and nothing that nobody sees."""
    assert acting(_MARK.sub("", text)) == []
    assert invisible(text) == []
    check_commands(text)


@settings(max_examples=150)
@given(texts=st.lists(HOSTILE, min_size=6, max_size=6), ends=st.booleans())
def test_any_text(texts: list[str], ends: bool) -> None:
    """Names, errors, addresses, reasons and logins of others cannot act."""
    name, error, url, why, login, detail = texts
    incident = make_incident("a.yml")
    failure = replace(
        incident.failure,
        flows=(FailedFlow(name, 1, error), FailedFlow(error, 2, name)),
        artifact_urls=(url, f"https://a.example/{url}"),
        terraform_deployment_id=detail,
        detail=detail,
        job_url=url,
    )
    incident = replace(incident, failure=failure)
    happenings: list[Happening] = [
        Opened(failure),
        Decided(Course.ROLLBACK, why),
        Overridden(RequestId(9), url, why),
        Bypassed(RequestId(9), url),
    ]
    if ends:
        happenings.append(Resolved(Resolution.BY_HAND, why))
    timeline = []
    for position, what in enumerate(happenings, 1):
        event = IncidentEvent(NOW, login, what)
        incident = apply(incident, event)
        timeline.append((position, event))
    text = render_issue(incident, timeline, IssueSubject(AlertPolicy(), ()), NOW)
    assert text.body.startswith("<!-- gate:incident/17 -->\n**")
    assert text.body.count("<!--") == 1
    assert len(text.body) <= BODY_LIMIT
    assert "\n" not in text.title
    headings = re.findall(r"^### (.*)$", text.body, re.MULTILINE)
    assert set(headings) == HEADINGS | {"Steps taken" if ends else "Next steps"}
    check_harmless(text.body)
    for told in range(len(timeline)):
        remark = next_remark(incident, timeline, told)
        if remark is not None:
            check_harmless(remark.body)
            assert remark.body.count("<!--") == 1
