"""The JSON object is the alert contract's, key for key."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

from gate.domain.model.alert import FailedFlow
from gate.notify.webhook.contract import encode_contract, render_contract
from tests.support.alerts import HOSTILE, JOB, make_alert, make_held
from tests.support.builders.defaults import ENVIRONMENT, SHA

CONTRACT = {
    "event": "Production Validation Failed",
    "timestamp": "2025-09-24T10:30:00Z",
    "terraformDeploymentId": "deploy-12345",
    "githubJobUrl": "https://github.com/repo/actions/runs/12345",
    "failedFlows": [
        {
            "flowName": "add-exercise-and-see-it-in-list.yml",
            "exitCode": 1,
            "error": "Assertion failed: expected element 'exercise-list' to be visible",
        }
    ],
    "artifactUrls": ["https://github.com/repo/actions/runs/12345/artifacts/screenshots"],
    "nextSteps": [
        "Review production validation logs",
        "Check if infrastructure rollback is needed",
        "Investigate failed assertions",
    ],
}
"""The example of the contract, in its order."""

ADDED = (
    "schemaVersion",
    "severity",
    "repository",
    "environment",
    "runId",
    "runAttempt",
    "headSha",
    "incidentUrl",
    "heldDeployments",
)


def test_the_contracts_example_comes_out_as_it_stands_there() -> None:
    """Values, order and names of the contract's keys; what is added comes after them."""
    alert = make_alert(
        timestamp=datetime(2025, 9, 24, 12, 30, tzinfo=timezone(timedelta(hours=2))),
        github_job_url=CONTRACT["githubJobUrl"],
        failed_flows=(
            FailedFlow(
                "add-exercise-and-see-it-in-list.yml",
                1,
                "Assertion failed: expected element 'exercise-list' to be visible",
            ),
        ),
        artifact_urls=tuple(CONTRACT["artifactUrls"]),
        next_steps=tuple(CONTRACT["nextSteps"]),
    )

    sent = json.loads(encode_contract(alert))

    assert list(sent) == [*CONTRACT, *ADDED]
    assert {key: sent[key] for key in CONTRACT} == CONTRACT
    assert list(sent["failedFlows"][0]) == ["flowName", "exitCode", "error"]


def test_what_is_added_says_which_run_and_what_waits() -> None:
    """The keys beside the contract's."""
    sent = render_contract(make_alert())

    assert {key: sent[key] for key in ADDED} == {
        "schemaVersion": 1,
        "severity": "critical",
        "repository": "mona/shop",
        "environment": ENVIRONMENT,
        "runId": 12345,
        "runAttempt": 2,
        "headSha": SHA,
        "incidentUrl": "https://github.com/mona/shop/issues/17",
        "heldDeployments": [
            {
                "runId": 43,
                "runAttempt": 1,
                "environment": ENVIRONMENT,
                "url": make_held().url,
            }
        ],
    }


def test_what_is_not_known_is_null() -> None:
    """A key is always there, whatever is known."""
    alert = make_alert(terraform_deployment_id=None, run_id=None, run_attempt=None, head_sha=None)

    sent = json.loads(encode_contract(alert))

    assert [key for key, value in sent.items() if value is None] == [
        "terraformDeploymentId",
        "runId",
        "runAttempt",
        "headSha",
    ]
    assert sent["githubJobUrl"] == JOB


def test_hostile_text_is_carried_as_it_is() -> None:
    """A program gets what was reported, half a surrogate pair included."""
    sent = json.loads(encode_contract(make_alert(summary="", environment=HOSTILE)))

    assert sent["environment"] == HOSTILE
