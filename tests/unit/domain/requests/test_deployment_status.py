"""What the deployment history says of an override, without changing it."""

import itertools
from dataclasses import replace

import pytest

from gate.domain.model.ids import DeploymentId
from gate.domain.model.ledger import (
    Effect,
    EffectKind,
    EffectStatus,
    Ledger,
    LedgerEntry,
    status_key,
)
from gate.domain.model.request import RequestState
from gate.domain.requests.deployment_status import (
    DESCRIPTION_LIMIT,
    is_final,
    plan_mirrors,
    render_status_description,
)
from gate.domain.requests.plan import is_sendable
from tests.support.builders.overrides import make_claim, make_record
from tests.support.builders.requests import make_request
from tests.support.builders.runs import make_account

PAGE = "https://github.com/acme/shop/actions/runs/601"
ONE, TWO, THREE = DeploymentId(31), DeploymentId(32), DeploymentId(33)
RELEASED = make_request(state=RequestState.APPROVED, deployment_ids=(ONE, TWO))


def mirrored(
    states: dict[DeploymentId, str], ledger: Ledger | None = None, state: RequestState | None = None
) -> list[tuple[DeploymentId | None, str | None]]:
    """Name the deployments that are told of the override, with the state that is repeated."""
    request = replace(RELEASED, state=state or RELEASED.state)
    effects = plan_mirrors(request, ledger or Ledger(), states, make_record(), PAGE)
    return [(effect.deployment_id, effect.mirrored) for effect in effects]


def entry(status: EffectStatus) -> LedgerEntry:
    """Make the ledger's entry of the status for the first deployment."""
    effect = Effect(status_key(RELEASED.key, ONE), EffectKind.STATUS, "override", "said")
    return LedgerEntry(effect, 1, status, attempts=1)


def test_status() -> None:
    """A deployment that ended is told its own state once more, who overrode, and where to read."""
    (effect,) = plan_mirrors(RELEASED, Ledger(), {ONE: "success"}, make_record(), PAGE)
    assert effect == Effect(
        key="status/1001/601/1/production-frontend/31",
        kind=EffectKind.STATUS,
        topic="override",
        comment="Override by @hubot: The checkout is not touched by this. I accept the risk.",
        deployment_id=ONE,
        mirrored="success",
        log_url=f"{PAGE}#gate-request-9",
    )


@pytest.mark.parametrize("state", ["success", "failure", "error", "inactive"])
def test_final_states_are_repeated(state: str) -> None:
    """Each state that is an end is repeated as it is."""
    assert mirrored({ONE: state}) == [(ONE, state)]


@pytest.mark.parametrize("state", ["waiting", "queued", "in_progress", "pending", "brand_new", ""])
def test_passing_states_are_left_alone(state: str) -> None:
    """While another state may be on its way nothing is said over it."""
    assert mirrored({ONE: state}) == []


def test_each_deployment_by_itself() -> None:
    """Deployments of one request end one by one; what is not known or not ours is left alone."""
    states = {TWO: "failure", ONE: "success", THREE: "success"}
    assert mirrored(states) == [(ONE, "success"), (TWO, "failure")]
    assert mirrored({TWO: "failure", ONE: "queued"}) == [(TWO, "failure")]
    assert mirrored({}) == []


@pytest.mark.parametrize("status", EffectStatus)
def test_once(status: EffectStatus) -> None:
    """What GitHub may have seen is not said again; what it cannot have seen is still owed."""
    owed = [(ONE, "success")] if is_sendable(status) else []
    assert mirrored({ONE: "success"}, Ledger((entry(status),))) == owed


@pytest.mark.parametrize("state", [it for it in RequestState if it is not RequestState.APPROVED])
def test_only_what_was_released(state: RequestState) -> None:
    """A request that we have not approved has nothing to tell."""
    assert mirrored({ONE: "success"}, state=state) == []


def test_description_names_everybody() -> None:
    """Each person is named, and the first one's words are given."""
    second = make_claim(person=make_account("octocat", id=9), rationale="Mine too")
    record = make_record(make_claim(rationale="Mine"), second)
    assert render_status_description(record) == "Override by @hubot, @octocat: Mine"


@pytest.mark.parametrize(
    ("rationale", "shown"),
    [
        ("one\n\ttwo  three", "one two three"),
        ("a\u202eb\u2066c\u200bd\x1be\x00", "abcde"),
        ("\u2028<!channel> @everyone ![x](//e/x.png)", "<!channel> @everyone ![x](//e/x.png)"),
        ("", ""),
    ],
)
def test_description_is_one_plain_line(rationale: str, shown: str) -> None:
    """The field is plain text: folded, with nothing invisible, and otherwise as it was said."""
    said = render_status_description(make_record(make_claim(rationale=rationale)))
    assert said == f"Override by @hubot: {shown}"


@pytest.mark.parametrize("extra", [-1, 0, 1, 5000])
def test_description_fits(extra: int) -> None:
    """GitHub takes 140 characters; what is more is cut, and the cut is shown."""
    room = DESCRIPTION_LIMIT - len("Override by @hubot: ")
    said = render_status_description(make_record(make_claim(rationale="x" * (room + extra))))
    assert len(said) == min(DESCRIPTION_LIMIT, DESCRIPTION_LIMIT + extra)
    assert said.endswith("…") is (extra > 0)


TIMELINES = [
    ("waiting", "queued", "in_progress", end, *after)
    for end in ("success", "failure", "error")
    for after in ((), ("inactive",))
] + [
    ("waiting", "failure"),
    ("waiting", "queued", "success"),
    ("waiting", "in_progress", "inactive"),
]


@pytest.mark.parametrize("timeline", TIMELINES, ids="-".join)
def test_no_interleaving_changes_what_the_deployment_shows(timeline: tuple[str, ...]) -> None:
    """Wherever passes fall between GitHub's own statuses, the newest one tells the true state.

    Each pass reads the state as GitHub shows it then; a pass may come at any step, or at several.
    """
    steps = range(len(timeline))
    for looks in itertools.chain.from_iterable(
        itertools.combinations(steps, count) for count in range(len(timeline) + 1)
    ):
        shown: list[str] = []
        ledger = Ledger()
        for step, state in enumerate(timeline):
            shown.append(state)
            if step not in looks:
                continue
            effects = plan_mirrors(RELEASED, ledger, {ONE: shown[-1]}, make_record(), PAGE)
            for effect in effects:
                assert effect.mirrored is not None
                shown.append(effect.mirrored)
                ledger = Ledger((LedgerEntry(effect, 1, EffectStatus.DONE, attempts=1),))
            assert shown[-1] == state
        ours = len(shown) - len(timeline)
        assert ours == (1 if any(is_final(timeline[look]) for look in looks) else 0)
