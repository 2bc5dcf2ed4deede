"""The scenes of a demo that is kept: other repositories, so that the board has something to sort.

Each leaves a repository in a state of its own: what passes, runs, failed, was never validated, has
a broken policy or only observes.
"""

from __future__ import annotations

from typing import Final

from gate.demo.checks import Memory, Seen, comment_of, decisions_of, see_held, see_released
from gate.demo.ready import ENVIRONMENT
from gate.demo.scene import Scene
from gate.demo.stage import Stage

_API: Final = "production-api"
_POLICY_PATH: Final = ".github/deployment-gate.yml"
_POLICY: Final = f"""version: 1
environments:
  {ENVIRONMENT}:
    validation: {{workflow: production-validation.yml}}
  {_API}:
    validation: {{workflow: api-validation.yml, max_age: 6h}}
badge: public
"""
_OBSERVES: Final = f"""version: 1
environments:
  {ENVIRONMENT}:
    mode: observe
"""
_BROKEN: Final = f"""version: 1
environments:
  {ENVIRONMENT}:
    give_up: 2h
"""
_RATIONALE: Final = "I accept the risk: invoices are late, and this build sends them."


def _shop(stage: Stage, memory: Memory) -> Seen:
    """Release a deployment, and leave another held by a validation that runs."""
    del memory
    shop = _enter(stage, "shop", ENVIRONMENT, _API, policy=_POLICY)
    stage.github.validate(shop, "success")
    released = see_released(stage, stage.github.deploy(shop).run_id)
    if not released.ok:
        return released
    running = stage.github.start_run(shop, "api-validation.yml", event="workflow_dispatch")
    stage.github.progress_run(running)
    run_id = stage.github.deploy(shop, _API, "deploy-api.yml").run_id
    return see_held(stage, run_id, "still running")


def _billing(stage: Stage, memory: Memory) -> Seen:
    """Let carol release a deployment, and decide what becomes of the incident."""
    del memory
    billing = _enter(stage, "billing", ENVIRONMENT, _API, policy=_POLICY)
    stage.github.validate(billing, "failure", "api-validation.yml")
    run_id = stage.github.deploy(billing, _API, "deploy-api.yml").run_id
    held = see_held(stage, run_id, "production validation failed")
    if not held.ok or not stage.wait(lambda: bool(stage.github.issues_of(billing)), 15):
        return Seen(ok=False, what=f"{held.what}, without an issue")
    stage.override(run_id, _RATIONALE, billing, _API)
    released = see_released(stage, run_id)
    stage.github.set_role(billing, "carol", "maintain")
    (issue,) = stage.github.issues_of(billing)
    commands = "/decide fix-forward the invoice template lost a field; the fix is in review"
    stage.github.comment_on_issue(billing, issue.number, "carol", commands)
    is_answered = stage.wait(
        lambda: any(it.app_id for it in stage.github.comments(billing, issue.number)), 15
    )
    by_whom = "carol" in comment_of(decisions_of(stage, run_id))
    ok = released.ok and by_whom and is_answered
    return Seen(ok, "approved, naming carol; decided to fix forward", released.milliseconds)


def _search(stage: Stage, memory: Memory) -> Seen:
    del memory
    search = _enter(stage, "search", ENVIRONMENT)
    run_id = stage.github.deploy(search).run_id
    return see_held(stage, run_id, "there is no production validation")


def _mobile(stage: Stage, memory: Memory) -> Seen:
    del memory
    mobile = _enter(stage, "mobile", ENVIRONMENT, policy=_BROKEN)
    return see_held(stage, stage.github.deploy(mobile).run_id, "line 4")


def _docs(stage: Stage, memory: Memory) -> Seen:
    del memory
    docs = _enter(stage, "docs", ENVIRONMENT, policy=_OBSERVES)
    stage.github.validate(docs, "failure")
    return see_released(stage, stage.github.deploy(docs).run_id)


def _enter(stage: Stage, name: str, *environments: str, policy: str = "") -> str:
    """Add a repository whose environments ask the gate; return its full name."""
    repository = f"octo-org/{name}"
    stage.github.create_repository(repository, stage.installation_id)
    for environment in environments:
        stage.github.protect_environment(repository, environment)
    if policy:
        stage.github.put_file(repository, _POLICY_PATH, policy)
    stage.github.wait_until_delivered()
    return repository


NEIGHBORS: Final = (
    Scene("shop: one green, one validating", "released, and held", _shop),
    Scene("billing: an override, a decision", "released and recorded", _billing),
    Scene("search was never validated", "held, with the reason", _search),
    Scene("mobile has an invalid policy", "held, naming the line", _mobile),
    Scene("docs only observes", "approved, although it failed", _docs),
)
