"""Look for jobs that use a gated environment without a deployment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from gate.doctor.findings import Finding, Level
from gate.domain.github import FileFound, FileQuestion, Place
from gate.domain.ids import environment_key
from gate.errors import Refused
from gate.githubapp.client import GitHubClient
from gate.policyfile import JobEnvironment, job_environments

_FOLDER: Final = ".github/workflows"
_ENDINGS: Final = (".yml", ".yaml")
_FILES: Final = 50
_EXPRESSION: Final = "${{"
_REMEDY: Final = (
    "remove `deployment: false`: GitHub fails such a job where the App's rule is enabled"
)


def find_workflows(github: GitHubClient, place: Place, gated: Sequence[str]) -> Iterator[Finding]:
    """Warn of `deployment: false` on one of the gated environments, on the default branch."""
    keys = {environment_key(it) for it in gated}
    paths = [it for it in github.read_folder(place, _FOLDER) if it.endswith(_ENDINGS)]
    unread: list[str] = []
    for path in paths[:_FILES]:
        jobs = _jobs_of(github, place, path)
        if jobs is None:
            unread.append(path)
        for job in jobs or ():
            if not job.deploys and _may_be(job.environment, keys):
                found = f"{path}: job {job.job} uses {job.environment} without a deployment"
                yield Finding(Level.WARN, place.full_name, found, _REMEDY)
    unread += paths[_FILES:]
    if unread:
        found = f"`deployment: false` was not looked for in {', '.join(unread)}"
        yield Finding(Level.WARN, place.full_name, found, "look for it there yourself")


def _jobs_of(github: GitHubClient, place: Place, path: str) -> tuple[JobEnvironment, ...] | None:
    """Give the jobs of a workflow file that name an environment; None when it cannot be read."""
    try:
        read = github.read_file(place, FileQuestion(path, None, expects_absence=False))
    except Refused as error:
        if error.reason != "too_large":
            raise
        return None
    return job_environments(read.content) if isinstance(read, FileFound) else None


def _may_be(environment: str, keys: set[str]) -> bool:
    """Say whether a name as written may be that of a gated environment."""
    return _EXPRESSION in environment or environment_key(environment) in keys
