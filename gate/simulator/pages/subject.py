"""What a page shows, whatever stands at its address."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from gate.simulator.state.accounts import Account
from gate.simulator.state.repositories import Repository


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and a value; `path` is the page of what the value names, if it has one."""

    name: str
    value: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page: facts, a text as it was written, or both."""

    heading: str
    facts: tuple[Fact, ...] = ()
    text: str = ""
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Deed:
    """A command of the simulator with arguments that it would take."""

    command: str
    arguments: dict[str, object]


@dataclass(frozen=True, slots=True)
class Subject:
    """What stands at an address, and what one could do there on GitHub."""

    name: str
    facts: tuple[Fact, ...]
    on_github: str
    sections: tuple[Section, ...] = ()
    deeds: tuple[Deed, ...] = ()


def page_of(repository: Repository, *segments: object) -> str:
    """Return the path of a repository's page."""
    return quote("/".join(["", repository.full_name, *map(str, segments)]))


def repository_fact(repository: Repository) -> Fact:
    """Name the repository that something belongs to."""
    return Fact("Repository", repository.full_name, page_of(repository))


def person_fact(name: str, account: Account) -> Fact:
    """Name an account, by what it did."""
    return Fact(name, account.login, quote(f"/{account.login}"))


def commit_fact(repository: Repository, sha: str) -> Fact:
    """Name a commit; one that the simulation does not know has no page."""
    path = page_of(repository, "commit", sha) if sha in repository.commits else ""
    return Fact("Commit", sha[:12], path)


def time_fact(name: str, at: datetime) -> Fact:
    """Name a time, in UTC."""
    return Fact(name, f"{at:%Y-%m-%d %H:%M:%S} UTC")


def words(value: str | None) -> str:
    """Write a state of the API, such as `in_progress`, in words."""
    return (value or "none yet").replace("_", " ")
