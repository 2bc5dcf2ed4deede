"""Draw lists of runs around a few clocks, as many good as flawed ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from typing import Any, Final

from hypothesis import strategies as st

from gate.domain.model.runs import Job, WorkflowRun
from tests.support.builders.defaults import FORK, NOW, OTHER_SHA, SHA, TICK, VALIDATION, before
from tests.support.builders.runs import make_infrastructure, make_job, make_run

UNKNOWN: Final = "brand_new"
"""A value that GitHub may add tomorrow."""
CLOCKS: Final = (
    NOW,
    before(minutes=1),
    before(hours=1) + TICK,
    before(hours=1),
    before(hours=1) - TICK,
    before(hours=6),
    before(hours=24),
    before(hours=25),
)
JOBS: Final = (make_job(), make_job("report"))
_FLAWS: Final[tuple[dict[str, Any], ...]] = (
    {"old": "flows"},
    {"old": "report"},
    {"old": "lint"},
    {"unlisted": "flows"},
    {"unlisted": "report"},
    {"undated": "flows"},
    {"doubled": "flows"},
    {"path": ".github/workflows/other.yml"},
    {"path": f"acme/shop/{VALIDATION}"},
    {"event": "pull_request"},
    {"event": "schedule"},
    {"head_branch": "feature"},
    {"head_branch": None},
    {"head_repository_id": FORK},
    {"head_repository_id": None},
    {"repository_id": FORK},
    {"head_sha": OTHER_SHA},
    {"status": "queued", "conclusion": None},
    {"status": "in_progress"},
    {"status": UNKNOWN},
    {"conclusion": "failure"},
    {"conclusion": "timed_out"},
    {"conclusion": "cancelled"},
    {"conclusion": "skipped"},
    {"conclusion": "skipped"},
    {"conclusion": UNKNOWN},
    {"conclusion": None},
    {"jobs": None},
    {"jobs": ()},
    {"jobs": (make_job(),)},
    {"jobs": (*JOBS, make_job(conclusion="failure"))},
    {"jobs": (make_job(conclusion="skipped"), make_job("report"))},
)


def _pool(make: Callable[..., WorkflowRun], *, ends: bool) -> list[WorkflowRun]:
    """Make runs that start, or end, at each clock, as many good as flawed ones.

    Drawing from ready values keeps thousands of examples cheap.
    """
    lasted = timedelta(minutes=30)
    pool = []
    for flaw in [*({} for _ in _FLAWS), *_FLAWS]:
        for clock, run_id, run_attempt in product(CLOCKS, (1, 2, 3), (1, 2)):
            start = clock - lasted if ends else clock
            good = {
                "run_id": run_id,
                "run_attempt": run_attempt,
                "head_sha": OTHER_SHA if run_id == 3 else SHA,
                "started_at": start,
                "updated_at": clock if ends else clock + lasted,
                "jobs": _jobs(start, run_attempt, flaw),
            }
            own = {key: value for key, value in flaw.items() if key not in _JOB_FLAWS}
            pool.append(make(**good | own))
    return pool


_JOB_FLAWS: Final = ("old", "unlisted", "undated", "doubled")


def _jobs(start: datetime, attempt: int, flaw: dict[str, Any]) -> tuple[Job, ...]:
    """Make the jobs of an attempt; a flaw names one that it did not run again, or lists oddly."""
    found = []
    names = ["flows", "report", *(["lint"] if flaw.get("old") == "lint" else [])]
    for name in names:
        job = make_job(name, started_at=start, run_attempt=attempt)
        old = make_job(name, started_at=start - timedelta(hours=10), run_attempt=1)
        if flaw.get("old") == name:
            found.append(replace(old, run_attempt=attempt))
        elif flaw.get("unlisted") == name:
            found.append(old)
        elif flaw.get("undated") == name:
            found.append(replace(job, started_at=None))
        elif flaw.get("doubled") == name:
            found += [old, old, job]
        else:
            found.append(job)
    return tuple(found)


def _some(
    make: Callable[..., WorkflowRun], *, ends: bool
) -> st.SearchStrategy[tuple[WorkflowRun, ...]]:
    """Draw up to three runs, no attempt twice."""
    drawn = st.tuples(*[st.sampled_from([None, *_pool(make, ends=ends)])] * 3)
    return drawn.map(
        lambda it: tuple({(run.run_id, run.run_attempt): run for run in it if run}.values())
    )


VALIDATIONS: Final = _some(make_run, ends=False)
INFRASTRUCTURE: Final = _some(make_infrastructure, ends=True)


@st.composite
def sightings(draw: st.DrawFn) -> WorkflowRun:
    """Draw a sighting of one and the same run attempt."""
    jobs: st.SearchStrategy[tuple[Job, ...] | None] = st.sampled_from(
        [None, None, (), (make_job(),), (make_job(conclusion="failure"),), JOBS]
    )
    return make_run(
        status=draw(st.sampled_from(["queued", "in_progress", UNKNOWN, "completed", "completed"])),
        conclusion=draw(st.sampled_from([None, "success", "failure"])),
        updated_at=draw(st.sampled_from([NOW, NOW + TICK, NOW + 2 * TICK])),
        title=draw(st.sampled_from(["", "a"])),
        jobs=draw(jobs),
    )
