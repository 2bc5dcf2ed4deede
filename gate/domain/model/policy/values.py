"""List the values of a policy, and trace each to where it comes from and since when.

Pure, and plain text: names may be what others wrote.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, assert_never

from gate.domain.model.policy.policy import (
    EnvironmentPolicy,
    OverridePolicy,
    PermissionReviewer,
    Policy,
    Reactions,
    Reviewer,
    TeamReviewer,
    UserReviewer,
    ValidationRule,
)
from gate.domain.model.policy.sources import PolicyBasis
from gate.domain.text.durations import span

ValuePath = tuple[str, ...]
"""The keys that lead to a value in a policy file; an environment's name is folded."""

ENVIRONMENTS: Final = "environments"

REPOSITORY: Final = "repository"
ORGANIZATION: Final = "organization"
SERVER: Final = "server"
BUILT_IN: Final = "built-in"


@dataclass(frozen=True, slots=True)
class PastPolicy:
    """What a document was read as at a time; no values where it was invalid or gone.

    `is_first` where it was never read before.
    """

    at: datetime
    values: Mapping[ValuePath, str]
    is_first: bool


@dataclass(frozen=True, slots=True)
class TracedValue:
    """A value in force.

    `place` is the document it comes from, or `built-in` where no document has it; `line` is where
    it stands there. `floor` is what the organization's policy has for it, empty without one.
    `since` is when it was first read so; None where that is not recorded.
    """

    path: ValuePath
    value: str
    place: str
    line: int | None
    floor: str
    since: datetime | None

    @property
    def environment(self) -> str:
        """Return the environment that it belongs to; empty where it belongs to none."""
        return self.path[1] if self.path[0] == ENVIRONMENTS else ""

    @property
    def key(self) -> str:
        """Return the key, within its environment where it has one."""
        return ".".join(self.path[2:] if self.environment else self.path)


def trace_values(
    policy: Policy,
    place: str,
    written: Mapping[ValuePath, int],
    floor: Policy | None = None,
    history: Sequence[PastPolicy] = (),
) -> list[TracedValue]:
    """Trace the values of a policy that is in force.

    `place` names its document and `written` has the line of each value that stands in it; the
    others are built in. `history` is the document's, the newest first; the oldest may be left out.
    """
    required = dict(list_values(floor)) if floor is not None else {}
    return [
        TracedValue(
            path=path,
            value=value,
            place=place if path in written else BUILT_IN,
            line=written.get(path),
            floor=required.get(path, ""),
            since=_since(path, value, history),
        )
        for path, value in list_values(policy)
    ]


def place_in_force(basis: PolicyBasis) -> str:
    """Name the place whose document is in force, as `choose_policy` chooses it."""
    if basis.repository is not None:
        return REPOSITORY
    return ORGANIZATION if basis.organization is not None else SERVER


def _since(path: ValuePath, value: str, history: Iterable[PastPolicy]) -> datetime | None:
    since = None
    for past in history:
        if past.values.get(path) != value:
            return since
        since = past.at
        if past.is_first:
            return since
    return None


def list_values(policy: Policy) -> Iterator[tuple[ValuePath, str]]:
    """List every value of a policy in words, each with its path, in the order of the reference."""
    for name, environment in sorted(policy.environments.items()):
        for path, value in _of_environment(name, environment):
            yield (ENVIRONMENTS, name, *path), value
    alerts = policy.alerts
    channels = "all that are configured" if alerts.channels is None else _list(alerts.channels)
    yield ("alerts", "channels"), channels
    yield ("alerts", "mention"), alerts.mention.value
    yield ("alerts", "remind_every"), span(alerts.remind_every)
    yield ("alerts", "acknowledge_within"), span(alerts.acknowledge_within)
    yield ("alerts", "decide_within"), span(alerts.decide_within)
    yield ("incidents", "issue"), _yes(policy.incidents.issue)
    yield ("incidents", "labels"), _list(policy.incidents.labels)
    yield ("badge",), policy.badge.value


def _of_environment(name: str, policy: EnvironmentPolicy) -> Iterator[tuple[ValuePath, str]]:
    yield from _below("validation", _of_rule(policy.validation))
    yield from _below("when", _of_reactions(policy.when))
    yield ("give_up_after",), span(policy.give_up_after)
    yield from _below("override", _of_override(name, policy.override))
    yield ("mode",), policy.mode.value


def _below(key: str, values: Iterable[tuple[ValuePath, str]]) -> Iterator[tuple[ValuePath, str]]:
    return (((key, *path), value) for path, value in values)


def _of_rule(rule: ValidationRule) -> Iterator[tuple[ValuePath, str]]:
    yield ("workflow",), rule.workflow
    yield ("branch",), rule.branch or "the default branch"
    yield ("events",), _list(rule.events)
    yield ("max_age",), span(rule.max_age)
    yield ("required_jobs",), _list(rule.required_jobs)
    yield ("covers",), rule.covers.value
    yield ("infrastructure", "workflow"), rule.infrastructure_workflow


def _of_reactions(when: Reactions) -> Iterator[tuple[ValuePath, str]]:
    yield ("failed",), when.failed.value
    yield ("running",), when.running.value
    yield ("inconclusive",), when.inconclusive.value
    yield ("missing",), when.missing.value
    yield ("stale",), when.stale.value


def _of_override(name: str, policy: OverridePolicy) -> Iterator[tuple[ValuePath, str]]:
    yield ("allow",), _yes(policy.allow)
    yield ("holds",), _list(policy.holds)
    reviewers = _list(map(_reviewer, policy.reviewers))
    yield ("reviewers",), reviewers if policy.reviewers else "the environment's reviewers in GitHub"
    yield ("environment",), policy.environment_for(name)
    yield ("prevent_self_review",), _yes(policy.prevent_self_review)
    yield ("approvals",), str(policy.approvals)
    yield ("rationale", "min_length"), f"{policy.min_length} characters"
    yield ("rationale", "acknowledge"), policy.acknowledge


def _reviewer(reviewer: Reviewer) -> str:
    match reviewer:
        case TeamReviewer(organization, slug):
            return f"team:{organization}/{slug}"
        case UserReviewer(login):
            return f"user:{login}"
        case PermissionReviewer(level):
            return f"permission:{level}"
        case _:
            assert_never(reviewer)


def _list(values: Iterable[str]) -> str:
    return ", ".join(values) or "none"


def _yes(value: bool) -> str:  # noqa: FBT001 - the value itself
    return "true" if value else "false"
