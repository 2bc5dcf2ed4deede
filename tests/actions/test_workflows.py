"""What people copy, and what GitHub runs of ours, asks for little and names exact versions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from reporting import inputs

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(
    it
    for it in (ROOT / "docs" / "examples").glob("*.yml")
    if it.name not in {"deployment-gate.yml", "prometheus-rules.yml"}
)
WORKFLOWS = [*sorted((ROOT / ".github" / "workflows").glob("*.yml")), *EXAMPLES]
ACTIONS = sorted((ROOT / ".github" / "actions").glob("*/action.yml"))
CHECK = ROOT / ".github" / "actions" / "check-policy" / "action.yml"
REPORTING = [it for it in ACTIONS if it != CHECK]
REFERENCE = ROOT / "docs" / "reference" / "actions.md"

PINNED = re.compile(r"[\w-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
OURS = re.compile(r"OWNER/REPO/\.github/actions/([\w-]+)@vX")
INPUT = re.compile(r"\b(?:read_(?:text|lines|flag)|_raw)\(\"([\w-]+)\"\)")


def named(path: Path) -> str:
    """Name a file in a test's id."""
    return f"{path.parent.name}/{path.name}"


def load(path: Path) -> Any:
    """Read a workflow or an action."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def steps_of(workflow: Any) -> Iterator[Any]:
    """Return each step of a workflow."""
    for job in workflow["jobs"].values():
        yield from job["steps"]


@pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS], ids=named)
def test_actions_of_others_are_pinned(path: Path) -> None:
    """Each is named by its commit, with the version beside it; `$/` is the same commit as ours."""
    text = path.read_text(encoding="utf-8")
    used = [it.strip() for it in re.findall(r"^[ -]*uses: (.*)$", text, re.MULTILINE)]
    others = [it for it in used if not it.startswith("$/") and not OURS.fullmatch(it)]
    assert [it for it in others if not PINNED.fullmatch(it)] == []


@pytest.mark.parametrize("path", EXAMPLES, ids=named)
def test_examples_ask_for_nothing_but_what_each_job_names(path: Path) -> None:
    """A workflow has no permission of its own, and no job may write but to get a token."""
    workflow = load(path)
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert set(job["permissions"].items()) <= {("contents", "read"), ("id-token", "write")}
        assert "timeout-minutes" in job


def test_the_flows_run_where_no_token_can_be_had() -> None:
    """Only the job that reports may get one, and it runs no code but the actions."""
    jobs = load(ROOT / "docs" / "examples" / "production-validation.yml")["jobs"]
    can = {name for name, job in jobs.items() if "id-token" in job["permissions"]}
    assert can == {"report"}
    assert all("uses" in step for step in jobs["report"]["steps"])


@pytest.mark.parametrize("path", EXAMPLES, ids=named)
def test_examples_give_the_inputs_that_the_actions_have(path: Path) -> None:
    """Each input is one of the action's, and none that it needs is missing."""
    for step in steps_of(load(path)):
        ours = OURS.fullmatch(step.get("uses", ""))
        if ours:
            declared = load(ROOT / ".github" / "actions" / ours[1] / "action.yml")["inputs"]
            needed = {name for name, it in declared.items() if it.get("required")}
            assert needed <= set(step["with"]) <= set(declared)


def test_the_override_names_the_run_in_its_title() -> None:
    """The gate reads the run to release from the title of the override's run."""
    workflow = load(ROOT / "docs" / "examples" / "override-production-frontend.yml")
    assert workflow["run-name"] == "Override of run ${{ inputs.run }}"
    (job,) = workflow["jobs"].values()
    assert job["environment"] == "production-frontend-override"


@pytest.mark.parametrize("path", ACTIONS, ids=named)
def test_an_action_hands_over_each_input_by_its_name(path: Path) -> None:
    """No input is put into the command itself, where its text would be run."""
    action = load(path)
    (step,) = action["runs"]["steps"]
    assert step["env"] == {
        f"INPUT_{name.upper().replace('-', '_')}": f"${{{{ inputs.{name} }}}}"
        for name in action["inputs"]
    }
    assert "${{" not in step["run"]
    assert path == CHECK or step["run"].endswith(f'/../_report" {path.parent.name}')


def test_each_input_that_is_read_is_declared() -> None:
    """What the code reads is what the actions that report have, and nothing else."""
    package = Path(inputs.__file__).parent
    read = {name for it in package.glob("*.py") for name in INPUT.findall(it.read_text("utf-8"))}
    assert read == {name for path in REPORTING for name in load(path)["inputs"]}


@pytest.mark.parametrize("path", ACTIONS, ids=named)
def test_the_reference_lists_inputs_and_outputs(path: Path) -> None:
    """The page has a row for each, in the order of the action, and no other."""
    action = load(path)
    page = REFERENCE.read_text(encoding="utf-8")
    section = page.partition(f"\n## `{path.parent.name}`\n")[2].partition("\n## ")[0]
    declared = [*action["inputs"], *action.get("outputs", {})]
    assert re.findall(r"^\| `([\w-]+)` \|", section, re.MULTILINE) == declared
