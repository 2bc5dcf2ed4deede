"""Deployments and their statuses."""

from dataclasses import dataclass, field
from datetime import datetime

from gate.simulator.state.accounts import Account


@dataclass(slots=True)
class DeploymentStatus:
    """One status of a deployment."""

    id: int
    state: str
    creator: Account
    created_at: datetime
    environment: str
    description: str = ""
    log_url: str = ""
    environment_url: str = ""
    app_id: int | None = None


@dataclass(slots=True)
class Deployment:
    """A deployment that Actions created for a job."""

    id: int
    repository_id: int
    run_id: int
    job_id: int
    sha: str
    ref: str
    environment: str
    creator: Account
    created_at: datetime
    updated_at: datetime
    statuses: list[DeploymentStatus] = field(default_factory=list)
