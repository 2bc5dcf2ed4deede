"""The page of an incident through a whole story: red, page, acknowledge, decide, recover."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from gate.domain.model.course import Course
from tests.integration.incidents.incident_steps import act, incident, report
from tests.support.alert_receiver import Receiver
from tests.support.harness import REPOSITORY, Gate, running_gate


@pytest.fixture
def gate(tmp_path: Path, receiver: Receiver) -> Iterator[Gate]:
    """Run a gate that sends its alerts to the receiver."""
    with running_gate(f"sqlite:///{tmp_path}/gate.db", alerts_to=receiver.url) as running:
        yield running


def page(gate: Gate, path: str = "/incidents/1") -> str:
    """Open a page; blanks are one each."""
    answered = requests.get(gate.url + path, headers={"Accept": "text/html"}, timeout=10)
    assert answered.status_code == 200
    return " ".join(answered.text.split())


def test_a_page_follows_its_incident(gate: Gate) -> None:
    """What is next at each step, and who did what in the end."""
    failed = gate.validate(REPOSITORY, "failure")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    report(gate, failed, "pay.yml")
    red = page(gate)
    assert "pay.yml" in red
    assert "Next: <b>acknowledge</b> by" in red
    assert "delivered" in red
    assert f"run {run_id}, attempt 1" in red
    assert f'href="{incident(gate).issue_url}"' in red
    assert "1 deployment<" in page(gate, "/incidents")
    gate.advance(minutes=20)
    assert "overdue since" in page(gate)

    act(gate, "acknowledged")
    assert "Next: <b>decide</b> by" in page(gate)
    assert "done late" in page(gate)
    act(gate, "decided", Course.ROLLBACK, "the last apply broke it")
    assert "Next: <b>roll back, then <a href=" in page(gate)

    gate.validate(REPOSITORY, "success")
    gate.settle()
    green = page(gate)
    assert "recovered" in green
    assert "No deployment waits for this environment." in green
    assert "data-copy" not in green
    for words in ("acknowledged the incident", "decided: rollback", "the last apply broke it"):
        assert words in green
    assert str(run_id) in page(gate, "/history?state=approved&reason=validation_passed")
