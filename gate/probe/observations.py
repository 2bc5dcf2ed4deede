"""Describe what an experiment is given, and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gate.domain.model.github import RepositoryAddress
from gate.githubapp.clients import GitHubClients
from gate.githubapp.probe import Prober


class Result(StrEnum):
    """Whether GitHub behaved as the gate assumes."""

    ASSUMED = "as assumed"
    DIFFERS = "differs"
    UNSEEN = "could not be seen"


@dataclass(frozen=True, slots=True)
class Observation:
    """The result of one experiment, and what was seen."""

    experiment: str
    result: Result
    seen: str


@dataclass(frozen=True, slots=True)
class Subject:
    """The repository that is looked at, and what it is looked at with."""

    github: GitHubClients
    prober: Prober
    address: RepositoryAddress
    default_branch: str | None
