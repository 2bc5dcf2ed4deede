"""The limits are those of the Prometheus rules, and are judged as Prometheus does."""

from __future__ import annotations

import re
from math import prod
from pathlib import Path

import pytest
import yaml

from gate.domain.statistics.health import LIMITS, QUOTA_LOW, REQUEST_WAITS, Level, Limit, worst

RULES = Path(__file__).parents[4] / "docs" / "examples" / "prometheus-rules.yml"
BOUND = re.compile(r" ([<>]) ([0-9 *]+)$")


@pytest.mark.parametrize("limit", LIMITS, ids=lambda it: it.rule)
def test_each_limit_is_a_rule_s(limit: Limit) -> None:
    """With the same number, direction, severity and runbook."""
    document = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    rules = {rule["alert"]: rule for group in document["groups"] for rule in group["rules"]}
    rule = rules[limit.rule]
    found = BOUND.search(rule["expr"])
    assert found is not None
    assert prod(int(it) for it in found[2].split("*")) == limit.bound
    assert (found[1] == "<") is limit.is_least
    assert (rule["labels"]["severity"] == "critical") is limit.is_critical
    assert rule["annotations"]["runbook_url"].endswith(f"/{limit.runbook}")


def test_a_bound_itself_is_good() -> None:
    """Only what lies beyond it is not."""
    assert REQUEST_WAITS.judge(72_000) is Level.GREEN
    assert REQUEST_WAITS.judge(72_001) is Level.AMBER
    assert QUOTA_LOW.judge(500) is Level.GREEN
    assert QUOTA_LOW.judge(499) is Level.AMBER
    assert worst([Level.AMBER, Level.RED, Level.GREEN]) is Level.RED
    assert worst([]) is Level.GREEN
