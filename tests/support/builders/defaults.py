"""The instant, the names and the numbers that the built values have by default."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from gate.domain.model.ids import (
    InstallationId,
    NodeId,
    RepositoryId,
    Sha,
)
from gate.domain.model.runs import workflow_file

NOW: Final = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TICK: Final = timedelta.resolution
REPOSITORY: Final = RepositoryId(1001)
FORK: Final = RepositoryId(2002)
INSTALLATION: Final = InstallationId(77)
ENVIRONMENT: Final = "production-frontend"
BRANCH: Final = "main"
SHA: Final = Sha("c0ffee0" + "1" * 33)
OTHER_SHA: Final = Sha("badcafe" + "2" * 33)
VALIDATION: Final = workflow_file("production-validation.yml")
TERRAFORM: Final = workflow_file("terraform-apply.yml")
DEPLOY: Final = workflow_file("deploy.yml")
NODE: Final = NodeId("a node")
DIGEST: Final = "sha256:0123"


def before(**ago: float) -> datetime:
    """Return the instant this long before `NOW`, as in `before(hours=1)`."""
    return NOW - timedelta(**ago)
