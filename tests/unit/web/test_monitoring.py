"""The examples for Prometheus and Grafana use what /metrics shows, and nothing else."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from gate.runbooks import load_runbooks
from tests.unit.web.conftest import Site

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
RULES = EXAMPLES / "prometheus-rules.yml"
DASHBOARD = json.loads((EXAMPLES / "grafana-dashboard.json").read_text(encoding="utf-8"))

NAME = re.compile(r"\bgate_[a-z_]+")
SELECTOR = re.compile(r"(\bgate_[a-z_]+)\{([^}]*)\}")
MATCHER = re.compile(r'(\w+)(=~?)"([^"]*)"')
GROUPED = re.compile(r"\bby \(([^)]*)\)")
DURATION = re.compile(r"[0-9]+[smhd]")


def rules() -> list[dict[str, Any]]:
    """Read the rules."""
    document = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    return [rule for group in document["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    """Read the panels."""
    found: list[dict[str, Any]] = DASHBOARD["panels"]
    return found


def expressions() -> Iterator[str]:
    """Return every expression of the rules and of the dashboard."""
    yield from (rule["expr"] for rule in rules())
    yield from (target["expr"] for panel in panels() for target in panel["targets"])


@pytest.fixture
def shown(site: Site) -> dict[str, list[dict[str, str]]]:
    """Provide the series that /metrics shows: their labels, by name."""
    site.quota[None] = 5000
    site.metrics.reports.labels("validations", "202").inc()
    site.metrics.stored_seconds.observe(0.1)
    assert site.client.get("/metrics").status_code == 200
    found: dict[str, list[dict[str, str]]] = {}
    for family in site.metrics.registry.collect():
        for sample in family.samples:
            found.setdefault(sample.name, []).append(dict(sample.labels))
    return found


@pytest.mark.parametrize("expression", sorted(set(expressions())))
def test_each_expression_is_of_series_that_are_shown(
    expression: str, shown: dict[str, list[dict[str, str]]]
) -> None:
    """By name, by the labels they are grouped by, and by the values that are asked for."""
    names = NAME.findall(expression)
    assert names
    assert set(names) <= set(shown)
    labels = {label for name in names for series in shown[name] for label in series}
    grouped = {it.strip() for group in GROUPED.findall(expression) for it in group.split(",")}
    assert grouped <= labels
    for name, inside in SELECTOR.findall(expression):
        for label, sign, value in MATCHER.findall(inside):
            wanted = value.split("|") if sign == "=~" else [value]
            assert set(wanted) <= {series[label] for series in shown[name]}


@pytest.mark.parametrize("rule", rules(), ids=lambda it: it["alert"])
def test_each_rule_has_the_shape_that_prometheus_wants(rule: dict[str, Any]) -> None:
    """And a runbook that the gate serves, named like the alert."""
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"Gate[A-Za-z]+", rule["alert"])
    assert isinstance(rule["expr"], str)
    assert DURATION.fullmatch(rule.get("for", "0s"))
    assert rule["labels"]["severity"] in {"critical", "warning"}
    annotations = rule["annotations"]
    assert set(annotations) == {"summary", "description", "runbook_url"}
    assert all(isinstance(it, str) for it in annotations.values())
    path, _, name = urlsplit(annotations["runbook_url"]).path.rpartition("/")
    assert path == "/runbooks"
    assert load_runbooks()[name].startswith(f"# {rule['alert']}\n")
    assert name == re.sub(r"(?<!^)(?=[A-Z])", "-", rule["alert"]).lower()


def test_the_rules_are_in_groups_and_each_has_its_own_name() -> None:
    """And every runbook about the gate itself belongs to one."""
    document = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    assert set(document) == {"groups"}
    assert all(set(group) == {"name", "rules"} for group in document["groups"])
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names)
    assert sum(name.startswith("gate-") for name in load_runbooks()) == len(names)


def test_the_dashboard_shows_every_series(shown: dict[str, list[dict[str, str]]]) -> None:
    """What nobody looks at need not be measured."""
    text = " ".join(target["expr"] for panel in panels() for target in panel["targets"])
    families = {re.sub(r"_(bucket|sum|count|created)$", "", name) for name in shown}
    assert [name for name in families if name not in text] == []


def test_the_panels_do_not_overlap() -> None:
    """Each stands in its own place, and has a number of its own."""
    taken = [
        (it["x"] + dx, it["y"] + dy)
        for it in (panel["gridPos"] for panel in panels())
        for dx in range(it["w"])
        for dy in range(it["h"])
    ]
    assert len(set(taken)) == len(taken)
    assert all(0 <= x < 24 for x, _ in taken)
    assert len({panel["id"] for panel in panels()}) == len(panels())


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_takes_the_rules() -> None:
    """Debian has it in its package `prometheus`; nothing else knows the whole language."""
    command = ["promtool", "check", "rules", str(RULES)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
