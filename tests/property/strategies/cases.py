"""Draw cases for the gate to judge, whose clock lies near the edges of the case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hypothesis import strategies as st

from gate.domain.evidence.run_state import CLOCK_ERROR
from gate.domain.model.facts import Facts
from gate.domain.model.policy.policy import (
    LONGEST_HOLD,
    EnvironmentPolicy,
    LoadedPolicy,
    PolicyReading,
)
from tests.property.strategies.policies import AGES, READINGS, STRICT
from tests.property.strategies.run_lists import CLOCKS, INFRASTRUCTURE, VALIDATIONS
from tests.support.builders.defaults import ENVIRONMENT, NOW, TICK
from tests.support.builders.requests import make_facts, make_request


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that `decide` is given."""

    reading: PolicyReading
    facts: Facts
    now: datetime

    @property
    def policy(self) -> EnvironmentPolicy | None:
        """Return the environment's policy, where there is a valid one."""
        if not isinstance(self.reading, LoadedPolicy):
            return None
        return self.reading.policy.environments.get(ENVIRONMENT)


def edges(reading: PolicyReading, facts: Facts) -> list[datetime]:
    """List the instants at which a verdict on these facts could turn."""
    held = [LONGEST_HOLD]
    ages = list(AGES[:1])
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


def probes_before(next_look: datetime, case: Case) -> list[datetime]:
    """List the instants of a case, beside its edges, that come before its next look."""
    beside = [edge + tick for edge in edges(case.reading, case.facts) for tick in (-TICK, 0 * TICK)]
    return [case.now, next_look - TICK, *(it for it in beside if case.now < it < next_look)]


_BESIDE: Final = st.tuples(st.integers(0, 99), st.sampled_from([0 * TICK, -TICK, TICK]))
_UNAVAILABLE: Final = st.sampled_from([None, None, None, "the runs"])
_SINCE: Final = st.sampled_from(CLOCKS)


@st.composite
def cases(draw: st.DrawFn, *, enforced: bool = False) -> Case:
    """Draw a case whose clock likes the case's own edges, or the microsecond beside them."""
    reading = draw(STRICT if enforced else READINGS)
    facts = make_facts(
        request=make_request(waiting_since=draw(_SINCE)),
        validations=draw(VALIDATIONS),
        infrastructure=draw(INFRASTRUCTURE),
        infrastructure_since=draw(st.sampled_from([None, None, *CLOCKS])),
        unavailable=draw(_UNAVAILABLE),
    )
    edge, tick = draw(_BESIDE)
    places = [NOW, NOW, *edges(reading, facts)]
    return Case(reading, facts, places[edge % len(places)] + tick)
