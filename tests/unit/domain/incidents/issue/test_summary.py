"""The summary of an incident that is over."""

from __future__ import annotations

from gate.domain.incidents.events import Happening, IncidentEvent, Opened, Resolution, Resolved
from gate.domain.incidents.incident import apply
from gate.domain.incidents.issue.remarks import next_remark
from tests.support.builders.defaults import NOW
from tests.support.incidents import after, lived, make_incident


def summary(*happenings: Happening) -> str:
    """Return the last remark about an incident to which these things happened."""
    incident, timeline = lived(*happenings)
    remark = next_remark(incident, timeline, len(timeline) - 1)
    assert remark is not None
    return remark.body


def test_deployments_that_no_policy_gates_wait_for_the_policy() -> None:
    """No run releases them, so the summary does not promise it."""
    assert "until the policy names" in summary(Resolved(Resolution.NOT_GATED, ""))


def test_flows_are_listed_where_they_are_known() -> None:
    """An incident of which nobody reported flows has a summary without them."""
    assert "a.yml" in summary(Resolved(Resolution.VALIDATION_PASSED, ""))

    incident = make_incident()
    opened = IncidentEvent(NOW, "gate", Opened(incident.failure))
    resolved = IncidentEvent(after(hours=1), "gate", Resolved(Resolution.VALIDATION_PASSED, ""))
    remark = next_remark(apply(incident, resolved), [(1, opened), (2, resolved)], 1)

    assert remark is not None
    assert "failing:" not in remark.body
    assert "1 h" in remark.body
