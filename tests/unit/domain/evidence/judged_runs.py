"""Judge runs by the default rule."""

from gate.domain.evidence.judge import judge
from gate.domain.evidence.relevance import ValidationScope
from gate.domain.model.policy.policy import ValidationRule, ValidationState
from gate.domain.model.runs import WorkflowRun
from tests.support.builders.defaults import BRANCH, NOW, REPOSITORY, SHA
from tests.support.builders.policies import make_rule


def state_of(*validations: WorkflowRun, rule: ValidationRule | None = None) -> ValidationState:
    """Judge these runs by the default rule, or another, at `NOW`."""
    return judge(
        ValidationScope(rule or make_rule(), REPOSITORY, BRANCH),
        validations,
        (),
        infrastructure_since=None,
        head_sha=SHA,
        now=NOW,
    ).state
