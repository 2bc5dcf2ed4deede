"""The record that the audit commands check."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.audit.audit_copy import Copy
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate


@pytest.fixture
def audited(gate: Gate, tmp_path: Path) -> Copy:
    """Provide the record of a service that held one deployment, approved one, and was signed."""
    gate.validate(REPOSITORY, "failure")
    gate.github.deploy(REPOSITORY, ENVIRONMENT)
    gate.settle()
    gate.validate(REPOSITORY, "success")
    gate.settle()
    gate.sweep()
    gate.github.deploy(REPOSITORY, ENVIRONMENT)
    gate.settle()
    return Copy(gate, tmp_path)
