"""The scenes of the demo, in order. Each does one thing and returns what the gate did."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

import requests

from gate.demo.alert_scenes import (
    job_reports,
    people_are_alerted,
    recovery_is_told,
    report_failure,
    rerun_reports,
    validation_fails,
)
from gate.demo.checks import Memory, Seen, comment_of, decisions_of, see_held, see_released
from gate.demo.ready import ENVIRONMENT, REPOSITORY
from gate.demo.scene import Scene
from gate.demo.stage import Stage
from gate.simulator.faults import Fault, WebhookFault

_POLICY: Final = ".github/deployment-gate.yml"
_SOUND: Final = """version: 1
environments:
  production-frontend:
    validation:
      workflow: production-validation.yml
      max_age: 12h
"""
_RATIONALE: Final = "I accept the risk: checkout is down, and this build fixes it."
_BROKEN: Final = _SOUND.replace("max_age: 12h", "max_age: soon")


def _deployment_is_held(stage: Stage, memory: Memory) -> Seen:
    memory.held_run_id = stage.github.deploy(REPOSITORY).run_id
    return see_held(stage, memory.held_run_id, "production validation failed")


def _forgery_is_refused(stage: Stage, memory: Memory) -> Seen:
    body = b'{"action": "completed"}'
    wrong = hmac.new(b"a guess", body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "workflow_run",
        "X-GitHub-Delivery": f"forged-{memory.held_run_id}",
        "X-Hub-Signature-256": f"sha256={wrong}",
    }
    answer = requests.post(f"{stage.url}/webhooks/github", body, headers=headers, timeout=10)
    return Seen(ok=answer.status_code == 401, what=f"HTTP {answer.status_code}")  # noqa: PLR2004


def _validation_runs_again(stage: Stage, memory: Memory) -> Seen:
    stage.github.rerun(memory.validation_id)
    stage.github.progress_run(memory.validation_id)
    return see_held(stage, memory.held_run_id, "still running")


def _green_releases(stage: Stage, memory: Memory) -> Seen:
    rerun_reports(stage, memory.validation_id)
    stage.github.complete_run(memory.validation_id, "success")
    return see_released(stage, memory.held_run_id)


def _green_passes(stage: Stage, memory: Memory) -> Seen:
    del memory
    return see_released(stage, stage.github.deploy(REPOSITORY).run_id)


def _override_is_refused(stage: Stage, memory: Memory) -> Seen:
    stage.validate("failure")
    return _see_refused(stage, memory, "production validation failed")


def _see_refused(stage: Stage, memory: Memory, why: str) -> Seen:
    """Deploy, see that it is held for a reason, and override it with too few words."""
    memory.held_run_id = stage.github.deploy(REPOSITORY).run_id
    held = see_held(stage, memory.held_run_id, why)
    if not held.ok:
        return held
    stage.override(memory.held_run_id, "ship it")
    return see_held(stage, memory.held_run_id, "override is incomplete")


def _override_releases(stage: Stage, memory: Memory) -> Seen:
    stage.override(memory.held_run_id, _RATIONALE)
    released = see_released(stage, memory.held_run_id)
    by_whom = "carol" in comment_of(decisions_of(stage, memory.held_run_id))
    what = "approved, naming carol and her rationale" if by_whom else released.what
    return Seen(released.ok and by_whom, what, released.milliseconds)


def _matrix_is_one_request(stage: Stage, memory: Memory) -> Seen:
    del memory
    stage.validate("failure")
    jobs = ["deploy (eu)", "deploy (us)", "deploy (ap)"]
    run_id = stage.github.deploy(REPOSITORY, jobs=jobs).run_id
    held = see_held(stage, run_id, "production validation failed")
    if not held.ok:
        return held
    stage.validate("success")
    released = see_released(stage, run_id)
    running = sum(job.status == "in_progress" for job in stage.github.run_view(run_id).jobs)
    return Seen(
        released.ok and running == len(jobs), f"1 answer, {running} jobs run", released.milliseconds
    )


def _broken_policy_holds(stage: Stage, memory: Memory) -> Seen:
    stage.github.put_file(REPOSITORY, _POLICY, _BROKEN)
    stage.github.wait_until_delivered()
    memory.held_run_id = stage.github.deploy(REPOSITORY).run_id
    return see_held(stage, memory.held_run_id, "line 6")


def _mended_policy_releases(stage: Stage, memory: Memory) -> Seen:
    stage.github.put_file(REPOSITORY, _POLICY, _SOUND)
    return see_released(stage, memory.held_run_id)


def _lost_answer_is_looked_up(stage: Stage, memory: Memory) -> Seen:
    del memory
    lost = Fault(
        path="deployment_protection_rule$", method="POST", damage="close", apply=True, times=1
    )
    stage.github.add_fault(lost)
    run_id = stage.github.deploy(REPOSITORY).run_id
    released = see_released(stage, run_id)
    asked = f"{stage.url}/api/v1/requests?run_id={run_id}"

    def is_settled() -> bool:
        items = requests.get(asked, timeout=10).json()["items"]
        return bool(items) and items[0]["state"] == "approved"

    settled = stage.wait(is_settled, 15)
    sent = len(decisions_of(stage, run_id))
    what = f"{sent} answer sent, recorded as {'approved' if settled else 'open'}"
    return Seen(released.ok and settled and sent == 1, what, released.milliseconds)


def _failed_delivery_is_asked_for(stage: Stage, memory: Memory) -> Seen:
    del memory
    stage.github.add_webhook_fault(
        WebhookFault("drop", event="deployment_protection_rule", times=1)
    )
    run_id = stage.github.deploy(REPOSITORY).run_id
    released = see_released(stage, run_id)
    again = any(it.redelivery and it.status == "OK" for it in stage.github.deliveries())
    what = "redelivered, approved once" if again else "not redelivered"
    return Seen(released.ok and again, what, released.milliseconds)


def _killed_and_back(stage: Stage, memory: Memory) -> Seen:
    del memory
    stage.validate("failure")
    run_id = stage.github.deploy(REPOSITORY).run_id
    held = see_held(stage, run_id, "production validation failed")
    if not held.ok:
        return held
    stage.kill_gate()
    stage.validate("success")
    stage.start_gate()
    return see_released(stage, run_id)


def _stays_held(stage: Stage, memory: Memory) -> Seen:
    """Leave a deployment held for a look around: a new failure, and an override that is refused."""
    memory.validation_id = stage.start_validation()
    report_failure(
        stage, memory.validation_id, "checkout.yml", "Assertion is false: Pay is visible"
    )
    stage.github.complete_run(memory.validation_id, "failure")
    return _see_refused(stage, memory, "checkout.yml")


SCENES: Final = (
    Scene("a validation job reports a failed flow", "accepted by its token", job_reports),
    Scene("an alert is sent", "one page, naming the flow", people_are_alerted),
    Scene("the validation completes", "a failed run on main", validation_fails),
    Scene(f"a deployment reaches {ENVIRONMENT}", "held, with the reason", _deployment_is_held),
    Scene("a webhook has a forged signature", "refused with 401", _forgery_is_refused),
    Scene("the validation runs again", "still held, with the reason", _validation_runs_again),
    Scene("the validation passes", "released within a second", _green_releases),
    Scene("recovery is announced", "once, without a second page", recovery_is_told),
    Scene("the next deployment", "approved at once", _green_passes),
    Scene("an override without a rationale", "refused, with what is missing", _override_is_refused),
    Scene("an override with a rationale", "released and recorded", _override_releases),
    Scene("three matrix jobs wait for a pass", "one answer for all", _matrix_is_one_request),
    Scene("an invalid policy is pushed", "held, naming the line", _broken_policy_holds),
    Scene("the policy is fixed", "released", _mended_policy_releases),
    Scene("GitHub's response is lost", "looked up, not sent twice", _lost_answer_is_looked_up),
    Scene("GitHub drops a webhook", "redelivered on request", _failed_delivery_is_asked_for),
    Scene("kill -9, a pass, a restart", "released after the restart", _killed_and_back),
    Scene("checkout breaks", "held; an override is refused", _stays_held),
)
