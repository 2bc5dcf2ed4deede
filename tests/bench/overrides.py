"""Measure how soon an override is acted on: from the reviewer's words to the release."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from tests.bench.decisions import furnish
from tests.bench.services import ENVIRONMENT, Rig, wait_for

_WHY = "I accept the risk: checkout is down, and this build mends it."
_REVIEWER = "carol"

Speak = Callable[[Rig, str, int], None]
"""Let the reviewer speak about a run of a repository."""


def reviewed(rig: Rig, name: str, run_id: int) -> None:
    """Approve in GitHub's review dialog."""
    del name
    rig.github.review_as(_REVIEWER, run_id, ENVIRONMENT, "approved", _WHY)


def commented(rig: Rig, name: str, run_id: int) -> None:
    """Write the command below an issue."""
    number = rig.github.open_issue(name, "Validation is red")
    rig.github.comment_on_issue(name, number, _REVIEWER, f"/override {run_id} {_WHY}")


def overridden_in(rig: Rig, count: int, speak: Speak) -> list[float]:
    """Override `count` held deployments, one after the other; give the ms from words to release.

    The comment's webhook needs the reviewer to be looked up at GitHub, and so does the review's.
    """
    took = []
    for name in furnish(rig, count, "failure"):
        rig.github.protect_environment(name, ENVIRONMENT, reviewers=[_REVIEWER])
        run_id = rig.github.deploy(name).run_id
        wait_for(lambda: bool(rig.github.reviews(run_id)), "the hold", every=0.01)  # noqa: B023
        # What is said in the second in which it turned red does not count.
        rig.github.advance(2)
        rig.github.wait_until_delivered()
        asked = datetime.now(UTC)
        before = rig.github.totals().decisions
        speak(rig, name, run_id)
        wait_for(lambda: rig.github.totals().decisions > before, "the release", every=0.002)  # noqa: B023
        took.append((datetime.now(UTC) - asked).total_seconds() * 1000)
    return took
