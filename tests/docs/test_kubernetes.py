"""The example for Kubernetes starts what exists, may do no more than it must, and stops in time.

`make check` compares it with the schemas of Kubernetes.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
import pytest
import yaml

from gate.cli import gate
from gate.settings import SETTINGS
from gate.settings.fields import _DRAIN as DRAIN

FOLDER: Final = Path(__file__).parents[2] / "docs/examples/kubernetes"
SIGN_OFF_SECONDS: Final = 15
"""What the settings page asks for beside the longer of both."""
OPTIONAL: Final = {"worker.yaml", "ingress.yaml"}
KUSTOMIZATION: dict[str, Any] = yaml.safe_load((FOLDER / "kustomization.yaml").read_text("utf-8"))
DOCUMENTS: Final = [
    document
    for file in sorted(FOLDER.glob("*.yaml"))
    if file.name != "kustomization.yaml"
    for document in yaml.safe_load_all(file.read_text("utf-8"))
]
PODS: Final = {
    it["metadata"]["name"]: it["spec"]["template"]["spec"]
    for it in DOCUMENTS
    if it["kind"] in {"Deployment", "Job"}
}
IDS: Final = list(PODS)


def containers() -> Iterator[dict[str, Any]]:
    """List the containers of all pods."""
    for pod in PODS.values():
        yield from pod["containers"]


def test_the_kustomization_uses_files_that_are_there() -> None:
    """All of them: those that are left out are named in a comment."""
    named = set(KUSTOMIZATION["resources"])
    there = {it.name for it in FOLDER.iterdir()} - {"kustomization.yaml"}
    assert named | OPTIONAL == there
    text = (FOLDER / "kustomization.yaml").read_text("utf-8")
    assert [it for it in OPTIONAL if f"# - {it} " not in text] == []


def test_settings_are_known_and_no_secret_is_in_the_example() -> None:
    """What is named exists, and values that are secrets come from Secrets made elsewhere."""
    (generator,) = KUSTOMIZATION["configMapGenerator"]
    literals = {it.partition("=")[0] for it in generator["literals"]}
    given = {it["name"] for container in containers() for it in container.get("env", ())}
    assert literals | given <= {it.name for it in SETTINGS}
    assert literals == {"GATE_GITHUB_APP_ID", "GATE_PUBLIC_URL", "GATE_LOG_FORMAT"}
    assert [it for it in DOCUMENTS if it["kind"] == "Secret"] == []


@pytest.mark.parametrize("name", IDS)
def test_each_command_is_one_that_gate_takes(name: str) -> None:
    """The command exists, and so does each option that it is given."""
    (container,) = PODS[name]["containers"]
    command = gate.get_command(click.Context(gate), container["args"][0])
    assert command is not None
    command.make_parser(click.Context(command)).parse_args(container["args"][1:])


@pytest.mark.parametrize("name", IDS)
def test_each_pod_can_do_no_more_than_it_must(name: str) -> None:
    """It is not root, has no token of the cluster, no capabilities, and writes to no image."""
    pod = PODS[name]
    (container,) = pod["containers"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == 10001
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"]["memory"]


def test_health_is_asked_on_routes_that_exist() -> None:
    """Ready means that it can do its work; alive does not depend on the database."""
    (container,) = PODS["gate"]["containers"]
    asked = {it: container[it]["httpGet"] for it in container if it.endswith("Probe")}
    assert asked == {
        "startupProbe": {"path": "/readyz", "port": "http"},
        "readinessProbe": {"path": "/readyz", "port": "http"},
        "livenessProbe": {"path": "/healthz", "port": "http"},
    }
    assert str(container["ports"][0]["containerPort"]) == container["args"][-1]


@pytest.mark.parametrize("name", ["gate", "gate-worker"])
def test_a_pod_is_killed_only_after_it_could_finish(name: str) -> None:
    """Draining and what is in progress end side by side, 15 seconds before Kubernetes kills."""
    defaults = {it.name: it.default for it in SETTINGS}
    longest = max(int(defaults["GATE_GRACE_SECONDS"] or 0), int(DRAIN.total_seconds()))
    assert PODS[name]["terminationGracePeriodSeconds"] >= longest + SIGN_OFF_SECONDS


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_kubectl_builds_the_kustomization() -> None:
    """The settings have a name of their own by their content, which the pods refer to."""
    done = subprocess.run(
        shlex.split(f"kubectl kustomize {FOLDER}"), capture_output=True, text=True, check=True
    )
    built = list(yaml.safe_load_all(done.stdout))
    (settings,) = [it["metadata"]["name"] for it in built if it["kind"] == "ConfigMap"]
    assert settings.startswith("gate-settings-")
    assert f"name: {settings}\n" in done.stdout
    assert {it["metadata"].get("namespace", "") for it in built} == {"", "deployment-gate"}
