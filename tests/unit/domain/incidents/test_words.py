"""How the events and the end of an incident are put into words."""

from __future__ import annotations

import pytest

from gate.domain.incidents.events import (
    Alerted,
    AlertLost,
    Bypassed,
    Detailed,
    Happening,
    IncidentEvent,
    Overridden,
    Reopened,
    Resolution,
    Resolved,
)
from gate.domain.incidents.words import ending, failing, happening
from gate.domain.model.ids import RequestId
from tests.support.builders.defaults import NOW
from tests.support.incidents import lived, make_failure

PAGE = "https://github.com/acme/shop/actions/runs/602"


@pytest.mark.parametrize(
    ("what", "shown"),
    [
        (Detailed((PAGE,)), ["1 artifact for"]),
        (Detailed((PAGE, f"{PAGE}/2")), ["2 artifacts for"]),
        (Alerted("slack"), ["slack"]),
        (AlertLost("slack", "page/1"), ["slack", "page/1", "lost"]),
        (Reopened(make_failure("a.yml", "b.yml")), ["again", "2 flows"]),
        (Overridden(RequestId(9), PAGE, "it is urgent"), ["carol", PAGE, "it is urgent"]),
        (Overridden(RequestId(9), "", "it is urgent"), ["carol", "a deployment"]),
        (Bypassed(RequestId(9), PAGE), [PAGE, "bypass"]),
    ],
)
def test_an_event_is_one_line_with_what_it_is_about(what: Happening, shown: list[str]) -> None:
    """Each names its channel, its people, its pages and its reasons."""
    line = happening(IncidentEvent(NOW, "carol", what))

    assert "\n" not in line
    assert [it for it in shown if it not in line] == []


def test_a_failure_that_nobody_reported_on_is_described_by_its_run() -> None:
    """Without flows the words are those of the evidence."""
    assert failing(make_failure()) == "the run is failed"


@pytest.mark.parametrize(
    ("how", "shown"),
    [
        (Resolution.VALIDATION_PASSED, "passed"),
        (Resolution.RISK_ACCEPTED, "carol accepted the risk"),
        (Resolution.BY_HAND, "carol"),
        (Resolution.NOT_GATED, "policy"),
    ],
)
def test_each_end_of_an_incident_has_its_own_sentence(how: Resolution, shown: str) -> None:
    """It says who ended it where a person did."""
    incident, _ = lived(Resolved(how, "known and small"))

    assert shown in ending(incident)


def test_an_open_incident_has_no_end() -> None:
    """Nothing is claimed of an incident that goes on."""
    incident, _ = lived()

    assert "open" in ending(incident)
