"""What the doctor says of policies, environments, secrets, and a GitHub that it cannot reach."""

from __future__ import annotations

import pytest

from gate.doctor import Finding, Level, examine
from gate.simulator.faults import Fault
from gate.simulator.switches import Switches
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate
from tests.support.ports import unused_port

PATH = ".github/deployment-gate.yml"
BYPASS = "administrators can bypass the gate"
TWO = f"version: 1\nenvironments:\n  {ENVIRONMENT}: {{}}\n  staging: {{}}\n"


def looked(gate: Gate, what: str = REPOSITORY) -> list[Finding]:
    """Return what the doctor warns of, or calls a failure, in one place; bypassing is another."""
    found = examine(gate.settings, gate.service.deps.clock)
    bad = [it for it in found if it.what == what and it.level is not Level.OK]
    return [it for it in bad if BYPASS not in it.found]


def bypassable(gate: Gate) -> list[Finding]:
    """Return what the doctor says of administrators."""
    found = examine(gate.settings, gate.service.deps.clock)
    return [it for it in found if BYPASS in it.found]


def test_who_can_bypass_is_warned_of(gate: Gate) -> None:
    """GitHub allows it to administrators unless told otherwise, and may not say whether."""
    (found,) = bypassable(gate)
    assert (found.level, found.what) == (Level.WARN, REPOSITORY)
    assert ENVIRONMENT in found.found
    assert "Allow administrators to bypass" in found.remedy
    gate.github.set_switches(Switches(shows_can_admins_bypass=False))
    assert bypassable(gate) == []
    gate.github.set_switches(Switches())
    gate.github.protect_environment(REPOSITORY, ENVIRONMENT, can_admins_bypass=False)
    assert bypassable(gate) == []


def test_a_good_repository_has_nothing_to_warn_of(gate: Gate) -> None:
    """The built-in policy names the gated environment."""
    assert looked(gate) == []


def test_a_lost_webhook_is_found_by_the_sweep(gate: Gate) -> None:
    """The line counts the repositories of the installation, also when there is only one."""
    found = examine(gate.settings, gate.service.deps.clock)
    (sweep,) = [it.found for it in found if it.what == "sweep of octo-org"]
    assert sweep.startswith("1 repository: the gate finds a lost webhook within ")


@pytest.mark.parametrize("exists", [False, True])
def test_an_environment_whose_rule_is_off_is_a_failure(gate: Gate, *, exists: bool) -> None:
    """The policy reads as if it were gated, and nothing is."""
    gate.github.put_file(REPOSITORY, PATH, TWO)
    if exists:
        gate.github.protect_environment(REPOSITORY, "staging", custom_rule=False)
    (found,) = looked(gate)
    assert found.level is Level.FAIL
    assert "names the environment staging" in found.found
    assert ("rule is not enabled" if exists else "does not exist") in found.found
    gate.github.protect_environment(REPOSITORY, "staging")
    assert looked(gate) == []


def test_the_spelling_of_the_policy_may_differ_in_case(gate: Gate) -> None:
    """GitHub takes both for one environment, and so does the doctor."""
    gate.github.put_file(REPOSITORY, PATH, TWO.replace("staging", "Staging"))
    gate.github.protect_environment(REPOSITORY, "STAGING")
    assert looked(gate) == []


def test_a_shared_policy_may_name_what_a_repository_lacks(gate: Gate) -> None:
    """It warns only where the environment is there and its rule is off."""
    installation_id = next(iter(gate.github.world.installations))
    gate.github.create_repository("octo-org/.github", installation_id)
    gate.github.put_file("octo-org/.github", PATH, TWO)
    assert looked(gate) == []
    gate.github.protect_environment(REPOSITORY, "staging", custom_rule=False)
    (found,) = looked(gate)
    assert found.level is Level.WARN
    assert "octo-org/.github" in found.found


@pytest.mark.parametrize(
    "name", [f"{ENVIRONMENT}s", f"{ENVIRONMENT} ", "production_frontend", "ProductionFrontend"]
)
def test_look_alikes_are_warned_of(gate: Gate, name: str) -> None:
    """A workflow that names the wrong one goes past the gate."""
    gate.github.protect_environment(REPOSITORY, name, custom_rule=False)
    (found,) = looked(gate)
    assert found.level is Level.WARN
    assert repr(name) in found.found
    assert ENVIRONMENT in found.found
    assert "not enabled" in found.found


def test_an_environment_that_the_policy_leaves_out_is_listed(gate: Gate) -> None:
    """Its deployments wait, with nobody who could release them."""
    gate.github.protect_environment(REPOSITORY, "docs")
    (found,) = looked(gate)
    assert found.level is Level.WARN
    assert "no entry for 'docs'" in found.found


def test_an_invalid_policy_is_a_failure(gate: Gate) -> None:
    """The first problem is told with its place, and how many there are."""
    gate.github.put_file(REPOSITORY, PATH, "version: 1\nenvironments: {a: {b: 1, c: 2}}\n")
    (found,) = looked(gate)
    assert found.level is Level.FAIL
    assert "is invalid: line 2, column" in found.found
    assert "1 more" in found.found


def test_a_policy_below_the_floor_is_invalid(gate: Gate) -> None:
    """What the gate does not accept, the doctor does not either."""
    installation_id = next(iter(gate.github.world.installations))
    gate.github.create_repository("octo-org/.github", installation_id)
    floor = f"version: 1\nenvironments:\n  {ENVIRONMENT}: {{validation: {{max_age: 1h}}}}\n"
    gate.github.put_file("octo-org/.github", PATH, floor)
    gate.github.put_file(REPOSITORY, PATH, floor.replace("1h", "9h"))
    (found,) = looked(gate)
    assert found.level is Level.FAIL
    assert "max_age" in found.found


def test_one_repository_that_cannot_be_read_hides_no_other(gate: Gate) -> None:
    """Each has a line of its own; an archived one is named as such."""
    installation_id = next(iter(gate.github.world.installations))
    gate.github.create_repository("octo-org/other", installation_id)
    gate.github.create_repository("octo-org/old", installation_id)
    gate.github.archive_repository("octo-org/old")
    gate.github.add_fault(Fault(f"/repos/{REPOSITORY}/environments", status=403, body="{}"))
    (found,) = looked(gate)
    assert found.level is Level.FAIL
    assert looked(gate, "octo-org/other")[0].found == "gates no environment"
    assert "archived" in looked(gate, "octo-org/old")[0].found


def test_a_secret_that_github_does_not_sign_with_is_found(gate: Gate) -> None:
    """The newest delivery decides; older refusals are a change that was made."""
    assert looked(gate, "webhook secret") == []
    gate.github.world.app().webhook_secret = "another secret of the App"
    gate.github.put_file(REPOSITORY, "a", "b")
    gate.github.wait_until_delivered()
    (found,) = looked(gate, "webhook secret")
    assert found.level is Level.FAIL
    assert "GATE_GITHUB_WEBHOOK_SECRET" in found.remedy
    gate.github.world.app().webhook_secret = gate.settings.github_webhook_secret[
        0
    ].get_secret_value()
    gate.github.put_file(REPOSITORY, "a", "c")
    gate.github.wait_until_delivered()
    (found,) = looked(gate, "webhook secret")
    assert found.level is Level.WARN


def test_a_github_out_of_reach_is_one_short_line(gate: Gate) -> None:
    """Said once, without what libraries wrap around it."""
    url = f"http://127.0.0.1:{unused_port()}"
    settings = gate.settings.model_copy(update={"github_api_url": url})
    lines = [it for it in examine(settings) if "github_unavailable" in it.found]
    assert [it.found for it in lines] == [
        "github_unavailable: the connection failed: Connection refused"
    ]
    assert "GATE_GITHUB_API_URL" in lines[0].remedy


def test_progress_is_told_and_calls_are_bounded(gate: Gate) -> None:
    """One line a repository; of many environments some are named as not looked at."""
    for number in range(35):
        gate.github.protect_environment(REPOSITORY, f"e-{number:02}", custom_rule=False)
    told: list[str] = []
    gate.github.reset_totals()
    found = list(examine(gate.settings, gate.service.deps.clock, tell=told.append))
    assert told == [f"checking {REPOSITORY} (1 of 1)"]
    assert any("6 more environments were not checked" in it.found for it in found)
    assert len(gate.github.requests()) < 60


@pytest.mark.parametrize(("lost", "level"), [("checks", Level.WARN), ("deployments", Level.FAIL)])
def test_what_only_policy_checks_need_is_no_failure(gate: Gate, lost: str, level: Level) -> None:
    """Deployments are judged without it, and pull requests get no check."""
    app = gate.github.world.app()
    app.permissions = {name: it for name, it in app.permissions.items() if name != lost}
    (found,) = looked(gate, "permissions")
    assert found.level is level
    assert lost in found.found
