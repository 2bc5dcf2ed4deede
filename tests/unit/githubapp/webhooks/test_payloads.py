"""Each delivery says one thing, or is refused with the field that is wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gate.domain.model.deliveries import (
    CheckRequested,
    DeploymentSeen,
    NothingSeen,
    Observation,
    PullRequestChanged,
    Pushed,
    Repository,
    RuleRequested,
    RunSeen,
)
from gate.domain.model.ids import AccountId, DeploymentId, InstallationId, RepositoryId, RunId, Sha
from gate.domain.model.runs import Account, WorkflowRun
from gate.errors import DeliveryRejected
from gate.githubapp.webhooks.payloads import ALWAYS_SENT, PARSED_EVENTS, PayloadParser
from gate.manifest import load_manifest
from tests.support.deliveries import (
    API_URL,
    CALLBACK,
    FULL_NAME,
    REPOSITORY_ID,
    RUN_ID,
    SHA,
    Payload,
    encode,
    make_check_run,
    make_check_suite,
    make_delivery,
    make_installation,
    make_pull_request,
    make_rule,
    make_run,
    make_status,
)

PARSER = PayloadParser(API_URL)
OWNER = Account(AccountId(60_000_001), "octo-org")
INSTALLATION = InstallationId(95_000_001)
REPOSITORY = Repository(RepositoryId(REPOSITORY_ID), INSTALLATION, FULL_NAME, OWNER, "main")
RUN = WorkflowRun(
    repository_id=RepositoryId(REPOSITORY_ID),
    run_id=RunId(RUN_ID),
    run_attempt=2,
    path=".github/workflows/production-validation.yml",
    event="schedule",
    head_sha=Sha(SHA),
    head_branch="main",
    head_repository_id=RepositoryId(REPOSITORY_ID),
    status="completed",
    conclusion="success",
    started_at=datetime(2026, 11, 23, 15, 0, tzinfo=UTC),
    updated_at=datetime(2026, 11, 23, 15, 10, tzinfo=UTC),
    html_url=f"https://github.com/{FULL_NAME}/actions/runs/{RUN_ID}",
    title="Production validation",
    actor=Account(AccountId(583_231), "mona"),
    triggering_actor=Account(AccountId(583_232), "lisa"),
)


def parse(event: str, payload: Payload) -> Observation:
    """Read a delivery that is valid JSON."""
    return PARSER.parse(event, encode(payload))


def seen_run(**changes: Any) -> WorkflowRun:
    """Return the run that a `workflow_run` delivery shows."""
    seen = parse(
        "workflow_run", make_delivery(action="completed", workflow_run=make_run(**changes))
    )
    assert isinstance(seen, RunSeen)
    return seen.run


def refusal(event: str, payload: Payload) -> DeliveryRejected:
    """Return the error that a delivery is refused with."""
    with pytest.raises(DeliveryRejected) as caught:
        parse(event, payload)
    return caught.value


def test_the_events_are_those_the_app_subscribes_to() -> None:
    """What app.yaml asks for and what is read are one list."""
    assert set(load_manifest().events) == PARSED_EVENTS


def test_every_event_of_ours_is_read() -> None:
    """An event that is announced as ours is decoded, not passed over."""
    for event in PARSED_EVENTS | ALWAYS_SENT:
        assert refusal(event, {}).reason == "malformed"


def test_a_rule_request_is_read() -> None:
    """The run comes from the callback URL, the deployment and its commit from the deployment."""
    assert parse("deployment_protection_rule", make_rule()) == RuleRequested(
        repository=REPOSITORY,
        environment="Production-Frontend",
        run_id=RunId(RUN_ID),
        deployment_id=DeploymentId(2_900_000_001),
        head_sha=Sha(SHA),
    )


def test_a_rule_request_without_a_deployment_is_read() -> None:
    """A job with `deployment: false` has none; its commit is left to its run."""
    without = make_rule()
    del without["deployment"]
    for payload in (without, make_rule(deployment=None)):
        seen = parse("deployment_protection_rule", payload)
        assert isinstance(seen, RuleRequested)
        assert (seen.run_id, seen.deployment_id, seen.head_sha) == (RunId(RUN_ID), None, None)


def test_a_foreign_callback_is_told_from_a_broken_one() -> None:
    """Somebody who points us elsewhere is worth another look than a change of GitHub's."""
    evil = CALLBACK.replace("api.github.com", "evil.example")
    foreign = refusal("deployment_protection_rule", make_rule(deployment_callback_url=evil))
    broken = refusal(
        "deployment_protection_rule", make_rule(deployment_callback_url=f"{CALLBACK}/")
    )
    assert [foreign.reason, broken.reason] == ["foreign_callback", "malformed"]


def test_an_enterprise_server_has_callbacks_of_its_own() -> None:
    """The API root decides, its path included."""
    root = "https://github.example.com/api/v3"
    body = encode(make_rule(deployment_callback_url=CALLBACK.replace(API_URL, root)))
    assert isinstance(PayloadParser(root).parse("deployment_protection_rule", body), RuleRequested)
    with pytest.raises(DeliveryRejected):
        PARSER.parse("deployment_protection_rule", body)


@pytest.mark.parametrize("action", ["requested", "in_progress", "completed"])
def test_a_run_is_read(action: str) -> None:
    """Each action of `workflow_run` shows the same: the attempt as it stands."""
    seen = parse("workflow_run", make_delivery(action=action, workflow_run=make_run()))
    assert seen == RunSeen(REPOSITORY, RUN)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".github/workflows/ci.yml", ".github/workflows/ci.yml"),
        (".github/workflows/ci.yml@refs/heads/main", ".github/workflows/ci.yml"),
        ("other/shared/.github/workflows/ci.yml@main", "other/shared/.github/workflows/ci.yml"),
    ],
)
def test_a_workflow_is_known_by_its_file(path: str, expected: str) -> None:
    """The ref is left out; a file of another repository never looks like one of ours."""
    assert seen_run(path=path).path == expected


@pytest.mark.parametrize(
    ("changes", "field", "expected"),
    [
        ({"status": None}, "status", "unknown"),
        ({"status": "brand_new"}, "status", "brand_new"),
        ({"conclusion": None}, "conclusion", None),
        ({"conclusion": "startup_failure"}, "conclusion", "startup_failure"),
        ({"head_branch": None}, "head_branch", None),
        ({"head_repository": None}, "head_repository_id", None),
        ({"actor": None}, "actor", None),
        ({"triggering_actor": None}, "triggering_actor", None),
        ({"display_title": None}, "title", ""),
        ({"display_title": "a\0b"}, "title", "a\N{REPLACEMENT CHARACTER}b"),
        (
            {"run_started_at": "2026-11-23T17:00:00+02:00"},
            "started_at",
            datetime(2026, 11, 23, 15, 0, tzinfo=UTC),
        ),
    ],
)
def test_a_run_is_read_leniently(changes: Payload, field: str, expected: object) -> None:
    """GitHub leaves things out, adds values and writes other people's texts."""
    assert getattr(seen_run(**changes), field) == expected


def test_times_are_in_utc() -> None:
    """Whatever offset GitHub writes, what is stored is UTC."""
    assert seen_run(updated_at="2026-11-23T17:00:00+02:00").updated_at.tzinfo is UTC


def test_a_run_without_an_attempt_is_the_first() -> None:
    """Old Enterprise Servers know no attempts."""
    run = make_run()
    del run["run_attempt"]
    seen = parse("workflow_run", make_delivery(action="completed", workflow_run=run))
    assert isinstance(seen, RunSeen)
    assert seen.run.run_attempt == 1


def test_a_deployments_state_is_read() -> None:
    """The state, its time and the run attempt it belongs to are read."""
    assert parse("deployment_status", make_status()) == DeploymentSeen(
        repository=REPOSITORY,
        deployment_id=DeploymentId(2_900_000_001),
        environment="Production-Frontend",
        state="waiting",
        at=datetime(2026, 11, 23, 15, 20, 1, tzinfo=UTC),
        run_id=RUN.run_id,
        run_attempt=2,
        run=RUN,
    )


@pytest.mark.parametrize("left_out", ["path", "head_repository"])
def test_half_a_run_is_none(left_out: str) -> None:
    """GitHub's own example of `deployment_status` lacks both; it would pass for a fork's run.

    It tells all the same to which attempt the deployment belongs.
    """
    run = make_run()
    del run[left_out]
    seen = parse("deployment_status", make_status(workflow_run=run))
    assert isinstance(seen, DeploymentSeen)
    assert seen.run is None
    assert (seen.run_id, seen.run_attempt) == (RUN.run_id, 2)


@pytest.mark.parametrize(("left_out", "attempt"), [(["path"], None), ([], 1)])
def test_an_attempt_is_not_guessed(left_out: list[str], attempt: int | None) -> None:
    """Of half a run that tells no attempt none is known; a whole one without is the first."""
    run = make_run()
    for name in ("run_attempt", *left_out):
        del run[name]
    seen = parse("deployment_status", make_status(workflow_run=run))
    assert isinstance(seen, DeploymentSeen)
    assert seen.run_attempt == attempt


def test_a_deployment_without_a_run_is_seen_all_the_same() -> None:
    """Deployments are made by others than Actions too."""
    seen = parse("deployment_status", make_status(workflow_run=None))
    assert isinstance(seen, DeploymentSeen)
    assert seen.run is None


@pytest.mark.parametrize(
    ("ref", "expected"),
    [
        ("refs/heads/main", Pushed(REPOSITORY, "main")),
        ("refs/heads/release/1", Pushed(REPOSITORY, "release/1")),
        ("refs/tags/v1", NothingSeen("not_a_branch")),
        ("main", NothingSeen("not_a_branch")),
    ],
)
def test_a_push_names_its_branch(ref: str, expected: Observation) -> None:
    """Branches may have slashes; tags are none of ours."""
    assert parse("push", make_delivery(ref=ref)) == expected


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("ping", {"zen": "Keep it logically awesome.", "hook_id": 1}),
        ("installation_target", {"action": "renamed"}),
        ("workflow_job", {"action": "completed"}),
        ("", {}),
    ],
)
def test_other_events_show_nothing(event: str, payload: Payload) -> None:
    """Whatever else GitHub sends is no error, and not even looked into."""
    assert parse(event, payload) == NothingSeen("event_not_ours")


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("deployment_protection_rule", make_rule(action="withdrawn")),
        ("pull_request", make_pull_request(action="labeled")),
        ("check_run", make_check_run(action="completed")),
        ("check_suite", make_check_suite(action="requested")),
        ("workflow_run", make_delivery(action="renamed", workflow_run=make_run())),
        ("deployment_status", make_status(action="deleted")),
        ("installation", make_installation(action="renamed")),
    ],
)
def test_other_actions_show_nothing(event: str, payload: Payload) -> None:
    """An action that GitHub adds is no error until we know what it means."""
    assert parse(event, payload) == NothingSeen("action_not_ours")


@pytest.mark.parametrize("action", ["opened", "reopened", "synchronize", "edited"])
def test_a_pull_request_is_named(action: str) -> None:
    """Nothing else is taken from the payload: GitHub is asked."""
    seen = parse("pull_request", make_pull_request(action=action))
    assert seen == PullRequestChanged(REPOSITORY, 8)


def test_checks_are_asked_for_again() -> None:
    """One by what we wrote into it, all of them by their commit."""
    one = parse("check_run", make_check_run())
    assert one == CheckRequested(REPOSITORY, Sha(SHA), "8/1")
    assert parse("check_suite", make_check_suite()) == CheckRequested(REPOSITORY, Sha(SHA), None)
    without = make_check_run(check_run={"head_sha": SHA, "external_id": None})
    assert parse("check_run", without) == CheckRequested(REPOSITORY, Sha(SHA), "")
