"""What an issue lacks is found by comparing, whatever happened before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.domain.incidents.issue.plan import Followed, IssueStep, digest_of, plan_step
from gate.domain.incidents.issue.remarks import Remark
from gate.domain.incidents.issue.text import IssueText

OPEN = IssueText("Failed", "It is red", is_open=True)
CLOSED = IssueText("Failed", "It is green", is_open=False)
REMARK = Remark(4, "Over")
NONE = Followed()
CURRENT = Followed(7, digest_of(OPEN), is_open=True, told=1)
HAND = replace(CURRENT, is_open=False, owes_closing=True)


def step(
    followed: Followed, text: IssueText, remark: Remark | None = None, *, is_wanted: bool = True
) -> IssueStep | None:
    """Plan the next step."""
    return plan_step(followed, text, remark, "closing", labels=("red",), is_wanted=is_wanted)


@pytest.mark.parametrize(
    ("followed", "text", "remark", "expected"),
    [
        (NONE, OPEN, None, "open"),
        (NONE, OPEN, REMARK, "open"),
        (NONE, CLOSED, REMARK, None),
        (CURRENT, OPEN, None, None),
        (CURRENT, OPEN, REMARK, "event/4"),
        (CURRENT, replace(OPEN, body="more"), None, "update"),
        (CURRENT, replace(OPEN, title="other"), None, "update"),
        (CURRENT, replace(OPEN, is_open=False), None, "update"),
        (CURRENT, CLOSED, REMARK, "event/4"),
        (replace(CURRENT, is_open=False), OPEN, None, "update"),
        (replace(CURRENT, digest=None), OPEN, None, "update"),
        (HAND, OPEN, None, "closed-by-hand"),
        (replace(HAND, digest=digest_of(CLOSED)), CLOSED, None, None),
    ],
)
def test_steps(
    followed: Followed, text: IssueText, remark: Remark | None, expected: str | None
) -> None:
    """Comments come before the change that they announce."""
    planned = step(followed, text, remark)
    assert (planned.name if planned is not None else None) == expected


def test_a_policy_without_issues() -> None:
    """None is opened; one that is there is looked after to its end."""
    assert step(NONE, OPEN, is_wanted=False) is None
    planned = step(CURRENT, CLOSED, is_wanted=False)
    assert planned is not None
    assert planned.name == "update"


def test_title_and_body_do_not_blur() -> None:
    """What moves from one to the other is a change."""
    assert digest_of(IssueText("a", "b", is_open=True)) != digest_of(
        IssueText("a\nb", "", is_open=True)
    )
