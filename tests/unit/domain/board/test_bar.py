"""The bar of the newest validations of an environment."""

from __future__ import annotations

from gate.domain.board.bar import draw_bar
from gate.domain.evidence.evidence import Evidence
from gate.domain.model.ids import RunId
from gate.domain.model.policy.policy import ValidationState
from gate.domain.model.runs import BriefRun
from tests.support.builders.defaults import before
from tests.support.builders.runs import make_run


def brief(number: int, conclusion: str | None, status: str = "completed") -> BriefRun:
    """Make a run that started so many minutes after the first."""
    run = make_run()
    return BriefRun(
        run.repository_id,
        RunId(500 + number),
        1,
        run.path,
        run.event,
        run.head_branch,
        run.head_repository_id,
        status,
        conclusion,
        before(minutes=60 - number),
    )


def test_a_bar_shows_the_last_thirty_oldest_first() -> None:
    """With a foot under the run whose hold was overridden."""
    ends = ["success", "failure", "timed_out", "cancelled", None]
    statuses = ["completed"] * 4 + ["in_progress"]
    runs = [brief(at, *it) for at, it in enumerate(zip(ends, statuses, strict=True))]
    bar = draw_bar(runs[::-1], None, [RunId(501), RunId(9)])
    assert [(it.kind, it.overridden) for it in bar.marks] == [
        ("p", False),
        ("f", True),
        ("f", False),
        ("i", False),
        ("r", False),
    ]
    expected = "Last 5 validations: 1 passed, 2 failed, 1 without a result, 1 running; 1 overridden"
    assert bar.label == expected
    assert len(draw_bar([brief(it, "success") for it in range(40)], None, ()).marks) == 30


def test_the_newest_mark_shows_what_the_gate_concludes() -> None:
    """A run that is green by itself is red when its report says so."""
    run = make_run()
    evidence = Evidence(ValidationState.FAILED, run, "")
    (mark,) = draw_bar([brief(1, "success")], evidence, ()).marks
    assert mark.kind == "f"


def test_another_attempt_than_the_newest_leaves_its_mark_alone() -> None:
    """What is concluded of a run says nothing of the one that followed it."""
    evidence = Evidence(ValidationState.FAILED, make_run(run_attempt=2), "")
    (mark,) = draw_bar([brief(1, "success")], evidence, ()).marks
    assert mark.kind == "p"
