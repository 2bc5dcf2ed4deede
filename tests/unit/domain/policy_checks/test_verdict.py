"""What is said of each kind of proposal, and that nothing foreign becomes markup."""

from __future__ import annotations

import pytest

from gate.domain.model.policy.policy import (
    MISNAMED_PATH,
    POLICY_PATH,
    InvalidPolicy,
    LoadedPolicy,
    Problem,
)
from gate.domain.model.policy_checks import Conclusion
from gate.domain.policy_checks.verdict import MOST_ANNOTATIONS, Proposed, judge_policy
from gate.policyfile import parse_policy


def valid() -> LoadedPolicy:
    """Parse a policy that gates two environments."""
    text = b"version: 1\nenvironments:\n  production-frontend: {}\n  staging: {}\n"
    reading = parse_policy(text, POLICY_PATH)
    assert isinstance(reading, LoadedPolicy)
    return reading


def invalid(*problems: Problem) -> InvalidPolicy:
    """Make a policy with problems."""
    return InvalidPolicy(problems or (Problem(3, 5, "version", "expected 1"),), "", POLICY_PATH)


@pytest.mark.parametrize(
    ("proposed", "conclusion", "title"),
    [
        ({POLICY_PATH: valid()}, Conclusion.SUCCESS, "The policy is valid"),
        ({POLICY_PATH: invalid()}, Conclusion.FAILURE, "1 problem in the policy"),
        ({POLICY_PATH: None}, Conclusion.NEUTRAL, "The policy is removed"),
        ({MISNAMED_PATH: valid()}, Conclusion.FAILURE, "1 problem in the policy"),
        (
            {MISNAMED_PATH: None},
            Conclusion.NEUTRAL,
            "A file that was not read is removed",
        ),
        ({POLICY_PATH: valid(), MISNAMED_PATH: None}, Conclusion.SUCCESS, "The policy is valid"),
        (
            {POLICY_PATH: invalid(), MISNAMED_PATH: valid()},
            Conclusion.FAILURE,
            "2 problems in the policy",
        ),
    ],
)
def test_each_proposal(proposed: Proposed, conclusion: Conclusion, title: str) -> None:
    """Invalid fails, valid passes, and a removal is only said."""
    verdict = judge_policy(proposed)
    assert (verdict.conclusion, verdict.title) == (conclusion, title)


def test_a_policy_that_moves_to_the_wrong_path_fails() -> None:
    """Renaming it there removes it, which nobody means."""
    verdict = judge_policy({POLICY_PATH: None, MISNAMED_PATH: valid()})
    assert verdict.conclusion is Conclusion.FAILURE
    assert f"Rename it to {POLICY_PATH}" in verdict.annotations[0].message


def test_only_so_many_annotations_as_github_takes() -> None:
    """The others are counted."""
    problems = [Problem(line, 1, "", "no") for line in range(1, 81)]
    verdict = judge_policy({POLICY_PATH: invalid(*problems)})
    assert len(verdict.annotations) == MOST_ANNOTATIONS
    assert verdict.title == "80 problems in the policy"
    assert "The first 50 are shown." in verdict.summary


def test_what_is_foreign_stays_text() -> None:
    """A problem may quote the file, which anybody may have written."""
    quoted = Problem(1, 1, "environments.\u202ex", "not \u202eevil " + "x" * 5_000)
    (annotation,) = judge_policy({POLICY_PATH: invalid(quoted)}).annotations
    assert "\u202e" not in annotation.title + annotation.message
    assert len(annotation.message) == 1_000
