"""Judge the policy that a pull request proposes, in the words of its check run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, assert_never

from gate.domain.model.policy.policy import (
    MISNAMED_PATH,
    POLICY_PATH,
    InvalidPolicy,
    LoadedPolicy,
    Problem,
)
from gate.domain.model.policy_checks import Annotation, Conclusion
from gate.domain.text.escaping import code_span, cut, visible_lines

MOST_ANNOTATIONS: Final = 50
"""What GitHub takes with one check run (REST, "Create a check run")."""

_LONGEST_MESSAGE: Final = 1_000
_LONGEST_PATH: Final = 200

Proposed = Mapping[str, LoadedPolicy | InvalidPolicy | None]
"""What a pull request makes of the policy's paths that it changes; None where it removes one."""


@dataclass(frozen=True, slots=True)
class PolicyVerdict:
    """What a check run says of a proposed policy."""

    conclusion: Conclusion
    title: str
    summary: str
    annotations: tuple[Annotation, ...] = ()


def judge_policy(proposed: Proposed) -> PolicyVerdict:
    """Judge what a pull request proposes; at least one path is in it.

    A file at the wrong path fails, whatever it says: it would be no policy. What the file itself
    says is quoted only where Markdown cannot make anything of it, since anybody may have opened
    the pull request.
    """
    problems = {path: _problems(path, it) for path, it in proposed.items()}
    count = sum(map(len, problems.values()))
    if count:
        return _failure(problems, count)
    reading = proposed.get(POLICY_PATH)
    match reading:
        case None:
            return _without_policy(is_removed=POLICY_PATH in proposed)
        case LoadedPolicy():
            names = ", ".join(code_span(it) for it in sorted(reading.policy.environments))
            return PolicyVerdict(
                Conclusion.SUCCESS, "The policy is valid", f"After the merge it gates {names}."
            )
        case InvalidPolicy():
            msg = "an invalid policy without a problem"
            raise ValueError(msg)
        case _:
            assert_never(reading)


def _problems(path: str, reading: LoadedPolicy | InvalidPolicy | None) -> tuple[Problem, ...]:
    if reading is None:
        return ()
    if path == MISNAMED_PATH:
        message = f"The gate does not read this file. Rename it to {POLICY_PATH}."
        return (Problem(1, 1, "", message),)
    return reading.problems if isinstance(reading, InvalidPolicy) else ()


def _failure(problems: Mapping[str, tuple[Problem, ...]], count: int) -> PolicyVerdict:
    noun = "problem" if count == 1 else "problems"
    paths = " and ".join(code_span(path) for path, found in problems.items() if found)
    summary = f"{paths}: {count} {noun}. While it is merged like this, every deployment is held."
    if MISNAMED_PATH in problems and not problems.get(POLICY_PATH):
        summary = f"{paths} is not read: the gate reads {code_span(POLICY_PATH)}."
    annotations = [_annotation(path, it) for path, found in problems.items() for it in found]
    if count > MOST_ANNOTATIONS:
        summary += f" The first {MOST_ANNOTATIONS} are shown."
    return PolicyVerdict(
        Conclusion.FAILURE,
        f"{count} {noun} in the policy",
        summary,
        tuple(annotations[:MOST_ANNOTATIONS]),
    )


def _annotation(path: str, problem: Problem) -> Annotation:
    # GitHub shows both as plain text.
    message = cut(visible_lines(problem.message), _LONGEST_MESSAGE)
    title = cut(visible_lines(problem.path), _LONGEST_PATH) or "file"
    return Annotation(path, problem.line, problem.column, title, message)


def _without_policy(*, is_removed: bool) -> PolicyVerdict:
    if not is_removed:
        return PolicyVerdict(
            Conclusion.NEUTRAL,
            "A file that was not read is removed",
            f"{code_span(MISNAMED_PATH)} was no policy. {code_span(POLICY_PATH)} is not changed.",
        )
    return PolicyVerdict(
        Conclusion.NEUTRAL,
        "The policy is removed",
        f"After the merge {code_span(POLICY_PATH)} is gone. Deployments are then judged by the"
        " organization's policy, or by the one that the gate's server brings.",
    )
