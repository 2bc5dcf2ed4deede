"""Compare the policy that speaks for a repository with the environments that the App gates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from gate.doctor.environments import Environments
from gate.doctor.findings import Finding, Level
from gate.domain.model.deliveries import Repository
from gate.domain.model.github import (
    FileFound,
    FileHidden,
    FileQuestion,
    FileReading,
    RepositoryAddress,
)
from gate.domain.model.ids import AccountId, environment_key
from gate.domain.model.policy.policy import (
    MISNAMED_PATH,
    POLICY_PATH,
    InvalidPolicy,
    LoadedPolicy,
    Policy,
    PolicyReading,
)
from gate.domain.model.policy.sources import choose_policy
from gate.githubapp.contents import ContentsClient
from gate.policyfile import parse_policy

_PATHS: Final = (POLICY_PATH, MISNAMED_PATH)


@dataclass(frozen=True, slots=True)
class Policies:
    """Read policies where the gate reads them; an owner's shared one is read once."""

    contents: ContentsClient
    server: LoadedPolicy
    _shared: dict[AccountId, PolicyReading | None] = field(default_factory=dict)

    def find(
        self, repository: Repository, address: RepositoryAddress, seen: Environments
    ) -> Iterator[Finding]:
        """Check the policy of a repository. Raises GateError where it cannot be read."""
        own = self._own(repository, address)
        reading = choose_policy(own, self._of_owner(repository), self.server)
        if isinstance(reading, InvalidPolicy):
            yield _invalid(address, reading)
        elif isinstance(reading, LoadedPolicy):
            yield from _compared(address, reading, seen, is_own=own is not None)

    def _own(self, repository: Repository, address: RepositoryAddress) -> PolicyReading | None:
        for path in _PATHS:
            reading = self.contents.read_file(
                address, FileQuestion(path, None, expects_absence=True)
            )
            if isinstance(reading, FileFound):
                return parse_policy(reading.content, f"{repository.full_name}/{path}")
        return None

    def _of_owner(self, repository: Repository) -> PolicyReading | None:
        owner = repository.owner
        if owner.id not in self._shared:
            self._shared[owner.id] = None
            for path in _PATHS:
                reading = self._shared_file(repository, path)
                if isinstance(reading, FileHidden):
                    break
                if isinstance(reading, FileFound):
                    source = f"{owner.login}/.github/{path}"
                    self._shared[owner.id] = parse_policy(reading.content, source)
                    break
        return self._shared[owner.id]

    def _shared_file(self, repository: Repository, path: str) -> FileReading:
        question = FileQuestion(path, None, expects_absence=True)
        return self.contents.read_organization_file(
            repository.installation_id, repository.owner, question
        )


def _invalid(address: RepositoryAddress, reading: InvalidPolicy) -> Finding:
    first, *others = reading.problems
    more = f", and {len(others)} more" if others else ""
    remedy = "fix the file (`gate policy check FILE` lists every problem); all deployments wait"
    found = f"the policy {reading.source} is invalid: {first}{more}"
    return Finding(Level.FAIL, address.full_name, found, remedy)


def _compared(
    address: RepositoryAddress, reading: LoadedPolicy, seen: Environments, *, is_own: bool
) -> Iterator[Finding]:
    """Compare names. A policy for many repositories may name what one of them does not have."""
    policy = reading.policy
    keys = {environment_key(it) for it in seen.names}
    gated = {environment_key(it) for it in seen.gated}
    for key in policy.environments:
        if key in gated or (key not in keys and not is_own):
            continue
        lack = "the App's rule is not enabled on it" if key in keys else "it does not exist"
        found = f"the policy {reading.source} names the environment {key}, but {lack}"
        remedy = "enable the rule in Settings > Environments, or correct the name; nothing is gated"
        yield Finding(Level.FAIL if is_own else Level.WARN, address.full_name, found, remedy)
    left_out = [it for it in seen.gated if policy.environment(it) is None]
    if left_out:
        listed = ", ".join(repr(it) for it in left_out)
        found = f"the policy {reading.source} has no entry for {listed}, where the rule is enabled"
        remedy = "add an entry, or disable the rule there; every deployment to it waits"
        yield Finding(Level.WARN, address.full_name, found, remedy)
    yield from _look_alikes(address, policy, seen)


def _look_alikes(
    address: RepositoryAddress, policy: Policy, seen: Environments
) -> Iterator[Finding]:
    """Warn of environments that are nearly called like one in the policy."""
    gated = set(seen.gated)
    for name in seen.names:
        key = environment_key(name)
        meant = next((it for it in policy.environments if _is_like(key, it)), None)
        if meant is None:
            continue
        state = "" if name in gated else ", and the App's rule is not enabled on it"
        found = (
            f"the environment {name!r} has almost the same name as {meant!r} in the policy{state}"
        )
        remedy = "delete one of them, or gate both: a workflow that uses the wrong one is not held"
        yield Finding(Level.WARN, address.full_name, found, remedy)


def _is_like(key: str, other: str) -> bool:
    return key != other and _form(key) == _form(other)


def _form(name: str) -> str:
    """Drop what people do not see or do not mean: case, blanks, hyphens, a plural's s."""
    letters = "".join(it for it in name.casefold() if it.isalnum())
    return letters.removesuffix("s")
