"""Every switch of the simulator is tested in every position."""

import dataclasses
from typing import get_args, get_type_hints

import pytest

from gate.simulator.switches import Switches
from tests.simulator import test_other_switches, test_review_switches

TESTED_TOGETHER = {"bypass_sends_deployment_review": "bypass", "bypass_in_approvals": "bypass"}


@pytest.mark.parametrize("name", [each.name for each in dataclasses.fields(Switches)])
def test_every_switch_is_tested_in_every_position(name: str) -> None:
    """A switch without a test would be a promise that nobody checks."""
    tests = vars(test_review_switches) | vars(test_other_switches)
    test = tests["test_" + TESTED_TOGETHER.get(name, name)]
    marks = [mark for mark in test.pytestmark if mark.name == "parametrize"]
    tried = {
        str(case[0] if isinstance(case, tuple) and mark.args[0] != "position" else case)
        for mark in marks
        for case in mark.args[1]
    }
    kind = get_type_hints(Switches)[name]
    if kind is bool:
        assert {"True", "False"} <= tried
    assert {str(each) for each in get_args(kind) if each not in (str, Ellipsis)} <= tried
    assert len(tried) > 1
