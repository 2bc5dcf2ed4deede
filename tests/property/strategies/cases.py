"""Cases for the gate to judge, drawn so that rules meet: few clocks, few names, one flaw or two."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import product
from random import Random
from typing import Any, Final

from hypothesis import strategies as st

from gate.domain.evidence.evidence import Evidence
from gate.domain.evidence.run_checks import CLOCK_ERROR
from gate.domain.model.facts import Facts
from gate.domain.model.policy import (
    LONGEST_HOLD,
    Covers,
    EnvironmentPolicy,
    InvalidPolicy,
    LoadedPolicy,
    Mode,
    PolicyReading,
    Problem,
    Reaction,
    UnavailablePolicy,
    ValidationState,
)
from gate.domain.model.runs import Job, WorkflowRun
from gate.domain.requests.decision import Decision, ReasonCode, Verdict
from tests.support.builders import (
    BRANCH,
    ENVIRONMENT,
    FORK,
    NOW,
    OTHER_SHA,
    SHA,
    TICK,
    VALIDATION,
    before,
    make_decision,
    make_environment,
    make_facts,
    make_infrastructure,
    make_job,
    make_policy,
    make_request,
    make_run,
)

UNKNOWN: Final = "brand_new"
"""A value that GitHub may add tomorrow."""

_CLOCKS: Final = (
    NOW,
    before(minutes=1),
    before(hours=1) + TICK,
    before(hours=1),
    before(hours=1) - TICK,
    before(hours=6),
    before(hours=24),
    before(hours=25),
)
_AGES: Final = (timedelta(minutes=4), timedelta(hours=1), timedelta(hours=24))
_HOLDS: Final = (timedelta(minutes=8), timedelta(hours=1), timedelta(hours=24), LONGEST_HOLD)
_JOBS: Final = (make_job(), make_job("report"))

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
    {"jobs": (*_JOBS, make_job(conclusion="failure"))},
    {"jobs": (make_job(conclusion="skipped"), make_job("report"))},
)


def _pool(make: Callable[..., WorkflowRun], *, ends: bool) -> list[WorkflowRun]:
    """Make runs that start, or end, at each clock, as many good as flawed ones.

    Drawing from ready values keeps thousands of examples cheap.
    """
    lasted = timedelta(minutes=30)
    pool = []
    for flaw in [*({} for _ in _FLAWS), *_FLAWS]:
        for clock, run_id, run_attempt in product(_CLOCKS, (1, 2, 3), (1, 2)):
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


def _environments(mode: tuple[Mode, ...]) -> list[EnvironmentPolicy]:
    """Make policies that change a few of the defaults each, the default first."""
    random = Random(20260302)
    options: dict[str, tuple[Any, ...]] = {
        "max_age": _AGES,
        "covers": tuple(Covers),
        "required_jobs": ((), ("flows",), ("flows", "report"), ("lint",)),
        "branch": (None, BRANCH, "feature"),
        "events": (("push", "schedule"), ("push",), ("schedule",)),
        "give_up_after": _HOLDS,
        "mode": mode,
        **dict.fromkeys(("failed", "running", "inconclusive", "missing", "stale"), tuple(Reaction)),
    }
    made = [make_environment(mode=mode[0])]
    for _ in range(500):
        changed = random.sample(sorted(options), random.randint(0, 5))
        made.append(
            make_environment(
                **{"mode": mode[0]} | {key: random.choice(options[key]) for key in changed}
            )
        )
    return made


ENFORCED: Final = st.sampled_from(_environments((Mode.ENFORCE,)))
_ANY: Final = st.sampled_from(_environments((Mode.ENFORCE, Mode.OBSERVE)))
_BROKEN: Final[st.SearchStrategy[PolicyReading]] = st.sampled_from(
    [
        InvalidPolicy((Problem(1, 1, "version", "write 1"),), "sha256:bad", "the file"),
        UnavailablePolicy("GitHub answered 502"),
        make_policy(name="staging"),
        make_policy(name="staging", mode=Mode.OBSERVE),
    ]
)


_STRICT: Final[st.SearchStrategy[PolicyReading]] = ENFORCED.map(make_policy)
_READINGS: Final = st.one_of(_ANY.map(make_policy), _ANY.map(make_policy), _BROKEN)


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that `decide` is given."""

    reading: PolicyReading
    facts: Facts
    now: datetime

    @property
    def policy(self) -> EnvironmentPolicy | None:
        """Give the environment's policy, where there is a valid one."""
        if not isinstance(self.reading, LoadedPolicy):
            return None
        return self.reading.policy.environments.get(ENVIRONMENT)


def edges(reading: PolicyReading, facts: Facts) -> list[datetime]:
    """List the instants at which a verdict on these facts could turn."""
    held = [LONGEST_HOLD]
    ages = list(_AGES[:1])
    if isinstance(reading, LoadedPolicy):
        for environment in reading.policy.environments.values():
            held.append(environment.give_up_after)
            ages.append(environment.validation.max_age)
    since = facts.request.waiting_since
    ends = [since + hold for hold in held]
    calls = [since + hold - min(timedelta(hours=1), hold / 4) for hold in held]
    starts = [run.started_at for run in facts.validations]
    starts += [
        job.started_at
        for run in facts.validations
        for job in run.jobs or ()
        if job.started_at is not None
    ]
    stale = [start + age for start in starts for age in ages]
    begins = [start - CLOCK_ERROR for start in starts]
    return [since, *ends, *calls, *stale, *begins]


_BESIDE: Final = st.tuples(st.integers(0, 99), st.sampled_from([0 * TICK, -TICK, TICK]))
_UNAVAILABLE: Final = st.sampled_from([None, None, None, "the runs"])
_SINCE: Final = st.sampled_from(_CLOCKS)


@st.composite
def cases(draw: st.DrawFn, *, enforced: bool = False) -> Case:
    """Draw a case whose clock likes the case's own edges, or the microsecond beside them."""
    reading = draw(_STRICT if enforced else _READINGS)
    facts = make_facts(
        request=make_request(waiting_since=draw(_SINCE)),
        validations=draw(VALIDATIONS),
        infrastructure=draw(INFRASTRUCTURE),
        infrastructure_since=draw(st.sampled_from([None, None, *_CLOCKS])),
        unavailable=draw(_UNAVAILABLE),
    )
    edge, tick = draw(_BESIDE)
    places = [NOW, NOW, *edges(reading, facts)]
    return Case(reading, facts, places[edge % len(places)] + tick)


@st.composite
def sightings(draw: st.DrawFn) -> WorkflowRun:
    """Draw a sighting of one and the same run attempt."""
    jobs: st.SearchStrategy[tuple[Job, ...] | None] = st.sampled_from(
        [None, None, (), (make_job(),), (make_job(conclusion="failure"),), _JOBS]
    )
    return make_run(
        status=draw(st.sampled_from(["queued", "in_progress", UNKNOWN, "completed", "completed"])),
        conclusion=draw(st.sampled_from([None, "success", "failure"])),
        updated_at=draw(st.sampled_from([NOW, NOW + TICK, NOW + 2 * TICK])),
        title=draw(st.sampled_from(["", "a"])),
        jobs=draw(jobs),
    )


HOSTILE: Final = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "@octocat",
                "acme/shop#1",
                "/close",
                "[click](https://evil.example)",
                "![x](//evil.example/x.png)",
                "<img src=x>",
                "<!channel>",
                "<https://evil.example|x>",
                "`code`",
                "\\",
                "\\\\",
                "\n",
                "\r\n",
                "\n\n**Approved**",
                "    ",
                "---",
                "===",
                "# ",
                "> ",
                "1) ",
                "\u202e",
                "\u200b",
                "\ufeff",
                "\u2028",
                "\ud800",
                "www.evil.example",
                "a" * 400,
                "@" * 300,
                "word " * 80,
            ]
        ),
        st.text(max_size=8),
    ),
    max_size=6,
).map("".join)
"""Text that others wrote, and that wants to be more than text."""


@st.composite
def decisions(draw: st.DrawFn, detail: st.SearchStrategy[str] | None = None) -> Decision:
    """Draw any decision, sensible or not: what is done with it must not depend on that."""
    verdict = draw(st.sampled_from(Verdict))
    codes = draw(st.lists(st.sampled_from(ReasonCode), min_size=1, max_size=3))
    seen = draw(st.one_of(st.none(), VALIDATIONS))
    evidence = None
    if seen is not None:
        evidence = Evidence(
            ValidationState.FAILED,
            seen[0] if seen else None,
            "",
            infrastructure=seen[1] if len(seen) > 1 else None,
        )
    return make_decision(
        verdict,
        *codes,
        detail=draw(detail) if detail is not None else "",
        evidence=evidence,
        last_call=verdict is Verdict.WAIT and draw(st.booleans()),
    )
