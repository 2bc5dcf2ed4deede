"""Find jobs that use a gated environment in a way that never works.

Without a deployment, or in the workflow whose runs validate for that very environment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from gate.doctor.findings import Finding, Level
from gate.domain.model.github import FileFound, FileQuestion, RepositoryAddress
from gate.domain.model.ids import environment_key
from gate.domain.model.policy.policy import POLICY_PATH, LoadedPolicy
from gate.errors import Refused
from gate.githubapp.contents import ContentsClient
from gate.policyfile import JobEnvironment, built_in_text, job_environments, parse_policy

_FOLDER: Final = ".github/workflows"
_ENDINGS: Final = (".yml", ".yaml")
_FILES: Final = 50
_EXPRESSION: Final = "${{"
_REMEDY: Final = "remove `deployment: false`: GitHub fails this job where the App's rule is enabled"


_SEPARATE: Final = "move the validation to its own workflow, whose jobs do not use the environment"


def find_workflows(
    contents: ContentsClient, address: RepositoryAddress, gated: Sequence[str]
) -> Iterator[Finding]:
    """Warn of jobs on the default branch that use one of the gated environments in vain."""
    keys = {environment_key(it) for it in gated}
    validations = _validations(contents, address, keys)
    paths = [it for it in contents.read_folder(address, _FOLDER) if it.endswith(_ENDINGS)]
    unread: list[str] = []
    for path in paths[:_FILES]:
        jobs = _jobs_of(contents, address, path)
        if jobs is None:
            unread.append(path)
        for job in jobs or ():
            if not job.deploys and _may_be(job.environment, keys):
                found = f"{path}: job {job.job} uses {job.environment} without a deployment"
                yield Finding(Level.WARN, address.full_name, found, _REMEDY)
            if environment_key(job.environment) in validations.get(path, set()):
                found = (
                    f"{path} validates for {job.environment}, and its job {job.job} uses that"
                    " environment, so its runs are held by their own result"
                )
                yield Finding(Level.FAIL, address.full_name, found, _SEPARATE)
    unread += paths[_FILES:]
    if unread:
        found = f"not checked for jobs that use a gated environment: {', '.join(unread)}"
        yield Finding(Level.WARN, address.full_name, found, "check these files yourself")


def _validations(
    contents: ContentsClient, address: RepositoryAddress, gated: set[str]
) -> dict[str, set[str]]:
    """Return the workflow files that validate, each with the gated environments it is for.

    By the repository's own policy; without a sound one by the built-in policy.
    """
    read = contents.read_file(address, FileQuestion(POLICY_PATH, None, expects_absence=False))
    text = read.content if isinstance(read, FileFound) else built_in_text()
    reading = parse_policy(text, POLICY_PATH)
    found: dict[str, set[str]] = {}
    if isinstance(reading, LoadedPolicy):
        for key, environment in reading.policy.environments.items():
            if key in gated:
                found.setdefault(environment.validation.workflow, set()).add(key)
    return found


def _jobs_of(
    contents: ContentsClient, address: RepositoryAddress, path: str
) -> tuple[JobEnvironment, ...] | None:
    """Return the jobs of a workflow file that name an environment; None when it is unreadable."""
    try:
        read = contents.read_file(address, FileQuestion(path, None, expects_absence=False))
    except Refused as error:
        if error.reason != "too_large":
            raise
        return None
    return job_environments(read.content) if isinstance(read, FileFound) else None


def _may_be(environment: str, keys: set[str]) -> bool:
    """Check whether a name as written may be that of a gated environment."""
    return _EXPRESSION in environment or environment_key(environment) in keys
