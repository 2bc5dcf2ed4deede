"""Everything that a plan can make happen, one frozen value for each.

Steps of load are what people and workflows do on GitHub; the others are what goes wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args


@dataclass(frozen=True, slots=True)
class Deploy:
    """Start a run whose jobs reach the gated environment."""

    repository: str
    jobs: int = 1


@dataclass(frozen=True, slots=True)
class LateJob:
    """Let one more job of the newest run reach the environment, answered or not."""

    repository: str


@dataclass(frozen=True, slots=True)
class Rerun:
    """Run the newest cancelled run again: its next attempt reaches the environment."""

    repository: str


@dataclass(frozen=True, slots=True)
class Validate:
    """Run a validation from start to end."""

    repository: str
    conclusion: Literal["success", "failure", "cancelled"]


@dataclass(frozen=True, slots=True)
class BeginValidation:
    """Start a validation that goes on until the next `EndValidation`."""

    repository: str


@dataclass(frozen=True, slots=True)
class EndValidation:
    """End the validation that was begun."""

    repository: str
    conclusion: Literal["success", "failure"]


@dataclass(frozen=True, slots=True)
class Override:
    """Let the required reviewer approve the oldest waiting run; `complete` says why, as asked."""

    repository: str
    complete: bool = True


@dataclass(frozen=True, slots=True)
class CommentOverride:
    """Let the required reviewer override the oldest waiting run on the incident's issue."""

    repository: str


@dataclass(frozen=True, slots=True)
class Bypass:
    """Let an administrator start the oldest waiting run past the rule."""

    repository: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel the oldest waiting run."""

    repository: str


@dataclass(frozen=True, slots=True)
class Kill:
    """Kill a node as `kill -9` does, and start it again after a while."""

    node: int
    back_after: float


@dataclass(frozen=True, slots=True)
class Terminate:
    """Send a node SIGTERM, and start it again once it has ended: a step of a rolling restart."""

    node: int


@dataclass(frozen=True, slots=True)
class Pause:
    """Stop a node with SIGSTOP, and let it go on after a while."""

    node: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Freeze:
    """Stop a node with SIGSTOP until the others have come to rest; no webhook goes to it."""

    node: int


@dataclass(frozen=True, slots=True)
class RestartDatabase:
    """Stop PostgreSQL, by `immediate` as in a crash, and start it again after a while."""

    mode: Literal["fast", "immediate"]
    seconds: float


@dataclass(frozen=True, slots=True)
class CutDatabase:
    """Reset every connection between one node and the database."""

    node: int


@dataclass(frozen=True, slots=True)
class Partition:
    """Cut one node off the database for a while; `silent` loses packets, else connections end."""

    node: int
    seconds: float
    silent: bool


@dataclass(frozen=True, slots=True)
class ReadOnlyDatabase:
    """Let the database refuse to write for a while, as a standby does during a failover."""

    seconds: float


@dataclass(frozen=True, slots=True)
class FullDisk:
    """Let no file of the node grow for a while, as a full disk does to SQLite."""

    seconds: float


@dataclass(frozen=True, slots=True)
class GitHubErrors:
    """Let GitHub answer with a 5xx; where it `applies`, the request has taken effect before."""

    status: int
    seconds: float
    applies: bool


@dataclass(frozen=True, slots=True)
class GitHubResets:
    """Let GitHub hang up on some calls, before their effect or after it."""

    times: int
    applies: bool
    reviews_only: bool


@dataclass(frozen=True, slots=True)
class GitHubSlow:
    """Let some calls wait this long, before their effect or after it."""

    latency: float
    times: int
    applies_first: bool
    reviews_only: bool


@dataclass(frozen=True, slots=True)
class RetryAfter:
    """Let some calls run into the secondary rate limit."""

    times: int
    after: int


@dataclass(frozen=True, slots=True)
class QuotaUsedUp:
    """Leave the installation no call for a while, until GitHub's next hour."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Let something befall the next webhooks."""

    kind: Literal["drop", "lose", "duplicate", "delay", "reorder"]
    times: int
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Channel:
    """Let the alert channel fail: refuse, or accept and hang up without an answer."""

    kind: Literal["error", "lost"]
    times: int


@dataclass(frozen=True, slots=True)
class TimePasses:
    """Move every clock, so that leases, pauses and timers of this length end."""

    seconds: int


Load = (
    Deploy
    | LateJob
    | Rerun
    | Validate
    | BeginValidation
    | EndValidation
    | Override
    | CommentOverride
    | Bypass
    | Cancel
)
Trouble = (
    Kill
    | Terminate
    | Pause
    | Freeze
    | RestartDatabase
    | CutDatabase
    | Partition
    | ReadOnlyDatabase
    | FullDisk
    | GitHubErrors
    | GitHubResets
    | GitHubSlow
    | RetryAfter
    | QuotaUsedUp
    | Webhooks
    | Channel
    | TimePasses
)
Step = Load | Trouble

STEPS: dict[str, type[Step]] = {it.__name__: it for it in (*get_args(Load), *get_args(Trouble))}
"""Every step, by the name that stands in a plan's text."""
