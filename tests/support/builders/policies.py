"""Build policies: by default the built-in policy of one environment."""

from __future__ import annotations

from typing import Any

from gate.domain.model.ids import (
    environment_key,
)
from gate.domain.model.policy.policy import (
    EnvironmentPolicy,
    LoadedPolicy,
    OverridePolicy,
    Policy,
    Reactions,
    ValidationRule,
)
from tests.support.builders.defaults import DIGEST, ENVIRONMENT


def make_rule(**changes: Any) -> ValidationRule:
    """Make the default rule about which validation counts."""
    return ValidationRule(**changes)


def make_environment(**changes: Any) -> EnvironmentPolicy:
    """Make the default policy of one environment.

    The keywords of `ValidationRule`, `Reactions` and `OverridePolicy` may be given beside its own.
    """
    rule = {k: changes.pop(k) for k in ValidationRule.__dataclass_fields__ if k in changes}
    when = {k: changes.pop(k) for k in Reactions.__dataclass_fields__ if k in changes}
    override = {k: changes.pop(k) for k in OverridePolicy.__dataclass_fields__ if k in changes}
    values: dict[str, Any] = {
        "validation": ValidationRule(**rule),
        "when": Reactions(**when),
        "override": OverridePolicy(**override),
    }
    return EnvironmentPolicy(**values | changes)


def make_policy(
    environment: EnvironmentPolicy | None = None, *, name: str = ENVIRONMENT, **changes: Any
) -> LoadedPolicy:
    """Make a policy that was read; the keywords are those of `make_environment`."""
    asked = make_environment(**changes) if environment is None else environment
    return LoadedPolicy(
        Policy({environment_key(name): asked}), DIGEST, "acme/shop:.github/deployment-gate.yml"
    )
