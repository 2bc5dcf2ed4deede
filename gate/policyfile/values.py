"""Define the single values that a policy file takes: durations, workflow files, events, reviewers.

Pure. Each type carries the check that the parser runs and the pattern that the JSON Schema shows,
side by side, because the two must agree.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, Final, NoReturn

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from gate.domain.model.policy.policy import LONGEST_HOLD, SHORTEST_REMINDER
from gate.policyfile.document import Unquoted, cut

_SECOND: Final = timedelta(seconds=1)
LONGEST_DURATION: Final = timedelta(days=366)
"""Enough for any age that still says something, and far from what dates can be added up to."""

EVENTS: Final = (
    "check_run",
    "check_suite",
    "create",
    "deployment",
    "deployment_status",
    "discussion",
    "discussion_comment",
    "issue_comment",
    "issues",
    "page_build",
    "push",
    "repository_dispatch",
    "schedule",
    "status",
    "workflow_dispatch",
    "workflow_run",
)
"""The events whose runs may belong to a branch without running a pull request's code
(https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows).
"""

_OF_A_CHANGE: Final = frozenset({"merge_group", "pull_request", "pull_request_target"})
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION: Final = re.compile(r"(0|[1-9][0-9]{0,8})([smhd])")
_DURATION_LOOKS: Final = "a whole number followed by s, m, h or d, such as `24h`"


def problem(message: str) -> NoReturn:
    """Refuse a value in words of our own; pydantic hands them through."""
    raise PydanticCustomError("policy", "{message}", {"message": message})


def shown(value: object) -> str:
    """Quote a value from the file in a message, at the length a message bears."""
    match value:
        case bool():
            return f"`{str(value).lower()}`"
        case Unquoted(text):
            return f"`{cut(text)}`"
        case list():
            return "a list"
        case dict():
            return "a mapping"
        case _:
            return f"`{cut(str(value))}`"


def spell_duration(duration: timedelta) -> str:
    """Spell a duration as a policy does, in hours where days would come out as a single one."""
    seconds = int(duration.total_seconds())
    for unit in ("d", "h", "m"):
        if seconds % _SECONDS[unit] == 0 and seconds // _SECONDS[unit] > 1:
            return f"{seconds // _SECONDS[unit]}{unit}"
    return f"{seconds}s"


def _parse_duration(
    least: timedelta, most: timedelta, because: str
) -> Callable[[object], timedelta]:
    def parse(value: object) -> timedelta:
        if isinstance(value, int) and not isinstance(value, bool):
            problem(f"a duration needs a unit: `{value}s`, `{value}m`, `{value}h` or `{value}d`")
        match = _DURATION.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            problem(f"expected a duration, {_DURATION_LOOKS}, not {shown(value)}")
        seconds = int(match[1]) * _SECONDS[match[2]]
        if seconds == 0:
            problem("a duration must be more than zero")
        if seconds < least.total_seconds():
            problem(f"must be at least {spell_duration(least)}, not {shown(value)}")
        if seconds > most.total_seconds():
            problem(f"must be at most {most.days}d{because}, not {shown(value)}")
        return timedelta(seconds=seconds)

    return parse


def _up_to(most: int) -> str:
    """Write a pattern for the whole numbers from 1 to `most`, without leading zeros."""
    digits = str(most)
    shorter = [f"[1-9][0-9]{{0,{len(digits) - 2}}}"] if len(digits) > 1 else []
    below = [
        f"{digits[:at]}[{int(at == 0)}-{int(digit) - 1}][0-9]{{{len(digits) - at - 1}}}"
        for at, digit in enumerate(digits)
        if int(digit) > int(at == 0)
    ]
    return "|".join([*shorter, *below, digits])


def _duration_type(
    most: timedelta, because: str = "", *, least: timedelta = _SECOND
) -> tuple[Any, ...]:
    units = [f"(?:{_up_to(int(most.total_seconds()) // n)}){u}" for u, n in _SECONDS.items()]
    below = {u: (int(least.total_seconds()) - 1) // n for u, n in _SECONDS.items()}
    short = "".join(f"(?!(?:{_up_to(number)}){u}$)" for u, number in below.items() if number)
    return (
        PlainValidator(_parse_duration(least, most, because)),
        PlainSerializer(spell_duration, return_type=str),
        WithJsonSchema({"type": "string", "pattern": f"^{short}(?:{'|'.join(units)})$"}),
    )


Duration = Annotated[timedelta, *_duration_type(LONGEST_DURATION)]
PauseDuration = Annotated[timedelta, *_duration_type(LONGEST_DURATION, least=SHORTEST_REMINDER)]
HoldDuration = Annotated[
    timedelta,
    *_duration_type(LONGEST_HOLD, " (GitHub fails a deployment that has waited for 30d)"),
]


def _matching(pattern: str, explain: Callable[[str], str]) -> tuple[Any, ...]:
    """Take text that `pattern` matches as a whole; `explain` says what is wrong with any other."""
    whole = re.compile(pattern)

    def validate(text: str) -> str:
        if whole.fullmatch(text) is None:
            problem(explain(text))
        return text

    return AfterValidator(validate), Field(json_schema_extra={"pattern": f"^(?:{pattern})$"})


def _explain_workflow(text: str) -> str:
    expected = "expected a file name in .github/workflows"
    if "/" in text.removeprefix(".github/workflows/"):
        return f"{expected}, not {shown(text)}; GitHub runs workflows from that folder only"
    if not text.endswith((".yml", ".yaml")):
        return f"{expected} that ends in .yml or .yaml, not {shown(text)}"
    return f"{expected}, not {shown(text)}"


WorkflowFile = Annotated[
    str,
    # `@` begins a ref where GitHub shows a workflow's path, so such a file could never be matched.
    *_matching(r"(?:\.github/workflows/)?[^/\\@\x00-\x1f]+\.ya?ml", _explain_workflow),
]


def _explain_branch(text: str) -> str:
    if text.startswith("refs/"):
        return f"write the branch name without `refs/heads/`, not {shown(text)}"
    if set(text) & set("*?["):
        return f"expected the name of one branch; patterns are not supported: {shown(text)}"
    return f"expected a branch name, not {shown(text)}"


BranchName = Annotated[str, *_matching(r"(?!refs/)[^\s~^:?*\[\\\x00-\x1f\x7f]+", _explain_branch)]


def _explain_text(text: str) -> str:
    return "expected text" if not text.strip() else f"expected one line, not {shown(text)}"


Line = Annotated[str, *_matching(r"[^\S\n\r]*[^\s][^\n\r]*", _explain_text)]


def _explain_label(text: str) -> str:
    if not text.strip():
        return "expected a label name"
    return f"a GitHub label is one line of at most 50 characters, not {shown(text)}"


Label = Annotated[str, *_matching(r"(?=[^\n\r]{1,50}$)[^\S\n\r]*[^\s][^\n\r]*", _explain_label)]


def _explain_environment(text: str) -> str:
    if not text.strip():
        return "expected an environment name"
    return f"an environment name is one line of at most 255 characters, not {shown(text)}"


EnvironmentName = Annotated[
    str, *_matching(r"(?=[^\n\r]{1,255}$)[^\S\n\r]*[^\s][^\n\r]*", _explain_environment)
]


def _explain_reviewer(text: str) -> str:
    if text.startswith("permission:"):
        allowed = "`permission:admin`, `permission:maintain` or `permission:write`"
        return f"expected {allowed}, not {shown(text)}"
    if text.startswith("team:"):
        return f"expected `team:ORGANIZATION/SLUG`, not {shown(text)}"
    if text.startswith("user:"):
        return f"expected `user:LOGIN`, not {shown(text)}"
    return (
        "expected `team:ORGANIZATION/SLUG`, `user:LOGIN` or `permission:admin|maintain|write`,"
        f" not {shown(text)}"
    )


Reviewer = Annotated[
    str,
    *_matching(
        r"team:[A-Za-z0-9][A-Za-z0-9_-]*/[A-Za-z0-9_-]+"
        r"|user:[A-Za-z0-9][A-Za-z0-9_-]*"
        r"|permission:(?:admin|maintain|write)",
        _explain_reviewer,
    ),
]


def _check_event(event: str) -> str:
    if event not in EVENTS:
        reason = "cannot start a validation"
        if event in _OF_A_CHANGE:
            reason = "runs the code of a change, so it does not test production"
        problem(f"{shown(event)} {reason}; expected one of {', '.join(EVENTS)}")
    return event


Event = Annotated[
    str, AfterValidator(_check_event), Field(json_schema_extra={"enum": list(EVENTS)})
]


def _check_version(version: int) -> int:
    if version != 1:
        problem(f"the only supported version is 1, not {shown(version)}")
    return version


# Not `Literal[1]`: pydantic takes `true` for it.
Version = Annotated[int, AfterValidator(_check_version), Field(json_schema_extra={"const": 1})]
