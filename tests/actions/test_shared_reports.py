"""Reports that real runs of Maestro wrote, where they are at hand.

They are not ours to copy. `MAESTRO_REPORTS` names their folder; else a folder
`shared/maestro-reports` beside the project is taken.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reporting.finding import read_flows

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("MAESTRO_REPORTS", ROOT.parent / "shared" / "maestro-reports"))

EXPECTED = {
    "01-old-no-time-no-status.xml": ["passed"] * 5,
    "02-integer-time-pass.xml": ["passed"],
    "03-all-fail.xml": ["failed"] * 4,
    "u1-unit-test-warning.xml": ["passed", "warned"],
    "u2-unit-test-tags-properties.xml": ["passed", "passed"],
    "u3-unit-test-detailed-failed-step.xml": ["failed"],
}


@pytest.mark.parametrize("name", EXPECTED)
def test_real_reports(name: str) -> None:
    """Each form that Maestro has had is read as it was meant."""
    path = FOLDER / name
    if not path.is_file():
        pytest.skip("no folder of Maestro's reports: set MAESTRO_REPORTS")
    assert [flow.status.value for flow in read_flows(str(path))] == EXPECTED[name]
