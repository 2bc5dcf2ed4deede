"""Read what REST answers about runs, their jobs and their artifacts."""

from __future__ import annotations

import msgspec

from gate.domain.model.runs import Job
from gate.githubapp.shapes.deployments import EnvironmentShape
from gate.githubapp.shapes.fields import Attempt, Aware, Id, Name, in_utc, without_nul
from gate.githubapp.shapes.runs import RunShape


class RunsPage(msgspec.Struct):
    """A page of runs."""

    workflow_runs: list[RunShape]


class JobShape(msgspec.Struct):
    """An execution of a job in one attempt of its run."""

    name: str
    status: Name
    run_attempt: Attempt | msgspec.UnsetType = msgspec.UNSET
    conclusion: Name | None = None
    started_at: Aware | None = None

    def __post_init__(self) -> None:
        """Bring the time to UTC."""
        self.started_at = in_utc(self.started_at) if self.started_at is not None else None

    @property
    def attempt(self) -> int:
        """Return the attempt; an old Enterprise Server, which tells none, has only the first."""
        return 1 if self.run_attempt is msgspec.UNSET else self.run_attempt


class JobsPage(msgspec.Struct):
    """A page of jobs."""

    jobs: list[JobShape]


def job_of(shape: JobShape) -> Job:
    """Return a job."""
    return Job(
        name=without_nul(shape.name),
        status=shape.status,
        conclusion=shape.conclusion,
        started_at=shape.started_at,
        run_attempt=shape.attempt,
    )


class ArtifactRunShape(msgspec.Struct):
    """The run that uploaded an artifact."""

    repository_id: Id | None = None


class ArtifactShape(msgspec.Struct):
    """What a run uploaded; an expired one cannot be opened any more."""

    id: Id
    expired: bool = False
    workflow_run: ArtifactRunShape | None = None

    def is_of(self, repository_id: int) -> bool:
        """Return whether it is of this repository, as far as GitHub shows."""
        told = self.workflow_run.repository_id if self.workflow_run is not None else None
        return told is None or told == repository_id


class ArtifactsPage(msgspec.Struct):
    """A page of artifacts."""

    artifacts: list[ArtifactShape]


class PendingShape(msgspec.Struct):
    """An environment that a run waits for."""

    environment: EnvironmentShape
